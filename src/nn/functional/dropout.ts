// Dropout: elements, or whole channels, set to zero at random.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asBoolean, asTensor, parse, type Trailing } from "../../op/args.js";
import { add, div, mul } from "../../ops/arithmetic.js";
import { empty, zerosLike } from "../../ops/creation.js";
import { bernoulli_ } from "../../ops/random.js";
import { unrecorded } from "../../tape/mode.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";

/** Options of the dropout functions. */
export interface DropoutOptions {
  /** Probability of an element to become zero. */
  readonly p?: number;
  /** Without training the input comes back as it is. */
  readonly training?: boolean;
  /** Write into the input. */
  readonly inplace?: boolean;
}

type Rest = Trailing<
  [p: number | undefined, training: boolean | undefined, inplace: boolean | undefined],
  DropoutOptions
>;

function given(op: string, input: Tensor, rest: readonly unknown[], training = true): Required<DropoutOptions> {
  asTensor(op, input);
  const options = parse(op, rest, { p: 0.5, training, inplace: false }, ["p", "training", "inplace"]);
  asBoolean(op, options.training, "training");
  asBoolean(op, options.inplace, "inplace");
  if (!(typeof options.p === "number" && options.p >= 0 && options.p <= 1)) {
    throw new ArgumentError(`${op}: dropout probability has to be between 0 and 1, but got ${String(options.p)}`);
  }
  return options;
}

/** Zeros where elements fall out, 1 / (1 − p) elsewhere. */
function scaledMask(like: Tensor, p: number): Tensor {
  const mask = bernoulli_(like, 1 - p);
  return div.inplace(mask, 1 - p);
}

/** The shape of a mask for whole channels: [N, C, 1, …]. */
function channelShape(x: Tensor): number[] {
  return x.shape.map((size, d) => (d < 2 ? size : 1));
}

function drop(input: Tensor, { p, training, inplace }: Required<DropoutOptions>, channels: boolean): Tensor {
  if (!training || p === 0 || input.numel() === 0) return input;
  return temporaries(() => {
    const mask = unrecorded(() => {
      if (p === 1) return zerosLike(input);
      return scaledMask(
        channels ? empty(channelShape(input), { dtype: input.dtype }) : empty(input.shape, { dtype: input.dtype }),
        p,
      );
    });
    return inplace ? mul.inplace(input, mask) : mul(input, mask);
  });
}

/**
 * Sets elements to zero with probability p (0.5) and multiplies the others by 1 / (1 − p), in the sequence of PyTorch's
 * generator. Without `training` the input itself.
 * @throws ArgumentError for p outside [0, 1].
 */
export function dropout(input: Tensor, ...rest: Rest): Tensor {
  return drop(input, given("dropout", input, rest), false);
}

/** `dropout` that writes its input. */
export function dropout_(input: Tensor, ...rest: Rest): Tensor {
  return drop(input, { ...given("dropout_", input, rest), inplace: true }, false);
}

function dropChannels(
  op: string,
  input: Tensor,
  rest: readonly unknown[],
  ranks: readonly number[],
  batched: number,
): Tensor {
  const options = given(op, input, rest);
  if (!ranks.includes(input.ndim)) {
    throw new ShapeError(
      `${op}: expected an input of ${ranks.join(" or ")} dims, [N, C, …] or [C, …], got ${formatShape(input.shape)}`,
    );
  }
  if (input.ndim === batched) return drop(input, options, true);
  return temporaries(() => {
    if (!options.training || options.p === 0 || input.numel() === 0) return input;
    const mask = unrecorded(() => {
      const shape = input.shape.map((size, d) => (d === 0 ? size : 1));
      if (options.p === 1) return zerosLike(input);
      return scaledMask(empty(shape, { dtype: input.dtype }), options.p);
    });
    return options.inplace ? mul.inplace(input, mask) : mul(input, mask);
  });
}

/** Sets whole channels of [N, C, L] or [C, L] to zero; see `dropout`. */
export function dropout1d(input: Tensor, ...rest: Rest): Tensor {
  return dropChannels("dropout1d", input, rest, [2, 3], 3);
}

/** Sets whole channels of [N, C, H, W] or [C, H, W] to zero; see `dropout`. */
export function dropout2d(input: Tensor, ...rest: Rest): Tensor {
  const options = given("dropout2d", input, rest);
  if (input.ndim < 3)
    throw new ShapeError(`dropout2d: expected an input of 3 or 4 dims, got ${formatShape(input.shape)}`);
  return drop(input, options, true);
}

/** Sets whole channels of [N, C, D, H, W] or [C, D, H, W] to zero; see `dropout`. */
export function dropout3d(input: Tensor, ...rest: Rest): Tensor {
  return dropChannels("dropout3d", input, rest, [4, 5], 5);
}

/** The value that elements get which fall out of a self-normalising network: −α·λ of SELU. */
const FLOOR = -1.7580993408473766;

function alpha(input: Tensor, { p, training, inplace }: Required<DropoutOptions>, channels: boolean): Tensor {
  if (!training || p === 0 || input.numel() === 0) return input;
  return temporaries(() => {
    if (p === 1) {
      const zeros = unrecorded(() => zerosLike(input));
      return inplace ? mul.inplace(input, zeros) : mul(input, zeros);
    }
    // Mean and variance of SELU's output stay as they are: Klambauer et al., "Self-normalizing neural networks" (2017).
    const a = 1 / Math.sqrt((FLOOR * FLOOR * p + 1) * (1 - p));
    const [noise, shift] = unrecorded(() => {
      const mask = bernoulli_(
        channels ? empty(channelShape(input), { dtype: input.dtype }) : empty(input.shape, { dtype: input.dtype }),
        1 - p,
      );
      const floor = mul(add(mask, -1), -FLOOR * a);
      return [mul(mask, a), add(floor, -FLOOR * a * p)];
    });
    if (inplace) return add.inplace(mul.inplace(input, noise as Tensor), shift as Tensor);
    return add(mul(input, noise as Tensor), shift as Tensor);
  });
}

/** Dropout that keeps mean and variance of self-normalising networks (SELU). Default without training. */
export function alphaDropout(input: Tensor, ...rest: Rest): Tensor {
  return alpha(input, given("alphaDropout", input, rest, false), false);
}

/** `alphaDropout` that writes its input. */
export function alphaDropout_(input: Tensor, ...rest: Rest): Tensor {
  return alpha(input, { ...given("alphaDropout_", input, rest, false), inplace: true }, false);
}

/** `alphaDropout` of whole channels: [N, C, …]. */
export function featureAlphaDropout(input: Tensor, ...rest: Rest): Tensor {
  const options = given("featureAlphaDropout", input, rest, false);
  if (input.ndim < 2)
    throw new ShapeError(`featureAlphaDropout: expected an input of at least 2 dims, got ${formatShape(input.shape)}`);
  return alpha(input, options, true);
}
