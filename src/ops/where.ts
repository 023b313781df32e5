// Choosing by a condition: where and what is made of it.

import { DTypeError } from "../errors.js";
import { asTensor } from "../op/args.js";
import { castTo } from "../op/copy.js";
import { type Operand, addOperand, addTensor, beginNest, launchMap } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { resultLayout } from "../op/result.js";
import { type DType, Promotion, bytesOf } from "../tensor/dtype.js";
import { broadcastShapes } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { Tensor, emptyOf } from "../tensor/tensor.js";
import { WidthFamily } from "../wasm/kernels.js";

interface WhereParameters {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

const kernels = /* @__PURE__ */ new WidthFamily("where");

const choose: Applied<WhereParameters> = op({
  name: "where",
  forward: (inputs, { shape, dtype }: WhereParameters) =>
    temporaries(() => {
      const [condition, a, b] = inputs.map((x: Operand, i) => (i > 0 && x instanceof Tensor ? castTo(x, dtype) : x)) as Operand[];
      const out = emptyOf("where", resultLayout(shape, inputs), dtype);
      beginNest(shape);
      addTensor(out);
      addTensor(condition as Tensor);
      addOperand(a as Operand, dtype);
      addOperand(b as Operand, dtype);
      launchMap(kernels.of(bytesOf(dtype)));
      return out;
    }),
  gradients: {
    condition: null,
    a: { reads: ["condition"], of: ({ g, condition }) => where(condition, g, 0) },
    b: { reads: ["condition"], of: ({ g, condition }) => where(condition, 0, g) },
  },
  tangent: ([condition, a, b], _outputs, [, ta, tb]) => [
    where(condition as Tensor, ta ?? zeroOf(a as Operand), tb ?? zeroOf(b as Operand)),
  ],
});

function zeroOf(_: Operand): number {
  return 0;
}

/**
 * a where the condition (bool) holds, else b, element by element; all broadcast, a and b are promoted.
 * @throws DTypeError unless the condition is bool.
 */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  asTensor("where", condition, "condition");
  if (condition.dtype !== "bool") {
    throw new DTypeError(`where: expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype}`);
  }
  const promotion = new Promotion();
  let { shape } = condition;
  for (const x of [a, b]) {
    if (x instanceof Tensor) {
      x.check("where");
      promotion.tensor(x.dtype, x.ndim);
      shape = broadcastShapes("where", shape, x.shape);
    } else promotion.number(x);
  }
  return choose([condition, a, b], { shape, dtype: promotion.result() });
}
