// Runs workloads on jax-js with its WebAssembly backend: eagerly, or compiled by jit; one thread in Node.
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad, vjp } from "@jax-js/jax";
import "./older-runtimes.mjs";
import { values } from "../workloads/data.mjs";
import { seeds, Unsupported } from "../workloads/define.mjs";
import { inputsFirst, outputsFirst } from "../workloads/layouts.mjs";
import { isValue, trace } from "../workloads/trace.mjs";

/** The ways it can run a workload. */
export const modes = ["eager", "jit"];

const scalar = (x) => np.array(x);

/** The operations; each consumes its operands, as all functions of this library do. */
const operations = {
  add: np.add,
  sub: np.subtract,
  mul: np.multiply,
  exp: np.exp,
  tanh: np.tanh,
  sigmoid: nn.sigmoid,
  relu: nn.relu,
  gelu: (x) => nn.gelu(x, { approximate: false }),
  square: np.square,
  sum: (x, dim) => np.sum(x, dim),
  max: (x, dim) => np.max(x, dim),
  mean: (x) => np.mean(x),
  softmax: (x) => nn.softmax(x, -1),
  matmul(a, b, { transposeA = false, transposeB = false } = {}) {
    return np.matmul(transposeA ? np.matrixTranspose(a) : a, transposeB ? np.matrixTranspose(b) : b);
  },
  linear: (x, w, b) => np.add(np.matmul(x, w), b),
  einsum: (equation, a, b) => np.einsum(equation, a, b),
  reshape: (x, shape) => np.reshape(x, shape),
  transpose: (x, permutation) => np.transpose(x, permutation),
  split: (x, parts, dim) => np.split(x, parts, dim),
  unbind: (x, count) => np.split(x, count, 0).map((part) => np.squeeze(part, 0)),
  layerNorm(x, weight, bias) {
    const centred = np.subtract(x.ref, np.mean(x, -1, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
    const normal = np.divide(centred, np.sqrt(np.add(variance, scalar(1e-5))));
    return np.add(np.multiply(normal, weight), bias);
  },
  conv2d(x, w, b, { padding, groups }) {
    const pairs = [
      [padding, padding],
      [padding, padding],
    ];
    const out = lax.convGeneralDilated(x, w, [1, 1], pairs, { featureGroupCount: groups });
    return np.add(out, np.reshape(b, [1, -1, 1, 1]));
  },
  maxPool2d(x) {
    const [batch, channels, height, width] = x.shape;
    return np.max(np.reshape(x, [batch, channels, height / 2, 2, width / 2, 2]), [3, 5]);
  },
  flatten: (x) => np.reshape(x, [x.shape[0], -1]),
  embedding: (table, index) => np.take(table, index, 0),
  gather: (x, index) => np.takeAlongAxis(x, index, 1),
  // There is no scatter of its own, but it is the derivative of a gather.
  scatterAdd(x, index, y) {
    const [value, back] = vjp((z) => np.takeAlongAxis(z, index.ref, 1), [x.ref]);
    value.dispose();
    const [spread] = back(y);
    back.dispose();
    index.dispose();
    return np.add(x, spread);
  },
  sort: (x) => np.sort(x, -1),
  attention(q, k, v) {
    const scale = 1 / Math.sqrt(q.shape[q.shape.length - 1]);
    const scores = np.multiply(np.matmul(q, np.matrixTranspose(k)), scalar(scale));
    return np.matmul(nn.softmax(scores, -1), v);
  },
  gruCell(x, h, wi, wh, bi, bh) {
    const [xr, xz, xn] = np.split(operations.linear(x, wi, bi), 3, 1);
    const [hr, hz, hn] = np.split(operations.linear(h.ref, wh, bh), 3, 1);
    const n = np.tanh(np.add(xn, np.multiply(nn.sigmoid(np.add(xr, hr)), hn)));
    const z = nn.sigmoid(np.add(xz, hz));
    return np.add(np.multiply(np.subtract(h, n.ref), z), n);
  },
  lstmCell(x, h, c, wi, wh, bi, bh) {
    const sum = np.add(operations.linear(x, wi, bi), operations.linear(h, wh, bh));
    const [i, f, g, o] = np.split(sum, 4, 1);
    const next = np.add(np.multiply(nn.sigmoid(f), c), np.multiply(nn.sigmoid(i), np.tanh(g)));
    return [np.multiply(nn.sigmoid(o), np.tanh(next.ref)), next];
  },
  crossEntropy(scores, labels) {
    const chosen = np.multiply(nn.oneHot(labels, scores.shape[1]), nn.logSoftmax(scores, -1));
    return np.negative(np.mean(np.sum(chosen, 1)));
  },
  mseLoss: (a, b) => np.mean(np.square(np.subtract(a, b))),
};

/** The forward function of a workload on two lists of arrays, both consumed; each value is freed by its last use. */
function forwardOf(workload) {
  const { operations: list, result, uses, names } = trace(workload);
  const split = Object.keys(workload.params).length;
  return (params, inputs) => {
    const made = names.map((_, i) => (i < split ? params[i] : inputs[i - split]));
    const left = [...uses];
    made.forEach((value, i) => {
      if (left[i] === 0) value.dispose();
    });
    const take = (argument) => {
      if (!isValue(argument)) return argument;
      left[argument.value]--;
      const value = made[argument.value];
      return left[argument.value] > 0 ? value.ref : value;
    };
    for (const { op, args, outs, many } of list) {
      const out = operations[op](...args.map(take));
      const results = many ? out : [out];
      outs.forEach((number, i) => {
        made[number] = results[i];
        if (uses[number] === 0) results[i].dispose();
      });
    }
    return made[result];
  };
}

/** Loads the library. */
export async function load({ mode = "eager" } = {}) {
  await init("wasm");
  defaultDevice("wasm");
  return {
    name: "jax-js",
    threads: 1,
    prepare: async (workload) => {
      const task = prepare(workload, mode);
      return { ...task, check: () => task.check().catch(refuse) };
    },
    peak: () => null,
    close: () => {},
  };
}

/** Turns "cannot be compiled" into Unsupported. */
function refuse(error) {
  if (/^jit: routine primitive \w+ input is not imm/.test(error.message)) throw new Unsupported(error.message);
  throw error;
}

function prepare(workload, mode) {
  const seed = seeds(workload);
  const make = (group) =>
    Object.entries(workload[group]).map(([name, spec]) => {
      const { data, shape } = inputsFirst(spec, values(spec, seed(name)));
      return np.array(data, { dtype: spec.dtype }).reshape(shape);
    });
  let params = make("params");
  const inputs = make("inputs");
  const names = Object.keys(workload.params);
  const forward = forwardOf(workload);
  const refs = (list) => list.map((x) => x.ref);
  const compiled = (f) => (mode === "jit" ? jit(f) : f);
  const at = Object.keys(workload.inputs).indexOf(workload.cotangent);
  const gradient = (xs, given) => {
    if (at < 0) return valueAndGrad(forward)(xs, given);
    const cotangent = given[at].ref;
    const [out, back] = vjp((ys) => forward(ys, given), [xs]);
    const [grads] = back(cotangent);
    back.dispose?.();
    return [out, grads];
  };
  const free = (list) => {
    for (const x of list) x.dispose();
  };

  const kinds = {
    forward() {
      const f = compiled((given) => forward([], given));
      return { step: () => [f(refs(inputs)), []] };
    },
    gradient() {
      const f = compiled(gradient);
      const step = () => f(refs(params), refs(inputs));
      return { step };
    },
    train() {
      const optimizer = optimizers[workload.optimizer.name](workload.optimizer.lr, params);
      const update = compiled((xs, state, given) => {
        const [loss, grads] = valueAndGrad(forward)(refs(xs), given);
        return [loss, ...optimizer.update(xs, state, grads)];
      });
      let state = optimizer.start();
      const step = () => {
        let loss;
        [loss, params, state] = update(params, state, refs(inputs));
        return [loss, params, state];
      };
      return { step, trains: true };
    },
  };
  const { step, trains } = kinds[workload.kind]();

  const data = async (name, x) => outputsFirst(workload.params[name], await x.data());
  return {
    async run() {
      const results = step();
      await blockUntilReady(results);
      results[0].dispose();
      if (!trains) free(results[1]);
    },
    async check() {
      if (trains) {
        const losses = new Float64Array(3);
        for (let i = 0; i < 3; i++) losses[i] = (await step()[0].data())[0];
        const list = [["loss", losses]];
        for (let i = 0; i < names.length; i++) list.push([`param ${names[i]}`, await data(names[i], params[i].ref)]);
        return list;
      }
      const [out, grads] = step();
      const list = [["out", await out.data()]];
      for (let i = 0; i < grads.length; i++) list.push([`grad ${names[i]}`, await data(names[i], grads[i])]);
      return list;
    },
    dispose() {
      free(inputs);
      free(params);
    },
  };
}

/** Optimisers by this library's functions; everything given is consumed. */
const optimizers = {
  sgd: (lr) => ({
    start: () => [],
    update: (params, state, grads) => [params.map((p, i) => np.subtract(p, np.multiply(grads[i], scalar(lr)))), state],
  }),
  adam: (lr, params) => ({
    start: () => [params.map((p) => np.zeros(p.shape)), params.map((p) => np.zeros(p.shape)), [scalar(1), scalar(1)]],
    update(xs, [first, second, powers], grads) {
      const [a, b] = [np.multiply(powers[0], scalar(0.9)), np.multiply(powers[1], scalar(0.999))];
      const mean = (old, rate, x) => np.add(np.multiply(old, scalar(rate)), np.multiply(x, scalar(1 - rate)));
      const m = first.map((old, i) => mean(old, 0.9, grads[i].ref));
      const v = second.map((old, i) => mean(old, 0.999, np.square(grads[i])));
      const scale = np.divide(scalar(lr), np.subtract(scalar(1), a.ref));
      const root = np.sqrt(np.subtract(scalar(1), b.ref));
      const next = xs.map((x, i) => {
        const size = np.add(np.divide(np.sqrt(v[i].ref), root.ref), scalar(1e-8));
        return np.subtract(x, np.multiply(np.divide(m[i].ref, size), scale.ref));
      });
      scale.dispose();
      root.dispose();
      return [next, [m, v, [a, b]]];
    },
  }),
};
