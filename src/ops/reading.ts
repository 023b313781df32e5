// Reading by any number of index tensors, and its adjoint, adding up by them.

import { copyInto } from "../op/copy.js";
import { type Indexed, launchIndexed } from "../op/indexed.js";
import { type Applied, op } from "../op/op.js";
import type { Formulas } from "../op/spec.js";
import { bytesOf } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";

/** How something is read by index, and the shape of what it is read from. */
export interface Reading {
  readonly plan: Indexed;
  readonly from: readonly number[];
  readonly label: string;
  readonly name: string;
}

const gathers = /* @__PURE__ */ new WidthFamily("gather");
const scatterAdds = /* @__PURE__ */ new KernelFamily("scatter_add");

const readings: (Applied<Reading> | undefined)[] = [];
const additions: (Applied<Reading> | undefined)[] = [];

/** Names and formulas of an operation on a tensor and `k` index tensors. */
function withIndices(
  k: number,
  of: (g: Tensor, indices: Tensor[], reading: Reading) => Tensor,
): Formulas<Record<string, string>, Reading> {
  const names = Array.from({ length: k }, (_, j) => `index${j}`);
  const formula = {
    reads: names,
    of: (values: { readonly g: Tensor }, reading: Reading) =>
      of(
        values.g,
        names.map((name) => (values as unknown as Record<string, Tensor>)[name] as Tensor),
        reading,
      ),
  };
  return { x: formula, ...Object.fromEntries(names.map((name) => [name, null])) } as unknown as Formulas<
    Record<string, string>,
    Reading
  >;
}

/** Reads by `k` index tensors: inputs the tensor, then they. Linear in the tensor; its adjoint is `addingBy`. */
export function readingBy(k: number): Applied<Reading> {
  readings[k] ??= op({
    name: "gather",
    label: ({ label }: Reading) => label,
    forward: ([x, ...indices], { plan, name }: Reading) =>
      temporaries(() => {
        const source = x as Tensor;
        const out = empty(name, plan.shape, source.dtype);
        launchIndexed(name, gathers.of(bytesOf(source.dtype)), source, out, indices, plan, false);
        return out;
      }),
    gradients: withIndices(k, (g, indices, reading) => addingBy(k)([g, ...indices], reading)),
    tangent: ([, ...indices], _outputs, [t], reading) => [readingBy(k)([t as Tensor, ...indices], reading)],
  }) as Applied<Reading>;
  return readings[k] as Applied<Reading>;
}

/** Adds up by `k` index tensors into zeros of the shape `from`: the adjoint of `readingBy`. */
export function addingBy(k: number): Applied<Reading> {
  additions[k] ??= op({
    name: "gatherBackward",
    forward: ([x, ...indices], { plan, from, name }: Reading) => {
      const source = x as Tensor;
      const out = empty(name, from, source.dtype);
      copyInto(out, 0);
      launchIndexed(name, scatterAdds.of(source.dtype), out, source, indices, plan, true);
      return out;
    },
    gradients: withIndices(k, (g, indices, reading) => readingBy(k)([g, ...indices], reading)),
    tangent: ([, ...indices], _outputs, [t], reading) => [addingBy(k)([t as Tensor, ...indices], reading)],
  }) as Applied<Reading>;
  return additions[k] as Applied<Reading>;
}
