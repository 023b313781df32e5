// Whether elements are among given ones.

import { asBoolean, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { asContiguous, castTo } from "../op/copy.js";
import { addStrided, beginNest, type Operand, writeNest } from "../op/nest.js";
import { someTensor } from "../op/operands.js";
import { unrecorded } from "../tape/mode.js";
import { Promotion } from "../tensor/dtype.js";
import { empty, Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import { KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { logicalNot } from "./compare.js";
import { full } from "./creation.js";

const kernels = /* @__PURE__ */ new KernelFamily("isin");

/** Options of `isin`. */
export interface IsinOptions {
  /** Whether both have no element twice; changes nothing here. */
  readonly assumeUnique?: boolean;
  /** Whether to ask the opposite. */
  readonly invert?: boolean;
}

/** Whether each of `elements` is among `testElements`; one of them may be a number. The result is bool and has no gradient. */
export function isin(elements: Operand, testElements: Operand, ...rest: [options?: IsinOptions]): Tensor {
  someTensor("isin", [elements, testElements]);
  const { assumeUnique, invert } = parse("isin", rest, { assumeUnique: false, invert: false });
  asBoolean("isin", assumeUnique, "assumeUnique");
  asBoolean("isin", invert, "invert");
  const promotion = new Promotion();
  for (const x of [elements, testElements]) {
    if (x instanceof Tensor) {
      x.check("isin");
      promotion.tensor(x.dtype, x.ndim);
    } else promotion.number(x);
  }
  const dtype = promotion.result();
  return unrecorded(() =>
    composed("isin", () => {
      const [among, others] = [elements, testElements].map((x) =>
        asContiguous(x instanceof Tensor ? castTo(x, dtype) : full([], x, { dtype })),
      ) as [Tensor, Tensor];
      const out = empty("isin", among.shape, "bool");
      // The kernel reads pointers only: all lie row-major without gaps.
      beginNest([]);
      for (const tensor of [out, among, others]) addStrided(tensor, []);
      writeNest();
      setParameter(0, others.numel());
      launch(kernels.of(dtype, "bool"), out.numel());
      return invert ? logicalNot(out) : out;
    }),
  );
}
