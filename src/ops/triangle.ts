// Triangles of matrices.

import { ShapeError } from "../errors.js";
import { asInteger, asTensor, parse, type Trailing } from "../op/args.js";
import { addTensor, beginNest, writeOpenNest } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { bytesOf } from "../tensor/dtype.js";
import { formatShape } from "../tensor/layout.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import { WidthFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";

/** Optional arguments: which diagonal, 0 the main one, above it positive. */
export type TriangleRest = Trailing<[diagonal: number], { readonly diagonal?: number }>;

const trils = /* @__PURE__ */ new WidthFamily("tril");
const trius = /* @__PURE__ */ new WidthFamily("triu");

function cut(family: WidthFamily, out: Tensor, x: Tensor, diagonal: number): Tensor {
  if (out.numel() === 0) return out;
  beginNest(x.shape);
  addTensor(out);
  addTensor(x);
  const extent = writeOpenNest();
  setParameter(0, diagonal);
  launch(family.of(bytesOf(x.dtype)), extent);
  return out;
}

const trilOp: Applied<number> = op({
  name: "tril",
  forward: ([x], diagonal: number) =>
    cut(trils, empty("tril", (x as Tensor).shape, (x as Tensor).dtype), x as Tensor, diagonal),
  gradients: { x: { reads: [], of: ({ g }, diagonal) => tril(g, diagonal) } },
  tangent: "linear",
});

const triuOp: Applied<number> = op({
  name: "triu",
  forward: ([x], diagonal: number) =>
    cut(trius, empty("triu", (x as Tensor).shape, (x as Tensor).dtype), x as Tensor, diagonal),
  gradients: { x: { reads: [], of: ({ g }, diagonal) => triu(g, diagonal) } },
  tangent: "linear",
});

function read(name: string, x: Tensor, rest: readonly unknown[]): number {
  asTensor(name, x);
  if (x.ndim < 2)
    throw new ShapeError(`${name}: input tensor must have at least 2 dimensions, got ${formatShape(x.shape)}`);
  const { diagonal } = parse(name, rest, { diagonal: 0 }, ["diagonal"]);
  return asInteger(name, diagonal, "diagonal");
}

/** The lower triangle of matrices, zeros above a diagonal. */
export function tril(x: Tensor, ...rest: TriangleRest): Tensor {
  return trilOp([x], read("tril", x, rest));
}

/** The upper triangle of matrices, zeros below a diagonal. */
export function triu(x: Tensor, ...rest: TriangleRest): Tensor {
  return triuOp([x], read("triu", x, rest));
}

/** `tril` in place. */
export function tril_(self: Tensor, ...rest: TriangleRest): Tensor {
  const diagonal = read("tril_", self, rest);
  return trilOp.inplace([self], diagonal, (target) => cut(trils, target, target, diagonal));
}

/** `triu` in place. */
export function triu_(self: Tensor, ...rest: TriangleRest): Tensor {
  const diagonal = read("triu_", self, rest);
  return triuOp.inplace([self], diagonal, (target) => cut(trius, target, target, diagonal));
}
