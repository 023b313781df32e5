// JavaScript numbers as the bits of 16-bit floats, and back: for scalars, and for what is read out.

const float = /* @__PURE__ */ new Float32Array(1);
const word = /* @__PURE__ */ new Int32Array(float.buffer);

/** A number rounded to float32, then to float16, ties to even, as bits. */
export function halfBits(value: number): number {
  float[0] = value;
  const x = word[0] as number;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
  // Subnormal: the sum is rounded to the last place of 0.5, which is that of float16's subnormals.
  float[0] = Math.abs(float[0] as number) + 0.5;
  return sign | ((word[0] as number) - 0x3f000000);
}

/** The number that the bits of a float16 stand for. */
export function fromHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** A number rounded to float32, then to bfloat16, ties to even, as bits. */
export function brainBits(value: number): number {
  float[0] = value;
  const x = word[0] as number;
  if ((x & 0x7fffffff) > 0x7f800000) return 0x7fc0;
  return ((x + 0x7fff + ((x >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that the bits of a bfloat16 stand for. */
export function fromBrainBits(bits: number): number {
  word[0] = bits << 16;
  return float[0] as number;
}

/** A number as an int64: truncated, saturated, NaN to 0, as casts in kernels do. */
export function toInt64(value: number | bigint | boolean): bigint {
  if (typeof value === "bigint") return BigInt.asIntN(64, value);
  const number = Math.trunc(Number(value));
  if (Number.isNaN(number)) return 0n;
  if (number >= 2 ** 63) return 2n ** 63n - 1n;
  return number < -(2 ** 63) ? -(2n ** 63n) : BigInt(number);
}
