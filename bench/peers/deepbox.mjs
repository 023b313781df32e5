// Runs workloads on deepbox, on its plain arrays: its "wasm" device refuses reductions, so nothing trains there.
import { GradTensor, noGrad, softmaxGrad, sort, Tensor } from "deepbox/ndarray";
import { crossEntropyLoss } from "deepbox/nn";
import { Adam, SGD } from "deepbox/optim";
import { values } from "../workloads/data.mjs";
import { seeds, Unsupported } from "../workloads/define.mjs";

/** The ways it can run a workload. */
export const modes = ["cpu"];

const lacking = (what) => () => {
  throw new Unsupported(`no ${what} with gradients`);
};

/** Swaps the last two axes. */
function turned(x) {
  const axes = x.shape.map((_, i) => i);
  axes.push(...axes.splice(-2).reverse());
  return x.transpose(axes);
}

function number(value) {
  return GradTensor.scalar(value);
}

const operations = {
  add: (a, b) => a.add(b),
  sub: (a, b) => a.sub(b),
  mul: (a, b) => a.mul(typeof b === "number" ? number(b) : b),
  exp: (x) => x.exp(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  relu: (x) => x.relu(),
  gelu: (x) => x.gelu(),
  square: (x) => x.square(),
  sum: (x, dim) => x.sum(dim),
  max: (x, dim) => x.max(dim),
  mean: (x) => x.mean(),
  softmax: (x) => softmaxGrad(x, -1),
  matmul: (a, b, { transposeA = false, transposeB = false } = {}) =>
    (transposeA ? turned(a) : a).matmul(transposeB ? turned(b) : b),
  linear: (x, w, b) => x.matmul(w.transpose([1, 0])).add(b),
  einsum: lacking("einsum"),
  reshape: (x, shape) => x.reshape(shape),
  transpose: (x, permutation) => x.transpose(permutation),
  split(x, parts, dim) {
    const size = x.shape[dim] / parts;
    const whole = x.shape.map((length) => ({ start: 0, end: length }));
    return Array.from({ length: parts }, (_, i) =>
      x.slice(...whole.map((range, axis) => (axis === dim ? { start: i * size, end: (i + 1) * size } : range))),
    );
  },
  unbind: (x, count) => operations.split(x, count, 0).map((part) => part.reshape(x.shape.slice(1))),
  layerNorm(x, weight, bias) {
    const centred = x.sub(x.mean(-1, true));
    const variance = centred.square().mean(-1, true);
    return centred
      .div(variance.add(number(1e-5)).sqrt())
      .mul(weight)
      .add(bias);
  },
  conv2d: lacking("convolution as a function"),
  maxPool2d: lacking("pooling as a function"),
  flatten: (x) => x.reshape([x.shape[0], -1]),
  embedding: lacking("embedding as a function"),
  gather: lacking("gather along rows"),
  scatterAdd: lacking("scatter that adds"),
  sort: (x) => GradTensor.fromTensor(sort(x.tensor)),
  attention(q, k, v) {
    const scores = q.matmul(turned(k)).mul(number(1 / Math.sqrt(q.shape.at(-1))));
    return softmaxGrad(scores, -1).matmul(v);
  },
  gruCell(x, h, wi, wh, bi, bh) {
    const [xr, xz, xn] = operations.split(operations.linear(x, wi, bi), 3, 1);
    const [hr, hz, hn] = operations.split(operations.linear(h, wh, bh), 3, 1);
    const n = xn.add(xr.add(hr).sigmoid().mul(hn)).tanh();
    return h.sub(n).mul(xz.add(hz).sigmoid()).add(n);
  },
  lstmCell(x, h, c, wi, wh, bi, bh) {
    const sum = operations.linear(x, wi, bi).add(operations.linear(h, wh, bh));
    const [i, f, g, o] = operations.split(sum, 4, 1);
    const next = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
    return [o.sigmoid().mul(next.tanh()), next];
  },
  crossEntropy: (scores, labels) => crossEntropyLoss(scores, labels.tensor),
  mseLoss: (a, b) => a.sub(b).square().mean(),
};

/** Loads the library. */
export async function load() {
  return {
    name: "deepbox",
    threads: 1,
    prepare: async (workload) => prepare(workload),
    peak: () => null,
    close: () => {},
  };
}

function prepare(workload) {
  const seed = seeds(workload);
  const make = (group, requiresGrad) =>
    Object.fromEntries(
      Object.entries(workload[group]).map(([name, spec]) => {
        const { shape, dtype } = spec;
        const tensor = Tensor.fromTypedArray({ data: values(spec, seed(name)), shape, dtype, device: "cpu" });
        return [name, GradTensor.fromTensor(tensor, { requiresGrad })];
      }),
    );
  const params = make("params", true);
  const tensors = { ...params, ...make("inputs", false) };
  const leaves = Object.values(params);
  const forward = () => workload.forward(operations, tensors);
  const cotangent = tensors[workload.cotangent]?.tensor;
  const optimizer = workload.optimizer && optimizers[workload.optimizer.name](leaves, workload.optimizer.lr);
  const kinds = {
    forward: () => noGrad(forward),
    gradient() {
      for (const leaf of leaves) leaf.zeroGrad();
      const out = forward();
      out.backward(cotangent);
      return out;
    },
    train() {
      optimizer.zeroGrad();
      const loss = forward();
      loss.backward();
      optimizer.step();
      return loss;
    },
  };
  const step = kinds[workload.kind];
  const read = ({ data, offset, size, shape, strides }) => {
    const dense = strides.every((stride, i) => stride === shape.slice(i + 1).reduce((a, b) => a * b, 1));
    if (!dense) throw new Error("deepbox: the result is strided");
    return data.slice(offset, offset + size);
  };
  const named = (title, pick) => Object.entries(params).map(([name, p]) => [`${title} ${name}`, read(pick(p))]);
  return {
    run: () => void step(),
    async check() {
      if (workload.kind === "train") {
        const losses = Float64Array.from([1, 2, 3], () => step().data[0]);
        return [["loss", losses], ...named("param", (p) => p.tensor)];
      }
      const out = ["out", read(step().tensor)];
      return workload.kind === "forward" ? [out] : [out, ...named("grad", (p) => p.grad)];
    },
    dispose: () => {},
  };
}

const optimizers = {
  sgd: (params, lr) => new SGD(params, { lr }),
  adam: (params, lr) => new Adam(params, { lr, beta1: 0.9, beta2: 0.999, eps: 1e-8 }),
};
