// unfold and fold: windows of images as columns, and columns summed back.

import { ShapeError } from "../../errors.js";
import { asIntegers, asTensor, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { asContiguous, copyInto } from "../../op/copy.js";
import { type Applied, op } from "../../op/op.js";
import { columnStrides, imageStrides, rollUp, unroll, volume, type Windows } from "../../op/window.js";
import { squeeze, unsqueeze } from "../../ops/views.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { expandSizes, type Sizes } from "./conv.js";
import { windowsFor } from "./pool-op.js";

/** Options of `unfold` and `fold`. */
export interface FoldOptions {
  readonly dilation?: Sizes;
  readonly padding?: Sizes;
  readonly stride?: Sizes;
}

const toColumns: Applied<Windows> = op({
  name: "unfold",
  label: "Im2ColBackward0",
  forward: ([x], windows: Windows) => {
    const input = x as Tensor;
    const [n, c] = input.shape as readonly [number, number];
    const out = empty("unfold", [n, c * volume(windows.kernel), volume(windows.places)], input.dtype);
    unroll(out, columnStrides(c, windows), input, imageStrides(input), n, c, windows);
    return out;
  },
  gradients: { x: { reads: [], of: ({ g }, windows) => toImage([g], windows) } },
  tangent: "linear",
});

const toImage: Applied<Windows> = op({
  name: "fold",
  label: "Col2ImBackward0",
  forward: ([columns], windows: Windows) =>
    temporaries(() => {
      const source = asContiguous(columns as Tensor);
      const n = source.shape[0] as number;
      const c = (source.shape[1] as number) / volume(windows.kernel);
      const out = empty("fold", [n, c, windows.image[1], windows.image[2]], source.dtype);
      copyInto(out, 0);
      rollUp(out, imageStrides(out), source, columnStrides(c, windows), n, c, windows);
      return out;
    }),
  gradients: { columns: { reads: [], of: ({ g }, windows) => toColumns([g], windows) } },
  tangent: "linear",
});

function windowsOf(op: string, image: readonly number[], kernelSize: Sizes, rest: readonly unknown[]): Windows {
  const given = parse<Required<FoldOptions>>(op, rest, { dilation: 1, padding: 0, stride: 1 }, [
    "dilation",
    "padding",
    "stride",
  ]);
  const kernel = expandSizes(op, kernelSize, "kernelSize", 2, 1);
  const dilation = expandSizes(op, given.dilation, "dilation", 2, 1);
  const padding = expandSizes(op, given.padding, "padding", 2, 0);
  const stride = expandSizes(op, given.stride, "stride", 2, 1);
  const places = image.map((size, d) => {
    const reach = (dilation[d] as number) * ((kernel[d] as number) - 1) + 1;
    return Math.floor((size + 2 * (padding[d] as number) - reach) / (stride[d] as number)) + 1;
  });
  if (places.some((size) => size < 1)) {
    throw new ShapeError(
      `${op}: Given spatial size ${formatShape(image)}, kernel_size=${formatShape(kernel)}, dilation=${formatShape(dilation)}, padding=` +
        `${formatShape(padding)}, stride=${formatShape(stride)}, calculated shape of the array of sliding blocks as ${formatShape(places)}, which must be positive`,
    );
  }
  return windowsFor(image, places, kernel, stride, padding, dilation);
}

/** Windows of [N, C, H, W] or [C, H, W] as columns: [N, C · kH · kW, places]. */
export function unfold(
  input: Tensor,
  kernelSize: Sizes,
  ...rest: readonly (Sizes | FoldOptions | undefined)[]
): Tensor {
  asTensor("unfold", input);
  if (input.ndim !== 3 && input.ndim !== 4) {
    throw new ShapeError(
      `unfold: Expected 3D or 4D (batch mode) tensor with possibly 0 batch size, but got: ${formatShape(input.shape)}`,
    );
  }
  const windows = windowsOf("unfold", input.shape.slice(-2), kernelSize, rest);
  return composed("unfold", () =>
    input.ndim === 4 ? toColumns([input], windows) : squeeze(toColumns([unsqueeze(input, 0)], windows), 0),
  );
}

/** The adjoint of `unfold`: columns [N, C · kH · kW, places] or without N are summed to images of `outputSize`. */
export function fold(
  input: Tensor,
  outputSize: Sizes,
  kernelSize: Sizes,
  ...rest: readonly (Sizes | FoldOptions | undefined)[]
): Tensor {
  asTensor("fold", input);
  const image =
    typeof outputSize === "number" ? [outputSize, outputSize] : asIntegers("fold", outputSize, "outputSize");
  if (image.length !== 2) throw new ShapeError(`fold: expected output_size of 2 numbers, got ${formatShape(image)}`);
  if (input.ndim !== 2 && input.ndim !== 3) {
    throw new ShapeError(
      `fold: Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size, got: ${formatShape(input.shape)}`,
    );
  }
  const windows = windowsOf("fold", image, kernelSize, rest);
  const [rows, places] = input.shape.slice(-2) as [number, number];
  if (rows % volume(windows.kernel) !== 0) {
    throw new ShapeError(
      `fold: Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)=${rows} and kernel_size=${formatShape(windows.kernel.slice(1))}.`,
    );
  }
  if (places !== volume(windows.places)) {
    throw new ShapeError(
      `fold: Given output_size=${formatShape(image)} and the windows, expected size of input's dimension 2 to match the calculated number of sliding blocks ` +
        `${formatShape(windows.places.slice(1))}, but got input.size(2)=${places}.`,
    );
  }
  return composed("fold", () =>
    input.ndim === 3 ? toImage([input], windows) : squeeze(toImage([unsqueeze(input, 0)], windows), 0),
  );
}
