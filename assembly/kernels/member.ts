// Whether elements are among given ones.

import { integer, pointerOf } from "../block";

/** out[i] = 1 where element i is among the others; all contiguous, parameter 0 is the number of the others. NaN is in nothing. */
@inline function isin<T extends number>(block: usize, begin: u32, end: u32): void {
  const out = pointerOf(block, 0), elements = pointerOf(block, 1), others = pointerOf(block, 2);
  const count = <u32>integer(block, 0);
  const lanes: u32 = 16 / <u32>sizeof<T>();
  for (let i = begin; i < end; i++) {
    const x = load<T>(elements + <usize>i * sizeof<T>());
    const all = v128.splat<T>(x);
    let found = false;
    let k: u32 = 0;
    for (; k + lanes <= count && !found; k += lanes) {
      found = v128.any_true(v128.eq<T>(v128.load(others + <usize>k * sizeof<T>()), all));
    }
    for (; k < count && !found; k++) found = load<T>(others + <usize>k * sizeof<T>()) == x;
    store<u8>(out + i, <u8>found);
  }
}
export function isin_f32_u8(block: usize, begin: u32, end: u32): void { isin<f32>(block, begin, end); }
export function isin_f64_u8(block: usize, begin: u32, end: u32): void { isin<f64>(block, begin, end); }
export function isin_i32_u8(block: usize, begin: u32, end: u32): void { isin<i32>(block, begin, end); }
export function isin_i64_u8(block: usize, begin: u32, end: u32): void { isin<i64>(block, begin, end); }
export function isin_u8(block: usize, begin: u32, end: u32): void { isin<u8>(block, begin, end); }
