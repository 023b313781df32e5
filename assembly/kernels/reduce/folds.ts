// The rules by which the reductions fold.

import { Contextual, Finished, Plain, Rare } from "../../loops/fold";
import { exp } from "../../math/exp";
import { log } from "../../math/log";

/** The least integer of a dtype. */
@inline export function least<T>(): T {
  return sizeof<T>() == 8 ? <T>i64.MIN_VALUE : <T>i32.MIN_VALUE;
}

/** The greatest integer of a dtype. */
@inline export function greatest<T>(): T {
  return sizeof<T>() == 8 ? <T>i64.MAX_VALUE : <T>i32.MAX_VALUE;
}

/** Σ x. */
@final export class Sum<T> extends Plain<T> {
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.add<T>(acc, x); }
  @inline merge(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

/** A sum, and in the end its quotient by n. */
@final export class Mean<T> extends Finished<T> {
  @inline parallel(): bool { return false; }
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.add<T>(acc, x); }
  @inline merge(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
  @inline finish(acc: v128, n: f64, c: v128): v128 { return v128.div<T>(acc, v128.splat<T>(<T>n)); }
}

/** Π x. */
@final export class Product<T> extends Rare<T> {
  @inline neutral(): v128 { return v128.splat<T>(<T>1); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.mul<T>(acc, x); }
  @inline merge(a: v128, b: v128): v128 { return v128.mul<T>(a, b); }
}

/** The largest x; NaN if there is one, because a lane of ones is NaN and stays it. */
@final export class Max<T> extends Plain<T> {
  @inline neutral(): v128 {
    return v128.splat<T>(isFloat<T>() ? <T>-Infinity : sizeof<T>() == 1 ? <T>0 : least<T>());
  }
  @inline fold(acc: v128, x: v128, c: v128): v128 {
    if (isFloat<T>()) return v128.or(v128.pmax<T>(acc, x), v128.ne<T>(x, x));
    if (sizeof<T>() == 8) return v128.bitselect(acc, x, v128.gt<T>(acc, x));
    return v128.max<T>(acc, x);
  }
  @inline merge(a: v128, b: v128): v128 { return this.fold(a, b, b); }
}

/** The smallest x; NaN if there is one. */
@final export class Min<T> extends Plain<T> {
  @inline neutral(): v128 {
    return v128.splat<T>(isFloat<T>() ? <T>Infinity : sizeof<T>() == 1 ? <T>255 : greatest<T>());
  }
  @inline fold(acc: v128, x: v128, c: v128): v128 {
    if (isFloat<T>()) return v128.or(v128.pmin<T>(acc, x), v128.ne<T>(x, x));
    if (sizeof<T>() == 8) return v128.bitselect(acc, x, v128.lt<T>(acc, x));
    return v128.min<T>(acc, x);
  }
  @inline merge(a: v128, b: v128): v128 { return this.fold(a, b, b); }
}

/** Whether an x differs from 0; `M` is the integer as wide as T. NaN differs. */
@final export class Any<T, M> extends Finished<M> {
  @inline parallel(): bool { return false; }
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.or(acc, v128.ne<T>(x, i32x4.splat(0))); }
  @inline merge(a: v128, b: v128): v128 { return v128.or(a, b); }
  @inline finish(acc: v128, n: f64, c: v128): v128 { return v128.and(acc, v128.splat<M>(<M>1)); }
}

/** Whether no x is 0. */
@final export class All<T, M> extends Finished<M> {
  @inline parallel(): bool { return false; }
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.or(acc, v128.eq<T>(x, i32x4.splat(0))); }
  @inline merge(a: v128, b: v128): v128 { return v128.or(a, b); }
  @inline finish(acc: v128, n: f64, c: v128): v128 { return v128.andnot(v128.splat<M>(<M>1), acc); }
}

/** How many x differ from 0. */
@final export class CountNonzero<T, M> extends Rare<M> {
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.sub<M>(acc, v128.ne<T>(x, i32x4.splat(0))); }
  @inline merge(a: v128, b: v128): v128 { return v128.add<M>(a, b); }
}

/** Σ x without NaN. */
@final export class SumOfNumbers<T> extends Rare<T> {
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.add<T>(acc, v128.and(x, v128.eq<T>(x, x))); }
  @inline merge(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

/** √(Σ x²). */
@final export class Norm2<T> extends Finished<T> {
  @inline parallel(): bool { return true; }
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.add<T>(acc, v128.mul<T>(x, x)); }
  @inline merge(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
  @inline finish(acc: v128, n: f64, c: v128): v128 { return v128.sqrt<T>(acc); }
}

/** Σ |x|. */
@final export class Norm1<T> extends Rare<T> {
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.add<T>(acc, v128.abs<T>(x)); }
  @inline merge(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}

/** The largest |x|; NaN if there is one. */
@final export class NormInf<T> extends Rare<T> {
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 {
    return v128.or(v128.pmax<T>(acc, v128.abs<T>(x)), v128.ne<T>(x, x));
  }
  @inline merge(a: v128, b: v128): v128 { return v128.or(v128.pmax<T>(a, b), v128.ne<T>(b, b)); }
}

/** A function of its own, since it appears in several loops. */
function exponential<T>(x: v128): v128 {
  return exp<T>(x);
}

/** Σ e^(x − c), and in the end c + log of it. */
@final export class SumOfExp<T> extends Contextual<T> {
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.add<T>(acc, exponential<T>(v128.sub<T>(x, c))); }
  @inline merge(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
  @inline finish(acc: v128, n: f64, c: v128): v128 { return v128.add<T>(log<T>(acc), c); }
  @inline parallel(): bool { return false; }
}
