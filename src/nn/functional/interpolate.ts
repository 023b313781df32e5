// Interpolation: images in other sizes.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asInteger, asTensor, describe, parse, type Trailing } from "../../op/args.js";
import { called, composed } from "../../op/composed.js";
import { clone } from "../../ops/cast.js";
import { isFloat } from "../../tensor/dtype.js";
import { formatShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from "./adaptive-pooling.js";
import { cubically, linearly, nearest, type Scale, smoothly } from "./resample.js";

/** How elements between are made. */
export type InterpolateMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "bicubic" | "trilinear" | "area";

/** Options of `interpolate`. */
export interface InterpolateOptions {
  /** Sizes of the result behind [N, C]; or `scaleFactor`. */
  readonly size?: number | readonly number[] | null;
  readonly scaleFactor?: number | readonly number[] | null;
  readonly mode?: InterpolateMode;
  /** Whether the middles of the corner elements stay where they are, instead of their outer edges. */
  readonly alignCorners?: boolean | null;
  /** Whether the scale follows from the sizes rather than from `scaleFactor`. */
  readonly recomputeScaleFactor?: boolean | null;
  /** Whether shrinking averages; in modes "bilinear" and "bicubic". */
  readonly antialias?: boolean;
}

const RANKS: Readonly<Record<string, readonly number[]>> = {
  nearest: [1, 2, 3],
  "nearest-exact": [1, 2, 3],
  area: [1, 2, 3],
  linear: [1],
  bilinear: [2],
  bicubic: [2],
  trilinear: [3],
};

function listOf(op: string, value: number | readonly number[], name: string, rank: number): readonly number[] {
  const list = Array.isArray(value) ? (value as readonly number[]) : Array<number>(rank).fill(value as number);
  for (const item of list)
    if (typeof item !== "number" || !(item > 0))
      throw new ArgumentError(`${op}: ${name} must be positive numbers, got ${describe(item)}`);
  if (list.length !== rank) {
    throw new ShapeError(
      `${op}: Input and output must have the same number of spatial dimensions, but got ${rank} of the input and ${name} ${formatShape(list)}`,
    );
  }
  return list;
}

/**
 * Images [N, C, L], [N, C, H, W] or [N, C, D, H, W] in other sizes, given by `size` or `scaleFactor`, by the nearest elements
 * or linear, cubic or averaging interpolation.
 */
export function interpolate(
  input: Tensor,
  ...rest: Trailing<
    [
      size: number | readonly number[] | null | undefined,
      scaleFactor: number | readonly number[] | null | undefined,
      mode: InterpolateMode | undefined,
    ],
    InterpolateOptions
  >
): Tensor {
  const op = "interpolate";
  asTensor(op, input);
  const defaults = {
    size: null,
    scaleFactor: null,
    mode: "nearest",
    alignCorners: null,
    recomputeScaleFactor: null,
    antialias: false,
  };
  const given = parse<Required<InterpolateOptions>>(op, rest, defaults as Required<InterpolateOptions>, [
    "size",
    "scaleFactor",
    "mode",
    "alignCorners",
  ]);
  const { mode, antialias } = given;
  const ranks = RANKS[mode];
  const rank = input.ndim - 2;
  if (ranks === undefined)
    throw new ArgumentError(`${op}: unknown mode ${describe(mode)}; modes are ${Object.keys(RANKS).join(", ")}`);
  if (!ranks.includes(rank)) {
    throw new ShapeError(
      `${op}: mode "${mode}" expects an input of ${ranks.map((r) => r + 2).join(", ")} dims, [N, C, …], got ${formatShape(input.shape)}`,
    );
  }
  if (!isFloat(input.dtype))
    throw new DTypeError(`${op}: not implemented for ${input.dtype}: expected a floating-point input`);
  const aligns = mode !== "nearest" && mode !== "area" && mode !== "nearest-exact";
  if (!aligns && given.alignCorners !== null) {
    throw new ArgumentError(
      `${op}: align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear`,
    );
  }
  if (antialias && ((mode !== "bilinear" && mode !== "bicubic") || rank !== 2)) {
    throw new ArgumentError(
      `${op}: Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input`,
    );
  }
  if ((given.size === null) === (given.scaleFactor === null)) {
    throw new ArgumentError(
      `${op}: ${given.size === null ? "either size or scale_factor should be defined" : "only one of size or scale_factor should be defined"}`,
    );
  }
  const image = input.shape.slice(2);
  const factors = given.scaleFactor === null ? null : listOf(op, given.scaleFactor, "scaleFactor", rank);
  const sizes =
    factors === null
      ? listOf(op, given.size as number, "size", rank)
      : image.map((size, d) => Math.floor(size * (factors[d] as number)));
  for (const size of sizes) asInteger(op, size, "each size");
  if (sizes.some((size) => size < 1) || image.includes(0)) {
    throw new ShapeError(
      `${op}: Input and output sizes should be greater than 0, but got input ${formatShape(image)} and output ${formatShape(sizes)}`,
    );
  }
  const keepsFactor = factors !== null && given.recomputeScaleFactor !== true;
  const scales = sizes.map(
    (size, d): Scale => ({
      dim: d + 2,
      from: image[d] as number,
      to: size,
      scale: keepsFactor ? 1 / (factors[d] as number) : null,
      alignCorners: given.alignCorners === true,
    }),
  );
  return composed(op, () => {
    if (mode === "area")
      return [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][rank - 1]?.(input, sizes) as Tensor;
    let out = input;
    for (const scale of scales.toReversed()) {
      if (antialias) out = smoothly(out, scale, mode === "bicubic" ? "cubic" : "linear");
      else if (mode === "nearest" || mode === "nearest-exact") out = nearest(out, scale, mode === "nearest-exact");
      else out = mode === "bicubic" ? cubically(out, scale) : linearly(out, scale);
    }
    return out === input ? clone(input) : out;
  });
}

/** Options of `upsample`, `upsampleNearest`, `upsampleBilinear`. */
export interface UpsampleOptions {
  readonly size?: number | readonly number[] | null;
  readonly scaleFactor?: number | readonly number[] | null;
}

type UpsampleRest = Trailing<
  [size: number | readonly number[] | null | undefined, scaleFactor: number | readonly number[] | null | undefined],
  UpsampleOptions
>;

/** `interpolate` by its older name. */
export function upsample(
  input: Tensor,
  ...rest: Parameters<typeof interpolate> extends [Tensor, ...infer R] ? R : never
): Tensor {
  return called("upsample", () => interpolate(input, ...rest));
}

/** `interpolate` with mode "nearest". */
export function upsampleNearest(input: Tensor, ...rest: UpsampleRest): Tensor {
  const given = parse<Required<UpsampleOptions>>("upsampleNearest", rest, { size: null, scaleFactor: null }, [
    "size",
    "scaleFactor",
  ]);
  return called("upsampleNearest", () => interpolate(input, { ...given, mode: "nearest" }));
}

/** `interpolate` with mode "bilinear" and aligned corners. */
export function upsampleBilinear(input: Tensor, ...rest: UpsampleRest): Tensor {
  const given = parse<Required<UpsampleOptions>>("upsampleBilinear", rest, { size: null, scaleFactor: null }, [
    "size",
    "scaleFactor",
  ]);
  return called("upsampleBilinear", () => interpolate(input, { ...given, mode: "bilinear", alignCorners: true }));
}
