// Convolution and transposed convolution over up to three dims as one operation, closed under differentiation.
//
// The gradient by the input is the transposed convolution of the gradient, and the other way round; the gradient by the weight
// multiplies gradients with windows.

import { copyInto } from "../../op/copy.js";
import { type Applied, op } from "../../op/op.js";
import { triple, type Windows } from "../../op/window.js";
import { add } from "../../ops/arithmetic.js";
import { sum } from "../../ops/reduce.js";
import { expand, reshape } from "../../ops/shape.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, Tensor } from "../../tensor/tensor.js";
import { correlate, correlateBoth, spread, spreadOut } from "./correlation.js";

/** How the weight slides; one number for each dim. */
export interface Sliding {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly transposed: boolean;
}

/** The size of a (transposed) convolution's result along a dim. */
export function resultSize(
  size: number,
  kernel: number,
  dim: number,
  { stride, padding, dilation, outputPadding, transposed }: Sliding,
): number {
  const [s, p, reach] = [stride[dim] as number, padding[dim] as number, (dilation[dim] as number) * (kernel - 1) + 1];
  if (transposed) return (size - 1) * s - 2 * p + reach + (outputPadding[dim] as number);
  return Math.floor((size + 2 * p - reach) / s) + 1;
}

function windowsOf(
  image: readonly number[],
  places: readonly number[],
  kernel: readonly number[],
  sliding: Sliding,
): Windows {
  return {
    kernel: triple(kernel, 1),
    stride: triple(sliding.stride, 1),
    dilation: triple(sliding.dilation, 1),
    padding: triple(sliding.padding, 0),
    image: triple(image, 1),
    places: triple(places, 1),
  };
}

/** Sizes of what slides and of what it slides over, for either direction. */
function spatial(x: Tensor): readonly number[] {
  return x.shape.slice(2);
}

/** The same in the other direction. */
function directed(sliding: Sliding, transposed: boolean): Sliding {
  return { ...sliding, transposed };
}

/** Convolution of x [N, C, …] with weight, plus bias [O] or 0. */
export const convolution: Applied<Sliding> = op({
  name: "convolution",
  forward: ([x, weight, bias], sliding: Sliding) =>
    temporaries(() => {
      const [input, w] = [x as Tensor, weight as Tensor];
      const kernel = spatial(w);
      const { groups, transposed } = sliding;
      const sizes = spatial(input).map((size, d) => resultSize(size, kernel[d] as number, d, sliding));
      const channels = transposed ? (w.shape[1] as number) * groups : (w.shape[0] as number);
      const out = empty("convolution", [input.shape[0] as number, channels, ...sizes], input.dtype);
      if (out.numel() === 0) return out;
      const b = (bias as unknown) instanceof Tensor ? (bias as Tensor) : null;
      if (w.numel() === 0) spread(out, b);
      else if (transposed) spreadOut(out, input, w, b, groups, windowsOf(sizes, spatial(input), kernel, sliding));
      else correlate(out, input, w, b, groups, windowsOf(spatial(input), sizes, kernel, sliding));
      return out;
    }),
  gradients: {
    x: { reads: ["x", "weight"], of: ({ g, x, weight }, sliding) => byInput(g, weight, spatial(x), sliding) },
    weight: { reads: ["x", "weight"], of: ({ g, x, weight }, sliding) => byWeight(g, x, spatial(weight), sliding) },
    bias: {
      reads: [],
      of: ({ g }) =>
        sum(
          g,
          g.shape.map((_, d) => d).filter((d) => d !== 1),
        ),
    },
  },
  tangent: ([x, weight], [out], [tx, tw, tb], sliding) => {
    let total: Tensor | null = null;
    const plus = (term: Tensor) => {
      total = total === null ? term : add(total, term);
    };
    if (tx) plus(convolution([tx, weight as Tensor, 0], sliding));
    if (tw) plus(convolution([x as Tensor, tw, 0], sliding));
    if (tb) plus(expand(reshape(tb, [-1, ...spatial(out as Tensor).map(() => 1)]), (out as Tensor).shape));
    return [total];
  },
});

/** The gradient of the input, whose sizes are given: the convolution in the other direction. */
function byInput(g: Tensor, weight: Tensor, sizes: readonly number[], sliding: Sliding): Tensor {
  const { stride, padding, dilation, transposed } = sliding;
  if (transposed)
    return convolution([g, weight, 0], { ...directed(sliding, false), outputPadding: sizes.map(() => 0) });
  // What no window reaches at the end is padding of the result.
  const outputPadding = sizes.map((size, d) => {
    const reach = (dilation[d] as number) * ((weight.shape[d + 2] as number) - 1) + 1;
    return size - (((g.shape[d + 2] as number) - 1) * (stride[d] as number) - 2 * (padding[d] as number) + reach);
  });
  return convolution([g, weight, 0], { ...directed(sliding, true), outputPadding });
}

interface ByWeight extends Sliding {
  readonly kernel: readonly number[];
}

function byWeight(g: Tensor, x: Tensor, kernel: readonly number[], sliding: Sliding): Tensor {
  return sliding.transposed
    ? weightGradient([x, g], { ...sliding, kernel })
    : weightGradient([g, x], { ...sliding, kernel });
}

/** Σ over images and places of y times the windows of x: the gradient of a weight, linear in both. */
const weightGradient: Applied<ByWeight> = op({
  name: "convolutionBackward",
  forward: ([y, x], given: ByWeight) =>
    temporaries(() => {
      const [first, second] = [y as Tensor, x as Tensor];
      const { groups, kernel } = given;
      const shape = [first.shape[1] as number, (second.shape[1] as number) / groups, ...kernel];
      if (first.numel() > 0 && shape.every((size) => size > 0))
        return correlateBoth(shape, first, second, groups, windowsOf(spatial(second), spatial(first), kernel, given));
      const out = empty("convolutionBackward", shape, first.dtype);
      copyInto(out, 0);
      return out;
    }),
  gradients: {
    y: {
      reads: ["x"],
      of: ({ g, x }, given) =>
        convolution([x, g, 0], { ...given, transposed: false, outputPadding: given.kernel.map(() => 0) }),
    },
    x: {
      reads: ["y", "x"],
      of: ({ g, y, x }, given) => byInput(y, g, spatial(x), { ...given, transposed: false }),
    },
  },
  tangent: "linear",
});
