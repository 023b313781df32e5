// Runs workloads on TensorFlow.js with its WebAssembly backend, one thread; images have channels last, as it wants them.
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { values } from "../workloads/data.mjs";
import { seeds, Unsupported } from "../workloads/define.mjs";
import { channelsFirst, channelsLast } from "../workloads/layouts.mjs";

/** The ways it can run a workload. */
export const modes = ["eager"];

const lastDim = (x) => x.shape.length - 1;

/** Coordinates of all elements of [rows, columns] with the columns given by an index. */
function coordinates(index) {
  const [rows, columns] = index.shape;
  const row = tf.tile(tf.reshape(tf.range(0, rows, 1, "int32"), [rows, 1]), [1, columns]);
  return tf.stack([row, index], 2);
}

function gates(x, h, wi, wh, bi, bh, count) {
  const fromInput = tf.split(operations.linear(x, wi, bi), count, 1);
  const fromState = tf.split(operations.linear(h, wh, bh), count, 1);
  return [fromInput, fromState];
}

const operations = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  exp: tf.exp,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  relu: tf.relu,
  gelu: (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  square: tf.square,
  sum: (x, dim) => tf.sum(x, dim),
  max: (x, dim) => tf.max(x, dim),
  mean: (x) => tf.mean(x),
  softmax: (x) => tf.softmax(x),
  matmul: (a, b, { transposeA = false, transposeB = false } = {}) => tf.matMul(a, b, transposeA, transposeB),
  // As its layers do it. With `transposeB` this operation gives wrong sums, so weights are [in, out] here, as in its layers.
  linear(x, w, b) {
    const rank = x.shape.length;
    const flat = rank === 2 ? x : tf.reshape(x, [-1, x.shape[rank - 1]]);
    const out = tf.fused.matMul({ a: flat, b: w, bias: b });
    return rank === 2 ? out : tf.reshape(out, [...x.shape.slice(0, -1), w.shape[1]]);
  },
  einsum: (equation, a, b) => tf.einsum(equation, a, b),
  reshape: tf.reshape,
  transpose: tf.transpose,
  split: (x, parts, dim) => tf.split(x, parts, dim),
  unbind: (x) => tf.unstack(x, 0),
  layerNorm(x, weight, bias) {
    const dim = lastDim(x);
    const centred = tf.sub(x, tf.mean(x, dim, true));
    const variance = tf.mean(tf.square(centred), dim, true);
    return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), weight), bias);
  },
  conv2d(x, w, b, { groups }) {
    const task = { x, filter: w, strides: 1, pad: "same", bias: b };
    return groups === 1 ? tf.fused.conv2d(task) : tf.fused.depthwiseConv2d(task);
  },
  maxPool2d: (x) => tf.maxPool(x, 2, 2, "valid"),
  flatten: (x) => tf.reshape(x, [x.shape[0], -1]),
  embedding: (table, index) => tf.gather(table, index),
  gather: (x, index) => tf.gatherND(x, coordinates(index)),
  scatterAdd: (x, index, y) => tf.add(x, tf.scatterND(coordinates(index), y, x.shape)),
  sort: (x) => tf.neg(tf.topk(tf.neg(x), x.shape[lastDim(x)], true).values),
  attention(q, k, v) {
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[lastDim(q)]));
    return tf.matMul(tf.softmax(scores), v);
  },
  gruCell(x, h, ...weights) {
    const [[xr, xz, xn], [hr, hz, hn]] = gates(x, h, ...weights, 3);
    const z = tf.sigmoid(tf.add(xz, hz));
    const n = tf.tanh(tf.add(xn, tf.mul(tf.sigmoid(tf.add(xr, hr)), hn)));
    return tf.add(tf.mul(tf.sub(h, n), z), n);
  },
  lstmCell(x, h, c, wi, wh, bi, bh) {
    const sum = tf.add(operations.linear(x, wi, bi), operations.linear(h, wh, bh));
    const [i, f, g, o] = tf.split(sum, 4, 1);
    const next = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next];
  },
  crossEntropy(scores, labels) {
    const classes = scores.shape[1];
    const chosen = tf.sum(tf.mul(tf.logSoftmax(scores), tf.oneHot(labels, classes)), 1);
    return tf.neg(tf.mean(chosen));
  },
  mseLoss: (a, b) => tf.mean(tf.square(tf.sub(a, b))),
};

/** Loads the library; `wasmPath` is the folder (with a slash at its end) of its .wasm files. */
export async function load({ wasmPath } = {}) {
  const folder = wasmPath ?? new URL("node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url).pathname;
  setWasmPaths(folder);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (!(await tf.setBackend("wasm"))) throw new Error("tfjs: the WebAssembly backend did not start");
  await tf.ready();
  return {
    name: "tfjs",
    threads: 1,
    prepare: async (workload) => refused(() => prepare(workload)),
    /** The most bytes that one run holds at once beside what was there before it, and those (`tf.profile`). */
    peak: async (run) => {
      const before = tf.memory().numBytes;
      const { peakBytes } = await tf.profile(() => {
        run();
      });
      return Math.max(before, peakBytes);
    },
    close: () => {},
  };
}

/** Turns "no such kernel" into Unsupported. */
function refused(body) {
  const judge = (error) => {
    const text = String(error?.message ?? error);
    const kernel = /Kernel '(\w+)' not registered/.exec(text);
    if (kernel !== null) throw new Unsupported(`no ${kernel[1]} in its wasm backend`);
    if (/gradient function not found|Cannot compute gradient/i.test(text)) throw new Unsupported(text.slice(0, 120));
    throw error;
  };
  try {
    const result = body();
    return typeof result?.catch === "function" ? result.catch(judge) : result;
  } catch (error) {
    return judge(error);
  }
}

function prepare(workload) {
  if (workload.dtype === "float64") throw new Unsupported("no float64");
  const seed = seeds(workload);
  const make = (group, wrap) =>
    Object.fromEntries(
      Object.entries(workload[group]).map(([name, spec]) => {
        const { data, shape } = channelsLast(spec, values(spec, seed(name)));
        return [name, wrap(tf.tensor(data, shape, spec.dtype), name)];
      }),
    );
  const params = make("params", (x) => tf.variable(x));
  const inputs = make("inputs", (x) => x);
  const tensors = { ...params, ...inputs };
  const names = Object.keys(params);
  const leaves = Object.values(params);
  const forward = () => workload.forward(operations, tensors);
  const read = (name, tensor) => channelsFirst(workload.params[name], tensor.dataSync());
  const optimizer = workload.optimizer && optimizers[workload.optimizer.name](workload.optimizer.lr);
  const cotangent = inputs[workload.cotangent];
  // With a cotangent the gradient of Σ result · cotangent is asked for by `grads(f)(xs, dy)`.
  const gradients = tf.valueAndGrads((...xs) =>
    workload.forward(operations, { ...inputs, ...Object.fromEntries(names.map((name, i) => [name, xs[i]])) }),
  );
  const steps = {
    forward,
    gradient: () => gradients(leaves, cotangent),
    train: () => optimizer.minimize(forward, true, leaves),
  };
  const step = steps[workload.kind];
  const out = (tensor) => channelsFirst(workload.result ?? {}, tensor.dataSync());
  const checks = {
    forward: () => [["out", out(step())]],
    gradient() {
      const { value, grads } = step();
      return [["out", out(value)], ...names.map((name, i) => [`grad ${name}`, read(name, grads[i])])];
    },
    train() {
      const losses = Float64Array.from([1, 2, 3], () => step().dataSync()[0]);
      return [["loss", losses], ...names.map((name) => [`param ${name}`, read(name, params[name])])];
    },
  };
  return {
    run: () => {
      tf.tidy(() => {
        step();
      });
    },
    check: async () =>
      refused(() => {
        let results;
        tf.tidy(() => {
          results = checks[workload.kind]();
        });
        return results;
      }),
    dispose() {
      for (const tensor of Object.values(tensors)) tensor.dispose();
    },
  };
}

const optimizers = {
  sgd: (lr) => tf.train.sgd(lr),
  adam: (lr) => tf.train.adam(lr, 0.9, 0.999, 1e-8),
};
