// Parts and shapes of numbers: frexp, nanToNum, sinc, logit.

import { DTypeError } from "../errors.js";
import { asNumber, asTensor, nothingMore, parse } from "../op/args.js";
import { castTo } from "../op/copy.js";
import { type ElementwiseOp, elementwise, type Unary } from "../op/elementwise.js";
import { addTensor, beginNest, launchMap } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { resultLayout } from "../op/result.js";
import { isFloat } from "../tensor/dtype.js";
import { finfo } from "../tensor/info.js";
import { temporaries } from "../tensor/lifetime.js";
import { emptyOf, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { div, mul, neg, sub } from "./arithmetic.js";
import { clone, to } from "./cast.js";
import { eq, ge, isfinite, le, logicalAnd } from "./compare.js";
import { exp2 } from "./pointwise.js";
import { cos } from "./trigonometric.js";
import { where } from "./where.js";

const mantissas = /* @__PURE__ */ new KernelFamily("frexp_mantissa");
const exponents = /* @__PURE__ */ new KernelFamily("frexp_exponent");

function launch(kernels: KernelFamily, x: Tensor): Tensor {
  const out = emptyOf("frexp", resultLayout(x.shape, [x]), x.dtype);
  beginNest(x.shape);
  addTensor(out);
  addTensor(x);
  launchMap(kernels.of(x.dtype));
  return out;
}

/** y · 2⁻ᵉ. */
function unscaled(y: Tensor, exponent: Tensor): Tensor {
  return mul(y, exp2(neg(to(exponent, y.dtype))));
}

const split: Applied<null> = op({
  name: "frexp",
  outputs: ["mantissa", "exponent"],
  forward: ([x]) =>
    temporaries(() => [launch(mantissas, x as Tensor), castTo(launch(exponents, x as Tensor), "int32")]),
  gradients: { x: { reads: ["exponent"], of: ({ g, exponent }) => (g === null ? null : unscaled(g, exponent)) } },
  tangent: (_inputs, [, exponent], [t]) => [t ? unscaled(t, exponent as Tensor) : null, null],
});

/** x as mantissa · 2^exponent with ½ ≤ |mantissa| < 1, element by element; exponents are int32. Floats only. */
export function frexp(x: Tensor, ...rest: []): { mantissa: Tensor; exponent: Tensor } {
  nothingMore("frexp", rest);
  asTensor("frexp", x);
  if (!isFloat(x.dtype))
    throw new DTypeError(`frexp: torch.frexp() only supports floating-point dtypes, got ${x.dtype}`);
  const [mantissa, exponent] = split.all([x], null) as [Tensor, Tensor];
  return { mantissa, exponent };
}

const replaced: ElementwiseOp<[x: Tensor, nan: number, posinf: number, neginf: number]> = elementwise({
  name: "nanToNum",
  kernel: "nan_to_num",
  dtype: "float",
  partials: {
    x: { reads: ["x"], of: ({ g, x }) => where(isfinite(x), g, 0) },
    nan: null,
    posinf: null,
    neginf: null,
  },
});

/** Options of `nanToNum`. */
export interface NanToNumOptions {
  /** What NaN becomes, 0. */
  readonly nan?: number | null;
  /** What ∞ becomes: the largest number of the dtype if left out. */
  readonly posinf?: number | null;
  /** What −∞ becomes: the lowest number of the dtype if left out. */
  readonly neginf?: number | null;
}

/** Optional arguments of `nanToNum`. */
export type NanToNumRest = [
  nan?: number | null | NanToNumOptions,
  posinf?: number | null | NanToNumOptions,
  neginf?: number | null | NanToNumOptions,
  options?: NanToNumOptions,
];

function replacements(op: string, x: Tensor, rest: readonly unknown[]): [number, number, number] {
  const none: number | null = null;
  const given = parse(
    op,
    rest,
    { nan: none, posinf: none, neginf: none } as Record<"nan" | "posinf" | "neginf", number | null>,
    ["nan", "posinf", "neginf"],
  );
  const most = isFloat(x.dtype) ? finfo(x.dtype).max : 0;
  return [
    asNumber(op, given.nan ?? 0, "nan"),
    asNumber(op, given.posinf ?? most, "posinf"),
    asNumber(op, given.neginf ?? -most, "neginf"),
  ];
}

/**
 * x with NaN, ∞ and −∞ replaced, element by element; integers and bools are copied. The gradient is zero where something
 * was replaced.
 */
export function nanToNum(x: Tensor, ...rest: NanToNumRest): Tensor {
  asTensor("nanToNum", x);
  const values = replacements("nanToNum", x, rest);
  return isFloat(x.dtype) ? replaced(x, ...values) : clone(x);
}

/** Replaces NaN, ∞ and −∞ in `self` and returns it. */
export function nanToNum_(self: Tensor, ...rest: NanToNumRest): Tensor {
  asTensor("nanToNum_", self);
  const values = replacements("nanToNum_", self, rest);
  if (isFloat(self.dtype)) return replaced.inplace(self, ...values);
  // Nothing to replace, but a write all the same.
  self.storage.written();
  return self;
}

/** sin(πx) / (πx), and 1 at 0, where the derivative is 0. */
export const sinc: Unary = elementwise({
  name: "sinc",
  dtype: "floating",
  partials: {
    x: {
      reads: ["x", "out"],
      of: ({ g, x, out }) => where(eq(x, 0), 0, mul(g, div(sub(cos(mul(x, Math.PI)), out), x))),
    },
  },
});

const logOdds: ElementwiseOp<[x: Tensor, eps: number]> = elementwise({
  name: "logit",
  dtype: "floating",
  partials: {
    x: {
      reads: ["x", "eps"],
      of: ({ g, x, eps: given }) => {
        const eps = Number(given);
        const low = eps < 0 ? 0 : eps;
        const inside = logicalAnd(ge(x, low), le(x, 1 - low));
        return where(inside, div(g, mul(x, sub(1, x))), eps < 0 ? Number.NaN : 0);
      },
    },
    eps: null,
  },
});

/** Options of `logit`. */
export interface LogitOptions {
  /** Brings x into [eps, 1 − eps] first; nothing if left out. */
  readonly eps?: number | null;
}

function epsOf(op: string, x: Tensor, rest: readonly unknown[]): number {
  asTensor(op, x);
  const { eps } = parse(op, rest, { eps: null as number | null }, ["eps"]);
  return eps === null ? -1 : asNumber(op, eps, "eps");
}

/** log(x / (1 − x)), the inverse of sigmoid: NaN outside [0, 1] unless `eps` brings x into [eps, 1 − eps]. */
export function logit(x: Tensor, ...rest: [eps?: number | null | LogitOptions, options?: LogitOptions]): Tensor {
  return logOdds(x, epsOf("logit", x, rest));
}

/** Writes the logit of `self` into it and returns it. */
export function logit_(self: Tensor, ...rest: [eps?: number | null | LogitOptions, options?: LogitOptions]): Tensor {
  return logOdds.inplace(self, epsOf("logit_", self, rest));
}
