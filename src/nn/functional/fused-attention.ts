// Attention as one operation: forward and backward by tiles of the scores, which are never all in memory.

import { batched } from "../../op/gemm.js";
import { addStrided, beginNest, type Operand, writeSplit } from "../../op/nest.js";
import { type Applied, op } from "../../op/op.js";
import type { Values } from "../../op/spec.js";
import { watched } from "../../op/watched.js";
import { add, mul, sub } from "../../ops/arithmetic.js";
import { ones } from "../../ops/creation.js";
import { product, turned } from "../../ops/gemm.js";
import { sum } from "../../ops/reduce.js";
import { softmax } from "../../ops/softmax.js";
import { tril } from "../../ops/triangle.js";
import { where } from "../../ops/where.js";
import { broadcastShapes, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { readers } from "../../tensor/read.js";
import { empty, Tensor } from "../../tensor/tensor.js";
import { setParameter, setResults } from "../../wasm/block.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { launch } from "../../wasm/launch.js";
import { artifact } from "../../wasm/memory.js";

/** What the operation needs to know beside its inputs. */
export interface Attention {
  readonly scale: number;
  readonly causal: boolean;
}

const forwards = /* @__PURE__ */ new KernelFamily("attention");
const backwards = /* @__PURE__ */ new KernelFamily("attention_backward");

/** Flags of the kernels; the last three say which gradients are wanted. */
const CAUSAL = 1;
const BOOLS = 2;
const WANTS = [4, 8, 16];

/** Which queries may see which keys, or null for all. */
function visible(q: Tensor, k: Tensor, mask: Operand, causal: boolean): Tensor | null {
  if (causal) return tril(ones([q.shape.at(-2) as number, k.shape.at(-2) as number], { dtype: "bool" }));
  return mask instanceof Tensor && mask.dtype === "bool" ? mask : null;
}

/**
 * The weights in operations, softmax(scale · q kᵀ + mask); those of queries that a mask of yes and no lets see nothing are 0
 * rather than NaN.
 */
export function weightsOf(q: Tensor, k: Tensor, mask: Operand, { scale, causal }: Attention): Tensor {
  const scores = product(q, turned(k), scale);
  const seen = visible(q, k, mask, causal);
  if (seen === null) return softmax(mask instanceof Tensor ? add(scores, mask) : scores, -1);
  return where(seen, softmax(where(seen, scores, Number.NEGATIVE_INFINITY), -1), 0);
}

/** Shape of the scores of q and k with a mask, and the batch dims of all. */
function batchOf(q: Tensor, k: Tensor, v: Tensor, mask: Operand): readonly number[] {
  const name = "scaledDotProductAttention";
  const outer = (x: Tensor): readonly number[] => x.shape.slice(0, -2);
  const all = broadcastShapes(name, broadcastShapes(name, outer(q), outer(k)), outer(v));
  return mask instanceof Tensor ? broadcastShapes(name, all, outer(mask)) : all;
}

/** L, S, E, V: numbers of queries and keys, widths of these and of values. */
function sizesOf(q: Tensor, k: Tensor, v: Tensor): readonly [number, number, number, number] {
  const [length, width] = q.shape.slice(-2) as [number, number];
  return [length, k.shape.at(-2) as number, width, v.shape.at(-1) as number];
}

/** Adds q, k, v or what has their shape, over the dims batch, L, S, E, V. */
function addMatrices(batch: number, matrices: readonly (readonly [x: Tensor, rows: number, columns: number])[]): void {
  for (const [x, rows, columns] of matrices) {
    const strides = [0, 0, 0, 0];
    strides[rows] = x.layout.strides[x.ndim - 2] as number;
    strides[columns] = x.layout.strides[x.ndim - 1] as number;
    addStrided(x, batched(x, batch, strides));
  }
}

/** Adds the mask, whose dims of size 1 stand for all queries or keys. */
function addMask(batch: number, mask: Operand): void {
  if (!(mask instanceof Tensor)) return;
  const stride = (d: number): number => (mask.shape.at(d) === 1 ? 0 : (mask.layout.strides.at(d) as number));
  addStrided(mask, batched(mask, batch, [stride(-2), stride(-1), 0, 0]));
}

function launchOne(
  family: KernelFamily,
  { scale, causal }: Attention,
  mask: Operand,
  results: number,
  wanted: number,
  units: number,
): void {
  const { extent } = writeSplit(4, false);
  setResults(results);
  setParameter(0, scale);
  setParameter(1, (causal ? CAUSAL : 0) + (mask instanceof Tensor && mask.dtype === "bool" ? BOOLS : 0) + wanted);
  launch(family.of("float32"), extent * units);
}

/** Gradients of q, k and v in operations, which have derivatives themselves; null where one is not needed. */
function inOperations(
  g: Tensor,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  mask: Operand,
  given: Attention,
  needs: readonly boolean[],
): (Tensor | null)[] {
  return temporaries(() => {
    const weights = weightsOf(q, k, mask, given);
    const dv = needs[2] ? product(turned(weights), g, 1) : null;
    if (!needs[0] && !needs[1]) return [null, null, dv];
    const dw = product(g, turned(v), 1);
    const ds = mul(weights, sub(dw, sum(mul(dw, weights), -1, true)));
    const dq = needs[0] ? product(ds, k, given.scale) : null;
    const dk = needs[1] ? product(turned(ds), q, given.scale) : null;
    return [dq, dk, dv];
  });
}

function byKernel(
  g: Tensor,
  [q, k, v, out, sums]: readonly [Tensor, Tensor, Tensor, Tensor, Tensor],
  mask: Operand,
  given: Attention,
  needs: readonly boolean[],
): (Tensor | null)[] {
  const outer = batchOf(q, k, v, mask);
  const batch = outer.length;
  const [length, count, width, own] = sizesOf(q, k, v);
  const results = [
    [length, width],
    [count, width],
    [count, own],
  ].map((shape) => empty("attentionBackward", [...outer, ...shape], q.dtype));
  const [dq, dk, dv] = results as [Tensor, Tensor, Tensor];
  beginNest([...outer, length, count, width, own]);
  addMatrices(batch, [
    [dq, 0, 2],
    [dk, 1, 2],
    [dv, 1, 3],
    [g, 0, 3],
    [q, 0, 2],
    [k, 1, 2],
    [v, 1, 3],
    [out, 0, 3],
  ]);
  addStrided(sums, [...sums.layout.strides, 0, 0, 0]);
  addMask(batch, mask);
  const wanted = WANTS.reduce((flags, flag, i) => flags + (needs[i] ? flag : 0), 0);
  launchOne(backwards, given, mask, 3, wanted, 1);
  return results.map((result, i) => {
    if (needs[i]) return result;
    result.dispose();
    return null;
  });
}

type Given = Values<string>;

/** The gradient of one input; where a node runs, those of the others are made at once. */
function gradientOf(values: Given, given: Attention): Tensor | null {
  const { g, q, k, v, out, sums, input, shared } = values;
  const mask = values.mask as Operand;
  const take = (all: (Tensor | null)[]): Tensor | null => {
    const own = all[input] ?? null;
    all[input] = null;
    return own;
  };
  if (shared) return take(shared);
  const needs = [q, k, v].map((x, i) => i === input || (shared === null && x.tracked));
  const gradients = watched([g, q, k, v])
    ? inOperations(g, q, k, v, mask, given, needs)
    : byKernel(g, [q, k, v, out, sums], mask, given, needs);
  if (shared === null) values.shared = gradients;
  return take(gradients);
}

/**
 * softmax(scale · q kᵀ + mask) v in float32; inputs q, k, v, and the mask or 0. A further result, without a derivative: the
 * logarithms of the sums of the exponentials.
 */
const attention: Applied<Attention> = op({
  name: "scaledDotProductAttention",
  label: "ScaledDotProductFlashAttentionForCpuBackward0",
  outputs: ["out", "sums"],
  forward: ([q, k, v, mask], given: Attention) => {
    const [x, y, z] = [q, k, v] as [Tensor, Tensor, Tensor];
    const outer = batchOf(x, y, z, mask as Operand);
    const [length, count, width, own] = sizesOf(x, y, z);
    const out = empty("scaledDotProductAttention", [...outer, length, own], x.dtype);
    const sums = empty("scaledDotProductAttention", [...outer, length], x.dtype);
    beginNest([...outer, length, count, width, own]);
    addMatrices(outer.length, [[out, 0, 3]]);
    addStrided(sums, [...sums.layout.strides, 0, 0, 0]);
    addMatrices(outer.length, [
      [x, 0, 2],
      [y, 1, 2],
      [z, 1, 3],
    ]);
    addMask(outer.length, mask as Operand);
    launchOne(forwards, given, mask as Operand, 2, 0, Math.ceil(length / artifact().attention_rows()));
    return [out, sums];
  },
  gradients: {
    q: { reads: ["q", "k", "v", "mask", "out", "sums"], of: gradientOf },
    k: { reads: ["q", "k", "v", "mask", "out", "sums"], of: gradientOf },
    v: { reads: ["q", "k", "v", "mask", "out", "sums"], of: gradientOf },
    mask: null,
  },
});

/** Whether the operation takes these; what it does not, operations do: masks with derivatives, other dtypes, nothing at all. */
function fits(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null): boolean {
  if (q.dtype !== "float32" || readers.told !== null) return false;
  for (const x of [q, k, v]) if (x.numel() === 0) return false;
  if (mask === null) return true;
  if (mask.ndim < 2 || watched([mask])) return false;
  const scores = [q.shape.at(-2) as number, k.shape.at(-2) as number];
  return sameShape(broadcastShapes("scaledDotProductAttention", mask.shape.slice(-2), scores), scores);
}

/** softmax(scale · q kᵀ + mask) v, in one operation where it can be. */
export function attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, given: Attention): Tensor {
  if (!fits(q, k, v, mask)) return product(weightsOf(q, k, mask ?? 0, given), v, 1);
  return attention.all([q, k, v, mask ?? 0], given)[0] as Tensor;
}
