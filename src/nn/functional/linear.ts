// Linear maps: x Wᵀ + b.

import { ShapeError } from "../../errors.js";
import { asTensor, parse, type Trailing } from "../../op/args.js";
import { checkSameDtype, innerSizesDiffer } from "../../op/gemm.js";
import { add } from "../../ops/arithmetic.js";
import { addmm, matmul, mv } from "../../ops/matmul.js";
import { reshape, transpose, view } from "../../ops/shape.js";
import * as layouts from "../../tensor/layout.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";

/** Options of `linear`. */
export interface LinearOptions {
  /** Added to the result: [out], or [] where the weight is a vector. */
  readonly bias?: Tensor | null;
}

/**
 * x Wᵀ + b: input [..., in], weight [out, in] and bias [out] give [..., out]; a weight [in] without the `out` dim gives [...].
 *
 * ```js
 * F.linear(x, weight, bias)
 * ```
 * @throws DTypeError for operands of several dtypes, ShapeError naming both shapes.
 */
export function linear(
  input: Tensor,
  weight: Tensor,
  ...rest: Trailing<[bias: Tensor | null | undefined], LinearOptions>
): Tensor {
  const { bias } = parse("linear", rest, { bias: null as Tensor | null }, ["bias"]);
  asTensor("linear", input, "input");
  asTensor("linear", weight, "weight");
  if (bias !== null) asTensor("linear", bias, "bias");
  checkSameDtype("linear", input, weight, bias ?? input);
  if (weight.ndim === 0 || weight.ndim > 2) {
    throw new ShapeError(
      `linear: expected a weight of 1 or 2 dims, [out, in] or [in], got ${formatShape(weight.shape)}`,
    );
  }
  if (input.ndim === 0 || input.shape[input.ndim - 1] !== weight.shape[weight.ndim - 1]) {
    innerSizesDiffer("linear", input.shape, weight.ndim === 1 ? weight.shape : [...weight.shape].reverse());
  }
  return temporaries(() => {
    if (weight.ndim === 1) return plus(matmul(input, weight), bias);
    if (input.ndim === 1) return plus(mv(weight, input), bias);
    const turned = transpose(weight, 0, 1);
    if (bias === null) return matmul(input, turned);
    if (input.ndim === 2) return addmm(bias, input, turned);
    const rows = input.shape.slice(0, -1).reduce((all, size) => all * size, 1);
    const flat = [rows, weight.shape[1] as number];
    if (layouts.view("linear", input.layout, flat) === null || bias.ndim !== 1) return add(matmul(input, turned), bias);
    return view(addmm(bias, reshape(input, flat), turned), [...input.shape.slice(0, -1), weight.shape[0] as number]);
  });
}

function plus(x: Tensor, bias: Tensor | null): Tensor {
  return bias === null ? x : add(x, bias);
}
