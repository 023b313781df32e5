// Runs workloads on wengert itself: eagerly, or as a captured step, with any number of threads.
import { values } from "../workloads/data.mjs";
import { seeds, Unsupported } from "../workloads/define.mjs";

/** The ways it can run a workload. */
export const modes = ["eager", "captured"];

/** The operations of a workload, by wengert's functions. */
function operations(w) {
  const { F } = w;
  const turned = (x, transposed) => (transposed ? w.transpose(x, -1, -2) : x);
  return {
    add: w.add,
    sub: w.sub,
    mul: w.mul,
    exp: w.exp,
    tanh: w.tanh,
    sigmoid: w.sigmoid,
    relu: w.relu,
    gelu: (x) => F.gelu(x),
    square: w.square,
    sum: (x, dim) => (dim === undefined ? w.sum(x) : w.sum(x, dim)),
    max: (x, dim) => w.amax(x, dim),
    mean: (x) => w.mean(x),
    softmax: (x) => w.softmax(x, -1),
    matmul: (a, b, { transposeA = false, transposeB = false } = {}) =>
      w.matmul(turned(a, transposeA), turned(b, transposeB)),
    linear: F.linear,
    einsum: w.einsum,
    reshape: w.reshape,
    transpose: w.permute,
    split: (x, parts, dim) => w.chunk(x, parts, dim),
    unbind: (x) => w.unbind(x, 0),
    layerNorm: (x, weight, bias) => F.layerNorm(x, [weight.shape[0]], { weight, bias }),
    conv2d: (x, weight, bias, { padding, groups }) => F.conv2d(x, weight, bias, { padding, groups }),
    maxPool2d: (x) => F.maxPool2d(x, 2),
    flatten: (x) => w.flatten(x, 1),
    embedding: (table, index) => F.embedding(index, table),
    gather: (x, index) => w.gather(x, 1, index),
    scatterAdd: (x, index, y) => w.scatterAdd(x, 1, index, y),
    sort: (x) => w.sort(x, -1).values,
    attention: (q, k, v) => F.scaledDotProductAttention(q, k, v),
    gruCell: F.gruCell,
    lstmCell: (x, h, c, ...weights) => F.lstmCell(x, [h, c], ...weights),
    crossEntropy: (scores, labels) => F.crossEntropy(scores, labels),
    mseLoss: (a, b) => F.mseLoss(a, b),
  };
}

/**
 * Loads the library, or takes it as `library`, a module that was imported elsewhere. `threads` and "captured" need a version
 * that has `setNumThreads` and `capture`.
 */
export async function load({ threads = 1, mode = "eager", library } = {}) {
  const w = library ?? (await import("wengert"));
  await w.init?.();
  if (threads > 1) {
    if (w.setNumThreads === undefined) throw new Unsupported("threads");
    const { count, reason } = await w.setNumThreads(threads);
    if (count < threads) throw new Unsupported(`threads: ${reason}`);
  }
  if (mode === "captured" && w.capture === undefined) throw new Unsupported("captured steps");
  const k = operations(w);
  return {
    name: "wengert",
    threads,
    prepare: (workload) => prepare(w, k, workload, mode),
    /** The most bytes of tensors at once, inputs and parameters included. */
    peak: () => w.memory().peak,
    close: async () => {
      if (threads > 1) await w.setNumThreads(1);
    },
  };
}

function prepare(w, k, workload, mode) {
  const seed = seeds(workload);
  const make = (group, requiresGrad) =>
    Object.fromEntries(
      Object.entries(workload[group]).map(([name, spec]) => {
        const { shape, dtype } = spec;
        const flat = w.tensor(values(spec, seed(name)), { dtype });
        const made = w.clone(w.reshape(flat, shape));
        return [name, requiresGrad ? made.requiresGrad_() : made];
      }),
    );
  const made = w.scope(() => ({ params: make("params", true), inputs: make("inputs", false) }));
  const tensors = { ...made.params, ...made.inputs };
  const params = Object.entries(made.params);
  const leaves = params.map(([, tensor]) => tensor);
  const body = bodies[workload.kind](w, k, workload, tensors, leaves);
  const step = mode === "captured" ? w.capture(body) : () => w.scope(body);
  const run = () => {
    const out = step();
    // A captured step gives the same tensor again; an eager one a new one.
    if (mode === "eager") out.dispose();
  };
  const read = (tensor) => w.scope(() => tensor.detach().toTypedArray());
  const taken = (tensor, get) => {
    const value = get(tensor);
    if (mode === "eager") tensor.dispose();
    return value;
  };
  return {
    run,
    async check() {
      if (workload.kind === "train") {
        const losses = Float64Array.from([1, 2, 3], () => taken(step(), (loss) => loss.item()));
        return [["loss", losses], ...params.map(([name, p]) => [`param ${name}`, read(p)])];
      }
      const out = taken(step(), read);
      if (workload.kind === "forward") return [["out", out]];
      return [["out", out], ...params.map(([name, p]) => [`grad ${name}`, read(p.grad)])];
    },
    dispose() {
      if (mode === "captured") step.dispose();
      for (const leaf of leaves) {
        leaf.grad?.dispose();
        leaf.grad = null;
      }
      for (const tensor of Object.values(tensors)) tensor.dispose();
    },
  };
}

/** What one run does, by the kind of workload; each gives the result or the loss. */
const bodies = {
  forward: (_w, k, workload, tensors) => () => workload.forward(k, tensors),
  gradient: (_w, k, workload, tensors, leaves) => {
    const cotangent = workload.cotangent === undefined ? undefined : tensors[workload.cotangent];
    return () => {
      for (const leaf of leaves) leaf.grad = null;
      const out = workload.forward(k, tensors);
      out.backward(cotangent);
      return out;
    };
  },
  train: (w, k, workload, tensors, leaves) => {
    const { name, lr } = workload.optimizer;
    const optimizer = name === "adam" ? new w.optim.Adam(leaves, { lr }) : new w.optim.SGD(leaves, { lr });
    return () => {
      optimizer.zeroGrad();
      const loss = workload.forward(k, tensors);
      loss.backward();
      optimizer.step();
      return loss;
    };
  },
};
