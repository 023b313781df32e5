// The elementwise loops: a rule over one to three operands, over any nest of strides.
//
// What a kernel has of its own is the loop over neighbouring vectors, a few hundred bytes; the way through the strides
// is the same code for all kernels of a width and calls that loop by its address.

import {
  BYTES, RESULT, Run, bring, cursor, gather1, inRow, lanesOf, nextRow, rowSize, rowStride, scatter, seek, slot, splat,
  stretch, walkBy,
} from "./rows";
import { copyBytes } from "./runs";
import { Binary, Comparison, Ternary, Test, Unary } from "../rules";

/** Four vectors, one behind the other. */
@inline function put(out: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  v128.store(out, r0);
  v128.store(out, r1, 16);
  v128.store(out, r2, 32);
  v128.store(out, r3, 48);
}

// One operand.

@inline function run1<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    for (; left >= <i32>lanesOf<T>() * 4; left -= lanesOf<T>() * 4) {
      const r0 = rule.many(v128.load(a));
      const r1 = rule.many(v128.load(a, 16));
      const r2 = rule.many(v128.load(a, 32));
      const r3 = rule.many(v128.load(a, 48));
      put(out, r0, r1, r2, r3);
      out += 64;
      a += stepA << 2;
    }
    for (; left > 0; left -= lanesOf<T>()) {
      v128.store(out, rule.many(v128.load(a)));
      out += 16;
      a += stepA;
    }
  };
}

@inline function run1heavy<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    for (; left > 0; left -= lanesOf<T>()) {
      v128.store(out, rule.many(v128.load(a)));
      out += 16;
      a += stepA;
    }
  };
}

/** out[i] = rule(a[i]) for the elements [begin, end) of the nest; four vectors an iteration. */
@inline export function map1<T, R extends Unary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 1, false, run1<T, R>());
}

/** The same for rules of many instructions, where one vector an iteration keeps the artifact small. */
@inline export function map1heavy<T, R extends Unary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 1, false, run1heavy<T, R>());
}

@inline function run1pair<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    for (; left > <i32>lanesOf<T>(); left -= lanesOf<T>() * 2) {
      const r0 = rule.many(v128.load(a));
      const r1 = rule.many(v128.load(a + stepA));
      v128.store(out, r0);
      v128.store(out, r1, 16);
      out += 32;
      a += stepA << 1;
    }
    if (left > 0) v128.store(out, rule.many(v128.load(a)));
  };
}

/** The same with two vectors an iteration: for long rules that matter, whose chains then run side by side. */
@inline export function map1pair<T, R extends Unary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 1, false, run1pair<T, R>());
}

/** The same for a bool result: out[i] = 1 where rule(a[i]) holds, else 0. */
@inline export function test1<T, R extends Test<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 1, true, run1heavy<T, R>());
}

// Two operands.

@inline function run2<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    for (; left >= <i32>lanesOf<T>() * 4; left -= lanesOf<T>() * 4) {
      const r0 = rule.many(v128.load(a), v128.load(b));
      const r1 = rule.many(v128.load(a, 16), v128.load(b, 16));
      const r2 = rule.many(v128.load(a, 32), v128.load(b, 32));
      const r3 = rule.many(v128.load(a, 48), v128.load(b, 48));
      put(out, r0, r1, r2, r3);
      out += 64;
      a += stepA << 2;
      b += stepB << 2;
    }
    for (; left > 0; left -= lanesOf<T>()) {
      v128.store(out, rule.many(v128.load(a), v128.load(b)));
      out += 16;
      a += stepA;
      b += stepB;
    }
  };
}

@inline function run2splat<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    if (stepA == 0) {
      const x = v128.load(a);
      for (; left >= <i32>lanesOf<T>() * 4; left -= lanesOf<T>() * 4) {
        const r0 = rule.many(x, v128.load(b));
        const r1 = rule.many(x, v128.load(b, 16));
        const r2 = rule.many(x, v128.load(b, 32));
        const r3 = rule.many(x, v128.load(b, 48));
        put(out, r0, r1, r2, r3);
        out += 64;
        b += stepB << 2;
      }
    } else if (stepB == 0) {
      const y = v128.load(b);
      for (; left >= <i32>lanesOf<T>() * 4; left -= lanesOf<T>() * 4) {
        const r0 = rule.many(v128.load(a), y);
        const r1 = rule.many(v128.load(a, 16), y);
        const r2 = rule.many(v128.load(a, 32), y);
        const r3 = rule.many(v128.load(a, 48), y);
        put(out, r0, r1, r2, r3);
        out += 64;
        a += 64;
      }
    } else {
      for (; left >= <i32>lanesOf<T>() * 4; left -= lanesOf<T>() * 4) {
        const r0 = rule.many(v128.load(a), v128.load(b));
        const r1 = rule.many(v128.load(a, 16), v128.load(b, 16));
        const r2 = rule.many(v128.load(a, 32), v128.load(b, 32));
        const r3 = rule.many(v128.load(a, 48), v128.load(b, 48));
        put(out, r0, r1, r2, r3);
        out += 64;
        a += 64;
        b += 64;
      }
    }
    for (; left > 0; left -= lanesOf<T>()) {
      v128.store(out, rule.many(v128.load(a), v128.load(b)));
      out += 16;
      a += stepA;
      b += stepB;
    }
  };
}

/** The same with loops of their own for a splat, which stays in a register: for the rules that meet most of them. */
@inline export function map2splat<T, R extends Binary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 2, false, run2splat<T, R>());
}

@inline function run2heavy<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    for (; left > 0; left -= lanesOf<T>()) {
      v128.store(out, rule.many(v128.load(a), v128.load(b)));
      out += 16;
      a += stepA;
      b += stepB;
    }
  };
}

/** out[i] = rule(a[i], b[i]) for the elements [begin, end) of the nest; four vectors an iteration. */
@inline export function map2<T, R extends Binary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 2, false, run2<T, R>());
}

/** The same for rules of many instructions, where one vector an iteration keeps the artifact small. */
@inline export function map2heavy<T, R extends Binary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 2, false, run2heavy<T, R>());
}

@inline function run2pair<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    for (; left > <i32>lanesOf<T>(); left -= lanesOf<T>() * 2) {
      const r0 = rule.many(v128.load(a), v128.load(b));
      const r1 = rule.many(v128.load(a + stepA), v128.load(b + stepB));
      v128.store(out, r0);
      v128.store(out, r1, 16);
      out += 32;
      a += stepA << 1;
      b += stepB << 1;
    }
    if (left > 0) v128.store(out, rule.many(v128.load(a), v128.load(b)));
  };
}

/** The same with two vectors an iteration: for long rules that matter, whose chains then run side by side. */
@inline export function map2pair<T, R extends Binary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 2, false, run2pair<T, R>());
}

/** The same for a bool result: out[i] = 1 where rule(a[i], b[i]) holds, else 0. */
@inline export function test2<T, R extends Comparison<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 2, true, run2heavy<T, R>());
}

// Three operands.

@inline function run3<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    for (; left >= <i32>lanesOf<T>() * 4; left -= lanesOf<T>() * 4) {
      const r0 = rule.many(v128.load(a), v128.load(b), v128.load(c));
      const r1 = rule.many(v128.load(a, 16), v128.load(b, 16), v128.load(c, 16));
      const r2 = rule.many(v128.load(a, 32), v128.load(b, 32), v128.load(c, 32));
      const r3 = rule.many(v128.load(a, 48), v128.load(b, 48), v128.load(c, 48));
      put(out, r0, r1, r2, r3);
      out += 64;
      a += stepA << 2;
      b += stepB << 2;
      c += stepC << 2;
    }
    for (; left > 0; left -= lanesOf<T>()) {
      v128.store(out, rule.many(v128.load(a), v128.load(b), v128.load(c)));
      out += 16;
      a += stepA;
      b += stepB;
      c += stepC;
    }
  };
}

@inline function run3heavy<T, R>(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const rule = changetype<R>(0);
    for (; left > 0; left -= lanesOf<T>()) {
      v128.store(out, rule.many(v128.load(a), v128.load(b), v128.load(c)));
      out += 16;
      a += stepA;
      b += stepB;
      c += stepC;
    }
  };
}

/** out[i] = rule(a[i], b[i], c[i]) for the elements [begin, end) of the nest; four vectors an iteration. */
@inline export function map3<T, R extends Ternary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 3, false, run3<T, R>());
}

/** The same for rules of many instructions, where one vector an iteration keeps the artifact small. */
@inline export function map3heavy<T, R extends Ternary<T>>(block: usize, begin: u32, end: u32): void {
  walkBy<T>(block, begin, end, 3, false, run3heavy<T, R>());
}

// A choice between two operands by a bool one.

/** Widens `m` bytes 0 or 1 to masks of lanes as wide as `T`; writes whole vectors, up to 15 lanes too many. */
@inline function widen<T>(to: usize, from: usize, m: u32): void {
  const step: u32 = sizeof<T>() == 1 ? 16 : 4;
  for (let i: u32 = 0; i < m; i += step, from += step) {
    if (sizeof<T>() == 1) v128.store(to + i, i8x16.neg(v128.load(from)));
    else {
      const masks = i32x4.neg(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load_zero<u32>(from))));
      if (sizeof<T>() == 4) v128.store(to + (<usize>i << 2), masks);
      else {
        v128.store(to + (<usize>i << 3), i64x2.extend_low_i32x4_s(masks));
        v128.store(to + (<usize>i << 3), i64x2.extend_high_i32x4_s(masks), 16);
      }
    }
  }
}

/** out[i] = condition[i] ? a[i] : b[i] for the elements [begin, end) of the nest. `T` is any type as wide as theirs. */
@inline export function choose<T>(block: usize, begin: u32, end: u32): void {
  if (begin >= end) return;
  const size = <isize>sizeof<T>();
  const row = rowSize(block);
  const so = rowStride(block, 0), sc = rowStride(block, 1), sa = rowStride(block, 2), sb = rowStride(block, 3);
  const stepA: usize = sa ? 16 : 0, stepB: usize = sb ? 16 : 0;
  seek(block, 4, begin);
  let at = inRow(block);
  for (let i = begin; ; at = 0) {
    let n = min(row - at, end - i);
    let out = cursor(0), condition = cursor(1), a = cursor(2), b = cursor(3);
    i += n;
    splat<T>(0, a, sa);
    splat<T>(1, b, sb);
    while (n) {
      const m = stretch<T>(n, false);
      const inPlace = so == size && m >= lanesOf<T>();
      let to = inPlace ? out : slot(RESULT);
      let a0 = bring<T>(0, a, sa, m);
      let b0 = bring<T>(1, b, sb, m);
      if (sc == 1) copyBytes(slot(BYTES), condition, m);
      else gather1(slot(BYTES), condition, sc, m);
      widen<T>(slot(2), slot(BYTES), m);
      let mask = slot(2);
      for (let left = <i32>m; left > 0; left -= lanesOf<T>()) {
        v128.store(to, v128.bitselect(v128.load(a0), v128.load(b0), v128.load(mask)));
        to += 16;
        mask += 16;
        a0 += stepA;
        b0 += stepB;
      }
      if (!inPlace) scatter<T>(out, so, slot(RESULT), m);
      out += <usize>m * <usize>so;
      condition += <usize>m * <usize>sc;
      a += <usize>m * <usize>sa;
      b += <usize>m * <usize>sb;
      n -= m;
    }
    if (i >= end) return;
    nextRow(block, 4);
  }
}
