// What tensors a workload is given: shapes and seeded values, the same numbers in every library and in Python.

/**
 * A tensor to be made: shape, dtype ("float32", "float64", "int32") and how its elements follow from their index.
 * `layout` says what the axes are where libraries disagree about their order: "image" is [batch, channels, height, width],
 * "linear" [out, in], "filter" [out, in, height, width], "depthwise" [channels, 1, height, width], and `{ channels, height, width }` a matrix
 * whose columns are a flattened image.
 *
 * @typedef {{ shape: number[], dtype: string, fill: "random" | "integers" | "constant", scale?: number, shift?: number,
 *   below?: number, value?: number, layout?: string | { channels: number, height: number, width: number } }} TensorSpec
 */

/** Evenly distributed numbers of mean `shift` and standard deviation `scale`. */
export function random(shape, { scale = 1, shift = 0, dtype = "float32", layout } = {}) {
  return { shape, dtype, fill: "random", scale, shift, layout };
}

/** Integers from 0 to `below` − 1, as int32. */
export function integers(shape, below) {
  return { shape, dtype: "int32", fill: "integers", below };
}

/** The same number everywhere. */
export function constant(shape, value, dtype = "float32") {
  return { shape, dtype, fill: "constant", value };
}

/** A weight [out, in] as layers start with: standard deviation 1 / √in. */
export function weight(out, size, dtype = "float32", layout = "linear") {
  return random([out, size], { scale: 1 / Math.sqrt(size), dtype, layout });
}

/** How many elements a shape has. */
export function elements(shape) {
  return shape.reduce((a, b) => a * b, 1);
}

/** How many bytes an element of a dtype takes. */
export function bytesOf(dtype) {
  return dtype === "float64" ? 8 : 4;
}

/** A seed made from a text (FNV-1a). */
export function seedOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A well mixed 32-bit number of an index and a seed (the finaliser of MurmurHash3). */
function mixed(index, seed) {
  let h = (Math.imul(index, 0x9e3779b9) + seed) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array };

/** The elements that a spec describes, row by row, in the order of its shape. */
export function values(spec, seed) {
  const out = new arrays[spec.dtype](elements(spec.shape));
  if (spec.fill === "constant") return out.fill(spec.value);
  if (spec.fill === "integers") {
    for (let i = 0; i < out.length; i++) out[i] = Math.floor((mixed(i, seed) / 2 ** 32) * spec.below);
    return out;
  }
  const width = Math.sqrt(3) * spec.scale;
  for (let i = 0; i < out.length; i++) out[i] = (mixed(i, seed) / 2 ** 31 - 1) * width + spec.shift;
  return out;
}

/**
 * What stands for a result when libraries are compared: its size, its norm, a sum with pseudo-random signs (so that no
 * error cancels by symmetry), and a few elements.
 */
export function summary(array) {
  let square = 0;
  let signed = 0;
  for (let i = 0; i < array.length; i++) {
    const x = Number(array[i]);
    square += x * x;
    signed += (mixed(i, 7) & 1) === 0 ? x : -x;
  }
  const sample = Array.from({ length: Math.min(4, array.length) }, (_, i) =>
    Number(array[Math.floor((i * array.length) / 4)]),
  );
  return { size: array.length, norm: Math.sqrt(square), signed, sample };
}

/**
 * The largest relative difference of two summaries: of norms, of signed sums (against the norm, as rounding errors add up
 * like a random walk), and of sampled elements (against the root mean square). NaN counts as infinite.
 */
export function difference(a, b) {
  if (a.size !== b.size) return Number.POSITIVE_INFINITY;
  const norm = Math.max(a.norm, b.norm, 1e-30);
  const typical = norm / Math.sqrt(Math.max(1, a.size));
  const all = [
    Math.abs(a.norm - b.norm) / norm,
    Math.abs(a.signed - b.signed) / norm,
    ...a.sample.map((x, i) => Math.abs(x - b.sample[i]) / (Math.abs(x) + typical)),
  ];
  return all.reduce((worst, x) => (x >= 0 ? Math.max(worst, x) : Number.POSITIVE_INFINITY), 0);
}
