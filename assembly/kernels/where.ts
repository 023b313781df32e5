// Choosing between two operands by a bool one, by width.

import { choose } from "../loops/map";

/** out = condition ? a : b; operands out, condition (bool), a, b over any nest. */
export function where_w1(block: usize, begin: u32, end: u32): void { choose<u8>(block, begin, end); }
/** The same for elements of 4 bytes. */
export function where_w4(block: usize, begin: u32, end: u32): void { choose<f32>(block, begin, end); }
/** The same for elements of 8 bytes. */
export function where_w8(block: usize, begin: u32, end: u32): void { choose<f64>(block, begin, end); }
