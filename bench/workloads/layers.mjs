// Single layers of networks: convolutions, attention, inference of a small network.
import { constant, random, weight } from "./data.mjs";
import { define } from "./define.mjs";

function convolution(name, kind, sizes, tiny) {
  return define({ name, group: "conv", sizes, tiny }, (s) => {
    const out = s.out ?? s.channels;
    const groups = s.groups ?? 1;
    const taps = (s.channels / groups) * s.size * s.size;
    const image = random([s.batch, s.channels, s.height, s.height], { layout: "image" });
    const filter = random([out, s.channels / groups, s.size, s.size], {
      scale: 1 / Math.sqrt(taps),
      layout: groups > 1 ? "depthwise" : "filter",
    });
    const tensors = { x: image, w: filter, b: random([out], { scale: 0.1 }) };
    const result = { shape: [s.batch, out, s.height, s.height], layout: "image" };
    const multiplications = s.batch * out * s.height ** 2 * taps;
    const traffic = 4 * s.batch * s.height ** 2 * (s.channels + out);
    const options = { padding: (s.size - 1) / 2, groups };
    const forward = (k, { x, w, b }) => k.conv2d(x, w, b, options);
    if (kind === "forward")
      return {
        kind,
        inputs: tensors,
        constants: ["w", "b"],
        forward,
        result,
        flops: 2 * multiplications,
        bytes: traffic,
      };
    const g = random(result.shape, { layout: "image" });
    const counts = { flops: 6 * multiplications, bytes: 3 * traffic };
    return { kind, params: tensors, inputs: { g }, cotangent: "g", forward, result, ...counts };
  });
}

const depthwise = { batch: 8, channels: 32, height: 56, size: 3, groups: 32 };
const smallDepthwise = { batch: 2, channels: 3, height: 5, groups: 3 };
const dense = { batch: 8, channels: 16, out: 32, height: 28, size: 3 };
const smallDense = { batch: 2, channels: 2, out: 3, height: 6 };
const pointwise = { batch: 8, channels: 64, out: 64, height: 28, size: 1 };

export const layers = [
  convolution("conv 3×3, 16→32, 28², batch 8", "forward", dense, smallDense),
  convolution("conv 3×3, 16→32, 28², batch 8, and backward", "gradient", dense, smallDense),
  convolution("conv 1×1, 64→64, 28², batch 8, and backward", "gradient", pointwise, smallDense),
  convolution("depthwise conv 3×3, 32, 56², batch 8", "forward", depthwise, smallDepthwise),
  convolution("depthwise conv 3×3, 32, 56², batch 8, and backward", "gradient", depthwise, smallDepthwise),
  define(
    {
      name: "attention, 256 tokens, 4 × 4 heads of 32, and backward",
      group: "attention",
      sizes: { batch: 4, heads: 4, tokens: 256, width: 32 },
      tiny: { batch: 2, heads: 2, tokens: 5, width: 4 },
    },
    ({ batch, heads, tokens, width }) => {
      const shape = [batch, heads, tokens, width];
      return {
        kind: "gradient",
        params: { q: random(shape), k: random(shape), v: random(shape) },
        inputs: { g: random(shape) },
        cotangent: "g",
        forward: (k, t) => k.attention(t.q, t.k, t.v),
        // Two products forward, four backward.
        flops: 12 * batch * heads * tokens * tokens * width,
        bytes: 4 * 8 * batch * heads * tokens * width,
      };
    },
  ),
  define(
    {
      name: "MLP 784-128-10, batch 64, inference",
      group: "mlp",
      sizes: { batch: 64, size: 784, hidden: 128 },
      tiny: { batch: 3, size: 6, hidden: 5 },
    },
    ({ batch, size, hidden }) => ({
      kind: "forward",
      inputs: {
        x: random([batch, size]),
        w0: weight(hidden, size),
        b0: constant([hidden], 0.1),
        w1: weight(10, hidden),
        b1: constant([10], 0.1),
      },
      constants: ["w0", "b0", "w1", "b1"],
      forward: (k, t) => k.softmax(k.linear(k.relu(k.linear(t.x, t.w0, t.b0)), t.w1, t.b1)),
      flops: 2 * batch * hidden * (size + 10),
      bytes: 4 * (batch * size + hidden * (size + 10)),
    }),
  ),
];
