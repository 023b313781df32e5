// Gates and softmaxes: glu, softmin, the randomised leaky rectifier, Gumbel softmax.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asInteger, asNumber, asTensor, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { type Applied, op } from "../../op/op.js";
import { add, div, mul, neg, sub } from "../../ops/arithmetic.js";
import { to } from "../../ops/cast.js";
import { maskedScatter } from "../../ops/compaction.js";
import { le } from "../../ops/compare.js";
import { empty, ones, zerosLike } from "../../ops/creation.js";
import { detach } from "../../ops/detach.js";
import { max } from "../../ops/extremum.js";
import { cat } from "../../ops/join.js";
import { log, sigmoid } from "../../ops/pointwise.js";
import { exponential_, uniform_ } from "../../ops/random.js";
import { sum } from "../../ops/reduce.js";
import { scatter } from "../../ops/scatter.js";
import { type SoftmaxOptions, softmax } from "../../ops/softmax.js";
import { narrow } from "../../ops/views.js";
import { unrecorded } from "../../tape/mode.js";
import { formatShape, normalizeDim } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { item } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";
import { leakyRelu, leakyRelu_ } from "./activation.js";
import type { InplaceOption } from "./inplace.js";

function halves(x: Tensor, dim: number): [Tensor, Tensor] {
  const half = (x.shape[dim] as number) / 2;
  return [narrow(x, dim, 0, half), narrow(x, dim, half, half)];
}

const gluOp: Applied<number> = op({
  name: "glu",
  forward: ([x], dim: number) =>
    temporaries(() => {
      const [a, b] = halves(detach(x as Tensor), dim);
      return mul(a, sigmoid(b));
    }),
  gradients: {
    x: {
      reads: ["x"],
      of: ({ g, x }, dim) => {
        const [a, b] = halves(x, dim);
        const s = sigmoid(b);
        const first = mul(g, s);
        return cat([first, mul(mul(first, sub(1, s)), a)], dim);
      },
    },
  },
});

/** Gated linear unit, a σ(b) for the halves a and b of x along a dim, the last by default. */
export function glu(x: Tensor, ...rest: Trailing<[dim: number | undefined], { readonly dim?: number }>): Tensor {
  asTensor("glu", x);
  const { dim } = parse("glu", rest, { dim: -1 }, ["dim"]);
  if (x.ndim === 0) throw new ShapeError("glu: glu does not support 0-dimensional tensors");
  const at = normalizeDim("glu", asInteger("glu", dim, "dim"), x.ndim);
  if ((x.shape[at] as number) % 2 !== 0) {
    throw new ShapeError(
      `glu: Halving dimension must be even, but dimension ${at} is size ${x.shape[at]}: ${formatShape(x.shape)}`,
    );
  }
  return gluOp([x], at);
}

/** softmax(−x) along a dim. */
export function softmin(x: Tensor, ...rest: Trailing<[dim: number], SoftmaxOptions>): Tensor {
  asTensor("softmin", x);
  return composed("softmin", () => softmax(neg(x), ...rest));
}

/** Options of `rrelu`. */
export interface RreluOptions extends InplaceOption {
  readonly lower?: number;
  readonly upper?: number;
  readonly training?: boolean;
}

type RreluRest = Trailing<
  [lower: number | undefined, upper: number | undefined, training: boolean | undefined, inplace: boolean | undefined],
  RreluOptions
>;

function rreluOf(name: string, x: Tensor, rest: readonly unknown[], writes: boolean): Tensor {
  asTensor(name, x);
  const defaults = { lower: 1 / 8, upper: 1 / 3, training: false, inplace: writes };
  const { lower, upper, training, inplace } = parse(name, rest, defaults, ["lower", "upper", "training", "inplace"]);
  if (!(asNumber(name, lower, "lower") <= asNumber(name, upper, "upper"))) {
    throw new ArgumentError(
      `${name}: Lower bound should be less than or equal to the upper bound, got ${lower} and ${upper}`,
    );
  }
  if (!training) return inplace ? leakyRelu_(x, (lower + upper) / 2) : leakyRelu(x, (lower + upper) / 2);
  return temporaries(() => {
    const slope = unrecorded(() => {
      // PyTorch draws for negative elements only, one after the other, in double precision.
      const falls = le(detach(x), 0);
      const count = Number(item(sum(falls)));
      const drawn = to(uniform_(empty([count], { dtype: "float64" }), lower, upper), x.dtype);
      return maskedScatter(ones(x.shape, { dtype: x.dtype }), falls, drawn);
    });
    return inplace ? mul.inplace(x, slope) : mul(x, slope);
  });
}

/** Leaky rectifier whose slope is drawn from [lower, upper) for each element in training, else their mean. */
export function rrelu(x: Tensor, ...rest: RreluRest): Tensor {
  return rreluOf("rrelu", x, rest, false);
}

/** `rrelu` that writes its input. */
export function rrelu_(x: Tensor, ...rest: RreluRest): Tensor {
  return rreluOf("rrelu_", x, rest, true);
}

/** Options of `gumbelSoftmax`. */
export interface GumbelSoftmaxOptions {
  /** Temperature: 1. */
  readonly tau?: number;
  /** Whether the result is one-hot, with the gradient of the soft one. */
  readonly hard?: boolean;
  readonly dim?: number;
}

/** softmax((logits + Gumbel noise) / tau) along a dim. */
export function gumbelSoftmax(
  logits: Tensor,
  ...rest: Trailing<[tau: number | undefined, hard: boolean | undefined], GumbelSoftmaxOptions>
): Tensor {
  const name = "gumbelSoftmax";
  asTensor(name, logits);
  const { tau, hard, dim } = parse(name, rest, { tau: 1, hard: false, dim: -1 }, ["tau", "hard"]);
  const at = normalizeDim(name, asInteger(name, dim, "dim"), logits.ndim);
  return composed(name, () => {
    const noise = unrecorded(() => neg(log(exponential_(empty(logits.shape, { dtype: logits.dtype })))));
    const soft = softmax(div(add(logits, noise), asNumber(name, tau, "tau")), at);
    if (!hard) return soft;
    const oneHot = unrecorded(() => {
      const { indices } = max(detach(soft), at, true) as { readonly values: Tensor; readonly indices: Tensor };
      return scatter(zerosLike(soft), at, indices, 1);
    });
    return add(sub(oneHot, detach(soft)), soft);
  });
}
