// torch.signal.windows: window functions, tapers that a signal is multiplied by before it is transformed.

import { ArgumentError, DTypeError } from "../../errors.js";
import { asBoolean, asInteger, asNumber, describe, parse } from "../../op/args.js";
import { copyInto } from "../../op/copy.js";
import { dtypeFrom, make } from "../../op/creation.js";
import { noGrad } from "../../tape/mode.js";
import { type DType, getDefaultDtype } from "../../tensor/dtype.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { div, mul, neg, sub } from "../arithmetic.js";
import { linspace, ones, tensor } from "../creation.js";
import { clampMin } from "../extrema.js";
import { abs, exp, sqrt } from "../pointwise.js";
import { sum } from "../reduce.js";
import { i0 } from "../special.js";
import { cos, sin } from "../trigonometric.js";
import { unsqueeze } from "../views.js";

/** Options of all windows. */
export interface WindowOptions {
  /** Whether the window is symmetric, for filters (true), or one period of a periodic one, for spectra (false). */
  readonly sym?: boolean;
  /** float32 or float64; the default dtype if left out. */
  readonly dtype?: DType | null;
  /** Only "strided", the layout that all tensors have. */
  readonly layout?: "strided";
  readonly requiresGrad?: boolean;
}

const common = { sym: true, dtype: null as DType | null, layout: "strided" as const, requiresGrad: false };

/** What a window is made of: whether it is symmetric, and `count` even steps of `step` from `start`. */
interface Places {
  readonly sym: boolean;
  readonly grid: (start: number, step: number) => Tensor;
}

/** Checks the arguments that all windows have, and makes the window by `values`, which works in float64. */
function window(
  op: string,
  M: number,
  options: Required<WindowOptions>,
  values: (places: Places) => Tensor,
  single = true,
): Tensor {
  const name = `signal.windows.${op}`;
  asInteger(name, M, "M");
  if (M < 0) throw new ArgumentError(`${name}: requires non-negative window length, got M=${M}`);
  const sym = asBoolean(name, options.sym, "sym");
  if (options.layout !== "strided") {
    throw new ArgumentError(
      `${name}: is implemented for strided tensors only, got: ${describe(options.layout)} as layout`,
    );
  }
  const dtype = dtypeFrom(name, options, getDefaultDtype());
  if (dtype !== "float32" && dtype !== "float64")
    throw new DTypeError(`${name}: expects float32 or float64 dtypes, got: ${dtype}`);
  return noGrad(() =>
    temporaries(() => {
      const grid = (start: number, step: number): Tensor =>
        linspace(start, start + (M - 1) * step, M, { dtype: "float64" });
      const made = single && M <= 1 ? ones([M], { dtype }) : values({ sym, grid });
      return make(name, [M], dtype, options, (out) => copyInto(out, made));
    }),
  );
}

/** The length that a window spans: of a periodic one its first value comes again behind the last. */
function spanOf(M: number, sym: boolean): number {
  return sym || M <= 1 ? M - 1 : M;
}

function squared(x: Tensor): Tensor {
  return mul(x, x);
}

/** Options of `exponential`. */
export interface ExponentialOptions extends WindowOptions {
  /** Where the window is 1; its middle if left out, as symmetric windows must. */
  readonly center?: number | null;
  /** How far from the centre it falls to 1/e: 1. */
  readonly tau?: number;
}

/** exp(−|n − center| / tau), for n from 0 to M − 1. */
export function exponential(M: number, ...rest: [options?: ExponentialOptions]): Tensor {
  const name = "signal.windows.exponential";
  const { center, tau, ...options } = parse(name, rest, { center: null as number | null, tau: 1, ...common });
  if (asNumber(name, tau, "tau") <= 0) throw new ArgumentError(`${name}: Tau must be positive, got: ${tau} instead.`);
  if (center !== null) {
    asNumber(name, center, "center");
    if (options.sym) throw new ArgumentError(`${name}: Center must be None for symmetric windows; leave it out`);
  }
  return window(
    "exponential",
    M,
    options,
    ({ sym, grid }) => exp(neg(abs(grid(-(center ?? spanOf(M, sym) / 2) / tau, 1 / tau)))),
    false,
  );
}

/** sin(π (n + ½) / M), half a period of the sine. */
export function cosine(M: number, ...rest: [options?: WindowOptions]): Tensor {
  const options = parse("signal.windows.cosine", rest, common);
  return window(
    "cosine",
    M,
    options,
    ({ sym, grid }) => {
      const step = Math.PI / (spanOf(M, sym) + 1);
      return sin(grid(0.5 * step, step));
    },
    false,
  );
}

/** Options of `gaussian`. */
export interface GaussianOptions extends WindowOptions {
  /** The standard deviation, in samples: 1. */
  readonly std?: number;
}

/** exp(−(n − centre)² / (2 std²)). */
export function gaussian(M: number, ...rest: [options?: GaussianOptions]): Tensor {
  const name = "signal.windows.gaussian";
  const { std, ...options } = parse(name, rest, { std: 1, ...common });
  if (asNumber(name, std, "std") <= 0)
    throw new ArgumentError(`${name}: Standard deviation must be positive, got: ${std} instead.`);
  return window(
    "gaussian",
    M,
    options,
    ({ sym, grid }) => {
      const step = 1 / (std * Math.SQRT2);
      return exp(neg(squared(grid((-spanOf(M, sym) / 2) * step, step))));
    },
    false,
  );
}

/** Options of `kaiser`. */
export interface KaiserOptions extends WindowOptions {
  /** How narrow the window is, not below 0: 12. */
  readonly beta?: number;
}

/** I₀(√(beta² − k²)) / I₀(beta), for k from −beta to beta. */
export function kaiser(M: number, ...rest: [options?: KaiserOptions]): Tensor {
  const name = "signal.windows.kaiser";
  const { beta, ...options } = parse(name, rest, { beta: 12, ...common });
  if (asNumber(name, beta, "beta") < 0)
    throw new ArgumentError(`${name}: beta must be non-negative, got: ${beta} instead.`);
  return window("kaiser", M, options, ({ sym, grid }) => {
    // Rounding must not lead beyond beta, where the root ends.
    const k = grid(-1, 2 / spanOf(M, sym));
    const inside = mul(sqrt(clampMin(sub(1, squared(k)), 0)), beta);
    return div(i0(inside), i0(tensor(beta, { dtype: "float64" })));
  });
}

/** The sum of a[i] (−1)ⁱ cos(2π i n / span). */
function cosines(op: string, M: number, a: readonly number[], options: Required<WindowOptions>): Tensor {
  return window(op, M, options, ({ sym, grid }) => {
    const weights = tensor(
      a.map((weight, i) => (i % 2 === 0 ? weight : -weight)),
      { dtype: "float64" },
    );
    const orders = tensor(
      a.map((_, i) => i),
      { dtype: "float64" },
    );
    const angles = mul(unsqueeze(orders, 1), grid(0, (2 * Math.PI) / spanOf(M, sym)));
    return sum(mul(unsqueeze(weights, 1), cos(angles)), 0);
  });
}

/** Options of `generalCosine`. */
export interface GeneralCosineOptions extends WindowOptions {
  /** The weights of the cosines, from the constant on. */
  readonly a: readonly number[];
}

/** The sum of a[i] (−1)ⁱ cos(2π i n / (M − 1)): `generalCosine(5, { a: [0.5, 0.5] })`. */
export function generalCosine(M: number, ...rest: [options: GeneralCosineOptions]): Tensor {
  const name = "signal.windows.generalCosine";
  const { a, ...options } = parse(name, rest, { a: null as readonly number[] | null, ...common });
  if (!Array.isArray(a)) throw new ArgumentError(`${name}: Coefficients must be a list/tuple, got ${describe(a)} as a`);
  if (a.length === 0) throw new ArgumentError(`${name}: Coefficients cannot be empty`);
  for (const weight of a) asNumber(name, weight, "each of a");
  return cosines("generalCosine", M, a, options);
}

/** Options of `generalHamming`. */
export interface GeneralHammingOptions extends WindowOptions {
  /** The constant part: 0.54. */
  readonly alpha?: number;
}

/** alpha − (1 − alpha) cos(2π n / (M − 1)). */
export function generalHamming(M: number, ...rest: [options?: GeneralHammingOptions]): Tensor {
  const name = "signal.windows.generalHamming";
  const { alpha, ...options } = parse(name, rest, { alpha: 0.54, ...common });
  asNumber(name, alpha, "alpha");
  return cosines("generalHamming", M, [alpha, 1 - alpha], options);
}

/** 0.54 − 0.46 cos(2π n / (M − 1)). */
export function hamming(M: number, ...rest: [options?: WindowOptions]): Tensor {
  return cosines("hamming", M, [0.54, 0.46], parse("signal.windows.hamming", rest, common));
}

/** ½ − ½ cos(2π n / (M − 1)). */
export function hann(M: number, ...rest: [options?: WindowOptions]): Tensor {
  return cosines("hann", M, [0.5, 0.5], parse("signal.windows.hann", rest, common));
}

/** 0.42 − ½ cos(2π n / (M − 1)) + 0.08 cos(4π n / (M − 1)). */
export function blackman(M: number, ...rest: [options?: WindowOptions]): Tensor {
  return cosines("blackman", M, [0.42, 0.5, 0.08], parse("signal.windows.blackman", rest, common));
}

/** Nuttall's window of four cosines with the least side lobes (Nuttall, 1981). */
export function nuttall(M: number, ...rest: [options?: WindowOptions]): Tensor {
  const weights = [0.3635819, 0.4891775, 0.1365995, 0.0106411];
  return cosines("nuttall", M, weights, parse("signal.windows.nuttall", rest, common));
}

/** 1 − |2n / (M − 1) − 1|, a triangle. */
export function bartlett(M: number, ...rest: [options?: WindowOptions]): Tensor {
  const options = parse("signal.windows.bartlett", rest, common);
  return window("bartlett", M, options, ({ sym, grid }) => sub(1, abs(grid(-1, 2 / spanOf(M, sym)))));
}
