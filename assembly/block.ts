// The call block: how a kernel reads what it is to work on.
//
// A block is a run of 32-bit words in linear memory, written by `src/wasm/block.ts`:
//
//     byte 0    status    0, or what only the data could tell (see `fail`)
//     byte 4    rank      number of loop dims, 0 to 16
//     byte 8    operands  number of operands, the result first
//     byte 12   detail    a number that goes with the status: an index, a row
//     byte 16   16 parameters of 8 bytes, each a float64
//     byte 144  sizes[rank], then for each operand: pointer, byteStrides[rank] (signed)
//
// A scalar operand may point into the parameters: its strides are zero.

const PARAMETERS: usize = 16;
const SIZES: usize = 144;

/** Number of loop dims. */
@inline export function rankOf(block: usize): u32 {
  return load<u32>(block, 4);
}

/** Number of elements along loop dim `dim`. */
@inline export function sizeOf(block: usize, dim: u32): u32 {
  return load<u32>(block + (<usize>dim << 2), SIZES);
}

/** Where the record of operand `operand` starts: its pointer, then its byte strides. */
@inline function operandAt(block: usize, operand: u32): usize {
  const rank = rankOf(block);
  return block + SIZES + ((<usize>rank + <usize>operand * (<usize>rank + 1)) << 2);
}

/** Address of the first element of an operand; operand 0 is the result. */
@inline export function pointerOf(block: usize, operand: u32): usize {
  return <usize>load<u32>(operandAt(block, operand));
}

/** Bytes from one element to the next along loop dim `dim` of an operand; may be zero or negative. */
@inline export function strideOf(block: usize, operand: u32, dim: u32): isize {
  return <isize>load<i32>(operandAt(block, operand) + (<usize>dim << 2), 4);
}

/** Address of a parameter, for operands that are scalars. */
@inline export function parameterAt(block: usize, index: u32): usize {
  return block + PARAMETERS + (<usize>index << 3);
}

/** A parameter as a number. */
@inline export function parameter(block: usize, index: u32): f64 {
  return load<f64>(block + (<usize>index << 3), PARAMETERS);
}

/** A parameter as an integer. */
@inline export function integer(block: usize, index: u32): i32 {
  return <i32>parameter(block, index);
}

/** Index out of range: `detail` is the index. */
export const STATUS_INDEX: u32 = 1;
/** Integer division by zero. */
export const STATUS_DIVISION: u32 = 2;
/** Singular matrix: `detail` is the row, counted from 1. */
export const STATUS_SINGULAR: u32 = 3;
/** A probability outside [0, 1] or an otherwise invalid value: `detail` is its position. */
export const STATUS_DOMAIN: u32 = 4;

/** Tells the caller what only the data could tell; the first failure stays. */
export function fail(block: usize, status: u32, detail: i32): void {
  if (load<u32>(block) == 0) {
    store<u32>(block, status);
    store<i32>(block, detail, 12);
  }
}
