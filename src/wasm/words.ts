// The dtypes, and the words that kernels' names have for them.

/** The dtypes of tensors, by PyTorch's names. */
export type DType = "float32" | "float64" | "int32" | "bool";

/** All dtypes, in the order of promotion. */
export const DTYPES: readonly DType[] = ["bool", "int32", "float32", "float64"];

const WORDS: Record<DType, string> = { bool: "u8", int32: "i32", float32: "f32", float64: "f64" };
const ORDERS: Record<DType, number> = { bool: 0, int32: 1, float32: 2, float64: 3 };

/** The word for a dtype in kernels' names. */
export function wordOf(dtype: DType): string {
  return WORDS[dtype];
}

/** Place of a dtype in the order of promotion; also its index in tables by dtype. */
export function orderOf(dtype: DType): number {
  return ORDERS[dtype];
}
