// Padding and cropping: constant, and by what lies at the edge of the input.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asIntegers, asNumber, asTensor, describe, parse, type Trailing } from "../../op/args.js";
import { called } from "../../op/composed.js";
import { copyInto } from "../../op/copy.js";
import { type Applied, op } from "../../op/op.js";
import { remainder, sub } from "../../ops/arithmetic.js";
import { clone } from "../../ops/cast.js";
import { arange } from "../../ops/creation.js";
import { clamp } from "../../ops/extrema.js";
import { indexSelect } from "../../ops/gather.js";
import { abs } from "../../ops/pointwise.js";
import { contiguousStrides, formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../../tensor/tensor.js";

interface Padded {
  /** Elements put in front of each dim and behind it; negative ones are cut away. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
}

const constant: Applied<Padded> = op({
  name: "pad",
  label: "ConstantPadNdBackward0",
  forward: ([x], { before, after, value }: Padded) =>
    temporaries(() => {
      const input = x as Tensor;
      const { shape, strides, offset } = input.layout;
      const to = shape.map((size, d) => size + (before[d] as number) + (after[d] as number));
      const out = empty("pad", to, input.dtype);
      copyInto(out, value);
      // What both have: from max(0, −before) on in the input, from max(0, before) on in the result.
      const dense = contiguousStrides(to);
      let [from, at] = [offset, 0];
      const common = shape.map((size, d) => {
        const [b, a] = [before[d] as number, after[d] as number];
        from += Math.max(0, -b) * (strides[d] as number);
        at += Math.max(0, b) * (dense[d] as number);
        return size + Math.min(0, b) + Math.min(0, a);
      });
      if (common.every((size) => size > 0)) {
        copyInto(
          alias(out, { shape: common, strides: dense, offset: at }),
          alias(input, { shape: common, strides, offset: from }),
        );
      }
      return out;
    }),
  gradients: { x: { reads: [], of: ({ g }, given) => constant([g], opposite(given)) } },
  tangent: (_inputs, _outputs, [t], given) => [constant([t as Tensor], { ...given, value: 0 })],
});

function opposite({ before, after }: Padded): Padded {
  return { before: before.map((size) => -size), after: after.map((size) => -size), value: 0 };
}

/** How the elements outside are made. */
export type PadMode = "constant" | "reflect" | "replicate" | "circular";

/** Options of `pad`. */
export interface PadOptions {
  readonly mode?: PadMode;
  /** Of the elements outside, in constant mode: 0. */
  readonly value?: number | null;
}

/** Constant padding whose arguments are checked: pairs of sizes, the last dim's first. */
export function padConstant(x: Tensor, sizes: readonly number[], value = 0): Tensor {
  const before = x.shape.map((_, d) => sizes[2 * (x.ndim - 1 - d)] ?? 0);
  const after = x.shape.map((_, d) => sizes[2 * (x.ndim - 1 - d) + 1] ?? 0);
  return constant([x], { before, after, value });
}

/**
 * Puts elements around the input: `sizes` are pairs (in front, behind) for the last dim, then the one before it, and so on;
 * negative sizes cut. Modes: "constant" (`value`), "reflect" (mirrored without the edge), "replicate" (the edge), "circular"
 * (from the other end); the last three for the last one to three dims behind [N, C] or [C].
 */
export function pad(
  input: Tensor,
  sizes: readonly number[],
  ...rest: Trailing<[mode: PadMode | undefined, value: number | null | undefined], PadOptions>
): Tensor {
  asTensor("pad", input);
  asIntegers("pad", sizes, "pad");
  const { mode, value } = parse<Required<PadOptions>>("pad", rest, { mode: "constant", value: null }, [
    "mode",
    "value",
  ]);
  if (sizes.length % 2 !== 0)
    throw new ArgumentError(`pad: Padding length must be divisible by 2, got ${sizes.length} numbers`);
  if (sizes.length / 2 > input.ndim) {
    throw new ArgumentError(
      `pad: Padding length should be less than or equal to two times the input dimension but got padding length ${sizes.length} and input of dimension ${input.ndim}`,
    );
  }
  if (mode !== "constant") return byEdge(input, sizes, mode);
  input.shape.forEach((size, d) => {
    const at = 2 * (input.ndim - 1 - d);
    const result = size + (sizes[at] ?? 0) + (sizes[at + 1] ?? 0);
    if (result >= 0) return;
    throw new ShapeError(
      `pad: The input size ${size}, plus negative padding ${sizes[at]} and ${sizes[at + 1]}, resulted in a negative output size in dim ${d} of ${formatShape(input.shape)}`,
    );
  });
  return padConstant(input, sizes, value === null ? 0 : asNumber("pad", value, "value"));
}

/** Where each element of a padded dim comes from. */
function sourceOf(mode: PadMode, size: number, before: number, after: number): Tensor {
  const places = arange(-before, size + after, 1, { dtype: "int32" });
  if (mode === "circular") return remainder(places, size);
  if (mode === "replicate") return clamp(places, 0, size - 1);
  return sub(size - 1, abs(sub(size - 1, abs(places))));
}

/** Reflected, repeated or circular padding: each dim by itself, by index. */
function byEdge(input: Tensor, sizes: readonly number[], mode: PadMode): Tensor {
  if (mode !== "reflect" && mode !== "replicate" && mode !== "circular") {
    throw new ArgumentError(
      `pad: Unrecognised padding mode ${describe(mode)}; use "constant", "reflect", "replicate" or "circular"`,
    );
  }
  const dims = sizes.length / 2;
  const spare = input.ndim - dims;
  if (dims > 3 || dims === 0 || (spare !== 1 && spare !== 2)) {
    throw new ShapeError(
      `pad: Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: ${dims} padded dims behind one or two others, got ` +
        `${sizes.length} numbers for ${formatShape(input.shape)}`,
    );
  }
  const pairs = Array.from({ length: dims }, (_, i) => ({
    dim: input.ndim - 1 - i,
    before: sizes[2 * i] as number,
    after: sizes[2 * i + 1] as number,
  }));
  for (const { dim, before, after } of pairs) {
    const size = input.shape[dim] as number;
    const most = mode === "reflect" ? size - 1 : mode === "circular" ? size : Number.POSITIVE_INFINITY;
    if (before > most || after > most || size === 0) {
      const why =
        mode === "circular"
          ? "Padding value causes wrapping around more than once"
          : "Padding size should be less than the corresponding input dimension";
      throw new ShapeError(
        `pad: ${why}, but got: padding (${before}, ${after}) at dimension ${dim} of input ${formatShape(input.shape)}`,
      );
    }
    if (size + before + after < 1) {
      throw new ShapeError(
        `pad: input ${formatShape(input.shape)} is too small: calculated output size ${size + before + after} in dim ${dim}`,
      );
    }
  }
  return temporaries(() => {
    let out = input;
    for (const { dim, before, after } of pairs) {
      if (before === 0 && after === 0) continue;
      out = indexSelect(out, dim, sourceOf(mode, input.shape[dim] as number, before, after));
    }
    return out === input ? clone(input) : out;
  });
}

/** `pad` with a constant, by PyTorch's name outside `nn.functional`. */
export function constantPadNd(
  input: Tensor,
  sizes: readonly number[],
  ...rest: Trailing<[value: number | undefined], { readonly value?: number }>
): Tensor {
  return called("constantPadNd", () =>
    pad(input, sizes, { value: parse("constantPadNd", rest, { value: 0 }, ["value"]).value }),
  );
}
