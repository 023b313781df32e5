// Random numbers in the shape of other tensors, and normal ones whose mean or deviation is a tensor.

import { ArgumentError, DTypeError } from "../errors.js";
import { asNumber, asTensor, describe, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo, copyInto } from "../op/copy.js";
import { like, type Shape } from "../op/creation.js";
import { generatorOf } from "../op/draw.js";
import type { Operand } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { noGrad } from "../tape/mode.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import type { Generator } from "../tensor/generator.js";
import { broadcastShapes } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { item } from "../tensor/read.js";
import { alias, Tensor } from "../tensor/tensor.js";
import { add, mul } from "./arithmetic.js";
import { lt } from "./compare.js";
import { zerosLike } from "./creation.js";
import { detach } from "./detach.js";
import { normal_, type RandomOptions, randint, randn, uniform_ } from "./random.js";
import { any } from "./reduce.js";

/** Makes a tensor like another and fills it, in the order of its memory. */
function filledLike(
  name: string,
  x: Tensor,
  rest: readonly unknown[],
  fill: (out: Tensor, generator: Generator) => void,
): Tensor {
  const { generator, ...options } = parse<Required<RandomOptions>>(name, rest, {
    dtype: null as DType | null,
    requiresGrad: false,
    generator: null,
  });
  const from = generatorOf(name, generator);
  return composed(name, () =>
    like(name, x, [options], (out) => {
      noGrad(() => fill(out, from));
    }),
  );
}

/** Uniform numbers in [0, 1) in the shape, dtype and dense layout of `x`. */
export function randLike(x: Tensor, ...rest: [options?: RandomOptions]): Tensor {
  return filledLike("randLike", x, rest, (out, generator) => uniform_(out, 0, 1, { generator }));
}

/** Standard normal numbers in the shape, dtype and dense layout of `x`. */
export function randnLike(x: Tensor, ...rest: [options?: RandomOptions]): Tensor {
  return filledLike("randnLike", x, rest, (out, generator) => normal_(out, 0, 1, { generator }));
}

/** Integers in [low, high) in the shape, dtype and dense layout of `x`: `randintLike(x, high)` or `randintLike(x, low, high)`. */
export function randintLike(x: Tensor, ...args: [number, ...(number | RandomOptions | undefined)[]]): Tensor {
  const name = "randintLike";
  asTensor(name, x);
  const bounds = args.filter((arg): arg is number => typeof arg === "number");
  const rest = args.filter((arg) => arg !== undefined && typeof arg !== "number");
  return filledLike(name, x, rest, (out, generator) => {
    const memory = alias(out, { shape: [out.numel()], strides: [1], offset: 0 });
    copyInto(memory, randint(...(bounds as [number]), memory.shape, { dtype: out.dtype, generator }));
  });
}

interface Normal {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly generator: Generator;
}

const normalOp: Applied<Normal> = op({
  name: "normal",
  label: (_, [mean, std]) => `NormalBackward${mean instanceof Tensor ? (std instanceof Tensor ? 3 : 1) : 2}`,
  forward: ([mean, std], { shape, dtype, generator }: Normal) =>
    temporaries(() =>
      noGrad(() => {
        const spread = std as Operand;
        const noise = randn(shape, { dtype, generator });
        return castTo(add(mul(noise, spread), mean as Operand), dtype);
      }),
    ),
  gradients: {
    mean: { reads: ["mean"], of: ({ mean }) => zerosLike(mean) },
    std: { reads: ["std"], of: ({ std }) => zerosLike(std) },
  },
  tangent: (_inputs, [out]) => [zerosLike(out as Tensor)],
});

/** Options of `normal`. */
export interface NormalOptions extends RandomOptions {
  /** The shape where neither the mean nor the deviation is a tensor. */
  readonly size?: Shape | null;
}

/**
 * Normal numbers of a mean and a standard deviation, numbers or tensors of any floating-point dtype that broadcast:
 * `normal(mean, std)`, or `normal(0, 1, [2, 3])` where both are numbers. Their gradients are zero.
 * @throws ArgumentError where a deviation is below 0.
 */
export function normal(
  mean: Operand,
  std: Operand,
  ...rest: Trailing<[size: Shape | null | undefined], NormalOptions>
): Tensor {
  const name = "normal";
  const defaults = { size: null as Shape | null, dtype: null as DType | null, requiresGrad: false };
  const given = parse(name, rest, { ...defaults, generator: null as Generator | null }, ["size"]);
  const { size, generator, ...options } = given;
  const from = generatorOf(name, generator);
  const tensors = [mean, std].filter((each): each is Tensor => each instanceof Tensor);
  for (const x of tensors) {
    x.check(name);
    if (!isFloat(x.dtype)) throw new DTypeError(`${name}: expected a floating-point mean and std, got ${x.dtype}`);
  }
  if (!(mean instanceof Tensor)) asNumber(name, mean, "mean");
  if (!(std instanceof Tensor) && !(asNumber(name, std, "std") >= 0))
    throw new ArgumentError(`${name}: expects std >= 0.0, but found std ${std}`);
  const [first, second] = tensors;
  if (first === undefined) {
    if (size === null) throw new ArgumentError(`${name}: expected a size, as neither mean nor std is a tensor`);
    return composed(name, () => {
      const out = randn(size, options);
      noGrad(() => normal_(out, mean as number, std as number, { generator: from }));
      return out;
    });
  }
  if (size !== null)
    throw new ArgumentError(`${name}: takes no size where mean or std is a tensor, got ${describe(size)}`);
  const shape = second === undefined ? first.shape : broadcastShapes(name, first.shape, second.shape);
  return composed(name, () => {
    if (std instanceof Tensor && std.numel() > 0 && item(any(lt(detach(std), 0))) === true)
      throw new ArgumentError(`${name}: expects all elements of std >= 0.0`);
    return normalOp([mean, std], { shape, dtype: first.dtype, generator: from });
  });
}
