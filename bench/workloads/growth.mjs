// How cost grows: the same definitions at doubling sizes, for plots.
import { adds, sum } from "./elementwise.mjs";
import { product } from "./matmul.mjs";
import { regression } from "./training.mjs";

const growing = (from, factor, count) => Array.from({ length: count }, (_, i) => from * factor ** i);

const layered = (count) =>
  regression({
    name: `MLP of ${count} layers of 16, batch 1, step`,
    widths: Array(count + 1).fill(16),
    batch: 1,
    activation: "relu",
    group: "tape",
  });

/** Series: a title, the axis, and points that are workloads with their size. */
export const growth = [
  { key: "matmul", title: "Matrix multiplication, n × n", axis: "n", of: growing(16, 2, 7), make: (n) => product(n) },
  { key: "elements", title: "add of n elements", axis: "elements", of: growing(256, 4, 8), make: sum },
  {
    key: "tape",
    title: "n adds of 4 elements, recorded, and backward",
    axis: "operations",
    of: growing(16, 2, 8),
    make: adds,
  },
  {
    key: "layers",
    title: "A training step of n layers of 16, batch 1",
    axis: "layers",
    of: growing(1, 2, 7),
    make: layered,
  },
].map(({ key, title, axis, of, make }) => ({
  key,
  title,
  axis,
  points: of.map((size) => ({ ...make(size), series: key, size })),
}));
