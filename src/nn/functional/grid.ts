// Sampling images at given places: grids, and the grids of affine maps.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asBoolean, asIntegers, asTensor, describe, nothingMore, parse, type Trailing } from "../../op/args.js";
import { called, composed } from "../../op/composed.js";
import { add, div, mul, remainder, sub } from "../../ops/arithmetic.js";
import { to } from "../../ops/cast.js";
import { ge, gt, isfinite, le, logicalAnd, lt } from "../../ops/compare.js";
import { arange, full, ones } from "../../ops/creation.js";
import { clamp } from "../../ops/extrema.js";
import { gather } from "../../ops/gather.js";
import { product } from "../../ops/gemm.js";
import { stack } from "../../ops/join.js";
import { abs } from "../../ops/pointwise.js";
import { floor, round } from "../../ops/rounding.js";
import { expand, reshape, select, transpose } from "../../ops/shape.js";
import { unsqueeze } from "../../ops/views.js";
import { where } from "../../ops/where.js";
import { unrecorded } from "../../tape/mode.js";
import { isFloat } from "../../tensor/dtype.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { cubicWeights } from "./resample.js";

/** How elements between are made. */
export type GridMode = "bilinear" | "nearest" | "bicubic";
/** What lies outside the image: zeros, its edge, or its mirror image. */
export type GridPadding = "zeros" | "border" | "reflection";

/** Options of `gridSample`. */
export interface GridSampleOptions {
  readonly mode?: GridMode;
  readonly paddingMode?: GridPadding;
  /** Whether −1 and 1 are the middles of the corner elements, instead of their outer edges. */
  readonly alignCorners?: boolean | null;
}

interface Sampling {
  readonly mode: GridMode;
  readonly padding: GridPadding;
  readonly aligns: boolean;
}

/** Reflects places at both ends until they lie inside; the ends are given twice. */
function reflected(x: Tensor, twiceLow: number, twiceHigh: number): Tensor {
  if (twiceLow === twiceHigh) return mul(x, 0);
  const low = twiceLow / 2;
  const span = (twiceHigh - twiceLow) / 2;
  const off = abs(sub(x, low));
  const rest = remainder(off, span);
  const odd = unrecorded(() => gt(remainder(floor(div(off, span)), 2), 0.5));
  return where(odd, sub(span + low, rest), add(rest, low));
}

/** Coordinates in [−1, 1] as places in elements. */
function unnormalized(x: Tensor, size: number, aligns: boolean): Tensor {
  return aligns ? mul(add(x, 1), (size - 1) / 2) : div(sub(mul(add(x, 1), size), 1), 2);
}

/** Places brought into the image by the padding mode. */
function inside(x: Tensor, size: number, { padding, aligns }: Sampling): Tensor {
  if (padding === "zeros") return x;
  if (padding === "border") return clipped(x, size);
  const mirrored = aligns ? reflected(x, 0, 2 * (size - 1)) : reflected(x, -1, 2 * size - 1);
  return clipped(mirrored, size);
}

/** Clamped to the image, without a gradient at the edge and beyond. */
function clipped(x: Tensor, size: number): Tensor {
  const within = unrecorded(() => logicalAnd(gt(x, 0), lt(x, size - 1)));
  return where(
    within,
    x,
    unrecorded(() => where(isfinite(x), clamp(x, 0, size - 1), clampNan(x, size))),
  );
}

/** NaN counts as far in front. */
function clampNan(x: Tensor, size: number): Tensor {
  return where(gt(x, 0), size - 1, mul(full([], 0, { dtype: x.dtype }), 1));
}

/** Elements at whole-numbered places [N, …] along each dim (last first in `at`), zeros outside. */
function elementsAt(x: Tensor, at: readonly Tensor[], shape: readonly number[]): Tensor {
  const [n, c] = x.shape as readonly [number, number];
  const image = x.shape.slice(2);
  const [index, valid] = unrecorded(() => {
    let flat: Tensor | null = null;
    let seen: Tensor | null = null;
    image.forEach((size, d) => {
      const own = at[image.length - 1 - d] as Tensor;
      const fits = logicalAnd(ge(own, 0), le(own, size - 1));
      seen = seen === null ? fits : logicalAnd(seen, fits);
      const safe = to(clamp(where(fits, own, 0), 0, size - 1), "int32");
      flat = flat === null ? safe : add(mul(flat, size), safe);
    });
    return [flat as unknown as Tensor, seen as unknown as Tensor] as const;
  });
  const count = shape.reduce((all, size) => all * size, 1);
  const plane = image.reduce((all, size) => all * size, 1);
  const wide = expand(reshape(index, [n, 1, count]), [n, c, count]);
  const values = reshape(gather(reshape(x, [n, c, plane]), 2, wide), [n, c, ...shape]);
  return where(unsqueeze(valid, 1), values, 0);
}

/** Σ over the corners of a cell of weight · element. */
function byCorners(x: Tensor, at: readonly Tensor[], shape: readonly number[]): Tensor {
  const lows = unrecorded(() => at.map((own) => floor(own)));
  const shares = at.map((own, i) => sub(own, lows[i] as Tensor));
  let total: Tensor | null = null;
  for (let corner = 0; corner < 2 ** at.length; corner++) {
    const upper = at.map((_, i) => (corner >> i) & 1);
    const places = unrecorded(() => lows.map((low, i) => add(low, upper[i] as number)));
    let weight: Tensor | null = null;
    shares.forEach((share, i) => {
      const own = upper[i] === 1 ? share : sub(1, share);
      weight = weight === null ? own : mul(weight, own);
    });
    const term = mul(elementsAt(x, places, shape), unsqueeze(weight as unknown as Tensor, 1));
    total = total === null ? term : add(total, term);
  }
  return total as unknown as Tensor;
}

/** Σ over 4 × 4 neighbours of cubic weights. */
function byCubes(x: Tensor, at: readonly [Tensor, Tensor], shape: readonly number[], given: Sampling): Tensor {
  const lows = unrecorded(() => at.map((own) => floor(own)));
  const weights = at.map((own, i) => cubicWeights(sub(own, lows[i] as Tensor)));
  const [height, width] = x.shape.slice(2) as [number, number];
  let total: Tensor | null = null;
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      const places = unrecorded(() => [
        inside(add(lows[0] as Tensor, j - 1), width, given),
        inside(add(lows[1] as Tensor, i - 1), height, given),
      ]);
      const weight = mul(weights[0]?.[j] as Tensor, weights[1]?.[i] as Tensor);
      const term = mul(elementsAt(x, places, shape), unsqueeze(weight, 1));
      total = total === null ? term : add(total, term);
    }
  }
  return total as unknown as Tensor;
}

/** Samples an image at a grid; arguments are checked. */
function sample(x: Tensor, grid: Tensor, given: Sampling): Tensor {
  const shape = grid.shape.slice(1, -1);
  const image = x.shape.slice(2);
  return temporaries(() => {
    const last = grid.ndim - 1;
    const raw = image.map((_, i) =>
      unnormalized(select(grid, last, i), image[image.length - 1 - i] as number, given.aligns),
    );
    if (given.mode === "bicubic") return byCubes(x, raw as [Tensor, Tensor], shape, given);
    const at = raw.map((own, i) => inside(own, image[image.length - 1 - i] as number, given));
    if (given.mode === "bilinear") return byCorners(x, at, shape);
    const places = unrecorded(() => at.map((own) => round(own)));
    return add(elementsAt(x, places, shape), unsqueeze(mul(at[0] as Tensor, 0), 1));
  });
}

const MODES: readonly GridMode[] = ["bilinear", "nearest", "bicubic"];
const PADDINGS: readonly GridPadding[] = ["zeros", "border", "reflection"];

function checkGrid(op: string, input: Tensor, grid: Tensor): void {
  asTensor(op, input);
  asTensor(op, grid, "grid");
  if (input.dtype !== grid.dtype || !isFloat(input.dtype)) {
    throw new DTypeError(
      `${op}: expected input and grid to have same dtype, a floating-point one, but input has ${input.dtype} and grid has ${grid.dtype}`,
    );
  }
  const rank = input.ndim - 2;
  if ((rank !== 2 && rank !== 3) || grid.ndim !== input.ndim) {
    throw new ShapeError(
      `${op}: expected 4D or 5D input and grid with same number of dimensions, but got input with sizes ${formatShape(input.shape)} and grid with sizes ${formatShape(grid.shape)}`,
    );
  }
  if (grid.shape[0] !== input.shape[0] || grid.shape[grid.ndim - 1] !== rank) {
    throw new ShapeError(
      `${op}: expected grid and input to have same batch size and grid to have size ${rank} in last dimension, but got input with sizes ` +
        `${formatShape(input.shape)} and grid with sizes ${formatShape(grid.shape)}`,
    );
  }
  if (input.shape.slice(2).includes(0))
    throw new ShapeError(
      `${op}: expected input to have non-empty spatial dimensions, but input has sizes ${formatShape(input.shape)}`,
    );
}

/**
 * Elements of images [N, C, H, W] at the places that a grid [N, Ho, Wo, 2] names by x and y in [−1, 1], or of [N, C, D, H, W] at
 * [N, Do, Ho, Wo, 3]. Differentiable in both.
 */
export function gridSample(
  input: Tensor,
  grid: Tensor,
  ...rest: Trailing<
    [mode: GridMode | undefined, paddingMode: GridPadding | undefined, alignCorners: boolean | null | undefined],
    GridSampleOptions
  >
): Tensor {
  const op = "gridSample";
  checkGrid(op, input, grid);
  const given = parse(op, rest, { mode: "bilinear", paddingMode: "zeros", alignCorners: null as boolean | null }, [
    "mode",
    "paddingMode",
    "alignCorners",
  ]);
  const mode = given.mode as GridMode;
  const padding = given.paddingMode as GridPadding;
  if (!MODES.includes(mode))
    throw new ArgumentError(`${op}: expected mode to be ${MODES.join(", ")}, but got: ${describe(mode)}`);
  if (!PADDINGS.includes(padding))
    throw new ArgumentError(`${op}: expected padding_mode to be ${PADDINGS.join(", ")}, but got: ${describe(padding)}`);
  if (mode === "bicubic" && input.ndim !== 4)
    throw new ShapeError(`${op}: bicubic interpolation only supports 4D input`);
  return sample(input, grid, { mode, padding, aligns: given.alignCorners === true });
}

/** `gridSample` of images as PyTorch numbers the modes: 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border, 2 reflection. */
export function gridSampler(
  input: Tensor,
  grid: Tensor,
  interpolationMode: number,
  paddingMode: number,
  alignCorners: boolean,
  ...rest: []
): Tensor {
  nothingMore("gridSampler", rest);
  const op = "gridSampler";
  checkGrid(op, input, grid);
  const mode = MODES[interpolationMode];
  const padding = PADDINGS[paddingMode];
  if (mode === undefined || padding === undefined)
    throw new ArgumentError(`${op}: unknown mode ${interpolationMode} or padding mode ${paddingMode}`);
  return sample(input, grid, { mode, padding, aligns: asBoolean(op, alignCorners, "alignCorners") });
}

/** `gridSampler` of images [N, C, H, W]. */
export function gridSampler2d(
  input: Tensor,
  grid: Tensor,
  interpolationMode: number,
  paddingMode: number,
  alignCorners: boolean,
  ...rest: []
): Tensor {
  nothingMore("gridSampler2d", rest);
  return called("gridSampler2d", () => gridSampler(input, grid, interpolationMode, paddingMode, alignCorners));
}

/** `gridSampler` of images [N, C, D, H, W]. */
export function gridSampler3d(
  input: Tensor,
  grid: Tensor,
  interpolationMode: number,
  paddingMode: number,
  alignCorners: boolean,
  ...rest: []
): Tensor {
  nothingMore("gridSampler3d", rest);
  return called("gridSampler3d", () => gridSampler(input, grid, interpolationMode, paddingMode, alignCorners));
}

/** Options of `affineGrid`. */
export interface AffineGridOptions {
  readonly alignCorners?: boolean | null;
}

/** Coordinates of `size` places between −1 and 1. */
function line(size: number, aligns: boolean, dtype: "float32" | "float64"): Tensor {
  if (size <= 1) return full([size], 0, { dtype });
  const places = arange(size, { dtype });
  return aligns ? sub(mul(places, 2 / (size - 1)), 1) : sub(mul(add(places, 0.5), 2 / size), 1);
}

/**
 * The grid of an affine map: theta [N, 2, 3] and size [N, C, H, W] give [N, H, W, 2]; theta [N, 3, 4] and [N, C, D, H, W] give
 * [N, D, H, W, 3].
 */
export function affineGrid(
  theta: Tensor,
  size: readonly number[],
  ...rest: Trailing<[alignCorners: boolean | null | undefined], AffineGridOptions>
): Tensor {
  const op = "affineGrid";
  asTensor(op, theta, "theta");
  asIntegers(op, size, "size");
  const { alignCorners } = parse(op, rest, { alignCorners: null as boolean | null }, ["alignCorners"]);
  if (alignCorners !== null) asBoolean(op, alignCorners, "alignCorners");
  const rank = size.length - 2;
  if (!isFloat(theta.dtype))
    throw new DTypeError(`${op}: Expected theta to have floating point type, but got ${theta.dtype}`);
  if (
    (rank !== 2 && rank !== 3) ||
    theta.ndim !== 3 ||
    theta.shape[0] !== size[0] ||
    theta.shape[1] !== rank ||
    theta.shape[2] !== rank + 1
  ) {
    throw new ShapeError(
      `${op}: Expected a batch of 2D affine matrices of shape Nx2x3 for size [N, C, H, W], or Nx3x4 for [N, C, D, H, W], got ${formatShape(theta.shape)} and size ${formatShape(size)}`,
    );
  }
  const image = size.slice(2);
  const dtype = theta.dtype as "float32" | "float64";
  return composed(op, () => {
    const base = unrecorded(() => {
      const coordinates = image.map((length, d) =>
        expand(
          reshape(
            line(length, alignCorners === true, dtype),
            image.map((_, e) => (e === d ? length : 1)),
          ),
          image,
        ),
      );
      return reshape(stack([...coordinates.toReversed(), ones(image, { dtype })], rank), [-1, rank + 1]);
    });
    const out = product(base, transpose(theta, 1, 2), 1);
    return reshape(out, [size[0] as number, ...image, rank]);
  });
}
