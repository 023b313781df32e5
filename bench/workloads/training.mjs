// Whole training steps: forward, backward and the optimiser's update.
import { constant, elements, integers, random, weight } from "./data.mjs";
import { define } from "./define.mjs";

/** Multiplications of a step through fully connected layers: forward, weights' and inputs' gradients, the last not of x. */
function multiplications(widths, batch) {
  return widths.slice(1).reduce((sum, out, i) => sum + (i === 0 ? 2 : 3) * batch * out * widths[i], 0);
}

function parameterBytes(params, width) {
  return width * Object.values(params).reduce((sum, { shape }) => sum + elements(shape), 0);
}

/** Fully connected layers with an activation between them. */
function dense(k, t, count, activation) {
  let h = t.x;
  for (let i = 0; i < count; i++) {
    h = k.linear(h, t[`w${i}`], t[`b${i}`]);
    if (i < count - 1) h = k[activation](h);
  }
  return h;
}

function denseParams(widths, dtype) {
  const params = {};
  widths.slice(1).forEach((out, i) => {
    params[`w${i}`] = weight(out, widths[i], dtype);
    params[`b${i}`] = constant([out], 0, dtype);
  });
  return params;
}

/** A classifier: ReLU between layers, cross-entropy. */
function classifier({ name, widths, batch, optimizer, goal, replayed, dtype = "float32" }) {
  const sizes = { widths, batch };
  const tiny = { widths: widths.map((w) => Math.min(w, 6)), batch: Math.min(batch, 4) };
  return define({ name, group: "mlp", sizes, tiny, goal, replayed, tolerance: 2e-3 }, (s) => {
    const params = denseParams(s.widths, dtype);
    return {
      kind: "train",
      optimizer,
      dtype,
      params,
      inputs: { x: random([s.batch, s.widths[0]], { dtype }), labels: integers([s.batch], s.widths.at(-1)) },
      forward: (k, t) => k.crossEntropy(dense(k, t, s.widths.length - 1, "relu"), t.labels),
      flops: 2 * multiplications(s.widths, s.batch),
      // Adam reads and writes two moments besides the parameters and their gradients.
      bytes: parameterBytes(params, dtype === "float64" ? 8 : 4) * (optimizer.name === "adam" ? 8 : 4),
    };
  });
}

/** A regression with tanh between layers and the mean square error. */
export function regression({ name, widths, batch, goal, replayed, activation = "tanh", group = "mlp" }) {
  const sizes = { widths, batch };
  return define({ name, group, sizes, tiny: sizes, goal, replayed, tolerance: 2e-3 }, (s) => ({
    kind: "train",
    optimizer: { name: "sgd", lr: 0.01 },
    params: denseParams(s.widths, "float32"),
    inputs: { x: random([s.batch, s.widths[0]]), y: random([s.batch, s.widths.at(-1)]) },
    forward: (k, t) => k.mseLoss(dense(k, t, s.widths.length - 1, activation), t.y),
    flops: 2 * multiplications(s.widths, s.batch),
    bytes: 0,
  }));
}

const sgd = { name: "sgd", lr: 0.01 };
const adam = { name: "adam", lr: 0.001 };

/**
 * The convolutional network: 28 × 28 images, conv 5 × 5 to 8 channels, ReLU, maximum over 2 × 2, conv 5 × 5 to 16 channels,
 * ReLU, maximum over 2 × 2, a linear layer to 10 classes, cross-entropy. Padding 2 keeps both convolutions' outputs as large
 * as their inputs, so the linear layer has 16 · 7 · 7 inputs. All layers have biases; SGD.
 */
const convNet = define(
  {
    name: "conv net 28×28, batch 32, step",
    group: "conv",
    sizes: { batch: 32, side: 28, first: 8, second: 16 },
    tiny: { batch: 2, side: 8, first: 2, second: 3 },
    goal: 5,
    tolerance: 2e-3,
  },
  ({ batch, side, first, second }) => {
    const quarter = side / 4;
    const params = {
      w0: random([first, 1, 5, 5], { scale: 1 / 5, layout: "filter" }),
      b0: constant([first], 0),
      w1: random([second, first, 5, 5], { scale: 1 / Math.sqrt(25 * first), layout: "filter" }),
      b1: constant([second], 0),
      w2: weight(10, second * quarter * quarter, "float32", { channels: second, height: quarter, width: quarter }),
      b2: constant([10], 0),
    };
    const conv = 25 * batch * side * side * (2 * first + 3 * (first * second) * 0.25);
    return {
      kind: "train",
      optimizer: sgd,
      params,
      inputs: { x: random([batch, 1, side, side], { layout: "image" }), labels: integers([batch], 10) },
      forward: (k, t) => {
        const h = k.maxPool2d(k.relu(k.conv2d(t.x, t.w0, t.b0, { padding: 2, groups: 1 })));
        const e = k.maxPool2d(k.relu(k.conv2d(h, t.w1, t.b1, { padding: 2, groups: 1 })));
        return k.crossEntropy(k.linear(k.flatten(e), t.w2, t.b2), t.labels);
      },
      flops: 2 * (conv + 3 * batch * 10 * second * quarter * quarter),
      // Activations of the first convolution, written and read forward and backward.
      bytes: 4 * 6 * batch * side * side * first,
    };
  },
);

/**
 * An encoder block as PyTorch's TransformerEncoderLayer: attention, residual, LayerNorm, a layer of 4 d with ReLU, residual,
 * LayerNorm; no dropout; mean square error against a target; SGD.
 */
const transformer = define(
  {
    name: "transformer block, d 128, 4 heads, 64 tokens, batch 8, step",
    group: "transformer",
    sizes: { batch: 8, tokens: 64, width: 128, heads: 4 },
    tiny: { batch: 2, tokens: 4, width: 8, heads: 2 },
    goal: 18,
    tolerance: 2e-3,
  },
  ({ batch, tokens, width, heads }) => {
    const d = width / heads;
    const params = {
      wqkv: weight(3 * width, width),
      bqkv: constant([3 * width], 0),
      wo: weight(width, width),
      bo: constant([width], 0),
      g1: constant([width], 1),
      c1: constant([width], 0),
      w1: weight(4 * width, width),
      b1: constant([4 * width], 0),
      w2: weight(width, 4 * width),
      b2: constant([width], 0),
      g2: constant([width], 1),
      c2: constant([width], 0),
    };
    const rows = batch * tokens;
    return {
      kind: "train",
      optimizer: sgd,
      params,
      inputs: { x: random([batch, tokens, width]), y: random([batch, tokens, width]) },
      forward: (k, t) => {
        const [q, r, v] = k
          .split(k.linear(t.x, t.wqkv, t.bqkv), 3, 2)
          .map((part) => k.transpose(k.reshape(part, [batch, tokens, heads, d]), [0, 2, 1, 3]));
        const mixed = k.reshape(k.transpose(k.attention(q, r, v), [0, 2, 1, 3]), [batch, tokens, width]);
        const h = k.layerNorm(k.add(t.x, k.linear(mixed, t.wo, t.bo)), t.g1, t.c1);
        const e = k.linear(k.relu(k.linear(h, t.w1, t.b1)), t.w2, t.b2);
        return k.mseLoss(k.layerNorm(k.add(h, e), t.g2, t.c2), t.y);
      },
      flops: 2 * rows * width * width * (3 * 2 + 3 * 9) + 12 * batch * heads * tokens * tokens * d,
      bytes: parameterBytes(params, 4) * 4 + 4 * 40 * rows * width,
    };
  },
);

/** A recurrent cell over 50 steps, hidden 64, batch 16; mean square error of the last state; SGD. */
function recurrent(cell, gates, goal) {
  return define(
    {
      name: `${cell} cell, 50 steps, hidden 64, batch 16, step`,
      group: "recurrent",
      sizes: { steps: 50, batch: 16, hidden: 64 },
      tiny: { steps: 3, batch: 2, hidden: 4 },
      goal,
      tolerance: 2e-3,
    },
    ({ steps, batch, hidden }) => {
      const params = {
        wi: weight(gates * hidden, hidden),
        wh: weight(gates * hidden, hidden),
        bi: constant([gates * hidden], 0),
        bh: constant([gates * hidden], 0),
      };
      const state = constant([batch, hidden], 0);
      return {
        kind: "train",
        optimizer: sgd,
        params,
        inputs: { x: random([steps, batch, hidden]), h: state, c: state, y: random([batch, hidden]) },
        forward: (k, t) => {
          let { h, c } = t;
          for (const x of k.unbind(t.x, steps)) {
            if (cell === "GRU") h = k.gruCell(x, h, t.wi, t.wh, t.bi, t.bh);
            else [h, c] = k.lstmCell(x, h, c, t.wi, t.wh, t.bi, t.bh);
          }
          return k.mseLoss(h, t.y);
        },
        flops: 2 * 5 * steps * batch * gates * hidden * hidden,
        bytes: 0,
      };
    },
  );
}

export const training = [
  regression({ name: "MLP 2-2-1, batch 4, step", widths: [2, 2, 1], batch: 4, goal: 0.008, replayed: 0.0015 }),
  regression({
    name: "MLP of 10 layers of 64, batch 1, step",
    widths: Array(11).fill(64),
    batch: 1,
    activation: "relu",
  }),
  classifier({ name: "MLP 784-128-10, batch 64, step", widths: [784, 128, 10], batch: 64, optimizer: sgd, goal: 0.75 }),
  classifier({
    name: "MLP 784-128-10, batch 64, float64, step",
    widths: [784, 128, 10],
    batch: 64,
    optimizer: sgd,
    dtype: "float64",
  }),
  classifier({
    name: "MLP 784-512-512-10, batch 128, Adam, step",
    widths: [784, 512, 512, 10],
    batch: 128,
    optimizer: adam,
    goal: 11,
  }),
  convNet,
  transformer,
  recurrent("GRU", 3, 15),
  recurrent("LSTM", 4),
];
