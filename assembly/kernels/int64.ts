// int64 element by element: arithmetic, comparisons, bits. Sums, products and all else that has one rule for every
// dtype is where those are.
//
// int64 is for identifiers, counts and sums that int32 cannot hold, so its kernels are made small rather than fast: one
// loop for each number of operands, which calls what it is given for every element.

import { parameter, pointerOf, rankOf, sizeOf, strideOf } from "../block";
import { along } from "../loops/runs";
import { Run, walkBy } from "../loops/rows";
import { divisor } from "../math/divisor";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";
import { copy_w8 } from "./copy";
import { PACKED_ROWS } from "./gemm/job";

type One = (a: i64) => i64;
type Two = (a: i64, b: i64) => i64;
type Three = (a: i64, b: i64, c: i64) => i64;

/** Puts the function where the loop finds it. */
@inline function keep<F>(f: F): void {
  store<usize>(scratch() + KERNEL_SCRATCH, changetype<usize>(f));
}

@inline function kept<F>(): F {
  return changetype<F>(load<usize>(scratch() + KERNEL_SCRATCH));
}

function runOne(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const f = kept<One>();
    for (; left > 0; left -= 2, out += 16, a += stepA) {
      store<i64>(out, f(load<i64>(a)));
      store<i64>(out, f(load<i64>(a, 8)), 8);
    }
  };
}

function runTwo(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const f = kept<Two>();
    for (; left > 0; left -= 2, out += 16, a += stepA, b += stepB) {
      store<i64>(out, f(load<i64>(a), load<i64>(b)));
      store<i64>(out, f(load<i64>(a, 8), load<i64>(b, 8)), 8);
    }
  };
}

function runThree(): Run {
  return (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize): void => {
    const f = kept<Three>();
    for (; left > 0; left -= 2, out += 16, a += stepA, b += stepB, c += stepC) {
      store<i64>(out, f(load<i64>(a), load<i64>(b), load<i64>(c)));
      store<i64>(out, f(load<i64>(a, 8), load<i64>(b, 8), load<i64>(c, 8)), 8);
    }
  };
}

function one(block: usize, begin: u32, end: u32, test: bool, f: One): void {
  keep<One>(f);
  walkBy<i64>(block, begin, end, 1, test, runOne());
}

function two(block: usize, begin: u32, end: u32, test: bool, f: Two): void {
  keep<Two>(f);
  walkBy<i64>(block, begin, end, 2, test, runTwo());
}

function three(block: usize, begin: u32, end: u32, f: Three): void {
  keep<Three>(f);
  walkBy<i64>(block, begin, end, 3, false, runThree());
}

// Arithmetic; everything wraps.

export function add_i64(block: usize, begin: u32, end: u32): void { two(block, begin, end, false, (a, b) => a + b); }
export function sub_i64(block: usize, begin: u32, end: u32): void { two(block, begin, end, false, (a, b) => a - b); }
export function rsub_i64(block: usize, begin: u32, end: u32): void { two(block, begin, end, false, (a, b) => b - a); }
export function mul_i64(block: usize, begin: u32, end: u32): void { two(block, begin, end, false, (a, b) => a * b); }
/** Quotient toward zero; the caller has refused zeros. */
export function div_trunc_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => b == -1 ? -a : a / b);
}
/** Quotient rounded down. */
export function div_floor_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => {
    if (b == -1) return -a;
    const q = a / b;
    return q * b != a && (a ^ b) < 0 ? q - 1 : q;
  });
}
/** Remainder with the sign of a. */
export function fmod_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => b == -1 ? 0 : a % b);
}
/** Remainder with the sign of b. */
export function remainder_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => {
    if (b == -1) return 0;
    const r = a % b;
    return r != 0 && (r ^ b) < 0 ? r + b : r;
  });
}
/** Powers by squaring; a negative exponent (of base 1 or -1) counts the sign. */
export function pow_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    let r: i64 = 1;
    for (let n = b, p = a; n; n >>= 1, p *= p) if (n & 1) r *= p;
    return r;
  });
}
export function maximum_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => a > b ? a : b);
}
export function minimum_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => a < b ? a : b);
}
export function fmax_i64(block: usize, begin: u32, end: u32): void { maximum_i64(block, begin, end); }
export function fmin_i64(block: usize, begin: u32, end: u32): void { minimum_i64(block, begin, end); }
/** 0 below 0, b at 0, 1 above. */
export function heaviside_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => a == 0 ? b : a > 0 ? 1 : 0);
}
export function neg_i64(block: usize, begin: u32, end: u32): void { one(block, begin, end, false, (a) => -a); }
export function abs_i64(block: usize, begin: u32, end: u32): void { one(block, begin, end, false, (a) => a < 0 ? -a : a); }
export function sign_i64(block: usize, begin: u32, end: u32): void {
  one(block, begin, end, false, (a) => a == 0 ? 0 : a < 0 ? -1 : 1);
}
export function relu_i64(block: usize, begin: u32, end: u32): void { one(block, begin, end, false, (a) => a < 0 ? 0 : a); }
/** What rounds floats leaves integers alone. */
export function floor_i64(block: usize, begin: u32, end: u32): void { copy_w8(block, begin, end); }
export function ceil_i64(block: usize, begin: u32, end: u32): void { copy_w8(block, begin, end); }
export function trunc_i64(block: usize, begin: u32, end: u32): void { copy_w8(block, begin, end); }
export function round_i64(block: usize, begin: u32, end: u32): void { copy_w8(block, begin, end); }
/** min(max(x, low), high): operands x, low, high. */
export function clamp_i64(block: usize, begin: u32, end: u32): void {
  three(block, begin, end, (x, low, high) => {
    const y = x > low ? x : low;
    return y < high ? y : high;
  });
}
/** x where it is above the threshold, else the value: operands x, threshold, value. */
export function threshold_i64(block: usize, begin: u32, end: u32): void {
  three(block, begin, end, (x, threshold, value) => x > threshold ? x : value);
}
/** self + value · a · b: operands self, a, b, and the scalar value. */
export function addcmul_i64(block: usize, begin: u32, end: u32): void {
  store<i64>(scratch() + KERNEL_SCRATCH, load<i64>(pointerOf(block, 4)), 8);
  three(block, begin, end, (x, a, b) => x + load<i64>(scratch() + KERNEL_SCRATCH, 8) * a * b);
}

// Bits.

export function bitwise_and_i64(block: usize, begin: u32, end: u32): void { two(block, begin, end, false, (a, b) => a & b); }
export function bitwise_or_i64(block: usize, begin: u32, end: u32): void { two(block, begin, end, false, (a, b) => a | b); }
export function bitwise_xor_i64(block: usize, begin: u32, end: u32): void { two(block, begin, end, false, (a, b) => a ^ b); }
export function bitwise_not_i64(block: usize, begin: u32, end: u32): void { one(block, begin, end, false, (a) => ~a); }
/** Bits moved out are lost; 0 for a shift that is negative or wider than the integer. */
export function bitwise_left_shift_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => <u64>b < 64 ? a << b : 0);
}
/** The sign moves in; it alone is left by a shift that is negative or wider than the integer. */
export function bitwise_right_shift_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => a >> (<u64>b < 64 ? b : 63));
}

export function gcd_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => <i64>divisor(a, b));
}
export function lcm_i64(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, false, (a, b) => {
    const common = divisor(a, b);
    return common ? abs(a / <i64>common * b) : 0;
  });
}

// Comparisons and logic: results are bool.

export function eq_i64_u8(block: usize, begin: u32, end: u32): void { two(block, begin, end, true, (a, b) => i64(a == b)); }
export function ne_i64_u8(block: usize, begin: u32, end: u32): void { two(block, begin, end, true, (a, b) => i64(a != b)); }
export function lt_i64_u8(block: usize, begin: u32, end: u32): void { two(block, begin, end, true, (a, b) => i64(a < b)); }
export function le_i64_u8(block: usize, begin: u32, end: u32): void { two(block, begin, end, true, (a, b) => i64(a <= b)); }
export function gt_i64_u8(block: usize, begin: u32, end: u32): void { two(block, begin, end, true, (a, b) => i64(a > b)); }
export function ge_i64_u8(block: usize, begin: u32, end: u32): void { two(block, begin, end, true, (a, b) => i64(a >= b)); }
export function logical_and_i64_u8(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, true, (a, b) => i64(a != 0 && b != 0));
}
export function logical_or_i64_u8(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, true, (a, b) => i64(a != 0 || b != 0));
}
export function logical_xor_i64_u8(block: usize, begin: u32, end: u32): void {
  two(block, begin, end, true, (a, b) => i64((a != 0) != (b != 0)));
}
export function logical_not_i64_u8(block: usize, begin: u32, end: u32): void { one(block, begin, end, true, (a) => i64(a == 0)); }
export function signbit_i64_u8(block: usize, begin: u32, end: u32): void { one(block, begin, end, true, (a) => i64(a < 0)); }

// Products of matrices.

/** alpha · Σ a · b of one row of the result, added to beta times that of `c` where there is one. */
function productRow(block: usize, out: usize, a: usize, b: usize, c: usize): void {
  const rank = rankOf(block);
  const n = sizeOf(block, rank - 2), k = sizeOf(block, rank - 1);
  const alpha = <i64>parameter(block, 0), beta = <i64>parameter(block, 1);
  const alongA = strideOf(block, 1, rank - 1), alongB = strideOf(block, 2, rank - 1);
  const across = strideOf(block, 2, rank - 2), acrossC = c ? strideOf(block, 3, rank - 2) : 0;
  for (let j: u32 = 0; j < n; j++, out += 8) {
    let sum: i64 = 0;
    for (let l: u32 = 0, x = a, y = b + along(j, across); l < k; l++, x += alongA, y += alongB) {
      sum += load<i64>(x) * load<i64>(y);
    }
    sum *= alpha;
    if (c && beta) sum += beta * load<i64>(c + along(j, acrossC));
    store<i64>(out, sum);
  }
}

/** Where a row of operand `k` starts: row `row` of batch `batch`. */
function rowAt(block: usize, k: u32, batch: u32, row: u32): usize {
  const rank = rankOf(block);
  let at = pointerOf(block, k) + along(row, strideOf(block, k, rank - 3));
  for (let d = <i32>rank - 4; d >= 0; d--) {
    const size = sizeOf(block, d);
    at += along(batch % size, strideOf(block, k, d));
    batch /= size;
  }
  return at;
}

/** out = beta · c + alpha · (a @ b), wrapping; called like `gemm_f32`. */
export function gemm_i64(block: usize, begin: u32, end: u32): void {
  const rank = rankOf(block);
  const rows = sizeOf(block, rank - 3);
  const tiles = (rows + PACKED_ROWS - 1) / PACKED_ROWS;
  const added = load<u32>(block, 8) > 3;
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / tiles, first = unit % tiles * PACKED_ROWS;
    for (let row = first; row < min(first + PACKED_ROWS, rows); row++) {
      const c = added ? rowAt(block, 3, batch, row) : 0;
      productRow(block, rowAt(block, 0, batch, row), rowAt(block, 1, batch, row), rowAt(block, 2, batch, row), c);
    }
  }
}
