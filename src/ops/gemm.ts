// The matrix product as an operation, with a factor, for matrices and batches of them.

import { launchGemm } from "../op/gemm.js";
import { type Applied, op } from "../op/op.js";
import { broadcastShapes, type Layout } from "../tensor/layout.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { transpose } from "./shape.js";

/** What the gradients of a product need to know: its factor, and which operand lies column by column in memory. */
export interface Product {
  readonly alpha: number;
  readonly columnsA: boolean;
  readonly columnsB: boolean;
}

/** Whether the last two dims lie column by column. */
export function byColumns({ shape, strides }: Layout): boolean {
  const rank = shape.length;
  return strides[rank - 2] === 1 && (strides[rank - 1] as number) > 1 && (shape[rank - 2] as number) > 1;
}

/** The last two dims exchanged. */
export function turned(x: Tensor): Tensor {
  return transpose(x, x.ndim - 2, x.ndim - 1);
}

/** Gradients come in the layout of what they belong to, so that sums and updates of both run along memory. */
export function gradientA(g: Tensor, b: Tensor, { alpha, columnsA }: Product): Tensor {
  return columnsA ? turned(product(b, turned(g), alpha)) : product(g, turned(b), alpha);
}

/** The same for the right operand. */
export function gradientB(g: Tensor, a: Tensor, { alpha, columnsB }: Product): Tensor {
  return columnsB ? turned(product(turned(g), a, alpha)) : product(turned(a), g, alpha);
}

const mmOp: Applied<Product> = op({
  name: "mm",
  forward: ([a, b], { alpha }: Product) => {
    const [x, y] = [a as Tensor, b as Tensor];
    const out = empty("mm", [x.layout.shape[0] as number, y.layout.shape[1] as number], x.dtype);
    launchGemm(out, x, y, null, alpha, 0);
    return out;
  },
  gradients: {
    a: { reads: ["b"], of: ({ g, b }, given) => gradientA(g, b, given) },
    b: { reads: ["a"], of: ({ g, a }, given) => gradientB(g, a, given) },
  },
  tangent: "linear",
});

const bmmOp: Applied<Product> = op({
  name: "bmm",
  forward: ([a, b], { alpha }: Product) => {
    const [x, y] = [a as Tensor, b as Tensor];
    const batch = broadcastShapes("bmm", x.shape.slice(0, -2), y.shape.slice(0, -2));
    const out = empty("bmm", [...batch, x.shape.at(-2) as number, y.shape.at(-1) as number], x.dtype);
    launchGemm(out, x, y, null, alpha, 0);
    return out;
  },
  gradients: {
    a: { reads: ["b"], of: ({ g, b }, given) => gradientA(g, b, given) },
    b: { reads: ["a"], of: ({ g, a }, given) => gradientB(g, a, given) },
  },
  tangent: "linear",
});

/** alpha · (a @ b) for matrices, or batches of them that broadcast. */
export function product(a: Tensor, b: Tensor, alpha: number): Tensor {
  const given = { alpha, columnsA: byColumns(a.layout), columnsB: byColumns(b.layout) };
  return (a.ndim === 2 && b.ndim === 2 ? mmOp : bmmOp)([a, b], given);
}
