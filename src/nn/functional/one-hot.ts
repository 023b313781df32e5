// One-hot vectors of class indices.

import { ArgumentError, DTypeError } from "../../errors.js";
import { asInteger, asTensor, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { isIndexDtype, narrowIndex } from "../../op/indexed.js";
import { launchReduction, reduced } from "../../op/reduction.js";
import { isTrue } from "../../op/truth.js";
import { to } from "../../ops/cast.js";
import { eq, ge, lt } from "../../ops/compare.js";
import { arange } from "../../ops/creation.js";
import { any } from "../../ops/reduce.js";
import { reshape } from "../../ops/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { KernelFamily } from "../../wasm/kernels.js";

const maxima = /* @__PURE__ */ new KernelFamily("amax");

/** Options of `oneHot`. */
export interface OneHotOptions {
  /** Number of classes; one more than the largest index if left out or −1. */
  readonly numClasses?: number;
}

/**
 * Class indices as vectors of 0 and 1: int32 [...] gives int32 [..., numClasses]. Not differentiable.
 * @throws ArgumentError for indices that are negative or no class.
 */
export function oneHot(index: Tensor, ...rest: [numClasses?: number | OneHotOptions, options?: OneHotOptions]): Tensor {
  asTensor("oneHot", index);
  const numClasses = asInteger(
    "oneHot",
    parse("oneHot", rest, { numClasses: -1 }, ["numClasses"]).numClasses,
    "numClasses",
  );
  if (!isIndexDtype(index.dtype))
    throw new DTypeError(`oneHot: one_hot is only applicable to index tensor of int32 or int64, got ${index.dtype}`);
  if (numClasses < -1 || numClasses === 0) {
    if (index.numel() > 0 || numClasses < -1)
      throw new ArgumentError(`oneHot: num_classes should be positive, got ${numClasses}`);
  }
  return composed("oneHot", () => {
    const input = narrowIndex(index);
    let classes = numClasses;
    if (input.numel() === 0) {
      if (numClasses <= 0) throw new ArgumentError("oneHot: Can not infer total number of classes from empty tensor.");
    } else {
      if (isTrue(any(lt(input, 0)))) throw new ArgumentError("oneHot: Class values must be non-negative.");
      const whole = reduced("oneHot", input, null, false);
      if (classes === -1)
        classes =
          ((launchReduction("oneHot", maxima.of("int32"), input, whole, ["int32"])[0] as Tensor).item() as number) + 1;
      else if (isTrue(any(ge(input, classes)))) {
        throw new ArgumentError(`oneHot: Class values must be smaller than num_classes, which is ${classes}.`);
      }
    }
    const column = reshape(input, [...input.shape, 1]);
    return to(eq(column, arange(classes, { dtype: "int32" })), "int32");
  });
}
