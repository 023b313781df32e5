// Random numbers in the sequence of PyTorch's CPU generator.

import { ArgumentError, DTypeError } from "../errors.js";
import { asInteger, asNumber, asTensor, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { asContiguous, copyInto } from "../op/copy.js";
import { type CreationOptions, dtypeFrom, make, type Shape } from "../op/creation.js";
import { draw, fillDense, generatorOf, memoryOrder } from "../op/draw.js";
import { type Applied, op } from "../op/op.js";
import { type DType, getDefaultDtype, isFloat } from "../tensor/dtype.js";
import type { Generator } from "../tensor/generator.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { zerosLike } from "./creation.js";
import { expand, permute } from "./shape.js";

/** Options of random functions that make tensors. */
export interface RandomOptions extends CreationOptions {
  /** Where the numbers come from; the default generator if left out. */
  readonly generator?: Generator | null;
}

const defaults = { dtype: null, requiresGrad: false, generator: null } satisfies RandomOptions;

const uniforms = /* @__PURE__ */ new KernelFamily("uniform");
const normals = /* @__PURE__ */ new KernelFamily("normal");
const integers = /* @__PURE__ */ new KernelFamily("randint");
const permutations = /* @__PURE__ */ new KernelFamily("randperm");
const bernoullis = /* @__PURE__ */ new KernelFamily("bernoulli");
const bernoullisOf = /* @__PURE__ */ new KernelFamily("bernoulliOf");
const exponentials = /* @__PURE__ */ new KernelFamily("exponential");
const geometrics = /* @__PURE__ */ new KernelFamily("geometric");
const cauchys = /* @__PURE__ */ new KernelFamily("cauchy");
const lognormals = /* @__PURE__ */ new KernelFamily("lognormal");
const poissons = /* @__PURE__ */ new KernelFamily("poisson");

function floatDtype(name: string, options: RandomOptions): DType {
  const dtype = dtypeFrom(name, options, getDefaultDtype());
  if (!isFloat(dtype)) throw new DTypeError(`${name}: expected a floating-point dtype, got ${dtype}`);
  return dtype;
}

/** Uniform numbers in [0, 1). */
export function rand(shape: Shape, ...rest: [options?: RandomOptions]): Tensor {
  const options = parse<RandomOptions>("rand", rest, defaults);
  const dtype = floatDtype("rand", options);
  const generator = generatorOf("rand", options.generator);
  return make("rand", shape, dtype, options, (out) => draw("rand", uniforms.of(dtype), out, generator, [0, 1]));
}

/** Standard normal numbers. */
export function randn(shape: Shape, ...rest: [options?: RandomOptions]): Tensor {
  const options = parse<RandomOptions>("randn", rest, defaults);
  const dtype = floatDtype("randn", options);
  const generator = generatorOf("randn", options.generator);
  return make("randn", shape, dtype, options, (out) => draw("randn", normals.of(dtype), out, generator, [0, 1, 0]));
}

/**
 * Integers from `low` (0) to `high` − 1: `randint(high, shape)` or `randint(low, high, shape)`. Default dtype int32.
 * @throws ArgumentError unless low < high.
 */
export function randint(...args: [number, ...(number | Shape | RandomOptions | undefined)[]]): Tensor {
  const numbers = args.filter((arg): arg is number => typeof arg === "number");
  const shape = args[numbers.length] as Shape;
  const options = parse<RandomOptions>("randint", args.slice(numbers.length + 1), defaults);
  const [low, high] = (numbers.length === 1 ? [0, numbers[0]] : numbers) as [number, number];
  asInteger("randint", low, "low");
  asInteger("randint", high, "high");
  if (!(low < high)) throw new ArgumentError(`randint: expects 'from' < 'to', but got from=${low} >= to=${high}`);
  const dtype = dtypeFrom("randint", options, "int32");
  if (dtype === "bool") throw new DTypeError("randint: not for bool");
  if (dtype === "int32" && (low < -2147483648 || high > 2147483648)) {
    throw new ArgumentError(`randint: from=${low} and to=${high} are out of bounds for int32`);
  }
  const generator = generatorOf("randint", options.generator);
  return make("randint", shape, dtype, options, (out) => {
    if (dtype !== "int64") return draw("randint", integers.of(dtype), out, generator, [low, high]);
    return temporaries(() => {
      const drawn = empty("randint", shape, "float64");
      draw("randint", integers.of("float64"), drawn, generator, [low, high]);
      copyInto(out, drawn);
      return null;
    });
  });
}

/** The integers 0 to n − 1 in random order, int32. */
export function randperm(n: number, ...rest: [options?: RandomOptions]): Tensor {
  const options = parse<RandomOptions>("randperm", rest, defaults);
  if (!Number.isInteger(n) || n < 0) throw new ArgumentError(`randperm: n must be non-negative, got ${String(n)}`);
  const dtype = dtypeFrom("randperm", options, "int32");
  const generator = generatorOf("randperm", options.generator);
  return make("randperm", [n], dtype, options, (out) =>
    composed("randperm", () => {
      const order = dtype === "int32" ? out : empty("randperm", [n], "int32");
      draw("randperm", permutations.of("int32"), order, generator, []);
      if (order !== out) copyInto(out, order);
      return null;
    }),
  );
}

interface Fill {
  readonly label: string;
  readonly write: (self: Tensor) => void;
}

const fillOp: Applied<Fill> = op({
  name: "random_",
  label: ({ label }: Fill) => label,
  forward: () => [],
  gradients: { self: { reads: [], of: ({ g }) => zerosLike(g) } },
  tangent: () => [null],
});

/** Fills a floating-point tensor in place from a distribution. */
function fillFrom(
  name: string,
  label: string,
  self: Tensor,
  family: KernelFamily,
  generator: Generator,
  parameters: readonly number[],
): Tensor {
  asTensor(name, self, "self");
  if (!isFloat(self.dtype)) throw new DTypeError(`${name}: expected a floating-point tensor, got ${self.dtype}`);
  const write = (target: Tensor) =>
    fillDense(target, (run) => draw(name, family.of(run.dtype), run, generator, parameters));
  return fillOp.inplace([self], { label, write }, write);
}

/** Options of fills in place. */
export interface FillOptions {
  readonly generator?: Generator | null;
}

/** Fills `self` with uniform numbers in [from, to), by default [0, 1), and returns it. */
export function uniform_(
  self: Tensor,
  ...rest: [from?: number | FillOptions, to?: number | FillOptions, options?: FillOptions]
): Tensor {
  const given = parse("uniform_", rest, { from: 0, to: 1, generator: null as Generator | null }, ["from", "to"]);
  const { from, to } = given;
  asNumber("uniform_", from, "from");
  asNumber("uniform_", to, "to");
  if (!(from <= to))
    throw new ArgumentError(`uniform_: expects to return a [from, to) range, but found from=${from} > to=${to}`);
  return fillFrom("uniform_", "UniformBackward0", self, uniforms, generatorOf("uniform_", given.generator), [from, to]);
}

/** Fills `self` with normal numbers of a mean (0) and standard deviation (1), and returns it. */
export function normal_(
  self: Tensor,
  ...rest: [mean?: number | FillOptions, std?: number | FillOptions, options?: FillOptions]
): Tensor {
  const { mean, std, generator } = parse("normal_", rest, { mean: 0, std: 1, generator: null as Generator | null }, [
    "mean",
    "std",
  ]);
  asTensor("normal_", self, "self");
  asNumber("normal_", mean, "mean");
  asNumber("normal_", std, "std");
  if (!(std >= 0)) throw new ArgumentError(`normal_: expects std >= 0.0, but found std ${std}`);
  if (!isFloat(self.dtype)) throw new DTypeError(`normal_: expected a floating-point tensor, got ${self.dtype}`);
  const from = generatorOf("normal_", generator);
  const write = (target: Tensor) =>
    fillDense(target, (run, permuted) =>
      draw("normal_", normals.of(run.dtype), run, from, [mean, std, permuted ? 1 : 0]),
    );
  return fillOp.inplace([self], { label: "NormalBackward0", write }, write);
}

/** Fills `self` with exponential numbers of rate `lambd` (1), and returns it. */
export function exponential_(self: Tensor, ...rest: [lambd?: number | FillOptions, options?: FillOptions]): Tensor {
  const { lambd, generator } = parse("exponential_", rest, { lambd: 1, generator: null as Generator | null }, [
    "lambd",
  ]);
  if (!(lambd > 0)) throw new ArgumentError(`exponential_: expects lambda > 0.0, but found lambda=${lambd}`);
  return fillFrom("exponential_", "ExponentialBackward0", self, exponentials, generatorOf("exponential_", generator), [
    lambd,
  ]);
}

/** Fills `self` with the numbers of tosses until the first success of probability `p`, and returns it. */
export function geometric_(self: Tensor, p: number, ...rest: [options?: FillOptions]): Tensor {
  const { generator } = parse("geometric_", rest, { generator: null as Generator | null });
  if (!(p > 0 && p < 1)) throw new ArgumentError(`geometric_: expects p to be in (0, 1), but got p=${p}`);
  return fillFrom("geometric_", "GeometricBackward0", self, geometrics, generatorOf("geometric_", generator), [p]);
}

/** Fills `self` with Cauchy numbers of a median (0) and scale (1), and returns it. */
export function cauchy_(
  self: Tensor,
  ...rest: [median?: number | FillOptions, sigma?: number | FillOptions, options?: FillOptions]
): Tensor {
  const { median, sigma, generator } = parse(
    "cauchy_",
    rest,
    { median: 0, sigma: 1, generator: null as Generator | null },
    ["median", "sigma"],
  );
  if (!(sigma > 0)) throw new ArgumentError(`cauchy_: expects sigma > 0.0, but found sigma=${sigma}`);
  return fillFrom("cauchy_", "CauchyBackward0", self, cauchys, generatorOf("cauchy_", generator), [median, sigma]);
}

/** Fills `self` with numbers whose logarithm is normal, of a mean (1) and standard deviation (2), and returns it. */
export function logNormal_(
  self: Tensor,
  ...rest: [mean?: number | FillOptions, std?: number | FillOptions, options?: FillOptions]
): Tensor {
  const { mean, std, generator } = parse("logNormal_", rest, { mean: 1, std: 2, generator: null as Generator | null }, [
    "mean",
    "std",
  ]);
  if (!(std > 0)) throw new ArgumentError(`logNormal_: expects std > 0.0, but found std=${std}`);
  return fillFrom("logNormal_", "LogNormalBackward0", self, lognormals, generatorOf("logNormal_", generator), [
    mean,
    std,
  ]);
}

/** Fills `self`, of any dtype, with ones of probability `p` (a number, 0.5) or of probabilities `p` (a tensor). */
export function bernoulli_(self: Tensor, ...rest: [p?: number | Tensor | FillOptions, options?: FillOptions]): Tensor {
  asTensor("bernoulli_", self, "self");
  const { p, generator } = parse(
    "bernoulli_",
    rest,
    { p: 0.5 as number | Tensor, generator: null as Generator | null },
    ["p"],
  );
  const from = generatorOf("bernoulli_", generator);
  if (!(p instanceof Tensor)) checkProbability("bernoulli_", p);
  const write = (target: Tensor) => {
    if (p instanceof Tensor) {
      temporaries(() => {
        // In the order of the memory that is written.
        const order = memoryOrder(target);
        const wide = permute(expand(p, target.shape), order);
        copyInto(permute(target, order), tossed(wide, from));
        return null;
      });
    } else fillDense(target, (run) => toss(run, p, from));
  };
  return fillOp.inplace(
    [self],
    { label: p instanceof Tensor ? "BernoulliBackward1" : "BernoulliBackward2", write },
    write,
  );
}

function checkProbability(name: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ArgumentError(`${name}: expects p to be in [0, 1], but got p=${String(p)}`);
}

function toss(run: Tensor, p: number, generator: Generator): void {
  if (run.dtype !== "int32") draw("bernoulli", bernoullis.of(run.dtype), run, generator, [p]);
  else {
    const bits = empty("bernoulli", run.shape, "bool");
    draw("bernoulli", bernoullis.of("bool"), bits, generator, [p]);
    copyInto(run, bits);
  }
}

/** Ones with the probabilities in `p`, in its dtype. */
function tossed(p: Tensor, generator: Generator): Tensor {
  if (!isFloat(p.dtype))
    throw new DTypeError(`bernoulli: expected probabilities of a floating-point dtype, got ${p.dtype}`);
  const out = empty("bernoulli", p.shape, p.dtype);
  draw("bernoulli", bernoullisOf.of(p.dtype), out, generator, [], [asContiguous(p)]);
  return out;
}

const bernoulliOp: Applied<Generator> = op({
  name: "bernoulli",
  forward: ([p], generator: Generator) => temporaries(() => tossed(p as Tensor, generator)),
  gradients: { p: { reads: [], of: ({ g }) => zerosLike(g) } },
  tangent: (_inputs, [out], [t]) => [t === null ? null : zerosLike(out as Tensor)],
});

/** Ones with the probabilities in `x`, or all with the probability `p`; else zeros. The gradient is zero. */
export function bernoulli(x: Tensor, ...rest: [p?: number | FillOptions, options?: FillOptions]): Tensor {
  asTensor("bernoulli", x);
  const { p, generator } = parse("bernoulli", rest, { p: null as number | null, generator: null as Generator | null }, [
    "p",
  ]);
  const from = generatorOf("bernoulli", generator);
  if (p === null) return bernoulliOp([x], from);
  checkProbability("bernoulli", p);
  return bernoulli_(empty("bernoulli", x.shape, x.dtype), p, { generator: from });
}

const poissonOp: Applied<Generator> = op({
  name: "poisson",
  forward: ([rates], generator: Generator) =>
    temporaries(() => {
      const x = rates as Tensor;
      const out = empty("poisson", x.shape, x.dtype);
      draw("poisson", poissons.of(x.dtype), out, generator, [], [asContiguous(x)]);
      return out;
    }),
  gradients: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
  tangent: (_inputs, [out], [t]) => [t === null ? null : zerosLike(out as Tensor)],
});

/** Poisson counts with the rates in `x`. The gradient is zero. */
export function poisson(x: Tensor, ...rest: [options?: FillOptions]): Tensor {
  asTensor("poisson", x);
  if (!isFloat(x.dtype)) throw new DTypeError(`poisson: expected a floating-point tensor, got ${x.dtype}`);
  const { generator } = parse("poisson", rest, { generator: null as Generator | null });
  return poissonOp([x], generatorOf("poisson", generator));
}
