// Folding by a rule: the loops over neighbouring elements and over rows of columns that each rule is compiled into.
// They are values, so that the shared code that finds its way through the strides calls them by their address.

/** How to fold elements: `Acc` lanes are accumulated, all methods work on vectors of them. */
export abstract class Fold<Acc> {
  /** What folding nothing gives. */
  abstract neutral(): v128;
  /** The accumulator `acc` with the element `x` folded in; `c` is the context of its output. */
  abstract fold(acc: v128, x: v128, c: v128): v128;
  /** Two accumulators made one, the earlier elements first. */
  abstract merge(a: v128, b: v128): v128;
  /** The result from a complete accumulator; `n` is the divisor given by the kernel, mostly the number of elements. */
  abstract finish(acc: v128, n: f64, c: v128): v128;
  /** Whether `finish` does anything. */
  abstract finishes(): bool;
  /** Whether `fold` or `finish` read the context. */
  abstract contextual(): bool;
  /**
   * Whether several accumulators are at work, because each step waits for the one before; folds of many
   * instructions, of integers, and rare ones make do with one.
   */
  abstract parallel(): bool;
}

/** A fold without context whose accumulator is the result. No rule overrides what is given here. */
export abstract class Plain<Acc> extends Fold<Acc> {
  @inline finish(acc: v128, n: f64, c: v128): v128 { return acc; }
  @inline finishes(): bool { return false; }
  @inline contextual(): bool { return false; }
  @inline parallel(): bool { return isFloat<Acc>(); }
}

/** The same, but compact instead of fast. */
export abstract class Rare<Acc> extends Fold<Acc> {
  @inline finish(acc: v128, n: f64, c: v128): v128 { return acc; }
  @inline finishes(): bool { return false; }
  @inline contextual(): bool { return false; }
  @inline parallel(): bool { return false; }
}

/** A fold without context whose accumulators are finished. */
export abstract class Finished<Acc> extends Fold<Acc> {
  @inline finishes(): bool { return true; }
  @inline contextual(): bool { return false; }
}

/** A compact fold that reads its context. */
export abstract class Contextual<Acc> extends Fold<Acc> {
  @inline finishes(): bool { return true; }
  @inline contextual(): bool { return true; }
  @inline parallel(): bool { return false; }
}

/** Folds `n` neighbouring elements into the vector at `acc`: the result is in each of its lanes. */
export type Run = (from: usize, n: u32, acc: usize, context: usize) => void;
/**
 * Folds rows into one accumulator a column; `fresh` starts anew; `position` counts the rows before these. Rows are
 * read up to a whole number of vectors.
 */
export type Rows = (
  from: usize, stride: isize, rows: u32, cols: u32, acc: usize, context: usize, fresh: bool, position: u32,
) => void;
/** to = merge(from, to) for vectors. */
export type Merge = (from: usize, to: usize, bytes: usize) => void;
/** acc = finish(acc, n, context) for vectors. */
export type Finish = (acc: usize, bytes: usize, n: f64, context: usize) => void;
/** Writes `n` accumulators as results that are `stride` bytes apart. */
export type Put = (acc: usize, to: usize, stride: isize, n: u32) => void;

/** Number of accumulators in a vector. */
@inline function lanesOf<Acc>(): u32 {
  return 16 / <u32>sizeof<Acc>();
}

/** Makes lanes of accumulators of the elements in the low bytes of `x`. */
@inline export function widen<In, Acc>(x: v128): v128 {
  if (isFloat<Acc>() && sizeof<In>() == 4 && sizeof<Acc>() == 8) return f64x2.promote_low_f32x4(x);
  if (sizeof<In>() == 1 && sizeof<Acc>() == 4) return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(x));
  return x;
}

/** A vector of elements as accumulators. */
@inline export function read<In, Acc>(from: usize): v128 {
  if (sizeof<In>() == sizeof<Acc>()) return v128.load(from);
  if (sizeof<In>() == 4) return widen<In, Acc>(v128.load64_zero(from));
  return widen<In, Acc>(v128.load32_zero(from));
}

/** The same at a constant number of bytes from `from`, which only a literal brings into the instruction. */
@inline function readNext<In, Acc>(from: usize, k: u32): v128 {
  if (sizeof<In>() != sizeof<Acc>()) return read<In, Acc>(from + <usize>k * lanesOf<Acc>() * sizeof<In>());
  if (k == 1) return v128.load(from, 16);
  if (k == 2) return v128.load(from, 32);
  if (k == 3) return v128.load(from, 48);
  if (k == 4) return v128.load(from, 64);
  return v128.load(from, 80);
}

/** The `n` elements that do not fill a vector, in its first lanes. */
@inline export function readPart<In, Acc>(from: usize, n: u32): v128 {
  if (sizeof<In>() == 8) return v128.load64_zero(from);
  if (sizeof<In>() == 4) {
    if (n == 1) return widen<In, Acc>(v128.load32_zero(from));
    const low = v128.load64_zero(from);
    return widen<In, Acc>(n == 2 ? low : v128.load_lane<u32>(from + 8, low, 2));
  }
  let low: u64 = 0, high: u64 = 0;
  for (let i: u32 = 0; i < n; i++) {
    if (i < 8) low |= load<u8>(from + i) << (<u64>i << 3);
    else high |= load<u8>(from + i) << (<u64>(i - 8) << 3);
  }
  return widen<In, Acc>(i64x2.replace_lane(i64x2.splat(low), 1, high));
}

/** Writes the first `n` lanes, fewer than a vector has; elements of 4 or 8 bytes. */
@inline export function writePart<T>(to: usize, v: v128, n: u32): void {
  if (sizeof<T>() == 8 || n > 1) v128.store_lane<u64>(to, v, 0);
  if (sizeof<T>() == 8) return;
  if (n == 1) v128.store_lane<u32>(to, v, 0);
  else if (n == 3) v128.store_lane<u32>(to, v, 2, 8);
}

/** Ones in the first `n` lanes. */
@inline export function firstLanes<Acc>(n: u32): v128 {
  return i8x16.lt_u(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(<i8>(n * sizeof<Acc>())));
}

/** Merges the lanes of a vector; the result is in each of them. */
@inline function acrossLanes<Acc, R extends Fold<Acc>>(v: v128): v128 {
  const rule = changetype<R>(0);
  v = rule.merge(v, v128.shuffle<u64>(v, v, 1, 0));
  if (sizeof<Acc>() == 8) return v;
  v = rule.merge(v, v128.shuffle<u32>(v, v, 1, 0, 3, 2));
  if (sizeof<Acc>() == 4) return v;
  v = rule.merge(v, v128.shuffle<u16>(v, v, 1, 0, 3, 2, 5, 4, 7, 6));
  return rule.merge(v, v128.shuffle<u8>(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
}

/** The run of a rule. */
export function runBy<In, Acc, R extends Fold<Acc>>(): Run {
  return (from: usize, n: u32, acc: usize, context: usize): void => {
    const rule = changetype<R>(0);
    const lanes = lanesOf<Acc>();
    const step = lanes * <u32>sizeof<In>();
    const c = rule.contextual() ? v128.load(context) : rule.neutral();
    let a = rule.neutral();
    if (rule.parallel() && n >= lanes * 6) {
      // All loads of an iteration come first: with eight accumulators there would be more values than registers.
      let b = a, d = a, e = a, f = a, g = a;
      do {
        a = rule.fold(a, read<In, Acc>(from), c);
        b = rule.fold(b, readNext<In, Acc>(from, 1), c);
        d = rule.fold(d, readNext<In, Acc>(from, 2), c);
        e = rule.fold(e, readNext<In, Acc>(from, 3), c);
        f = rule.fold(f, readNext<In, Acc>(from, 4), c);
        g = rule.fold(g, readNext<In, Acc>(from, 5), c);
        from += step * 6;
        n -= lanes * 6;
      } while (n >= lanes * 6);
      a = rule.merge(rule.merge(rule.merge(a, b), rule.merge(d, e)), rule.merge(f, g));
    }
    for (; n >= lanes; n -= lanes, from += step) a = rule.fold(a, read<In, Acc>(from), c);
    if (n) a = v128.bitselect(rule.fold(a, readPart<In, Acc>(from, n), c), a, firstLanes<Acc>(n));
    v128.store(acc, acrossLanes<Acc, R>(a));
  };
}

/** The rows of a rule. */
export function rowsBy<In, Acc, R extends Fold<Acc>>(): Rows {
  return (
    from: usize, stride: isize, rows: u32, cols: u32, acc: usize, context: usize, fresh: bool, position: u32,
  ): void => {
    const rule = changetype<R>(0);
    const lanes = lanesOf<Acc>();
    const step = lanes * <u32>sizeof<In>();
    const neutral = rule.neutral();
    const end = acc + (<usize>(cols + lanes - 1) / lanes << 4);
    const back = context - acc;
    if (fresh) for (let at = acc; at != end; at += 16) v128.store(at, neutral);
    if (rule.parallel()) {
      // Four rows at once, so that accumulators are loaded and stored a quarter as often.
      for (; rows >= 4; rows -= 4, from += stride << 2) {
        let p = from;
        for (let at = acc; at != end; at += 16, p += step) {
          const third = p + (stride << 1);
          const c = rule.contextual() ? v128.load(at + back) : neutral;
          let a = rule.fold(v128.load(at), read<In, Acc>(p), c);
          a = rule.fold(a, read<In, Acc>(p + stride), c);
          a = rule.fold(a, read<In, Acc>(third), c);
          v128.store(at, rule.fold(a, read<In, Acc>(third + stride), c));
        }
      }
    }
    for (; rows; rows--, from += stride) {
      let p = from;
      for (let at = acc; at != end; at += 16, p += step) {
        const c = rule.contextual() ? v128.load(at + back) : neutral;
        v128.store(at, rule.fold(v128.load(at), read<In, Acc>(p), c));
      }
    }
  };
}

/** The merge of a rule. */
export function mergeBy<Acc, R extends Fold<Acc>>(): Merge {
  return (from: usize, to: usize, bytes: usize): void => {
    const rule = changetype<R>(0);
    for (const end = to + bytes; to != end; to += 16, from += 16) {
      v128.store(to, rule.merge(v128.load(from), v128.load(to)));
    }
  };
}

function unchanged(acc: usize, bytes: usize, n: f64, context: usize): void {}

/** The finish of a rule, the same for all that have none. */
export function finishBy<Acc, R extends Fold<Acc>>(): Finish {
  if (!changetype<R>(0).finishes()) return unchanged;
  return (acc: usize, bytes: usize, n: f64, context: usize): void => {
    const rule = changetype<R>(0);
    for (const end = acc + bytes; acc != end; acc += 16, context += 16) {
      const c = rule.contextual() ? v128.load(context) : rule.neutral();
      v128.store(acc, rule.finish(v128.load(acc), n, c));
    }
  };
}

/** Writes `Acc` as `Out`. */
export function putBy<Acc, Out>(): Put {
  return (acc: usize, to: usize, stride: isize, n: u32): void => {
    for (; n; n--, acc += sizeof<Acc>(), to += stride) {
      if (sizeof<Out>() == 4 && sizeof<Acc>() == 4) store<u32>(to, load<u32>(acc));
      else if (sizeof<Out>() == 8) store<u64>(to, load<u64>(acc));
      else if (sizeof<Out>() == 1) store<u8>(to, load<u8>(acc));
      else store<Out>(to, <Out>load<Acc>(acc));
    }
  };
}
