// Reading and writing by index: embedding, gather, scatter, sort.
import { constant, integers, random } from "./data.mjs";
import { define } from "./define.mjs";

export const indexing = [
  define(
    {
      name: "embedding 10000 × 64, 512 indices, and backward",
      group: "indexing",
      sizes: { rows: 10_000, width: 64, count: 512 },
      tiny: { rows: 12, width: 4, count: 9 },
      goal: 0.3,
    },
    ({ rows, width, count }) => ({
      kind: "gradient",
      params: { table: random([rows, width]) },
      inputs: { index: integers([count], rows), g: random([count, width]) },
      cotangent: "g",
      forward: (k, { table, index }) => k.embedding(table, index),
      flops: 0,
      // The rows that are read and written, and a dense gradient, which is written whole.
      bytes: 4 * (4 * count * width + rows * width),
    }),
  ),
  define({ name: "gather 1000 × 1000", group: "indexing", sizes: { n: 1000 }, tiny: { n: 7 } }, ({ n }) => ({
    kind: "forward",
    inputs: { x: random([n, n]), index: integers([n, n], n) },
    forward: (k, { x, index }) => k.gather(x, index),
    flops: 0,
    bytes: 12 * n * n,
  })),
  define({ name: "scatterAdd 1000 × 1000", group: "indexing", sizes: { n: 1000 }, tiny: { n: 7 } }, ({ n }) => ({
    kind: "forward",
    inputs: { x: constant([n, n], 0), index: integers([n, n], n), y: random([n, n]) },
    forward: (k, { x, index, y }) => k.scatterAdd(x, index, y),
    flops: n * n,
    bytes: 16 * n * n,
  })),
  define({ name: "sort 1000 rows of 1000", group: "indexing", sizes: { n: 1000 }, tiny: { n: 9 } }, ({ n }) => ({
    kind: "forward",
    inputs: { x: random([n, n]) },
    forward: (k, { x }) => k.sort(x),
    flops: 0,
    bytes: 8 * n * n,
  })),
  define({ name: "sort 1 M", group: "indexing", sizes: { n: 1_000_000 }, tiny: { n: 33 } }, ({ n }) => ({
    kind: "forward",
    inputs: { x: random([n]) },
    forward: (k, { x }) => k.sort(x),
    flops: 0,
    bytes: 8 * n,
  })),
];
