// Products of matrices and vectors: matmul and its kin, and the fused ones that add them to something.

import { DTypeError, ShapeError } from "../errors.js";
import { asNumber, asTensor, nothingMore, parse } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { copyInto } from "../op/copy.js";
import {
  checkExpandable,
  checkRank,
  checkSameDtype,
  innerSizesDiffer,
  launchDot,
  launchGemm,
  launchGemv,
} from "../op/gemm.js";
import { type Applied, op } from "../op/op.js";
import { isFloat } from "../tensor/dtype.js";
import * as layouts from "../tensor/layout.js";
import { broadcastShapes, contiguous, formatShape, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { add, mul } from "./arithmetic.js";
import { byColumns, gradientA, gradientB, type Product, product, turned } from "./gemm.js";
import { expand, reshape, transpose } from "./shape.js";

const mvOp: Applied<null> = op({
  name: "mv",
  forward: ([a, v]) => {
    const out = empty("mv", [(a as Tensor).shape[0] as number], (a as Tensor).dtype);
    launchGemv(out, a as Tensor, v as Tensor, null, 1, 0);
    return out;
  },
  gradients: {
    a: { reads: ["v"], of: ({ g, v }) => outer(g, v) },
    v: { reads: ["a"], of: ({ g, a }) => mvOp([turned(a), g], null) },
  },
  tangent: "linear",
});

const dotOp: Applied<null> = op({
  name: "dot",
  forward: ([a, b]) => {
    const out = empty("dot", [], (a as Tensor).dtype);
    launchDot(out, a as Tensor, b as Tensor);
    return out;
  },
  gradients: {
    a: { reads: ["b"], of: ({ g, b }) => mul(g, b) },
    b: { reads: ["a"], of: ({ g, a }) => mul(g, a) },
  },
  tangent: "linear",
});

/** Gives a fresh result another shape; no view for the tape, as nobody else sees what it shares. */
const unsafeView: Applied<{ readonly from: readonly number[]; readonly to: readonly number[] }> = op({
  name: "reshape",
  label: "UnsafeViewBackward0",
  forward: ([x], { to }: { from: readonly number[]; to: readonly number[] }) => alias(x as Tensor, contiguous(to)),
  gradients: { x: { reads: [], of: ({ g }, { from }) => reshape(g, from) } },
  tangent: (_inputs, _outputs, [t], { to }) => [t === null || t === undefined ? null : reshape(t, to)],
});

function shaped(x: Tensor, to: readonly number[]): Tensor {
  return unsafeView([x], { from: x.shape, to });
}

/**
 * Matrix product of two matrices [m, k] and [k, n].
 * @throws DTypeError for operands of two dtypes, ShapeError naming both shapes.
 */
export function mm(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("mm", rest);
  asTensor("mm", a, "a");
  asTensor("mm", b, "b");
  checkRank("mm", "a", a, 2);
  checkRank("mm", "b", b, 2);
  checkSameDtype("mm", a, b);
  if (a.layout.shape[1] !== b.layout.shape[0]) innerSizesDiffer("mm", a.shape, b.shape);
  return product(a, b, 1);
}

/** Matrix products of two batches of matrices: [b, m, k] and [b, k, n] give [b, m, n]. */
export function bmm(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("bmm", rest);
  checkBatches("bmm", a, b);
  return product(a, b, 1);
}

function checkBatches(name: string, a: Tensor, b: Tensor): void {
  asTensor(name, a, "a");
  asTensor(name, b, "b");
  checkRank(name, "a", a, 3);
  checkRank(name, "b", b, 3);
  checkSameDtype(name, a, b);
  if (a.shape[0] !== b.shape[0]) {
    throw new ShapeError(
      `${name}: Expected size for first two dimensions of batch2 tensor to be: batch sizes differ, a is ${formatShape(a.shape)}, ` +
        `b is ${formatShape(b.shape)}; use matmul where one of them should broadcast`,
    );
  }
  if (a.shape[2] !== b.shape[1]) innerSizesDiffer(name, a.shape, b.shape);
}

/** Product of a matrix [m, k] and a vector [k]. */
export function mv(a: Tensor, v: Tensor, ...rest: []): Tensor {
  nothingMore("mv", rest);
  asTensor("mv", a, "a");
  asTensor("mv", v, "v");
  checkRank("mv", "a", a, 2);
  checkRank("mv", "v", v, 1);
  checkSameDtype("mv", a, v);
  if (a.shape[1] !== v.shape[0]) innerSizesDiffer("mv", a.shape, v.shape);
  return mvOp([a, v], null);
}

/** Sum of the products of two vectors' elements: Σ aᵢ·bᵢ, 0-dim. */
export function dot(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("dot", rest);
  return dotOf("dot", a, b);
}

/** `dot`: for real numbers both are the same. */
export function vdot(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("vdot", rest);
  return dotOf("vdot", a, b);
}

function dotOf(name: string, a: Tensor, b: Tensor): Tensor {
  asTensor(name, a, "a");
  asTensor(name, b, "b");
  checkRank(name, "a", a, 1);
  checkRank(name, "b", b, 1);
  checkSameDtype(name, a, b);
  if (a.shape[0] !== b.shape[0]) {
    throw new ShapeError(
      `${name}: inconsistent tensor size, expected tensors with the same number of elements, got ${a.shape[0]} and ${b.shape[0]}`,
    );
  }
  return dotOp([a, b], null);
}

/** Outer product of two vectors [m] and [n]: aᵢ·bⱼ, [m, n]; promoted. */
export function outer(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("outer", rest);
  asTensor("outer", a, "a");
  asTensor("outer", b, "b");
  checkRank("outer", "a", a, 1);
  checkRank("outer", "b", b, 1);
  return composed("outer", () => mul(reshape(a, [a.numel(), 1]), b));
}

/** `outer` by its older name. */
export function ger(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("ger", rest);
  return called("ger", () => outer(a, b));
}

/** Sums of products over the last dims of both: [..., k] and [..., k] give all dims of a but the last, then those of b. */
export function inner(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("inner", rest);
  asTensor("inner", a, "a");
  asTensor("inner", b, "b");
  if (a.ndim === 0 || b.ndim === 0) return mul(a, b);
  checkSameDtype("inner", a, b);
  const k = a.shape.at(-1) as number;
  if (k !== b.shape.at(-1)) {
    throw new ShapeError(
      `inner: inner() the last dimension must match on both input tensors but got shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  if (a.ndim === 1 && b.ndim === 1) return dotOp([a, b], null);
  return composed("inner", () => {
    const rows = folded(a);
    const out = product(rows, turned(folded(b)), 1);
    return reshape(out, [...a.shape.slice(0, -1), ...b.shape.slice(0, -1)]);
  });
}

/** All dims but the last made one. */
function folded(x: Tensor): Tensor {
  if (x.ndim === 2) return x;
  let rows = 1;
  for (let d = 0; d < x.ndim - 1; d++) rows *= x.shape[d] as number;
  return reshape(x, [rows, x.shape.at(-1) as number]);
}

/**
 * Whether all dims but the last are made one before a product with one matrix: without a copy, or where copying is less
 * work than many small products, and than the sum over them that the matrix's gradient would be.
 */
function folds(x: Tensor): boolean {
  let rows = 1;
  for (let d = 0; d < x.ndim - 1; d++) rows *= x.shape[d] as number;
  if (layouts.view("matmul", x.layout, [rows, x.shape.at(-1) as number]) !== null) return true;
  return x.layout.strides.every((stride, d) => stride !== 0 || x.shape[d] === 1);
}

/**
 * Matrix product of tensors with one or more dims. Vectors become matrices of one row (left) or one column (right) and
 * lose that dim again; dims before the last two are batch dims and broadcast, without copies.
 *
 * ```js
 * matmul(randn([2, 3]), randn([3, 4])) // [2, 4]
 * matmul(randn([8, 1, 2, 3]), randn([5, 3, 4])) // [8, 5, 2, 4]
 * ```
 * @throws DTypeError for operands of two dtypes, ShapeError naming both shapes where the inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("matmul", rest);
  asTensor("matmul", a, "a");
  asTensor("matmul", b, "b");
  return matmulAs("matmul", a, b);
}

/** `matmul` under another operation's name. */
function matmulAs(name: string, a: Tensor, b: Tensor): Tensor {
  const rankA = a.ndim;
  const rankB = b.ndim;
  if (rankA === 0 || rankB === 0) {
    throw new ShapeError(
      `${name}: both arguments need to be at least 1D, but they are ${rankA}D and ${rankB}D: a is ${formatShape(a.shape)}, ` +
        `b is ${formatShape(b.shape)}; use mul for scalars`,
    );
  }
  checkSameDtype(name, a, b);
  if (a.layout.shape[rankA - 1] !== b.layout.shape[rankB === 1 ? 0 : rankB - 2])
    innerSizesDiffer(name, a.shape, b.shape);
  if (rankA === 2 && rankB === 2) return product(a, b, 1);
  if (rankA === 1 && rankB === 1) return dotOp([a, b], null);
  if (rankA === 2 && rankB === 1) return mvOp([a, b], null);
  return temporaries(() => {
    if (rankA >= 3 && rankB <= 2 && folds(a)) {
      const rows = folded(a);
      const out = rankB === 1 ? mvOp([rows, b], null) : product(rows, b, 1);
      return shaped(out, [...a.shape.slice(0, -1), ...b.shape.slice(1)]);
    }
    const left = rankA === 1 ? reshape(a, [1, a.shape[0] as number]) : a;
    const right = rankB === 1 ? reshape(b, [b.shape[0] as number, 1]) : b;
    broadcastShapes(name, left.shape.slice(0, -2), right.shape.slice(0, -2));
    const out = product(left, right, 1);
    const to = [
      ...out.shape.slice(0, -2),
      ...(rankA === 1 ? [] : [a.shape[rankA - 2] as number]),
      ...(rankB === 1 ? [] : [b.shape[rankB - 1] as number]),
    ];
    return shaped(out, to);
  });
}

/** Options of the products that are added to something: beta · input + alpha · product. */
export interface AddProductOptions {
  /** Factor of the input, which is not read where this is 0. */
  readonly beta?: number;
  /** Factor of the product. */
  readonly alpha?: number;
}

interface AddProduct extends Product {
  readonly beta: number;
  readonly shape: readonly number[];
}

interface Factors {
  readonly beta: number;
  readonly alpha: number;
}

const ONES: Factors = { beta: 1, alpha: 1 };

function factors(name: string, self: Tensor, rest: readonly unknown[]): Factors {
  if (rest.length === 0) return ONES;
  const { beta, alpha } = parse(name, rest, ONES);
  asNumber(name, beta, "beta");
  asNumber(name, alpha, "alpha");
  if (!isFloat(self.dtype) && !(Number.isInteger(beta) && Number.isInteger(alpha))) {
    throw new DTypeError(
      `${name}: For integral input tensors, arguments alpha and beta must not be a floating point number.`,
    );
  }
  return { beta, alpha };
}

/** The sum of the tangents' parts, in the shape of the result. */
function total(shape: readonly number[], terms: readonly (Tensor | null)[]): Tensor | null {
  let result: Tensor | null = null;
  for (const term of terms) if (term !== null) result = result === null ? term : add(result, term);
  return result === null || sameShape(result.shape, shape) ? result : expand(result, shape);
}

/** The input's part of the gradient. */
function scaledBy(g: Tensor, factor: number): Tensor {
  return factor === 1 ? g : mul(g, factor);
}

const addmmOp: Applied<AddProduct> = op({
  name: "addmm",
  forward: ([self, a, b], { alpha, beta, shape }: AddProduct) => {
    const out = empty("addmm", shape, (self as Tensor).dtype);
    launchGemm(out, a as Tensor, b as Tensor, self as Tensor, alpha, beta);
    return out;
  },
  gradients: {
    self: { reads: [], of: ({ g }, { beta }) => scaledBy(g, beta) },
    a: { reads: ["b"], of: ({ g, b }, given) => gradientA(g, b, given) },
    b: { reads: ["a"], of: ({ g, a }, given) => gradientB(g, a, given) },
  },
  tangent: ([, a, b], _outputs, [ts, ta, tb], { alpha, beta, shape }) => [
    total(shape, [
      ts ? scaledBy(ts, beta) : null,
      ta ? product(ta, b as Tensor, alpha) : null,
      tb ? product(a as Tensor, tb, alpha) : null,
    ]),
  ],
});

const baddbmmOp: Applied<AddProduct> = op({
  name: "baddbmm",
  forward: ([self, a, b], { alpha, beta, shape }: AddProduct) => {
    const out = empty("baddbmm", shape, (self as Tensor).dtype);
    launchGemm(out, a as Tensor, b as Tensor, self as Tensor, alpha, beta);
    return out;
  },
  gradients: {
    self: { reads: [], of: ({ g }, { beta }) => scaledBy(g, beta) },
    a: { reads: ["b"], of: ({ g, b }, given) => gradientA(g, b, given) },
    b: { reads: ["a"], of: ({ g, a }, given) => gradientB(g, a, given) },
  },
  tangent: ([, a, b], _outputs, [ts, ta, tb], { alpha, beta, shape }) => [
    total(shape, [
      ts ? scaledBy(ts, beta) : null,
      ta ? product(ta, b as Tensor, alpha) : null,
      tb ? product(a as Tensor, tb, alpha) : null,
    ]),
  ],
});

const addmvOp: Applied<AddProduct> = op({
  name: "addmv",
  forward: ([self, a, v], { alpha, beta, shape }: AddProduct) => {
    const out = empty("addmv", shape, (self as Tensor).dtype);
    launchGemv(out, a as Tensor, v as Tensor, self as Tensor, alpha, beta);
    return out;
  },
  gradients: {
    self: { reads: [], of: ({ g }, { beta }) => scaledBy(g, beta) },
    a: { reads: ["v"], of: ({ g, v }, { alpha }) => outer(g, scaledBy(v, alpha)) },
    v: { reads: ["a"], of: ({ g, a }, { alpha }) => scaledBy(mvOp([turned(a), g], null), alpha) },
  },
  tangent: ([, a, v], _outputs, [ts, ta, tv], { alpha, beta, shape }) => [
    total(shape, [
      ts ? scaledBy(ts, beta) : null,
      ta ? scaledBy(mvOp([ta, v as Tensor], null), alpha) : null,
      tv ? scaledBy(mvOp([a as Tensor, tv], null), alpha) : null,
    ]),
  ],
});

function checkAdd(name: string, self: Tensor, a: Tensor, b: Tensor, ranks: readonly [number, number]): void {
  asTensor(name, self, "input");
  asTensor(name, a, "a");
  asTensor(name, b, "b");
  checkRank(name, "a", a, ranks[0]);
  checkRank(name, "b", b, ranks[1]);
  checkSameDtype(name, a, b, self);
  if (a.shape.at(-1) !== b.shape[Math.max(0, b.ndim - 2)]) innerSizesDiffer(name, a.shape, b.shape);
}

/** Writes a product that is added to `self` into `self`. */
function writeInto(self: Tensor, a: Tensor, b: Tensor, run: (out: Tensor) => void): void {
  const { shape, strides } = self.layout;
  const rank = shape.length;
  const direct = shape[rank - 1] === 1 || strides[rank - 1] === 1 || rank === 1;
  if (direct && a.storage !== self.storage && b.storage !== self.storage) {
    run(self);
    return;
  }
  temporaries(() => {
    const out = empty("addmm_", shape, self.dtype);
    run(out);
    copyInto(self, out);
    return null;
  });
}

function checkTargetShape(name: string, self: Tensor, shape: readonly number[]): void {
  if (sameShape(self.shape, shape)) return;
  throw new ShapeError(
    `${name}: output with shape ${formatShape(self.shape)} doesn't match the broadcast shape ${formatShape(shape)}`,
  );
}

function given(
  name: string,
  self: Tensor,
  a: Tensor,
  b: Tensor,
  shape: readonly number[],
  rest: readonly unknown[],
): AddProduct {
  checkExpandable(name, self, shape);
  const { alpha, beta } = factors(name, self, rest);
  return { alpha, beta, columnsA: byColumns(a.layout), columnsB: byColumns(b.layout), shape };
}

/** beta · input + alpha · (a @ b) for matrices a [m, k] and b [k, n]; input broadcasts to [m, n]. */
export function addmm(input: Tensor, a: Tensor, b: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkAdd("addmm", input, a, b, [2, 2]);
  return addmmOp([input, a, b], given("addmm", input, a, b, [a.shape[0] as number, b.shape[1] as number], rest));
}

/** `addmm`, written into its input, which must have the shape of the product. */
export function addmm_(input: Tensor, a: Tensor, b: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkAdd("addmm_", input, a, b, [2, 2]);
  const shape = [a.shape[0] as number, b.shape[1] as number];
  checkTargetShape("addmm_", input, shape);
  const all = given("addmm_", input, a, b, shape, rest);
  return addmmOp.inplace([input, a, b], all, (self) =>
    writeInto(self, a, b, (out) => launchGemm(out, a, b, self, all.alpha, all.beta)),
  );
}

/** beta · input + alpha · (a @ v) for a matrix a [m, k] and a vector v [k]; input broadcasts to [m]. */
export function addmv(input: Tensor, a: Tensor, v: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkAdd("addmv", input, a, v, [2, 1]);
  return addmvOp([input, a, v], given("addmv", input, a, v, [a.shape[0] as number], rest));
}

/** `addmv`, written into its input, which must have the shape of the product. */
export function addmv_(input: Tensor, a: Tensor, v: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkAdd("addmv_", input, a, v, [2, 1]);
  const shape = [a.shape[0] as number];
  checkTargetShape("addmv_", input, shape);
  const all = given("addmv_", input, a, v, shape, rest);
  return addmvOp.inplace([input, a, v], all, (self) =>
    writeInto(self, a, v, (out) => launchGemv(out, a, v, self, all.alpha, all.beta)),
  );
}

/** beta · input + alpha · (a @ b) for batches a [b, m, k] and b [b, k, n]; input broadcasts to [b, m, n]. */
export function baddbmm(input: Tensor, a: Tensor, b: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkBatches("baddbmm", a, b);
  checkAdd("baddbmm", input, a, b, [3, 3]);
  const shape = [a.shape[0] as number, a.shape[1] as number, b.shape[2] as number];
  return baddbmmOp([input, a, b], given("baddbmm", input, a, b, shape, rest));
}

/** `baddbmm`, written into its input, which must have the shape of the products. */
export function baddbmm_(input: Tensor, a: Tensor, b: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkBatches("baddbmm_", a, b);
  checkAdd("baddbmm_", input, a, b, [3, 3]);
  const shape = [a.shape[0] as number, a.shape[1] as number, b.shape[2] as number];
  checkTargetShape("baddbmm_", input, shape);
  const all = given("baddbmm_", input, a, b, shape, rest);
  return baddbmmOp.inplace([input, a, b], all, (self) =>
    writeInto(self, a, b, (out) => launchGemm(out, a, b, self, all.alpha, all.beta)),
  );
}

/** beta · input + alpha · Σ (a @ b), the sum over the batch: input broadcasts to [m, n]. */
export function addbmm(input: Tensor, a: Tensor, b: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkBatches("addbmm", a, b);
  checkAdd("addbmm", input, a, b, [3, 3]);
  const [batch, m, k] = a.shape as readonly [number, number, number];
  const n = b.shape[2] as number;
  // The batch is one more dim to sum over: [m, batch · k] @ [batch · k, n].
  return composed("addbmm", () => {
    const left = reshape(transpose(a, 0, 1), [m, batch * k]);
    const right = reshape(b, [batch * k, n]);
    return addmmOp([input, left, right], given("addbmm", input, left, right, [m, n], rest));
  });
}

/** `addbmm`, written into its input, which must have the shape [m, n]. */
export function addbmm_(input: Tensor, a: Tensor, b: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkBatches("addbmm_", a, b);
  checkAdd("addbmm_", input, a, b, [3, 3]);
  const [batch, m, k] = a.shape as readonly [number, number, number];
  const n = b.shape[2] as number;
  temporaries(() => {
    addmm_(input, reshape(transpose(a, 0, 1), [m, batch * k]), reshape(b, [batch * k, n]), ...rest);
    return null;
  });
  return input;
}

const addrOp: Applied<AddProduct> = op({
  name: "addr",
  forward: ([self, a, b], { alpha, beta, shape }: AddProduct) => {
    const out = empty("addr", shape, (self as Tensor).dtype);
    launchOuter(out, self as Tensor, a as Tensor, b as Tensor, alpha, beta);
    return out;
  },
  gradients: {
    self: { reads: [], of: ({ g }, { beta }) => scaledBy(g, beta) },
    a: { reads: ["b"], of: ({ g, b }, { alpha }) => scaledBy(mvOp([g, b], null), alpha) },
    b: { reads: ["a"], of: ({ g, a }, { alpha }) => scaledBy(mvOp([turned(g), a], null), alpha) },
  },
  tangent: ([, a, b], _outputs, [ts, ta, tb], { alpha, beta, shape }) => [
    total(shape, [
      ts ? scaledBy(ts, beta) : null,
      ta ? scaledBy(outer(ta, b as Tensor), alpha) : null,
      tb ? scaledBy(outer(a as Tensor, tb), alpha) : null,
    ]),
  ],
});

/** An outer product is a matrix product over one inner element. */
function launchOuter(out: Tensor, self: Tensor, a: Tensor, b: Tensor, alpha: number, beta: number): void {
  temporaries(() => {
    const column = alias(a, {
      shape: [a.shape[0] as number, 1],
      strides: [a.layout.strides[0] as number, 1],
      offset: a.layout.offset,
    });
    const row = alias(b, {
      shape: [1, b.shape[0] as number],
      strides: [1, b.layout.strides[0] as number],
      offset: b.layout.offset,
    });
    launchGemm(out, column, row, self, alpha, beta);
    return null;
  });
}

function checkOuter(name: string, self: Tensor, a: Tensor, b: Tensor): void {
  asTensor(name, self, "input");
  asTensor(name, a, "a");
  asTensor(name, b, "b");
  checkRank(name, "a", a, 1);
  checkRank(name, "b", b, 1);
  checkSameDtype(name, a, b, self);
}

/** beta · input + alpha · aᵢ·bⱼ for vectors a [m] and b [n]; input broadcasts to [m, n]. */
export function addr(input: Tensor, a: Tensor, b: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkOuter("addr", input, a, b);
  return addrOp([input, a, b], given("addr", input, a, b, [a.numel(), b.numel()], rest));
}

/** `addr`, written into its input, which must have the shape [m, n]. */
export function addr_(input: Tensor, a: Tensor, b: Tensor, ...rest: [options?: AddProductOptions]): Tensor {
  checkOuter("addr_", input, a, b);
  const shape = [a.numel(), b.numel()];
  checkTargetShape("addr_", input, shape);
  const all = given("addr_", input, a, b, shape, rest);
  return addrOp.inplace([input, a, b], all, (self) =>
    writeInto(self, a, b, (out) => launchOuter(out, self, a, b, all.alpha, all.beta)),
  );
}
