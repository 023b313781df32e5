// Choosing by a condition: where and maskedFill.

import { DTypeError, ShapeError } from "../errors.js";
import { asTensor, nothingMore } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo, dense } from "../op/copy.js";
import { checkTarget } from "../op/elementwise.js";
import { addOperand, addTensor, beginNest, launchMap, type Operand } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { resultLayout } from "../op/result.js";
import { bytesOf, categoryOf, type DType, INTEGER, isScalar, Promotion } from "../tensor/dtype.js";
import { broadcastShapes } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { emptyOf, Tensor } from "../tensor/tensor.js";
import { WidthFamily } from "../wasm/kernels.js";
import { nonzero } from "./nonzero.js";

interface WhereParameters {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

const kernels = /* @__PURE__ */ new WidthFamily("where");

/** Runs the kernel: out = condition ? a : b, with a and b in the dtype of `out`. */
function launchChoice(out: Tensor, condition: Tensor, a: Operand, b: Operand): void {
  beginNest(out.shape);
  addTensor(out);
  addTensor(condition);
  addOperand(a, out.dtype);
  addOperand(b, out.dtype);
  launchMap(kernels.of(bytesOf(out.dtype)));
}

const cast = (x: Operand, dtype: DType): Operand => (x instanceof Tensor ? castTo(x, dtype) : x);

const choose: Applied<WhereParameters> = op({
  name: "where",
  forward: (inputs, { shape, dtype }: WhereParameters) =>
    temporaries(() => {
      const out = emptyOf("where", resultLayout(shape, inputs), dtype);
      launchChoice(out, inputs[0] as Tensor, cast(inputs[1] as Operand, dtype), cast(inputs[2] as Operand, dtype));
      return out;
    }),
  gradients: {
    condition: null,
    a: { reads: ["condition"], of: ({ g, condition }) => where(condition, g, 0) },
    b: { reads: ["condition"], of: ({ g, condition }) => where(condition, 0, g) },
  },
  tangent: ([condition], _outputs, [, ta, tb], { shape, dtype }) => [
    choose([condition as Tensor, ta ?? 0, tb ?? 0], { shape, dtype }),
  ],
});

/**
 * a where the condition (bool) holds, else b, element by element; all broadcast, a and b are promoted. The condition alone
 * gives the indices where it holds, one tensor for each dim.
 * @throws DTypeError unless the condition is bool.
 */
export function where(condition: Tensor): Tensor[];
export function where(condition: Tensor, a: Operand, b: Operand): Tensor;
export function where(condition: Tensor, ...choices: [] | [a: Operand, b: Operand]): Tensor | Tensor[] {
  asTensor("where", condition, "condition");
  if (choices.length === 0) return nonzero(condition, { asTuple: true });
  if (choices.length > 2) nothingMore("where", choices.slice(2));
  const [a, b] = choices;
  if (condition.dtype !== "bool") {
    throw new DTypeError(
      `where: expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype}`,
    );
  }
  const promotion = new Promotion();
  let { shape } = condition;
  for (const x of [a, b]) {
    if (x instanceof Tensor) {
      x.check("where");
      promotion.tensor(x.dtype, x.ndim);
      shape = broadcastShapes("where", shape, x.shape);
    } else if (typeof x === "number" || typeof x === "boolean") promotion.number(x);
    else asTensor("where", x, "each of input and other");
  }
  return choose([condition, a, b], { shape, dtype: promotion.result() });
}

const fillLabel = (_: unknown, inputs: readonly Operand[]): string =>
  inputs[2] instanceof Tensor ? "MaskedFillBackward1" : "MaskedFillBackward0";

const fill: Applied<readonly number[]> = op({
  name: "maskedFill",
  label: fillLabel,
  forward: ([x, mask, value], shape: readonly number[]) =>
    temporaries(() => {
      const out = emptyOf("maskedFill", resultLayout(shape, [x as Tensor, mask as Tensor]), (x as Tensor).dtype);
      launchChoice(out, mask as Tensor, cast(value as Operand, out.dtype), x as Tensor);
      return out;
    }),
  gradients: {
    x: { reads: ["mask"], of: ({ g, mask }) => maskedFill(g, mask, 0) },
    mask: null,
    value: { reads: ["mask"], of: ({ g, mask }) => where(mask, g, 0) },
  },
  tangent: ([, mask], [out], [tx, , tv]) => [
    choose([mask as Tensor, tv ?? 0, tx ?? 0], { shape: (out as Tensor).shape, dtype: (out as Tensor).dtype }),
  ],
});

function checkFill(op: string, x: Tensor, mask: Tensor, value: Operand): readonly number[] {
  asTensor(op, x);
  asTensor(op, mask, "mask");
  if (mask.dtype !== "bool")
    throw new DTypeError(`${op}: only supports boolean masks, but got mask with dtype ${mask.dtype}`);
  if (value instanceof Tensor) {
    value.check(op);
    if (value.ndim > 0) {
      throw new ShapeError(
        `${op}: only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension${value.ndim === 1 ? "" : "s"}`,
      );
    }
  } else if (!isScalar(value)) asTensor(op, value, "value");
  // As in PyTorch a fraction is cut off where integers are filled, but what is no number does not pass.
  if (typeof value === "number" && !Number.isFinite(value) && categoryOf(x.dtype) === INTEGER) {
    throw new DTypeError(`${op}: value cannot be converted to type ${x.dtype} without overflow: ${value}`);
  }
  return broadcastShapes(op, x.shape, mask.shape);
}

/**
 * `x` with `value`, a number or a 0-dim tensor, where the mask (bool) holds; both broadcast. The gradient is zero where
 * the mask holds; a tensor `value` gets the sum of the rest.
 * @throws DTypeError unless the mask is bool.
 */
export function maskedFill(x: Tensor, mask: Tensor, value: Operand, ...rest: []): Tensor {
  nothingMore("maskedFill", rest);
  const shape = checkFill("maskedFill", x, mask, value);
  return fill([x, mask, value], shape);
}

/** Writes `value` into `self` where the mask holds, and returns it. */
export function maskedFill_(self: Tensor, mask: Tensor, value: Operand, ...rest: []): Tensor {
  nothingMore("maskedFill_", rest);
  const shape = checkFill("maskedFill_", self, mask, value);
  checkTarget("maskedFill_", self, shape, self.dtype);
  return fill.inplace([self, mask, value] as Tensor[], shape, () =>
    composed("maskedFill_", () => {
      // A mask that is part of `self` must not change while it is read.
      const condition = mask.storage === self.storage ? dense(mask) : mask;
      launchChoice(self, condition, cast(value, self.dtype), self);
      return null;
    }),
  );
}
