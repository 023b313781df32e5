// Into and out of `vmap`: a dim hidden, and shown again, as operations with derivatives. Each is the other's adjoint.

import { Operation } from "../op/operation.js";
import { hidden, hiddenDims, hides, isOpenVmap, shown } from "../tensor/batch.js";
import { type Batch, batching } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { warnOnce } from "../tensor/warn.js";
import { stack } from "./join.js";
import { sum } from "./reduce.js";
import { select } from "./shape.js";

interface Place {
  readonly dim: number;
  readonly level: number;
  readonly size: number;
}

const hiding = /* @__PURE__ */ new Operation(
  "vmapIn",
  "VmapInBackward0",
  ["x"],
  1,
  [{ slots: [], of: ({ g }: { readonly g: Tensor }, p: Place) => showDim(g, p.dim, p) } as never],
  "linear",
  ([x], p: Place) => hideDim(x as Tensor, p.dim, p),
);

const showing = /* @__PURE__ */ new Operation(
  "vmapOut",
  "VmapOutBackward0",
  ["x"],
  1,
  [{ slots: [], of: ({ g }: { readonly g: Tensor }, p: Place) => hideDim(g, p.dim, p) } as never],
  "linear",
  ([x], p: Place) => showDim(x as Tensor, p.dim, p),
);

/** Hides dim `dim` of a tensor at a level: what is computed from it is computed for each example. Shares memory. */
export function hideDim(
  x: Tensor,
  dim: number,
  { level, size }: { readonly level: number; readonly size: number },
): Tensor {
  const out = hidden(x, dim, level);
  hiding.finish([x], [out], { dim, level, size } satisfies Place);
  return out;
}

/**
 * Shows the dim that is hidden at a level as dim `dim`; a tensor that hides none there is repeated. Shares memory.
 */
export function showDim(
  x: Tensor,
  dim: number,
  { level, size }: { readonly level: number; readonly size: number },
): Tensor {
  const out = shown(x, dim, { level, size });
  showing.finish([x], [out], { dim, level, size } satisfies Place);
  return out;
}

/** The sum over the examples of a level. */
export function sumOut(x: Tensor, level: number, size: number): Tensor {
  return hides(x, level) ? sum(showDim(x, 0, { level, size }), 0) : x;
}

/**
 * A gradient with the hidden dims of what it belongs to: what is there only once is repeated, and what belongs to every
 * example of a call of `vmap` that is over is summed. Levels that are still open stay as they are: whoever opened them
 * wants a gradient for each example.
 */
export function leveled(g: Tensor, wanted: Batch | null): Tensor {
  let result = g;
  for (const { level, size } of wanted ?? []) {
    if (hides(g, level) || isOpenVmap(level)) continue;
    result = hideDim(showDim(result, 0, { level, size }), 0, { level, size });
  }
  for (const { level, size } of hiddenDims(g)) {
    if (isOpenVmap(level) || (wanted?.some((dim) => dim.level === level) ?? false)) continue;
    result = sumOut(result, level, size);
  }
  return result;
}

/** Whether one of the values is a tensor that stands for several examples. */
export function anyHidden(...values: readonly unknown[]): boolean {
  return batching.used && values.some((value) => value instanceof Tensor && value.storage.batch !== null);
}

/**
 * A call for each example, one after the other, where there is no way to make it for all at once: PyTorch has none
 * either. Says so the first time.
 */
export function eachExample<R extends Tensor | { readonly [name: string]: Tensor }>(
  op: string,
  tensors: readonly (Tensor | null)[],
  f: (...tensors: (Tensor | null)[]) => R,
): R {
  warnOnce(
    `There is a performance drop because we have not yet implemented the batching rule for ${op}: under vmap it runs ` +
      "for one example after the other.",
  );
  const levels = tensors.flatMap((x) => (x === null ? [] : hiddenDims(x)));
  const { level, size } = levels.reduce((inner, dim) => (dim.level > inner.level ? dim : inner));
  const own = tensors.map((x) => (x !== null && hides(x, level) ? showDim(x, 0, { level, size }) : null));
  const results = Array.from({ length: size }, (_, i) =>
    f(...tensors.map((x, k) => (own[k] ? select(own[k] as Tensor, 0, i) : x))),
  );
  const joined = (list: readonly Tensor[]) => hideDim(stack(list, 0), 0, { level, size });
  const [first] = results;
  if (first instanceof Tensor) return joined(results as Tensor[]) as R;
  return Object.fromEntries(
    Object.keys(first as object).map((name) => [
      name,
      joined(results.map((result) => (result as Record<string, Tensor>)[name] as Tensor)),
    ]),
  ) as R;
}
