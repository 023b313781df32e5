// Softmax and its logarithm, along one dim, with fused derivatives.

import { ArgumentError, DTypeError } from "../errors.js";
import { launchAlong } from "../op/along.js";
import { asTensor, parse, type Trailing } from "../op/args.js";
import { type Applied, op } from "../op/op.js";
import { checkDtype, type DType, isFloat } from "../tensor/dtype.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { mul, neg, sub } from "./arithmetic.js";
import { to } from "./cast.js";
import { exp } from "./pointwise.js";
import { sum } from "./reduce.js";

/** Options of `softmax` and `logSoftmax`. */
export interface SoftmaxOptions {
  readonly dim?: number;
  /** Floating-point dtype to compute in and to give. */
  readonly dtype?: DType | null;
}

type Rest = Trailing<[dim: number], SoftmaxOptions>;

const softmaxes = /* @__PURE__ */ new KernelFamily("softmax");
const logSoftmaxes = /* @__PURE__ */ new KernelFamily("logsoftmax");
const softmaxBackwards = /* @__PURE__ */ new KernelFamily("softmax_backward");
const logSoftmaxBackwards = /* @__PURE__ */ new KernelFamily("logsoftmax_backward");

function along(name: string, family: KernelFamily, dim: number, inputs: readonly Tensor[]): Tensor {
  const [first] = inputs as [Tensor];
  const out = empty(name, first.shape, first.dtype);
  launchAlong(family.of(first.dtype), dim, [out, ...inputs]);
  return out;
}

const softmaxOp: Applied<number> = op({
  name: "softmax",
  forward: ([x], dim: number) => along("softmax", softmaxes, dim, [x as Tensor]),
  gradients: { x: { reads: ["out"], of: ({ g, out }, dim) => softmaxBackward([g, out], dim) } },
  tangent: (_inputs, [out], [t], dim) => [softmaxBackward([t as Tensor, out as Tensor], dim)],
});

/** p · (y − Σ y·p), the derivative of softmax p applied to y; symmetric, so it serves both modes. */
const softmaxBackward: Applied<number> = op({
  name: "softmaxBackward",
  label: "SoftmaxBackwardDataBackward0",
  forward: ([y, p], dim: number) => along("softmax", softmaxBackwards, dim, [y as Tensor, p as Tensor]),
  gradients: {
    y: { reads: ["p"], of: ({ g, p }, dim) => softmaxBackward([g, p], dim) },
    p: {
      reads: ["y", "p"],
      of: ({ g, y, p }, dim) =>
        temporaries(() => {
          const dot = sum(mul(y, p), dim, true);
          const weighted = sum(mul(g, p), dim, true);
          return sub(mul(g, sub(y, dot)), mul(y, weighted));
        }),
    },
  },
});

const logSoftmaxOp: Applied<number> = op({
  name: "logSoftmax",
  label: "LogSoftmaxBackward0",
  forward: ([x], dim: number) => along("logSoftmax", logSoftmaxes, dim, [x as Tensor]),
  gradients: { x: { reads: ["out"], of: ({ g, out }, dim) => logSoftmaxBackward([g, out], dim) } },
  tangent: (_inputs, [out], [t], dim) => [
    temporaries(() => sub(t as Tensor, sum(mul(exp(out as Tensor), t as Tensor), dim, true))),
  ],
});

/** y − eˡ · Σ y, the transposed derivative of log-softmax l applied to y. */
const logSoftmaxBackward: Applied<number> = op({
  name: "logSoftmaxBackward",
  label: "LogSoftmaxBackwardDataBackward0",
  forward: ([y, l], dim: number) => along("logSoftmax", logSoftmaxBackwards, dim, [y as Tensor, l as Tensor]),
  gradients: {
    y: { reads: ["l"], of: ({ g, l }, dim) => temporaries(() => sub(g, sum(mul(g, exp(l)), dim, true))) },
    l: {
      reads: ["y", "l"],
      of: ({ g, y, l }, dim) => temporaries(() => neg(mul(mul(g, exp(l)), sum(y, dim, true)))),
    },
  },
});

const DEFAULTS = { dim: null as number | null, dtype: null as DType | null };

/** Reads dim and dtype, casts, and runs one of the two. */
function run(name: string, applied: Applied<number>, x: Tensor, rest: readonly unknown[]): Tensor {
  asTensor(name, x);
  const given = parse(name, rest, DEFAULTS, ["dim"]);
  const dtype = given.dtype === null ? x.dtype : checkDtype(name, given.dtype);
  if (!isFloat(dtype)) {
    throw new DTypeError(
      `${name}: not implemented for ${dtype}: expected a floating-point tensor, or { dtype: "float32" }`,
    );
  }
  if (given.dim === null) throw new ArgumentError(`${name}: missing required argument dim: ${name}(x, dim)`);
  const dim = normalizeDim(name, given.dim, x.ndim);
  return dtype === x.dtype ? applied([x], dim) : temporaries(() => applied([to(x, dtype)], dim));
}

/**
 * Softmax along a dim: eˣ / Σ eˣ, computed from x − max x. A row of −∞ gives NaN. Integers need `dtype`.
 *
 * ```js
 * softmax(x, 1); softmax(x, { dim: -1, dtype: float64 })
 * ```
 */
export function softmax(x: Tensor, ...rest: Rest): Tensor {
  return run("softmax", softmaxOp, x, rest);
}

/** Logarithm of softmax along a dim: x − max x − log Σ e^(x − max x). Integers need `dtype`. */
export function logSoftmax(x: Tensor, ...rest: Rest): Tensor {
  return run("logSoftmax", logSoftmaxOp, x, rest);
}
