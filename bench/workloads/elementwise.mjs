// Element by element: chains of functions, broadcasting, and the cost of a tape of tiny operations.
import { bytesOf, random } from "./data.mjs";
import { define } from "./define.mjs";

/** Adds a constant `count` times to `size` elements, one recorded operation each, and walks back. */
export function adds(count, { goal, replayed, size = 4 } = {}) {
  return define(
    {
      name: `${count} adds of ${size} elements and backward`,
      group: "tape",
      sizes: { count, size },
      tiny: { count: 5 },
      goal,
      replayed,
    },
    (s) => ({
      kind: "gradient",
      params: { a: random([s.size]) },
      inputs: { b: random([s.size]) },
      forward: (k, { a, b }) => {
        let y = a;
        for (let i = 0; i < s.count; i++) y = k.add(y, b);
        return k.sum(y);
      },
      flops: s.count * s.size,
      bytes: 0,
    }),
  );
}

/** a + b. */
export function sum(count) {
  return define({ name: `add ${count}`, group: "elementwise", sizes: { n: count }, tiny: { n: 17 } }, ({ n }) => ({
    kind: "forward",
    inputs: { a: random([n]), b: random([n]) },
    forward: (k, { a, b }) => k.add(a, b),
    flops: n,
    bytes: 12 * n,
  }));
}

function chain(dtype, goal) {
  const name = `tanh, exp, mul, add, sigmoid of 1 M${dtype === "float64" ? ", float64" : ""} and backward`;
  return define(
    { name, group: "elementwise", sizes: { n: 1_000_000 }, tiny: { n: 37 }, goal, tolerance: 1e-3 },
    ({ n }) => ({
      kind: "gradient",
      params: { a: random([n], { dtype }) },
      inputs: { b: random([n], { dtype }) },
      dtype,
      forward: (k, { a, b }) => k.sum(k.sigmoid(k.add(k.mul(k.exp(k.tanh(a)), b), b))),
      flops: 0,
      // Forward: a and b read (b once, in a fused pass), the result written; backward: the result and b read, a's gradient.
      bytes: 6 * bytesOf(dtype) * n,
    }),
  );
}

export const elementwise = [
  adds(1000, { goal: 0.15, replayed: 0.01 }),
  chain("float32", 8),
  chain("float64"),
  sum(1_000_000),
  define(
    {
      name: "[1000, 1] + [1, 1000]",
      group: "elementwise",
      sizes: { n: 1000 },
      tiny: { n: 9 },
      goal: 0.07,
    },
    ({ n }) => ({
      kind: "forward",
      inputs: { a: random([n, 1]), b: random([1, n]) },
      forward: (k, { a, b }) => k.add(a, b),
      flops: n * n,
      bytes: 4 * n * (n + 2),
    }),
  ),
  define(
    { name: "GELU of 1 M and backward", group: "elementwise", sizes: { n: 1_000_000 }, tiny: { n: 37 } },
    ({ n }) => ({
      kind: "gradient",
      params: { a: random([n]) },
      inputs: { g: random([n]) },
      cotangent: "g",
      forward: (k, { a }) => k.gelu(a),
      flops: 0,
      bytes: 5 * 4 * n,
    }),
  ),
];
