// Products of many matrices, powers, exponentials, and what tensors make of linear systems.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asInteger, asIntegers, asTensor, asTensors, nothingMore, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { checkSameDtype } from "../../op/gemm.js";
import { asSquare, sizesOf } from "../../op/matrices.js";
import { type Applied, op } from "../../op/op.js";
import { valuesOf } from "../../op/truth.js";
import { broadcastShapes, formatShape, normalizeDim } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { add, mul, sub } from "../arithmetic.js";
import { clone, copy_, to } from "../cast.js";
import { eye, zeros } from "../creation.js";
import { detach } from "../detach.js";
import { amax } from "../extremum.js";
import { product, turned } from "../gemm.js";
import { cat } from "../join.js";
import { abs } from "../pointwise.js";
import { sum } from "../reduce.js";
import { cumprod } from "../scan.js";
import { expand, permute, reshape } from "../shape.js";
import { narrow, unsqueeze } from "../views.js";
import { inv, solve } from "./lu.js";

/** The product of two or more matrices, in the order with the fewest multiplications; the first and last may be vectors. */
export function multiDot(tensors: readonly Tensor[], ...rest: []): Tensor {
  nothingMore("linalg.multiDot", rest);
  return chained("linalg.multiDot", tensors, 2);
}

/** Where to split each stretch of a chain of matrices, by the sizes between them (the usual dynamic programme). */
function splits(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const cost = Array.from({ length: n }, () => Array<number>(n).fill(0));
  const at = Array.from({ length: n }, () => Array<number>(n).fill(0));
  for (let length = 1; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      let best = Number.POSITIVE_INFINITY;
      for (let k = i; k < j; k++) {
        const own =
          (cost[i]?.[k] as number) +
          (cost[k + 1]?.[j] as number) +
          (sizes[i] as number) * (sizes[k + 1] as number) * (sizes[j + 1] as number);
        if (own >= best) continue;
        best = own;
        (cost[i] as number[])[j] = own;
        (at[i] as number[])[j] = k;
      }
    }
  }
  return at;
}

/** `multiDot` under another function's name, for at least so many matrices. */
export function chained(name: string, tensors: readonly Tensor[], least: number): Tensor {
  const list = asTensors(name, tensors);
  if (list.length < least)
    throw new ArgumentError(`${name}: expected at least ${least} tensors but got ${list.length}`);
  const last = list.length - 1;
  list.forEach((x, i) => {
    const vectorAllowed = i === 0 || i === last;
    if (x.ndim !== 2 && !(vectorAllowed && x.ndim === 1)) {
      throw new ShapeError(
        `${name}: tensor ${i} must be ${vectorAllowed ? "1D or 2D" : "2D"} but got ${formatShape(x.shape)}`,
      );
    }
    checkSameDtype(name, list[0] as Tensor, x);
  });
  return temporaries(() => {
    const [first, end] = [list[0] as Tensor, list[last] as Tensor];
    const all = list.map((x, i) => (x.ndim === 2 ? x : reshape(x, i === 0 ? [1, -1] : [-1, 1])));
    const sizes = [...all.map((x) => x.shape[0] as number), (all[last] as Tensor).shape[1] as number];
    all.forEach((x, i) => {
      if (x.shape[1] !== sizes[i + 1]) {
        throw new ShapeError(
          `${name}: tensors ${i} and ${i + 1} with shapes ${formatShape((list[i] as Tensor).shape)} and ${formatShape((list[i + 1] as Tensor).shape)} cannot be multiplied`,
        );
      }
    });
    const at = splits(sizes);
    const multiplied = (i: number, j: number): Tensor => {
      if (i === j) return all[i] as Tensor;
      const k = at[i]?.[j] as number;
      return product(multiplied(i, k), multiplied(k + 1, j), 1);
    };
    const out = multiplied(0, last);
    if (out === first) return clone(out);
    const shape = [
      ...(first.ndim === 1 ? [] : [sizes[0] as number]),
      ...(end.ndim === 1 ? [] : [sizes[last + 1] as number]),
    ];
    return shape.length === 2 ? out : reshape(out, shape);
  });
}

/** A multiplied with itself n − 1 times; the identity for 0, the inverse's power for negative n. */
export function matrixPower(A: Tensor, n: number, ...rest: []): Tensor {
  nothingMore("linalg.matrixPower", rest);
  const name = "linalg.matrixPower";
  asInteger(name, n, "n");
  asTensor(name, A, "A");
  if (A.ndim < 2 || A.shape.at(-1) !== A.shape.at(-2))
    throw new ShapeError(`${name}: A must be batches of square matrices, got ${formatShape(A.shape)}`);
  return composed(name, () => {
    if (n === 0) return copy_(clone(A), eye(sizesOf(A)[0], { dtype: A.dtype }));
    const base = n < 0 ? inv(A) : A;
    let left = Math.abs(n);
    let square = base;
    let out: Tensor | null = null;
    for (;;) {
      if (left % 2 === 1) out = out === null ? square : product(out, square, 1);
      left = Math.floor(left / 2);
      if (left === 0) break;
      square = product(square, square, 1);
    }
    return out === A ? clone(A) : (out as Tensor);
  });
}

/** Coefficients of the Padé approximant of degree 13, and the norm up to which it serves (Higham, 2005). */
const PADE = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
];
const PADE_BOUND = 5.371920351148152;

/** e^A by scaling and squaring around a Padé approximant. */
function exponential(a: Tensor): Tensor {
  const n = sizesOf(a)[0];
  if (a.numel() === 0) return clone(a);
  const size = Math.max(...valuesOf(amax(sum(abs(a), -2))));
  let squarings = 0;
  let scale = 1;
  while (size * scale > PADE_BOUND && squarings < 1100) {
    squarings++;
    scale /= 2;
  }
  const x = to(squarings === 0 ? a : mul(a, scale), "float64");
  const one = eye(n, { dtype: "float64" });
  const x2 = product(x, x, 1);
  const x4 = product(x2, x2, 1);
  const x6 = product(x4, x2, 1);
  const c = PADE.map((value) => value / (PADE[0] as number));
  const series = (c6: number, c4: number, c2: number): Tensor => add(add(mul(x6, c6), mul(x4, c4)), mul(x2, c2));
  const at = (i: number): number => c[i] as number;
  const odd = product(
    x,
    add(add(product(x6, series(at(13), at(11), at(9)), 1), series(at(7), at(5), at(3))), mul(one, at(1))),
    1,
  );
  const even = add(add(product(x6, series(at(12), at(10), at(8)), 1), series(at(6), at(4), at(2))), mul(one, at(0)));
  let out = solve(sub(even, odd), add(even, odd));
  for (let i = 0; i < squarings; i++) out = product(out, out, 1);
  return to(out, a.dtype);
}

const matrixExpOp: Applied<null> = op({
  name: "linalgMatrixExp",
  forward: ([a]) => temporaries(() => exponential(detach(a as Tensor))),
  gradients: { a: { reads: ["a"], of: ({ g, a }) => temporaries(() => differential(turned(a), g)) } },
  tangent: ([a], _outputs, [t]) => [differential(a as Tensor, t as Tensor)],
});

/** The derivative of e^A in a direction: the upper right block of the exponential of [[A, direction], [0, A]]. */
function differential(a: Tensor, direction: Tensor): Tensor {
  const n = sizesOf(a)[0];
  const below = zeros(a.shape, { dtype: a.dtype });
  const whole = cat([cat([a, direction], -1), cat([below, a], -1)], -2);
  return narrow(narrow(matrixExpOp([whole], null), -2, 0, n), -1, n, n);
}

/** The matrix exponential, Σ Aⁱ / i!. */
export function matrixExp(A: Tensor, ...rest: []): Tensor {
  nothingMore("linalg.matrixExp", rest);
  return matrixExpOp([asSquare("linalg.matrixExp", A)], null);
}

/** Sums of products over a dim (the last): Σ x · y; batches broadcast. */
export function vecdot(x: Tensor, y: Tensor, ...rest: [options?: { readonly dim?: number }]): Tensor {
  const name = "linalg.vecdot";
  asTensor(name, x, "x");
  asTensor(name, y, "y");
  checkSameDtype(name, x, y);
  const { dim } = parse(name, rest, { dim: -1 });
  const shape = broadcastShapes(name, x.shape, y.shape);
  const at = normalizeDim(name, asInteger(name, dim, "dim"), shape.length);
  return composed(name, () => sum(mul(x, y), at));
}

/** Matrices of powers: row i holds 1, xᵢ, xᵢ², … up to xᵢ^(N − 1). */
export function vander(x: Tensor, ...rest: [options?: { readonly N?: number | null }]): Tensor {
  const name = "linalg.vander";
  asTensor(name, x, "x");
  const { N } = parse(name, rest, { N: null as number | null });
  return composed(name, () => {
    const source = x.ndim === 0 ? reshape(x, [1]) : x;
    const n = source.shape.at(-1) as number;
    const columns = N ?? n;
    if (!Number.isInteger(columns) || columns < 2) {
      if (N !== null) throw new ArgumentError(`${name}: N must be greater than 1, got ${columns}`);
    }
    const one = add(mul(unsqueeze(source, -1), 0), 1);
    if (columns <= 1) return one;
    const powers = cumprod(expand(unsqueeze(source, -1), [...source.shape, columns - 1]), -1);
    return cat([to(one, powers.dtype), powers], -1);
  });
}

/** Solves A X = B for tensors: A [B's shape …, the result's shape …], taken as a square matrix. */
export function tensorsolve(
  A: Tensor,
  B: Tensor,
  ...rest: Trailing<[dims: readonly number[] | null | undefined], { readonly dims?: readonly number[] | null }>
): Tensor {
  const name = "linalg.tensorsolve";
  asTensor(name, A, "A");
  asTensor(name, B, "B");
  const { dims } = parse(name, rest, { dims: null as readonly number[] | null }, ["dims"]);
  return composed(name, () => {
    let a = A;
    if (dims !== null) {
      const moved = asIntegers(name, dims, "dims").map((dim) => normalizeDim(name, dim, A.ndim));
      a = permute(A, [...A.shape.map((_, d) => d).filter((d) => !moved.includes(d)), ...moved]);
    }
    const shape = a.shape.slice(B.ndim);
    const count = shape.reduce((all, size) => all * size, 1);
    if (count !== B.numel()) {
      throw new ShapeError(
        `${name}: Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got ${count} != ${B.numel()}`,
      );
    }
    return reshape(solve(reshape(a, [count, count]), reshape(B, [count])), shape);
  });
}

/** The inverse for `tensordot`: A [first `ind` dims …, others …], whose products are equal. */
export function tensorinv(A: Tensor, ...rest: Trailing<[ind: number | undefined], { readonly ind?: number }>): Tensor {
  const name = "linalg.tensorinv";
  asTensor(name, A, "A");
  const { ind } = parse(name, rest, { ind: 2 }, ["ind"]);
  if (asInteger(name, ind, "ind") <= 0)
    throw new ArgumentError(`${name}: Expected a strictly positive integer for 'ind', got ${ind}`);
  const [first, others] = [A.shape.slice(0, ind), A.shape.slice(ind)];
  const [rows, columns] = [first, others].map((shape) => shape.reduce((all, size) => all * size, 1)) as [
    number,
    number,
  ];
  if (rows !== columns) {
    throw new ShapeError(
      `${name}: Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got ${columns} != ${rows}`,
    );
  }
  return composed(name, () => reshape(inv(reshape(A, [rows, rows])), [...others, ...first]));
}

/** The Kronecker product: every element of a times all of b; dims are matched from the last on. */
export function kroneckerProduct(a: Tensor, b: Tensor): Tensor {
  asTensor("kron", a, "a");
  asTensor("kron", b, "b");
  const rank = Math.max(a.ndim, b.ndim);
  const pad = (x: Tensor): number[] => [...Array<number>(rank - x.ndim).fill(1), ...x.shape];
  const [left, right] = [pad(a), pad(b)];
  return temporaries(() => {
    const x = reshape(
      a,
      left.flatMap((size) => [size, 1]),
    );
    const y = reshape(
      b,
      right.flatMap((size) => [1, size]),
    );
    return reshape(
      mul(x, y),
      left.map((size, d) => size * (right[d] as number)),
    );
  });
}
