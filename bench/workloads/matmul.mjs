// Matrix products: square ones and their transposed forms, batches, vectors, einsum.

import { bytesOf, random } from "./data.mjs";
import { define } from "./define.mjs";

/** a · b of n × n matrices, either or both given transposed. */
export function product(n, { transposeA = false, transposeB = false, dtype = "float32", goal, shared, name } = {}) {
  const form = `${transposeA ? " aᵀ" : ""}${transposeB ? " bᵀ" : ""}`;
  const title = name ?? `matmul ${n}${form}${dtype === "float64" ? " float64" : ""}`;
  return define({ name: title, group: "matmul", sizes: { n }, tiny: { n: 24 }, goal, shared }, (s) => ({
    kind: "forward",
    inputs: { a: random([s.n, s.n], { dtype }), b: random([s.n, s.n], { dtype }) },
    forward: (k, { a, b }) => k.matmul(a, b, { transposeA, transposeB }),
    dtype,
    flops: 2 * s.n ** 3,
    bytes: 3 * s.n ** 2 * bytesOf(dtype),
  }));
}

const goals = { 64: 0.014, 128: 0.1, 256: 0.76, 512: 6.2, 1024: 50 };
const transposed = [{ transposeA: true }, { transposeB: true }, { transposeA: true, transposeB: true }];

export const matmul = [
  ...[64, 128, 256, 512, 1024].map((n) => product(n, { goal: goals[n], shared: n === 512 ? 3.4 : undefined })),
  ...transposed.map((form) => product(512, { ...form, goal: 6.2 })),
  product(256, { dtype: "float64" }),
  define(
    {
      name: "matmul 32 × 64³ (batch)",
      group: "matmul",
      sizes: { batch: 32, n: 64 },
      tiny: { batch: 3, n: 8 },
      goal: 0.42,
    },
    ({ batch, n }) => ({
      kind: "forward",
      inputs: { a: random([batch, n, n]), b: random([batch, n, n]) },
      forward: (k, { a, b }) => k.matmul(a, b),
      flops: 2 * batch * n ** 3,
      bytes: 12 * batch * n * n,
    }),
  ),
  define({ name: "matmul 1 × 1024 · 1024²", group: "matmul", sizes: { n: 1024 }, tiny: { n: 16 } }, ({ n }) => ({
    kind: "forward",
    inputs: { a: random([1, n]), b: random([n, n]) },
    forward: (k, { a, b }) => k.matmul(a, b),
    flops: 2 * n * n,
    bytes: 4 * n * (n + 2),
  })),
  define(
    {
      name: "matmul 256 and backward",
      group: "matmul",
      sizes: { n: 256 },
      tiny: { n: 8 },
    },
    ({ n }) => ({
      kind: "gradient",
      params: { a: random([n, n]), b: random([n, n]) },
      inputs: { g: random([n, n]) },
      cotangent: "g",
      forward: (k, { a, b }) => k.matmul(a, b),
      flops: 6 * n ** 3,
      bytes: 6 * 4 * n * n,
    }),
  ),
  define(
    {
      name: "einsum bhid,bhjd→bhij and backward",
      group: "einsum",
      sizes: { b: 4, h: 4, n: 128, d: 32 },
      tiny: { b: 2, h: 2, n: 4, d: 3 },
    },
    ({ b, h, n, d }) => ({
      kind: "gradient",
      params: { q: random([b, h, n, d]), r: random([b, h, n, d]) },
      inputs: { g: random([b, h, n, n]) },
      cotangent: "g",
      forward: (k, { q, r }) => k.einsum("bhid,bhjd->bhij", q, r),
      flops: 6 * b * h * n * n * d,
      bytes: 4 * b * h * (4 * n * d + 2 * n * n),
    }),
  ),
  define(
    {
      name: "einsum ijk,jkl→il",
      group: "einsum",
      sizes: { i: 64, j: 32, k: 32, l: 64 },
      tiny: { i: 3, j: 4, k: 2, l: 5 },
    },
    (s) => ({
      kind: "forward",
      inputs: { a: random([s.i, s.j, s.k]), b: random([s.j, s.k, s.l]) },
      forward: (k, { a, b }) => k.einsum("ijk,jkl->il", a, b),
      flops: 2 * s.i * s.j * s.k * s.l,
      bytes: 4 * (s.i * s.j * s.k + s.j * s.k * s.l + s.i * s.l),
    }),
  ),
];
