// Initialisation: filling parameters in place, in PyTorch's formulas and its order of random draws.

import { ArgumentError, ShapeError } from "../errors.js";
import { asNumber, asTensor, describe, parse, type Trailing } from "../op/args.js";
import { add, mul } from "../ops/arithmetic.js";
import { copy_, fill_, zero_ } from "../ops/cast.js";
import { empty, eye, full } from "../ops/creation.js";
import { qr } from "../ops/decompositions.js";
import { clamp_ } from "../ops/extrema.js";
import { erfinv } from "../ops/gamma.js";
import { indexFill_ } from "../ops/index-writing.js";
import { erf, sign } from "../ops/pointwise.js";
import * as random from "../ops/random.js";
import { reshape, select } from "../ops/shape.js";
import { diagonal, narrow, t } from "../ops/views.js";
import { unrecorded } from "../tape/mode.js";
import type { Generator } from "../tensor/generator.js";
import { formatShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { item } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";

/** Where the random numbers come from. */
export interface InitOptions {
  /** The default generator if left out. */
  readonly generator?: Generator | null;
}

/** Which fan keeps its variance: that of the forward or of the backward pass. */
export type FanMode = "fan_in" | "fan_out";

type Two<A extends string, B extends string> = Trailing<
  [number | undefined, number | undefined],
  { readonly [name in A | B]?: number } & InitOptions
>;

const noGenerator = { generator: null as Generator | null };

/** Runs a fill without recording, frees what it made, and returns the tensor. */
function filled(op: string, tensor: Tensor, fill: () => void): Tensor {
  asTensor(op, tensor, "tensor");
  unrecorded(() =>
    temporaries(() => {
      fill();
      return null;
    }),
  );
  return tensor;
}

/** Uniform numbers in [a, b), by default [0, 1). */
export function uniform_(tensor: Tensor, ...rest: Two<"a", "b">): Tensor {
  const { a, b, generator } = parse("uniform_", rest, { a: 0, b: 1, ...noGenerator }, ["a", "b"]);
  return filled("uniform_", tensor, () => random.uniform_(tensor, a, b, { generator }));
}

/** Normal numbers of a mean (0) and standard deviation (1). */
export function normal_(tensor: Tensor, ...rest: Two<"mean", "std">): Tensor {
  const { mean, std, generator } = parse("normal_", rest, { mean: 0, std: 1, ...noGenerator }, ["mean", "std"]);
  return filled("normal_", tensor, () => random.normal_(tensor, mean, std, { generator }));
}

/** Φ, the distribution function of the standard normal distribution, in double precision. */
function normalCdf(x: number): number {
  let value = 0;
  temporaries(() => {
    value = Number(item(erf(full([], x / Math.sqrt(2), { dtype: "float64" }))));
    return null;
  });
  return (1 + value) / 2;
}

/** Options of `truncNormal_`. */
export interface TruncNormalOptions extends InitOptions {
  readonly mean?: number;
  readonly std?: number;
  /** Least value: −2. */
  readonly a?: number;
  /** Greatest value: 2. */
  readonly b?: number;
}

/** Normal numbers that lie in [a, b], by the inverse of the distribution function. */
export function truncNormal_(
  tensor: Tensor,
  ...rest: Trailing<
    [number | undefined, number | undefined, number | undefined, number | undefined],
    TruncNormalOptions
  >
): Tensor {
  const given = parse("truncNormal_", rest, { mean: 0, std: 1, a: -2, b: 2, ...noGenerator }, [
    "mean",
    "std",
    "a",
    "b",
  ]);
  const { mean, std, a, b, generator } = given;
  if (mean < a - 2 * std || mean > b + 2 * std) {
    console.warn(
      "wengert: mean is more than 2 std from [a, b] in nn.init.truncNormal_. The distribution of values may be incorrect.",
    );
  }
  return filled("truncNormal_", tensor, () => {
    const low = normalCdf((a - mean) / std);
    const high = normalCdf((b - mean) / std);
    random.uniform_(tensor, 2 * low - 1, 2 * high - 1, { generator });
    erfinv.inplace(tensor);
    mul.inplace(tensor, std * Math.sqrt(2));
    add.inplace(tensor, mean);
    clamp_(tensor, a, b);
  });
}

/** One value. */
export function constant_(tensor: Tensor, value: number): Tensor {
  asNumber("constant_", value, "value");
  return filled("constant_", tensor, () => fill_(tensor, value));
}

/** Ones. */
export function ones_(tensor: Tensor): Tensor {
  return filled("ones_", tensor, () => fill_(tensor, 1));
}

/** Zeros. */
export function zeros_(tensor: Tensor): Tensor {
  return filled("zeros_", tensor, () => zero_(tensor));
}

/** The identity matrix: a tensor of 2 dims. */
export function eye_(tensor: Tensor): Tensor {
  asTensor("eye_", tensor, "tensor");
  if (tensor.ndim !== 2) throw new ShapeError("eye_: Only tensors with 2 dimensions are supported");
  const [rows, columns] = tensor.shape as [number, number];
  return filled("eye_", tensor, () => copy_(tensor, eye(rows, columns, { dtype: tensor.dtype })));
}

/**
 * The kernel of a convolution that hands on its input: a one in the middle for each channel that can be kept, in each of
 * `groups` groups. A tensor of 3, 4 or 5 dims, [out, in, …].
 */
export function dirac_(tensor: Tensor, ...rest: Trailing<[number | undefined], { readonly groups?: number }>): Tensor {
  asTensor("dirac_", tensor, "tensor");
  const { groups } = parse("dirac_", rest, { groups: 1 }, ["groups"]);
  if (tensor.ndim < 3 || tensor.ndim > 5)
    throw new ShapeError("dirac_: Only tensors with 3, 4, or 5 dimensions are supported");
  const [out, from, ...kernel] = tensor.shape as [number, number, ...number[]];
  if (out % groups !== 0) throw new ArgumentError("dirac_: dim 0 must be divisible by groups");
  const each = out / groups;
  return filled("dirac_", tensor, () => {
    zero_(tensor);
    const middle = kernel.reduce((at, size) => select(at, 2, Math.floor(size / 2)), tensor);
    const count = Math.min(each, from);
    for (let group = 0; group < groups; group++) {
      fill_(diagonal(narrow(middle, 0, group * each, count)), 1);
    }
  });
}

/** Sizes of what goes into and comes out of one unit: [in, out]. */
function fans(op: string, tensor: Tensor): readonly [number, number] {
  asTensor(op, tensor, "tensor");
  if (tensor.ndim < 2) {
    throw new ShapeError(
      `${op}: Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, got ${formatShape(tensor.shape)}`,
    );
  }
  const [out, from, ...kernel] = tensor.shape as [number, number, ...number[]];
  const field = kernel.reduce((product, size) => product * size, 1);
  return [from * field, out * field];
}

/** The fan-in of a weight, [out, in, …]: what one unit of the result is summed from. */
export function fanIn(tensor: Tensor): number {
  return fans("fanIn", tensor)[0];
}

type GainRest = Trailing<[gain: number | undefined], { readonly gain?: number } & InitOptions>;

function xavier(op: string, tensor: Tensor, rest: readonly unknown[]): { std: number; generator: Generator | null } {
  const { gain, generator } = parse(op, rest, { gain: 1, ...noGenerator }, ["gain"]);
  const [from, to] = fans(op, tensor);
  return { std: gain * Math.sqrt(2 / (from + to)), generator };
}

/** Uniform in ±gain·√(6 / (in + out)): Glorot & Bengio, "Understanding the difficulty of training deep networks" (2010). */
export function xavierUniform_(tensor: Tensor, ...rest: GainRest): Tensor {
  const { std, generator } = xavier("xavierUniform_", tensor, rest);
  const bound = Math.sqrt(3) * std;
  return uniform_(tensor, -bound, bound, { generator });
}

/** Normal of standard deviation gain·√(2 / (in + out)): Glorot & Bengio (2010). */
export function xavierNormal_(tensor: Tensor, ...rest: GainRest): Tensor {
  const { std, generator } = xavier("xavierNormal_", tensor, rest);
  return normal_(tensor, 0, std, { generator });
}

/** Options of `kaimingUniform_` and `kaimingNormal_`. */
export interface KaimingOptions extends InitOptions {
  /** Negative slope of the rectifier that follows, with "leaky_relu": 0. */
  readonly a?: number;
  /** "fan_in" keeps the variance of the forward pass, "fan_out" that of the backward pass. */
  readonly mode?: FanMode;
  /** The activation that follows; best "relu" or "leaky_relu". */
  readonly nonlinearity?: string;
}

type KaimingRest = Trailing<
  [a: number | undefined, mode: FanMode | undefined, nonlinearity: string | undefined],
  KaimingOptions
>;

function kaiming(op: string, tensor: Tensor, rest: readonly unknown[]): { std: number; generator: Generator | null } {
  const defaults = { a: 0, mode: "fan_in" as FanMode, nonlinearity: "leaky_relu", ...noGenerator };
  const { a, mode, nonlinearity, generator } = parse(op, rest, defaults, ["a", "mode", "nonlinearity"]);
  if (mode !== "fan_in" && mode !== "fan_out")
    throw new ArgumentError(`${op}: Mode ${describe(mode)} not supported, please use one of fan_in, fan_out`);
  const fan = fans(op, tensor)[mode === "fan_in" ? 0 : 1];
  return { std: calculateGain(nonlinearity, a) / Math.sqrt(fan), generator };
}

/** Uniform in ±gain·√(3 / fan): He et al., "Delving deep into rectifiers" (2015). A tensor without elements stays. */
export function kaimingUniform_(tensor: Tensor, ...rest: KaimingRest): Tensor {
  if (tensor.numel() === 0) return warnEmpty(tensor);
  const { std, generator } = kaiming("kaimingUniform_", tensor, rest);
  const bound = Math.sqrt(3) * std;
  return uniform_(tensor, -bound, bound, { generator });
}

/** Normal of standard deviation gain / √fan: He et al. (2015). A tensor without elements stays. */
export function kaimingNormal_(tensor: Tensor, ...rest: KaimingRest): Tensor {
  if (tensor.numel() === 0) return warnEmpty(tensor);
  const { std, generator } = kaiming("kaimingNormal_", tensor, rest);
  return normal_(tensor, 0, std, { generator });
}

function warnEmpty(tensor: Tensor): Tensor {
  console.warn("wengert: Initializing zero-element tensors is a no-op");
  return tensor;
}

/**
 * A matrix with orthonormal rows or columns, times `gain` (1); dims after the first count as columns. Q of a normal matrix
 * whose R has a positive diagonal: Saxe et al., "Exact solutions to the nonlinear dynamics of learning" (2013).
 */
export function orthogonal_(tensor: Tensor, ...rest: GainRest): Tensor {
  asTensor("orthogonal_", tensor, "tensor");
  const { gain, generator } = parse("orthogonal_", rest, { gain: 1, ...noGenerator }, ["gain"]);
  if (tensor.ndim < 2) throw new ShapeError("orthogonal_: Only tensors with 2 or more dimensions are supported");
  if (tensor.numel() === 0) return tensor;
  const rows = tensor.shape[0] as number;
  const columns = tensor.numel() / rows;
  return filled("orthogonal_", tensor, () => {
    const normal = random.normal_(empty([rows, columns], { dtype: tensor.dtype }), 0, 1, { generator });
    const { Q, R } = qr(rows < columns ? t(normal) : normal);
    const fixed = mul(Q, sign(diagonal(R)));
    copy_(tensor, reshape(rows < columns ? t(fixed) : fixed, tensor.shape));
    mul.inplace(tensor, gain);
  });
}

/**
 * Normal numbers of standard deviation `std` (0.01) in a matrix, and in each column a fraction `sparsity` of zeros:
 * Martens, "Deep learning via Hessian-free optimization" (2010).
 */
export function sparse_(
  tensor: Tensor,
  sparsity: number,
  ...rest: Trailing<[std: number | undefined], { readonly std?: number } & InitOptions>
): Tensor {
  asTensor("sparse_", tensor, "tensor");
  asNumber("sparse_", sparsity, "sparsity");
  const { std, generator } = parse("sparse_", rest, { std: 0.01, ...noGenerator }, ["std"]);
  if (tensor.ndim !== 2) throw new ShapeError("sparse_: Only tensors with 2 dimensions are supported");
  const [rows, columns] = tensor.shape as [number, number];
  const count = Math.ceil(sparsity * rows);
  return filled("sparse_", tensor, () => {
    random.normal_(tensor, 0, std, { generator });
    for (let column = 0; column < columns; column++) {
      const order = random.randperm(rows, { generator });
      indexFill_(select(tensor, 1, column), 0, narrow(order, 0, 0, count), 0);
    }
  });
}

const LINEAR = /^(linear|conv[123]d|conv_transpose[123]d|sigmoid)$/;

/** The factor by which an activation, by PyTorch's name such as "leaky_relu", wants its weights larger. */
export function calculateGain(nonlinearity: string, param: number | null = null): number {
  if (LINEAR.test(nonlinearity)) return 1;
  if (nonlinearity === "tanh") return 5 / 3;
  if (nonlinearity === "relu") return Math.sqrt(2);
  if (nonlinearity === "selu") return 3 / 4;
  if (nonlinearity === "leaky_relu") {
    if (param !== null && typeof param !== "number")
      throw new ArgumentError(`calculateGain: negative_slope ${describe(param)} not a valid number`);
    const slope = param ?? 0.01;
    return Math.sqrt(2 / (1 + slope * slope));
  }
  throw new ArgumentError(`calculateGain: Unsupported nonlinearity ${nonlinearity}`);
}
