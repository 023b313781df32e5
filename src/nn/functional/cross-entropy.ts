// Cross entropy of scores and class indices as one operation: the logarithm of softmax is never in memory.

import type { Operand } from "../../op/nest.js";
import { type Applied, op } from "../../op/op.js";
import { watched } from "../../op/watched.js";
import { div, mul, sub } from "../../ops/arithmetic.js";
import { detach } from "../../ops/detach.js";
import { anyHidden } from "../../ops/hiding.js";
import { exp } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { logSoftmax } from "../../ops/softmax.js";
import { temporaries } from "../../tensor/lifetime.js";
import { readers } from "../../tensor/read.js";
import { alias, empty, type Tensor } from "../../tensor/tensor.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { classDim, label, launchRows, type Nll, nllBackward } from "./nll.js";
import type { Reduction } from "./reduction.js";

const forwards = /* @__PURE__ */ new KernelFamily("cross_entropy");
const backwards = /* @__PURE__ */ new KernelFamily("cross_entropy_backward");

interface Entropy extends Nll {
  readonly mean: boolean;
}

/** Whether the operation takes these scores: float32, classes next to each other, and nothing that only operations can. */
export function fits(input: Tensor, weight: Tensor | null): boolean {
  if (input.dtype !== "float32" || readers.told !== null || input.ndim > 2 || input.numel() === 0) return false;
  return input.layout.strides[classDim(input.ndim)] === 1 && (weight === null || !anyHidden(weight));
}

/** −weight[target] · logSoftmax(input)[target] for each row, their sum, or their mean weighted by the weights. */
export function entropyOf(
  input: Tensor,
  target: Tensor,
  weight: Tensor | null,
  ignore: number,
  reduction: Reduction,
): Tensor {
  const given = { ignore, shape: input.shape, sum: reduction !== "none", mean: reduction === "mean" };
  return entropy.all([scoresOf([input], null), target, weight ?? 0], given)[0] as Tensor;
}

/** The scores as they are, behind the node that PyTorch's graph has between them and the loss; its work is the loss's. */
const scoresOf: Applied<null> = op({
  name: "logSoftmax",
  forward: ([x]) => alias(x as Tensor, (x as Tensor).layout),
  gradients: { x: { reads: [], of: ({ g }) => g } },
  tangent: "linear",
});

/** Inputs scores, target, and weight or 0. Further results, without derivatives: what the gradient is made of. */
const entropy: Applied<Entropy> = op({
  name: "crossEntropy",
  label,
  outputs: ["out", "total", "largest", "sums"],
  forward: ([input, target, weight], given: Entropy) =>
    temporaries(() => {
      const rows = (): Tensor => empty("crossEntropy", (target as Tensor).shape, "float32");
      const [loss, used, largest, sums] = [rows(), rows(), rows(), rows()];
      const all = [loss, used, largest, sums];
      const kernel = forwards.of("float32");
      launchRows("crossEntropy", kernel, given, null, all, input as Tensor, target as Tensor, weight as Operand);
      if (!given.sum) return [loss, used, largest, sums];
      const total = sum(used);
      return [given.mean ? div(sum(loss), total) : sum(loss), total, largest, sums];
    }),
  gradients: {
    scores: {
      reads: ["scores", "target", "weight", "total", "largest", "sums"],
      of: ({ g, scores, target, weight, total, largest, sums }, given) =>
        temporaries(() => {
          const own = given.mean ? div(g, detach(total)) : g;
          if (watched([own, scores])) {
            const at = nllBackward([own, target, weight], given);
            const dim = classDim(given.shape.length);
            return sub(at, mul(exp(logSoftmax(scores, dim)), sum(at, dim, true)));
          }
          const out = empty("crossEntropy", given.shape, "float32");
          const rows = [own, detach(largest), detach(sums)];
          launchRows("crossEntropy", backwards.of("float32"), given, out, rows, scores, target, weight as Operand);
          return out;
        }),
    },
    target: null,
    weight: null,
  },
});
