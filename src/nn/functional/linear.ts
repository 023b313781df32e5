// Linear maps: x Wᵀ + b.

import { ShapeError } from "../../errors.js";
import { asTensor, parse, type Trailing } from "../../op/args.js";
import { called, composed } from "../../op/composed.js";
import { checkSameDtype, innerSizesDiffer } from "../../op/gemm.js";
import { add } from "../../ops/arithmetic.js";
import { einsum } from "../../ops/einsum.js";
import { addmm, matmul, mv } from "../../ops/matmul.js";
import { reshape, view } from "../../ops/shape.js";
import { t } from "../../ops/views.js";
import * as layouts from "../../tensor/layout.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
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
  if (input.ndim === 2 && weight.ndim === 2) {
    return called("linear", () => {
      const turned = t(weight);
      try {
        return bias === null ? matmul(input, turned) : addmm(bias, input, turned);
      } finally {
        turned.dispose();
      }
    });
  }
  return composed("linear", () => {
    if (weight.ndim === 1) return plus(matmul(input, weight), bias);
    if (input.ndim === 1) return plus(mv(weight, input), bias);
    const turned = t(weight);
    if (bias === null) return matmul(input, turned);
    const rows = input.shape.slice(0, -1).reduce((all, size) => all * size, 1);
    const flat = [rows, weight.shape[1] as number];
    if (layouts.view("linear", input.layout, flat) === null || bias.ndim !== 1) return add(matmul(input, turned), bias);
    return view(addmm(bias, reshape(input, flat), turned), [...input.shape.slice(0, -1), weight.shape[0] as number]);
  });
}

function plus(x: Tensor, bias: Tensor | null): Tensor {
  return bias === null ? x : add(x, bias);
}

/**
 * x₁ᵀ W x₂ + b for each row: input1 [..., i], input2 [..., j], weight [out, i, j] and bias [out] give [..., out].
 */
export function bilinear(
  input1: Tensor,
  input2: Tensor,
  weight: Tensor,
  ...rest: Trailing<[bias: Tensor | null | undefined], LinearOptions>
): Tensor {
  const op = "bilinear";
  const { bias } = parse(op, rest, { bias: null as Tensor | null }, ["bias"]);
  for (const x of [input1, input2, weight, ...(bias === null ? [] : [bias])]) asTensor(op, x);
  checkSameDtype(op, input1, input2, weight);
  const outer = input1.shape.slice(0, -1);
  const fits = input1.ndim > 0 && sameShape(outer, input2.shape.slice(0, -1)) && weight.ndim === 3;
  if (!fits || input1.shape.at(-1) !== weight.shape[1] || input2.shape.at(-1) !== weight.shape[2]) {
    throw new ShapeError(
      `${op}: expected input1 [..., i], input2 [..., j] and weight [out, i, j], got ${formatShape(input1.shape)}, ` +
        `${formatShape(input2.shape)}, ${formatShape(weight.shape)}`,
    );
  }
  return composed(op, () => plus(einsum("...i,oij,...j->...o", input1, weight, input2), bias));
}
