// Samples of windows, transforms of real tensors, the CTC loss and LDL factors.

import * as wengert from "../../src/entries/node.js";
import { F, int32, linalg, signal, type Tensor, tensor } from "../../src/entries/node.js";
import type { Sample } from "./samples.js";

type Values = (shape: readonly number[], low: number, high: number) => Tensor;
type Callable = (...args: unknown[]) => unknown;

/** The samples, from a source of smooth values. */
export function transforms(values: Values): Sample[] {
  const list: Sample[] = [];
  const add = (path: string, args: readonly unknown[], more: Partial<Sample> = {}): void => {
    let call: unknown = wengert;
    for (const part of path.split(".")) call = (call as Record<string, unknown>)[part];
    list.push({ name: path, call: call as Callable, args, ...more });
  };
  const x = values([3, 4], 0.2, 0.9);
  for (const name of ["fftshift", "ifftshift", "irfft", "irfft2", "irfftn", "hfft", "hfft2", "hfftn"]) {
    add(`fft.${name}`, [x]);
  }
  add("fft.irfft", [x, { n: 5, dim: 0, norm: "ortho" }]);
  for (const name of ["fftfreq", "rfftfreq"]) add(`fft.${name}`, [5], { differentiable: false });
  const ints = (data: readonly unknown[]): Tensor => tensor(data as number[], { dtype: int32 });
  // As they come from logSoftmax: of other scores PyTorch's gradient is not what differences are.
  list.push({
    name: "nn.functional.ctcLoss",
    call: (scores, ...rest) => F.ctcLoss((scores as Tensor).logSoftmax(2), ...(rest as [Tensor, number[], number[]])),
    args: [
      values([4, 2, 3], -1, 1),
      ints([
        [1, 2],
        [2, 2],
      ]),
      [4, 3],
      [2, 1],
    ],
    covers: ["nn.functional.ctcLoss"],
  });
  const symmetric = values([3, 3], -1, 1);
  for (const name of ["ldlFactor", "ldlFactorEx"]) add(`linalg.${name}`, [symmetric], { differentiable: false });
  const { LD, pivots } = linalg.ldlFactor(symmetric);
  add("linalg.ldlSolve", [LD, pivots, values([3, 2], -1, 1)], { differentiable: false });
  for (const name of Object.keys(signal.windows)) {
    add(`signal.windows.${name}`, name === "generalCosine" ? [5, { a: [0.5, 0.5] }] : [5], { differentiable: false });
  }
  return list;
}
