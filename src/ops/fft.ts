// torch.fft as far as real tensors go: shifts, frequencies, and the transforms from half a spectrum to real signals.

import { ArgumentError, DTypeError } from "../errors.js";
import { asInteger, asIntegers, asNumber, asTensor, parse, type Trailing } from "../op/args.js";
import { copyInto } from "../op/copy.js";
import { type CreationOptions, dtypeFrom, make } from "../op/creation.js";
import { noGrad } from "../tape/mode.js";
import { type DType, floating, getDefaultDtype, isFloat } from "../tensor/dtype.js";
import { normalizeDim, normalizeDims } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { add, mul, remainder, sub } from "./arithmetic.js";
import { to } from "./cast.js";
import { ge, gt } from "./compare.js";
import { arange, full } from "./creation.js";
import { roll } from "./flip.js";
import { cat } from "./join.js";
import { matmul } from "./matmul.js";
import { transpose } from "./shape.js";
import { cos, sin } from "./trigonometric.js";
import { narrow, unsqueeze } from "./views.js";
import { where } from "./where.js";

/** Options of the shifts. */
export interface ShiftOptions {
  /** The dims that are shifted; all if left out. */
  readonly dim?: number | readonly number[] | null;
}

function shifted(name: string, x: Tensor, rest: readonly unknown[], by: (size: number) => number): Tensor {
  asTensor(name, x);
  const { dim } = parse(name, rest, { dim: null as number | readonly number[] | null }, ["dim"]);
  const list = dim === null ? x.shape.map((_, d) => d) : typeof dim === "number" ? [dim] : asIntegers(name, dim, "dim");
  const dims = list.map((d) => normalizeDim(name, asInteger(name, d, "dim"), x.ndim));
  if (x.ndim === 0) return roll(x, 0);
  return roll(
    x,
    dims.map((d) => by(x.shape[d] as number)),
    dims,
  );
}

/** A copy with the middle moved to the front of the rows: the zero frequency comes from the front to the middle. */
export function fftshift(x: Tensor, ...rest: Trailing<[dim: number | readonly number[] | null], ShiftOptions>): Tensor {
  return shifted("fft.fftshift", x, rest, (size) => Math.floor(size / 2));
}

/** Undoes `fftshift`: the zero frequency comes from the middle to the front. */
export function ifftshift(
  x: Tensor,
  ...rest: Trailing<[dim: number | readonly number[] | null], ShiftOptions>
): Tensor {
  return shifted("fft.ifftshift", x, rest, (size) => Math.ceil(size / 2));
}

/** Options of the frequencies. */
export interface FrequencyOptions extends CreationOptions {
  /** Time between two samples: 1. */
  readonly d?: number;
}

function frequencies(
  op: string,
  n: number,
  rest: readonly unknown[],
  orders: () => Tensor,
  count: (n: number) => number,
): Tensor {
  const name = `fft.${op}`;
  if (asInteger(name, n, "n") < 0) throw new ArgumentError(`${name}: n must not be negative, got ${n}`);
  const given = parse(name, rest, { d: 1, dtype: null as DType | null, requiresGrad: false }, ["d"]);
  const d = asNumber(name, given.d, "d");
  const dtype = dtypeFrom(name, given, getDefaultDtype());
  if (!isFloat(dtype)) throw new DTypeError(`${name}: requires a floating point dtype, got ${dtype}`);
  return noGrad(() =>
    temporaries(() => {
      const values = mul(orders(), 1 / (n * d));
      return make(name, [count(n)], dtype, given, (out) => copyInto(out, values));
    }),
  );
}

/** The frequencies of a transform of `n` samples, 0, 1, …, −2, −1 times 1 / (n d). */
export function fftfreq(n: number, ...rest: Trailing<[d: number], FrequencyOptions>): Tensor {
  const orders = (): Tensor => {
    const places = arange(n, { dtype: "float64" });
    return where(ge(places, Math.ceil(n / 2)), sub(places, n), places);
  };
  return frequencies("fftfreq", n, rest, orders, (count) => count);
}

/** The frequencies of half a spectrum of `n` samples, 0, 1, …, ⌊n / 2⌋ times 1 / (n d). */
export function rfftfreq(n: number, ...rest: Trailing<[d: number], FrequencyOptions>): Tensor {
  const half = (count: number): number => Math.floor(count / 2) + 1;
  return frequencies("rfftfreq", n, rest, () => arange(half(n), { dtype: "float64" }), half);
}

/** Which part of a transform carries the factor 1/n: "backward" the inverse, "forward" the other, "ortho" both by half. */
export type FftNorm = "backward" | "forward" | "ortho";

/** Options of the transforms along one dim. */
export interface FftOptions {
  /** Length of the real signal; 2 (size − 1) if left out. The spectrum is cut off or filled up with zeros to it. */
  readonly n?: number | null;
  readonly dim?: number;
  readonly norm?: FftNorm | null;
}

/** Options of the transforms along several dims. */
export interface FftnOptions {
  /** Lengths along the dims; those of the input, and 2 (size − 1) along the last, if left out. */
  readonly s?: readonly number[] | null;
  readonly dim?: number | readonly number[] | null;
  readonly norm?: FftNorm | null;
}

/** What a transform does: its name, and whether it is an inverse one, which turns the other way and carries 1/n. */
interface Transform {
  readonly name: string;
  readonly inverse: boolean;
}

/** A complex tensor in its two parts; null where the imaginary one is zero. */
interface Pair {
  readonly re: Tensor;
  readonly im: Tensor | null;
}

function factorOf({ name, inverse }: Transform, norm: unknown, count: number): number {
  if (norm !== null && norm !== "backward" && norm !== "forward" && norm !== "ortho")
    throw new ArgumentError(
      `${name}: Invalid normalization mode: "${String(norm)}"; it is one of backward, forward, ortho`,
    );
  if (norm === "ortho") return 1 / Math.sqrt(count);
  return (norm === "forward") === inverse ? 1 : 1 / count;
}

/** Angles 2π j k / n, the products taken modulo n, for j below `rows` and k below `columns`. */
function angles(rows: number, columns: number, n: number): Tensor {
  const j = unsqueeze(arange(rows, { dtype: "float64" }), 1);
  const products = mul(j, arange(columns, { dtype: "float64" }));
  return mul(remainder(products, n), (2 * Math.PI) / n);
}

/** A dim cut off or filled up with zeros at its end. */
function sized(x: Tensor, dim: number, size: number): Tensor {
  const own = x.shape[dim] as number;
  if (own === size) return x;
  if (own > size) return narrow(x, dim, 0, size);
  const shape = x.shape.map((each, d) => (d === dim ? size - own : each));
  return cat([x, full(shape, 0, { dtype: x.dtype })], dim);
}

/** The product along a dim with the transpose of `matrix` [new size, old size], in the tensor's dtype. */
function along(x: Tensor, dim: number, matrix: Tensor): Tensor {
  const last = transpose(x, dim, x.ndim - 1);
  return transpose(matmul(last, transpose(to(matrix, x.dtype), 0, 1)), dim, x.ndim - 1);
}

/** All of a complex spectrum along a dim of `n`, e^(±2πi j k / n). */
function whole({ re, im }: Pair, dim: number, n: number, inverse: boolean): Pair {
  const turn = angles(n, n, n);
  const real = cos(turn);
  const imaginary = inverse ? sin(turn) : mul(sin(turn), -1);
  const a = sized(re, dim, n);
  if (im === null) return { re: along(a, dim, real), im: along(a, dim, imaginary) };
  const b = sized(im, dim, n);
  return {
    re: sub(along(a, dim, real), along(b, dim, imaginary)),
    im: add(along(a, dim, imaginary), along(b, dim, real)),
  };
}

/** The real signal of `n` samples behind half a spectrum: what is between its ends counts twice, for the other half. */
function halved({ re, im }: Pair, dim: number, n: number, inverse: boolean): Tensor {
  const half = Math.floor(n / 2) + 1;
  const turn = angles(n, half, n);
  const order = arange(half, { dtype: "float64" });
  const weights = where(gt(order, 0), where(ge(mul(order, 2), n), 1, full([half], 2, { dtype: "float64" })), 1);
  const real = along(sized(re, dim, half), dim, mul(cos(turn), weights));
  if (im === null) return real;
  const other = along(sized(im, dim, half), dim, mul(sin(turn), weights));
  return inverse ? sub(real, other) : add(real, other);
}

function transformed(
  transform: Transform,
  x: Tensor,
  dims: readonly number[],
  sizes: readonly number[],
  norm: unknown,
): Tensor {
  const { name, inverse } = transform;
  for (const n of sizes) if (n < 1) throw new ArgumentError(`${name}: Invalid number of data points (${n}) specified`);
  const factor = factorOf(
    transform,
    norm,
    sizes.reduce((a, b) => a * b, 1),
  );
  return temporaries(() => {
    let pair: Pair = { re: to(x, floating(x.dtype)), im: null };
    for (let i = 0; i < dims.length - 1; i++) pair = whole(pair, dims[i] as number, sizes[i] as number, inverse);
    return mul(halved(pair, dims.at(-1) as number, sizes.at(-1) as number, inverse), factor);
  });
}

function alongOne(transform: Transform, x: Tensor, rest: readonly unknown[]): Tensor {
  const { name } = transform;
  asTensor(name, x);
  const given = parse(name, rest, { n: null as number | null, dim: -1, norm: null as FftNorm | null }, [
    "n",
    "dim",
    "norm",
  ]);
  const dim = asInteger(name, given.dim, "dim");
  if (x.ndim === 0) throw new ArgumentError(`${name}: Dimension specified as ${dim} but tensor has no dimensions`);
  const at = normalizeDim(name, dim, x.ndim);
  const n = given.n === null ? 2 * ((x.shape[at] as number) - 1) : asInteger(name, given.n, "n");
  return transformed(transform, x, [at], [n], given.norm);
}

function alongSeveral(
  transform: Transform,
  x: Tensor,
  rest: readonly unknown[],
  otherwise: readonly number[] | null,
): Tensor {
  const { name } = transform;
  asTensor(name, x);
  const defaults = {
    s: null as readonly number[] | null,
    dim: otherwise as number | readonly number[] | null,
    norm: null as FftNorm | null,
  };
  const given = parse(name, rest, defaults, ["s", "dim", "norm"]);
  const s = given.s === null ? null : asIntegers(name, given.s, "s");
  const list =
    given.dim === null
      ? x.shape.map((_, d) => d).slice(s === null ? 0 : Math.max(0, x.ndim - s.length))
      : typeof given.dim === "number"
        ? [given.dim]
        : asIntegers(name, given.dim, "dim");
  if (x.ndim === 0 && list.length > 0)
    throw new ArgumentError(`${name}: Dimension specified as ${list[0]} but tensor has no dimensions`);
  if (s !== null && s.length !== list.length) {
    throw new ArgumentError(
      given.dim === null
        ? `${name}: Got shape with ${s.length} values but input tensor only has ${x.ndim} dimensions`
        : `${name}: When given, dim and shape arguments must have the same length, got ${list.length} and ${s.length}`,
    );
  }
  if (list.length === 0) throw new ArgumentError(`${name}: must transform at least one axis`);
  const dims = normalizeDims(name, list, x.ndim);
  const sizes = dims.map((d, i) => {
    const own = x.shape[d] as number;
    const asked = s?.[i] ?? -1;
    return asked !== -1 ? asked : i === dims.length - 1 ? 2 * (own - 1) : own;
  });
  return transformed(transform, x, dims, sizes, given.norm);
}

type OneRest = Trailing<[n: number | null, dim: number, norm: FftNorm | null], FftOptions>;
type SeveralRest = Trailing<
  [s: readonly number[] | null, dim: number | readonly number[] | null, norm: FftNorm | null],
  FftnOptions
>;

/** The real signal whose half spectrum `x` is, along one dim; here the spectrum is real. One product with a matrix [n, size]. */
export function irfft(x: Tensor, ...rest: OneRest): Tensor {
  return alongOne({ name: "fft.irfft", inverse: true }, x, rest);
}

/** `irfft` along two dims, the last two if left out. */
export function irfft2(x: Tensor, ...rest: SeveralRest): Tensor {
  return alongSeveral({ name: "fft.irfft2", inverse: true }, x, rest, [-2, -1]);
}

/** `irfft` along several dims: the whole inverse transform along all but the last, half of it along that. */
export function irfftn(x: Tensor, ...rest: SeveralRest): Tensor {
  return alongSeveral({ name: "fft.irfftn", inverse: true }, x, rest, null);
}

/** The real spectrum of a signal of which half is given and the other half mirrors it; here the signal is real. */
export function hfft(x: Tensor, ...rest: OneRest): Tensor {
  return alongOne({ name: "fft.hfft", inverse: false }, x, rest);
}

/** `hfft` along two dims, the last two if left out. */
export function hfft2(x: Tensor, ...rest: SeveralRest): Tensor {
  return alongSeveral({ name: "fft.hfft2", inverse: false }, x, rest, [-2, -1]);
}

/** `hfft` along several dims: the whole transform along all but the last, half of it along that. */
export function hfftn(x: Tensor, ...rest: SeveralRest): Tensor {
  return alongSeveral({ name: "fft.hfftn", inverse: false }, x, rest, null);
}
