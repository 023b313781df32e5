// Optimisers: one update of all parameters of a group, each element read and written once.
//
// Operand 0 is a table with a row of 64 bytes for each parameter, whose elements, gradient and state lie element by element
// in the same order:
//
//     byte 0    addresses: the parameter, its gradient, three tensors of state (those that the kernel does not use: any)
//     byte 20   number of elements
//     byte 24   flags
//     byte 32   four float64 that belong to this parameter's step
//
// The range is over pieces of up to `PIECE` elements of the rows, so that threads share long ones; the sizes of the nest
// are not read, and strides neither. Parameters 0 to 11 belong to the group; 0 is the weight decay. The order of
// operations is PyTorch's. Kernels do not check anything.

import { parameter, pointerOf } from "../block";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";

const ROW: usize = 64;
const GROUP: u32 = 12;
const OWN: u32 = 4;

/** Elements of a piece, a multiple of a vector; `src/optim/table.ts` counts them. */
const PIECE: u32 = 1 << 14;

/** Flags that all kernels share: the gradient is turned round; the weight decay is added to it. */
const MAXIMISES: i32 = 1;
const DECAYS: i32 = 2;
/** Flags with a meaning for each kernel. */
const FLAG_A: i32 = 4;
const FLAG_B: i32 = 8;
const FLAG_C: i32 = 16;

/** What happens to a vector of elements: `c` are the group's numbers as vectors and then the row's, the rest addresses. */
abstract class Update {
  abstract at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void;
}

/** A number of the group, in all lanes. */
@inline function ofGroup(c: usize, index: usize): v128 {
  return v128.load(c + (index << 4));
}

/** A number of the row, in all lanes. */
@inline function ofRow(c: usize, index: usize): v128 {
  return v128.load(c + ((index + <usize>GROUP) << 4));
}

/** a + b · c */
@inline function plus<T>(a: v128, b: v128, c: v128): v128 {
  return v128.add<T>(a, v128.mul<T>(b, c));
}

/** a · b + c · d, the running averages of all these methods. */
@inline function blend<T>(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.add<T>(v128.mul<T>(a, b), v128.mul<T>(c, d));
}

@inline function gradient<T>(c: usize, flags: i32, p: usize, g: usize): v128 {
  let v = v128.load(g);
  if (flags & MAXIMISES) v = v128.neg<T>(v);
  return flags & DECAYS ? plus<T>(v, v128.load(p), ofGroup(c, 0)) : v;
}

/** Writes a running average of g at `at`: numbers `index` and `index` + 1 of the group weigh the old and the new. */
@inline function average<T>(c: usize, at: usize, index: usize, g: v128): v128 {
  const m = blend<T>(v128.load(at), ofGroup(c, index), g, ofGroup(c, index + 1));
  v128.store(at, m);
  return m;
}

/** The same for g²; the factor goes first, as in PyTorch's addcmul. */
@inline function averageSquare<T>(c: usize, at: usize, index: usize, g: v128): v128 {
  const weighted = v128.mul<T>(v128.mul<T>(ofGroup(c, index + 1), g), g);
  const m = v128.add<T>(v128.mul<T>(v128.load(at), ofGroup(c, index)), weighted);
  v128.store(at, m);
  return m;
}

/** p + factor · a / b */
@inline function moveBy<T>(p: usize, factor: v128, a: v128, b: v128): void {
  v128.store(p, v128.add<T>(v128.load(p), v128.div<T>(v128.mul<T>(factor, a), b)));
}

@inline function decayed<T>(p: usize, factor: v128): void {
  v128.store(p, v128.mul<T>(v128.load(p), factor));
}

/** Copies the last few elements of a run, less than a vector. */
@inline function copyPart<T>(to: usize, from: usize, n: u32): void {
  store<T>(to, load<T>(from));
  if (sizeof<T>() == 4) {
    if (n > 1) store<T>(to + sizeof<T>(), load<T>(from + sizeof<T>()));
    if (n > 2) store<T>(to + 2 * sizeof<T>(), load<T>(from + 2 * sizeof<T>()));
  }
}

@inline function piecesOf(row: usize): u32 {
  return (load<u32>(row, 20) + PIECE - 1) / PIECE;
}

@inline function update<T, R extends Update>(block: usize, begin: u32, end: u32, tensors: u32): void {
  const rule = changetype<R>(0);
  const c = scratch() + KERNEL_SCRATCH;
  const part = c + (<usize>(GROUP + OWN) << 4);
  for (let i: u32 = 0; i < GROUP; i++) v128.store(c + (<usize>i << 4), v128.splat<T>(<T>parameter(block, i)));
  let row = pointerOf(block, 0);
  let left = end - begin;
  // The piece of its row that comes next.
  let piece = begin;
  while (left != 0) {
    const pieces = piecesOf(row);
    if (piece >= pieces) {
      piece -= pieces;
      row += ROW;
      continue;
    }
    const here = min(pieces - piece, left);
    left -= here;
    const first = piece * PIECE;
    const offset = <usize>first * sizeof<T>();
    let p = offset + <usize>load<u32>(row), g = offset + <usize>load<u32>(row, 4);
    let a = offset + <usize>load<u32>(row, 8), b = offset + <usize>load<u32>(row, 12);
    let d = offset + <usize>load<u32>(row, 16);
    let n = min(load<u32>(row, 20) - first, here * PIECE);
    const flags = load<i32>(row, 24);
    for (let i: u32 = 0; i < OWN; i++) {
      v128.store(c + (<usize>(GROUP + i) << 4), v128.splat<T>(<T>load<f64>(row + (<usize>i << 3), 32)));
    }
    for (; n >= 16 / <u32>sizeof<T>(); n -= 16 / <u32>sizeof<T>()) {
      rule.at(c, flags, p, g, a, b, d);
      p += 16;
      g += 16;
      a += 16;
      b += 16;
      d += 16;
    }
    if (n) {
      // The elements behind the last whole vector are worked on in a vector of their own.
      copyPart<T>(part, p, n);
      copyPart<T>(part + 16, g, n);
      if (tensors > 0) copyPart<T>(part + 32, a, n);
      if (tensors > 1) copyPart<T>(part + 48, b, n);
      if (tensors > 2) copyPart<T>(part + 64, d, n);
      rule.at(c, flags, part, part + 16, part + 32, part + 48, part + 64);
      copyPart<T>(p, part, n);
      if (tensors > 0) copyPart<T>(a, part + 32, n);
      if (tensors > 1) copyPart<T>(b, part + 48, n);
      if (tensors > 2) copyPart<T>(d, part + 64, n);
    }
    piece = 0;
    row += ROW;
  }
}

/** Flags: A momentum, B Nesterov's, C the buffer begins here. Group: 1 momentum, 2 what g weighs in it, 3 −lr. */
@final class Sgd<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    let v = gradient<T>(c, flags, p, g);
    if (flags & FLAG_A) {
      const momentum = ofGroup(c, 1);
      const m = flags & FLAG_C ? v : blend<T>(v128.load(a), momentum, v, ofGroup(c, 2));
      v128.store(a, m);
      v = flags & FLAG_B ? plus<T>(v, m, momentum) : m;
    }
    v128.store(p, plus<T>(v128.load(p), v, ofGroup(c, 3)));
  }
}

/** Flags: A amsgrad, B decay of the weight itself. Group: 1 β₁, 2 1 − β₁, 3 β₂, 4 1 − β₂, 5 ε, 6 1 − lr · decay. Row: √(1 − β₂ᵗ), −step. */
@final class Adam<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    if (flags & FLAG_B) decayed<T>(p, ofGroup(c, 6));
    const v = gradient<T>(c, flags, p, g);
    const m = average<T>(c, a, 1, v);
    let s = averageSquare<T>(c, b, 3, v);
    if (flags & FLAG_A) {
      s = v128.max<T>(v128.load(d), s);
      v128.store(d, s);
    }
    moveBy<T>(p, ofRow(c, 1), m, v128.add<T>(v128.div<T>(v128.sqrt<T>(s), ofRow(c, 0)), ofGroup(c, 5)));
  }
}

/** As Adam. Row: 1 − β₂ᵗ, the factors of g and of its average. */
@final class Nadam<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    if (flags & FLAG_B) decayed<T>(p, ofGroup(c, 6));
    const v = gradient<T>(c, flags, p, g);
    const m = average<T>(c, a, 1, v);
    const s = averageSquare<T>(c, b, 3, v);
    const denominator = v128.add<T>(v128.sqrt<T>(v128.div<T>(s, ofRow(c, 0))), ofGroup(c, 5));
    moveBy<T>(p, ofRow(c, 1), v, denominator);
    moveBy<T>(p, ofRow(c, 2), m, denominator);
  }
}

/** As Adam, group 7 lr; flag C: rectified. Row: 1 − β₁ᵗ, √(1 − β₂ᵗ), the rectification. */
@final class Radam<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    if (flags & FLAG_B) decayed<T>(p, ofGroup(c, 6));
    const v = gradient<T>(c, flags, p, g);
    const m = average<T>(c, a, 1, v);
    const s = averageSquare<T>(c, b, 3, v);
    let change = v128.mul<T>(v128.div<T>(m, ofRow(c, 0)), ofGroup(c, 7));
    if (flags & FLAG_C) {
      const rate = v128.div<T>(ofRow(c, 1), v128.add<T>(v128.sqrt<T>(s), ofGroup(c, 5)));
      change = v128.mul<T>(v128.mul<T>(change, rate), ofRow(c, 2));
    }
    v128.store(p, v128.sub<T>(v128.load(p), change));
  }
}

/** Group: 1 β₁, 2 1 − β₁, 3 β₂, 4 ε. Row: −step. */
@final class Adamax<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    const v = gradient<T>(c, flags, p, g);
    const m = average<T>(c, a, 1, v);
    const s = v128.max<T>(v128.mul<T>(v128.load(b), ofGroup(c, 3)), v128.add<T>(v128.abs<T>(v), ofGroup(c, 4)));
    v128.store(b, s);
    moveBy<T>(p, ofRow(c, 0), m, s);
  }
}

/** Group: 1 ε. Row: −step. */
@final class Adagrad<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    const v = gradient<T>(c, flags, p, g);
    const s = plus<T>(v128.load(a), v, v);
    v128.store(a, s);
    moveBy<T>(p, ofRow(c, 0), v, v128.add<T>(v128.sqrt<T>(s), ofGroup(c, 1)));
  }
}

/** Group: 1 ρ, 2 1 − ρ, 3 ε, 4 −lr. */
@final class Adadelta<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    const v = gradient<T>(c, flags, p, g), eps = ofGroup(c, 3);
    const s = averageSquare<T>(c, a, 1, v);
    const above = v128.sqrt<T>(v128.add<T>(v128.load(b), eps)), below = v128.sqrt<T>(v128.add<T>(s, eps));
    const change = v128.mul<T>(v128.div<T>(above, below), v);
    averageSquare<T>(c, b, 1, change);
    v128.store(p, plus<T>(v128.load(p), change, ofGroup(c, 4)));
  }
}

/** Flags: A momentum, B centred. Group: 1 α, 2 1 − α, 3 ε, 4 −lr, 5 momentum. State: g², the buffer, g. */
@final class Rmsprop<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    const v = gradient<T>(c, flags, p, g);
    let s = averageSquare<T>(c, a, 1, v);
    if (flags & FLAG_B) {
      const m = average<T>(c, d, 1, v);
      s = v128.sub<T>(s, v128.mul<T>(m, m));
    }
    const below = v128.add<T>(v128.sqrt<T>(s), ofGroup(c, 3));
    if (flags & FLAG_A) {
      const m = v128.add<T>(v128.mul<T>(v128.load(b), ofGroup(c, 5)), v128.div<T>(v, below));
      v128.store(b, m);
      v128.store(p, plus<T>(v128.load(p), m, ofGroup(c, 4)));
    } else moveBy<T>(p, ofGroup(c, 4), v, below);
  }
}

/** Group: 1 η₋, 2 η₊, 3 and 4 the smallest and largest step. State: the gradient before, the steps. */
@final class Rprop<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    const v = gradient<T>(c, flags, p, g);
    const zero = v128.splat<T>(<T>0), one = v128.splat<T>(<T>1);
    const product = v128.mul<T>(v, v128.load(a));
    const turned = v128.lt<T>(product, zero);
    let factor = v128.bitselect(ofGroup(c, 2), one, v128.gt<T>(product, zero));
    factor = v128.bitselect(ofGroup(c, 1), factor, turned);
    let s = v128.mul<T>(v128.load(b), factor);
    s = v128.min<T>(v128.max<T>(s, ofGroup(c, 3)), ofGroup(c, 4));
    v128.store(b, s);
    const kept = v128.andnot(v, turned);
    v128.store(a, kept);
    const up = v128.and(s, v128.gt<T>(kept, zero)), down = v128.and(s, v128.lt<T>(kept, zero));
    v128.store(p, v128.add<T>(v128.sub<T>(v128.load(p), up), down));
  }
}

/** Flag A: the average has begun. Row: 1 − λ η, −η, μ. */
@final class Asgd<T> extends Update {
  @inline at(c: usize, flags: i32, p: usize, g: usize, a: usize, b: usize, d: usize): void {
    const v = gradient<T>(c, flags, p, g);
    const x = blend<T>(v128.load(p), ofRow(c, 0), v, ofRow(c, 1));
    v128.store(p, x);
    if (flags & FLAG_A) {
      const m = v128.load(a);
      v128.store(a, plus<T>(m, v128.sub<T>(x, m), ofRow(c, 2)));
    } else v128.store(a, x);
  }
}

export function sgd_f32(block: usize, begin: u32, end: u32): void { update<f32, Sgd<f32>>(block, begin, end, 1); }
export function sgd_f64(block: usize, begin: u32, end: u32): void { update<f64, Sgd<f64>>(block, begin, end, 1); }
export function adam_f32(block: usize, begin: u32, end: u32): void { update<f32, Adam<f32>>(block, begin, end, 3); }
export function adam_f64(block: usize, begin: u32, end: u32): void { update<f64, Adam<f64>>(block, begin, end, 3); }
export function nadam_f32(block: usize, begin: u32, end: u32): void { update<f32, Nadam<f32>>(block, begin, end, 2); }
export function nadam_f64(block: usize, begin: u32, end: u32): void { update<f64, Nadam<f64>>(block, begin, end, 2); }
export function radam_f32(block: usize, begin: u32, end: u32): void { update<f32, Radam<f32>>(block, begin, end, 2); }
export function radam_f64(block: usize, begin: u32, end: u32): void { update<f64, Radam<f64>>(block, begin, end, 2); }
export function adamax_f32(block: usize, begin: u32, end: u32): void { update<f32, Adamax<f32>>(block, begin, end, 2); }
export function adamax_f64(block: usize, begin: u32, end: u32): void { update<f64, Adamax<f64>>(block, begin, end, 2); }
export function adagrad_f32(block: usize, begin: u32, end: u32): void { update<f32, Adagrad<f32>>(block, begin, end, 1); }
export function adagrad_f64(block: usize, begin: u32, end: u32): void { update<f64, Adagrad<f64>>(block, begin, end, 1); }
export function adadelta_f32(block: usize, begin: u32, end: u32): void { update<f32, Adadelta<f32>>(block, begin, end, 2); }
export function adadelta_f64(block: usize, begin: u32, end: u32): void { update<f64, Adadelta<f64>>(block, begin, end, 2); }
export function rmsprop_f32(block: usize, begin: u32, end: u32): void { update<f32, Rmsprop<f32>>(block, begin, end, 3); }
export function rmsprop_f64(block: usize, begin: u32, end: u32): void { update<f64, Rmsprop<f64>>(block, begin, end, 3); }
export function rprop_f32(block: usize, begin: u32, end: u32): void { update<f32, Rprop<f32>>(block, begin, end, 2); }
export function rprop_f64(block: usize, begin: u32, end: u32): void { update<f64, Rprop<f64>>(block, begin, end, 2); }
export function asgd_f32(block: usize, begin: u32, end: u32): void { update<f32, Asgd<f32>>(block, begin, end, 1); }
export function asgd_f64(block: usize, begin: u32, end: u32): void { update<f64, Asgd<f64>>(block, begin, end, 1); }
