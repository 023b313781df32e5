// The dtypes, the words that kernels' names have for them, and the dtypes that they compute as.

/** The dtypes of tensors, by PyTorch's names. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool";

/** All dtypes, in the order of promotion. */
export const DTYPES: readonly DType[] = [
  "bool",
  "uint8",
  "int8",
  "int16",
  "int32",
  "int64",
  "float16",
  "bfloat16",
  "float32",
  "float64",
];

interface Words {
  /** The word for the dtype in kernels' names. */
  readonly word: string;
  /** The word for it in the names of casts, where it is what is cast: a byte of uint8 and one of bool are read alike. */
  readonly read: string;
  /** Place in the order of promotion. */
  readonly order: number;
  /** Bytes of one element. */
  readonly bytes: number;
  /**
   * The dtype whose kernels compute where the dtype has none of its own: operands are cast to it on the way in, and
   * results back on the way out. That is exact but for what a result loses by rounding or wrapping.
   */
  readonly as: DType | null;
}

const WORDS: Record<DType, Words> = {
  bool: { word: "u8", read: "u8", order: 0, bytes: 1, as: null },
  uint8: { word: "b8", read: "u8", order: 1, bytes: 1, as: "int32" },
  int8: { word: "b8", read: "i8", order: 2, bytes: 1, as: "int32" },
  int16: { word: "b16", read: "i16", order: 3, bytes: 2, as: "int32" },
  int32: { word: "i32", read: "i32", order: 4, bytes: 4, as: null },
  int64: { word: "i64", read: "i64", order: 5, bytes: 8, as: null },
  float16: { word: "f16", read: "f16", order: 6, bytes: 2, as: "float32" },
  bfloat16: { word: "bf16", read: "bf16", order: 7, bytes: 2, as: "float32" },
  float32: { word: "f32", read: "f32", order: 8, bytes: 4, as: null },
  float64: { word: "f64", read: "f64", order: 9, bytes: 8, as: null },
};

/** The word for a dtype in kernels' names. */
export function wordOf(dtype: DType): string {
  return WORDS[dtype].word;
}

/** Place of a dtype in the order of promotion; also its index in tables by dtype. */
export function orderOf(dtype: DType): number {
  return WORDS[dtype].order;
}

/** Bytes of one element. */
export function bytesOf(dtype: DType): number {
  return WORDS[dtype].bytes;
}

/** The dtype whose kernels compute for one that has none of its own; null where it has. */
export function computesAs(dtype: DType): DType | null {
  return WORDS[dtype].as;
}

/** Name of the kernel that casts between two dtypes, if there is one. */
export function castName(from: DType, to: DType): string {
  return `cast_${WORDS[from].read}_${WORDS[to].word}`;
}
