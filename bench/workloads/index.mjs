// All workloads, each defined once and run by every library through its adapter, in Node and in a browser's worker.
//
// How to use these modules (plain ESM, no Node API):
//
//   import { workloads } from "./workloads/index.mjs";
//   import { load } from "./adapters/wengert.mjs";        // or ./peers/tfjs.mjs, ./peers/jax.mjs, …: the same interface
//   import { measure } from "./measure.mjs";
//
//   const library = await load({ threads: 1, mode: "eager" });   // the modes are listed in `modes` of the adapter
//   const workload = workloads.find((w) => w.name === "matmul 256").build();
//   const task = await library.prepare(workload);         // throws Unsupported where the library lacks an operation
//   const results = await task.check();                   // [name, typed array] pairs; first of all, exactly once
//   const times = await measure(task.run, { rounds: 7 }); // { median, best, rounds } in ms a run
//   library.peak();                                       // its own counter of peak bytes, or null
//   task.dispose();
//
// `summary(array)` and `difference(a, b)` of data.mjs compare results of two libraries: `workload.tolerance` is what is
// accepted. `workload.flops` and `workload.bytes` count the arithmetic and the least traffic of one run: `roof.mjs` says
// how long the machine needs for them. `sizes` and `tiny` are the full sizes and those of the smoke test
// (`entry.build(entry.tiny)`); `entry.goal` is the project's goal in ms, `entry.replayed` that of a captured step,
// `entry.shared` that of two threads.
//
// A definition (what `build` gives):
//   name, group, kind   "forward": run `forward`; "gradient": and the gradient of all `params` (of the result when it is
//                       one number, else with the input named by `cotangent`); "train": and a step of `optimizer`
//   params, inputs      tensors by name, see data.mjs; params are what is differentiated or trained
//   constants           names of inputs that never change from run to run: weights, where a model only infers
//   forward(k, t)       the workload, written with the operations `k` of an adapter on the tensors `t`, by name
//
// The operations: add sub mul (second operand a tensor or a number) exp tanh sigmoid relu gelu(erf) square sum(x, dim?)
// max(x, dim) mean(x) softmax(x) matmul(a, b, { transposeA, transposeB }) linear(x, w, b) einsum(equation, a, b)
// reshape(x, shape) transpose(x, permutation) split(x, parts, dim) unbind(x, count) layerNorm(x, weight, bias)
// conv2d(x, w, b, { padding, groups }) maxPool2d(x) flatten(x) embedding(w, index) gather(x, index) scatterAdd(x, index, y)
// sort(x) attention(q, k, v) gruCell(x, h, wi, wh, bi, bh) lstmCell(x, h, c, wi, wh, bi, bh)
// crossEntropy(scores, labels) mseLoss(a, b). softmax, sort, layerNorm work along the last dim, gather and scatterAdd
// along dim 1.
import { elementwise } from "./elementwise.mjs";
import { growth } from "./growth.mjs";
import { indexing } from "./indexing.mjs";
import { layers } from "./layers.mjs";
import { matmul } from "./matmul.mjs";
import { reductions } from "./reductions.mjs";
import { training } from "./training.mjs";

/** The workloads of the table. */
export const workloads = [...matmul, ...elementwise, ...reductions, ...layers, ...indexing, ...training];

/** The series that show how cost grows: the same definitions at doubling sizes. */
export const series = growth;

/** One of them, by its name. */
export function workload(name) {
  const all = [...workloads, ...series.flatMap(({ points }) => points)];
  const found = all.find((w) => w.name === name);
  if (found === undefined) throw new Error(`no workload is called "${name}"`);
  return found;
}
