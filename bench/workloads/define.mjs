// Makes an entry of the list of workloads from a name, sizes and a function of the sizes.
import { seedOf } from "./data.mjs";

/** Thrown by an adapter where its library cannot run a workload; the message says what is lacking. */
export class Unsupported extends Error {
  name = "Unsupported";
}

/** The seeds of a workload's tensors, by their names: the same for all sizes. */
export function seeds({ name }) {
  return (tensor) => seedOf(`${name} / ${tensor}`);
}

/**
 * An entry: `make(sizes)` gives kind, tensors, forward, counts; `tiny` are sizes for tests that only check results.
 * `goal`, `replayed` and `shared` are the project's goals in milliseconds: eagerly, as a captured step, on two threads.
 */
export function define({ name, group, sizes, tiny, goal, replayed, shared, tolerance = 2e-4 }, make) {
  const build = (chosen = sizes) => ({
    name,
    group,
    params: {},
    inputs: {},
    dtype: "float32",
    flops: 0,
    bytes: 0,
    tolerance,
    ...make({ ...sizes, ...chosen }),
  });
  return { name, group, sizes, tiny, goal, replayed, shared, build };
}
