// Negative log-likelihood of class indices, as an operation with its derivative.

import { ShapeError } from "../../errors.js";
import { narrowIndex } from "../../op/indexed.js";
import { addStrided, beginNest, type Operand, writeNest, writeSplit } from "../../op/nest.js";
import { type Applied, op } from "../../op/op.js";
import { div } from "../../ops/arithmetic.js";
import { detach } from "../../ops/detach.js";
import { anyHidden } from "../../ops/hiding.js";
import { sum } from "../../ops/reduce.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, Tensor } from "../../tensor/tensor.js";
import { setParameter } from "../../wasm/block.js";
import { type Kernel, KernelFamily } from "../../wasm/kernels.js";
import { launchChecked } from "../../wasm/launch.js";

/** What the operation needs beside its inputs. */
export interface Nll {
  /** Targets that do not count. */
  readonly ignore: number;
  /** Shape of the input: [C], [N, C], or [N, C, …]. */
  readonly shape: readonly number[];
  readonly sum: boolean;
}

const forwards = /* @__PURE__ */ new KernelFamily("nll");
const backwards = /* @__PURE__ */ new KernelFamily("nll_backward");

/** The dim of the classes. */
export function classDim(rank: number): number {
  return rank === 1 ? 0 : 1;
}

/** Strides over the rows, 0 over the classes; a number for all rows has no strides. */
function overRows(x: Tensor, rank: number): readonly number[] {
  const strides = x.ndim === 0 ? new Array<number>(rank - 1).fill(0) : [...x.layout.strides];
  strides.push(0);
  return strides;
}

/**
 * Runs one of the kernels: rows are the dims of the target, the classes come last. Operands: the result over the classes
 * where there is one, what has a number for each row, the scores where they are read, the target and the weights.
 */
export function launchRows(
  name: string,
  kernel: Kernel,
  { shape, ignore }: Pick<Nll, "shape" | "ignore">,
  result: Tensor | null,
  rows: readonly Tensor[],
  scores: Tensor | null,
  target: Tensor,
  weight: Operand,
): void {
  if (target.dtype !== "int32") {
    temporaries(() => {
      launchRows(name, kernel, { shape, ignore }, result, rows, scores, narrowIndex(target), weight);
      return null;
    });
    return;
  }
  const at = classDim(shape.length);
  const classesLast = (of: readonly number[]): number[] => [...of.filter((_, d) => d !== at), of[at] as number];
  const sizes = classesLast(shape);
  const classes = shape[at] as number;
  beginNest(sizes);
  if (result !== null) addStrided(result, classesLast(result.layout.strides));
  for (const row of rows) addStrided(row, overRows(row, sizes.length));
  if (scores !== null) addStrided(scores, classesLast(scores.layout.strides));
  addStrided(target, overRows(target, sizes.length));
  if (weight instanceof Tensor) {
    addStrided(
      weight,
      sizes.map((_, d) => (d === sizes.length - 1 ? (weight.layout.strides[0] as number) : 0)),
    );
  }
  // The kernel has one row of weights for all rows: where examples have their own, it runs for each.
  const own = anyHidden(weight) && classes > 0;
  const extent = own ? writeNest() / classes : writeSplit(1, false).extent;
  setParameter(0, ignore);
  setParameter(1, weight instanceof Tensor ? 1 : 0);
  launchChecked(
    name,
    kernel,
    extent,
    (detail) => `Target ${detail} is out of bounds: there are ${classes} classes, 0 to ${classes - 1}`,
  );
}

/** Losses of the rows, and the weight that each was counted with. */
function rowsOf(input: Tensor, target: Tensor, weight: Operand, given: Nll): [Tensor, Tensor] {
  const shape = target.shape;
  const loss = empty("nllLoss", shape, input.dtype);
  const used = empty("nllLoss", shape, input.dtype);
  launchRows("nllLoss", forwards.of(input.dtype), given, null, [loss, used], input, target, weight);
  return [loss, used];
}

/** The label of nodes. */
export function label(given: Nll): string {
  return given.shape.length > 2 ? "NllLoss2DBackward0" : "NllLossBackward0";
}

/** Whether only the weights have a tangent, by which there is no derivative. */
function isMissing(t: Tensor | null | undefined): t is null | undefined {
  return t === null || t === undefined;
}

/** −weight[target] · input[target] for each row, or the sum; inputs input, target, and weight or 0. */
export const nll: Applied<Nll> = op({
  name: "nllLoss",
  label,
  forward: ([input, target, weight], given: Nll) =>
    temporaries(() => {
      const [loss] = rowsOf(input as Tensor, target as Tensor, weight as Operand, given);
      return given.sum ? sum(loss) : loss;
    }),
  gradients: {
    input: {
      reads: ["target", "weight"],
      of: ({ g, target, weight }, given) => nllBackward([g, target, weight], given),
    },
    target: null,
    weight: null,
  },
  tangent: ([, target, weight], _outputs, [t], given) => [
    isMissing(t) ? null : nll([t, target as Tensor, weight as Operand], given),
  ],
});

/** The mean of `nll`, weighted; with the sum of the weights as a second result, which has no derivative. */
export const nllMean: Applied<Nll> = op({
  name: "nllLoss",
  label,
  outputs: ["out", "total"],
  forward: ([input, target, weight], given: Nll) =>
    temporaries(() => {
      const [loss, used] = rowsOf(input as Tensor, target as Tensor, weight as Operand, given);
      const total = sum(used);
      return [div(sum(loss), total), total];
    }),
  gradients: {
    input: {
      reads: ["target", "weight", "total"],
      of: ({ g, target, weight, total }, given) => nllBackward([div(g, detach(total)), target, weight], given),
    },
    target: null,
    weight: null,
  },
  tangent: ([, target, weight], [, total], [t], given) => [
    isMissing(t) ? null : div(nll([t, target as Tensor, weight as Operand], { ...given, sum: true }), total as Tensor),
    null,
  ],
});

/** −weight[target] · g at the targets, 0 elsewhere; g for each row, or one for all. Inputs g, target, weight or 0. */
export const nllBackward: Applied<Nll> = op({
  name: "nllLossBackward",
  forward: ([g, target, weight], given: Nll) => {
    const out = empty("nllLoss", given.shape, (g as Tensor).dtype);
    launchRows(
      "nllLoss",
      backwards.of(out.dtype),
      given,
      out,
      [g as Tensor],
      null,
      target as Tensor,
      weight as Operand,
    );
    return out;
  },
  gradients: {
    g: {
      reads: ["target", "weight"],
      of: ({ g, target, weight }, given) => nll([g, target, weight], { ...given, sum: false }),
    },
    target: null,
    weight: null,
  },
  tangent: ([, target, weight], _outputs, [t], given) => [
    isMissing(t) ? null : nllBackward([t, target as Tensor, weight as Operand], given),
  ],
});

/** Throws unless a target of class indices goes with the input. */
export function checkTarget(name: string, input: Tensor, target: Tensor): void {
  if (input.ndim === 0)
    throw new ShapeError(`${name}: expected an input of at least 1 dim, [C], [N, C] or [N, C, …], got a 0-dim one`);
  const at = classDim(input.ndim);
  const rows = input.shape.filter((_, d) => d !== at);
  if (target.ndim === rows.length && rows.every((size, d) => size === target.shape[d])) return;
  const batch = input.ndim > 1 && target.ndim > 0 && input.shape[0] !== target.shape[0];
  const why = batch
    ? `Expected input batch_size (${input.shape[0]}) to match target batch_size (${target.shape[0]}): `
    : "";
  throw new ShapeError(
    `${name}: ${why}expected a target of shape ${formatShape(rows)} for the input ${formatShape(input.shape)}, whose dim ${at} are the ` +
      `classes, got ${formatShape(target.shape)}`,
  );
}
