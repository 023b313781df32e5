// Convolutions, pooling, normalisation and gates in ONNX.

import type { Sliding } from "../../nn/functional/convolution.js";
import { type Builder, type Table, type Translation, Untranslatable, valueAt } from "./builder.js";
import type { Attribute } from "./proto.js";
import type { Argument, Value } from "./record.js";

const convolution: Translation = (g, call) => {
  const [x, weight, bias] = call.inputs as readonly [Value, Value, Argument];
  const { stride, padding, dilation, outputPadding, groups, transposed } = call.parameters as Sliding;
  const operands = [x.name, weight.name, ...(typeof bias === "object" ? [bias.name] : [])];
  const attributes: Record<string, Attribute> = {
    kernel_shape: weight.shape.slice(2),
    strides: stride,
    dilations: dilation,
    pads: [...padding, ...padding],
    group: groups,
  };
  if (transposed) attributes.output_padding = outputPadding;
  return g.node(transposed ? "ConvTranspose" : "Conv", operands, attributes);
};

interface Pool {
  readonly windows: {
    readonly kernel: readonly number[];
    readonly stride: readonly number[];
    readonly dilation: readonly number[];
    readonly padding: readonly number[];
  };
  readonly image: readonly number[];
  readonly places: readonly number[];
  readonly adaptive: boolean;
  readonly counts: boolean;
  readonly divisor: number;
}

/** Windows as attributes: what they need of the image behind its end is told by padding there. */
function windowsOf({ windows, image, places }: Pool): {
  readonly attributes: Record<string, Attribute>;
  readonly beyond: boolean;
} {
  const of = (numbers: readonly number[]) => numbers.slice(numbers.length - image.length);
  const [kernel, stride] = [of(windows.kernel), of(windows.stride)];
  const [dilation, padding] = [of(windows.dilation), of(windows.padding)];
  const needed = image.map((size, d) => {
    const reach = (dilation[d] as number) * ((kernel[d] as number) - 1) + 1;
    return ((places[d] as number) - 1) * (stride[d] as number) + reach - size - (padding[d] as number);
  });
  const behind = needed.map((size, d) => Math.max(size, padding[d] as number));
  const attributes: Record<string, Attribute> = {
    kernel_shape: kernel,
    strides: stride,
    pads: [...padding, ...behind],
  };
  if (dilation.some((step) => step !== 1)) attributes.dilations = dilation;
  return { attributes, beyond: needed.some((size, d) => size > (padding[d] as number)) };
}

/** Adaptive windows: whole planes, windows of one size, or one range after the other along each dim. */
function adaptive(g: Builder, x: Value, { image, places }: Pool, kind: "Average" | "Max"): string {
  if (places.every((count) => count === 1)) return g.node(`Global${kind}Pool`, [x.name]);
  if (image.every((size, d) => size % (places[d] as number) === 0)) {
    const sizes = image.map((size, d) => size / (places[d] as number));
    return g.node(`${kind}Pool`, [x.name], { kernel_shape: sizes, strides: sizes });
  }
  let name = x.name;
  image.forEach((size, d) => {
    const count = places[d] as number;
    const parts = Array.from({ length: count }, (_, i) => {
      const [from, to] = [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)];
      const part = g.node("Slice", [name, g.list([from]), g.list([to]), g.list([d + 2])]);
      return g.reduce(kind === "Max" ? "ReduceMax" : "ReduceMean", part, [d + 2], true);
    });
    name = parts.length === 1 ? (parts[0] as string) : g.node("Concat", parts, { axis: d + 2 });
  });
  return name;
}

const averagePool: Translation = (g, call) => {
  const x = valueAt(call, 0);
  const pool = call.parameters as Pool;
  if (pool.adaptive) return adaptive(g, x, pool, "Average");
  const { attributes, beyond } = windowsOf(pool);
  if (beyond && pool.counts && pool.divisor === 0 && pool.windows.padding.some((size) => size > 0)) {
    throw new Untranslatable(
      "averages whose windows reach over the padding (ceilMode) are counted otherwise in ONNX; use countIncludePad: false",
    );
  }
  const padded = pool.windows.padding.some((size) => size > 0);
  const whole = pool.divisor > 0 || (pool.counts && padded);
  const name = g.node("AveragePool", [x.name], { ...attributes, count_include_pad: whole ? 1 : 0 });
  if (pool.divisor === 0) return name;
  const size = pool.windows.kernel.reduce((all, each) => all * each, 1);
  return g.node("Mul", [name, g.scalar(size / pool.divisor, x.dtype)]);
};

const maxPool: Translation = (g, call) => {
  const x = valueAt(call, 0);
  const pool = call.parameters as Pool;
  const places = call.outputs[1] as Value;
  if (pool.adaptive) {
    const name = adaptive(g, x, pool, "Max");
    return [name, ""];
  }
  const [values, flat] = g.several("MaxPool", [x.name], 2, windowsOf(pool).attributes) as [string, string];
  // ONNX counts places through the whole tensor, here they are those in the plane.
  const plane = pool.image.reduce((all, size) => all * size, 1);
  return [values, g.cast(g.node("Mod", [flat, g.scalar(plane, "int64")]), "int64", places.dtype)];
};

interface Standard {
  readonly segments: number;
  readonly blocks: number;
  readonly groups: number;
  readonly channels: number;
  readonly length: number;
  readonly eps: number;
  readonly raw: boolean;
  readonly given: boolean;
}

/** A factor or summand of each channel as a vector. */
function vector(g: Builder, input: Argument | undefined, count: number, x: Value): string {
  if (typeof input === "object") return input.name;
  return g.list(Array<number>(count).fill(Number(input)), x.dtype);
}

const standardise: Translation = (g, call) => {
  const x = valueAt(call, 0);
  const [, weight, bias, mean, spread] = call.inputs;
  const given = call.parameters as Standard;
  const { segments, blocks, groups, channels, length, eps } = given;
  const count = groups * channels;
  if (given.given) {
    const operands = [
      vector(g, weight, count, x),
      vector(g, bias, count, x),
      g.operand(mean, x.dtype),
      g.operand(spread, x.dtype),
    ];
    const inputs = x.shape.length >= 2 && x.shape[1] === count ? [x.name, ...operands] : null;
    if (inputs !== null) return [g.node("BatchNormalization", inputs, { epsilon: { float: eps } }), "", ""];
  }
  const axis = axisOf(x.shape, count);
  if (!given.given && !given.raw && segments === 1 && groups === 1 && length === 1 && axis >= 0) {
    const tail = x.shape.slice(axis);
    const scale = g.reshape(vector(g, weight, count, x), tail);
    const shift = g.reshape(vector(g, bias, count, x), tail);
    return [g.node("LayerNormalization", [x.name, scale, shift], { axis, epsilon: { float: eps } }), "", ""];
  }
  // In operations, on [segments, blocks, groups, channels, length].
  const whole = g.reshape(x.name, [segments, blocks, groups, channels, length]);
  const perRow = (input: Argument | undefined) => g.reshape(g.operand(input, x.dtype), [1, blocks, groups, 1, 1]);
  const inner = [0, 3, 4];
  const middle = given.given ? perRow(mean) : g.reduce("ReduceMean", whole, inner, true);
  const centred = given.raw ? whole : g.node("Sub", [whole, middle]);
  const variance = given.given
    ? perRow(spread)
    : g.reduce("ReduceMean", g.node("Mul", [centred, centred]), inner, true);
  const scale = g.node("Sqrt", [g.node("Add", [variance, g.scalar(eps, x.dtype)])]);
  const perChannel = (input: Value) => g.reshape(input.name, [1, 1, groups, channels, 1]);
  let name = g.node("Div", [centred, scale]);
  if (typeof weight === "object") name = g.node("Mul", [name, perChannel(weight)]);
  if (typeof bias === "object") name = g.node("Add", [name, perChannel(bias)]);
  return [g.reshape(name, x.shape), "", ""];
};

/** The dim from which on there are `count` elements, or -1. */
function axisOf(shape: readonly number[], count: number): number {
  let size = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    size *= shape[d] as number;
    if (size === count) return d;
    if (size > count) return -1;
  }
  return -1;
}

/** Layers by the names of their operations. */
export const layersTable: Table = {
  convolution,
  averagePool,
  maxPool,
  standardise,
  glu: (g, call) => {
    const x = valueAt(call, 0);
    const dim = call.parameters as number;
    const half = (x.shape[dim] as number) / 2;
    const [a, b] = g.several("Split", [x.name, g.list([half, half])], 2, { axis: dim }) as [string, string];
    return g.node("Mul", [a, g.node("Sigmoid", [b])]);
  },
};
