// Windows sliding over an image of up to three dims: where they lie, and the launches that unroll and roll up.

import { bytesOf } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { addStrided, beginNest, spreadLike, writeNest } from "./nest.js";

/** Numbers for depth, height and width; missing dims come first. */
export type Triple = readonly [number, number, number];

/** Where windows lie: all along depth, height and width. */
export interface Windows {
  /** Elements of a window. */
  readonly kernel: Triple;
  /** From one window to the next. */
  readonly stride: Triple;
  /** From one element of a window to the next. */
  readonly dilation: Triple;
  /** Elements outside the image in front. */
  readonly padding: Triple;
  /** Sizes of the image. */
  readonly image: Triple;
  /** Numbers of windows. */
  readonly places: Triple;
}

/** The numbers for up to three dims, `fill` for those that are missing in front. */
export function triple(numbers: readonly number[], fill: number): Triple {
  const [a, b, c] = [...Array<number>(3 - numbers.length).fill(fill), ...numbers] as [number, number, number];
  return [a, b, c];
}

/** The product of three numbers. */
export function volume([a, b, c]: Triple): number {
  return a * b * c;
}

/** Strides of [N, C, …] in elements over n, c, depth, height and width. */
export function imageStrides(x: Tensor): number[] {
  const { strides } = x.layout;
  return [strides[0] as number, strides[1] as number, ...triple(strides.slice(2), 0)];
}

/** Writes the windows' parameters; `from` is the first one. */
export function setWindows({ stride, dilation, padding, image }: Windows): void {
  [...stride, ...dilation, ...padding, ...image].forEach((value, i) => setParameter(i, value));
}

const unrolls = /* @__PURE__ */ new WidthFamily("unroll");
const rollUps = /* @__PURE__ */ new KernelFamily("roll_up");

/**
 * Puts the nest of windows together: columns with their strides over n, c, the place in the window and the window's place,
 * and an image; n and c are how many.
 */
function begin(
  columns: Tensor,
  columnStrides: readonly number[],
  image: Tensor,
  strides: readonly number[],
  n: number,
  c: number,
  windows: Windows,
): void {
  beginNest([n, c, ...windows.kernel, ...windows.places]);
  addStrided(columns, columnStrides);
  addStrided(image, [...strides, 0, 0, 0]);
  writeNest();
  setWindows(windows);
}

/** columns = the elements of all windows, 0 outside the image. `strides` are the image's over n, c, d, h, w. */
export function unroll(
  columns: Tensor,
  columnStrides: readonly number[],
  image: Tensor,
  strides: readonly number[],
  n: number,
  c: number,
  windows: Windows,
): void {
  if (n * c * volume(windows.kernel) * volume(windows.places) === 0) return;
  begin(columns, columnStrides, image, strides, n, c, windows);
  launch(unrolls.of(bytesOf(columns.dtype)), n * c * volume(windows.kernel));
}

/** Adds the columns to where they come from in the image; what falls outside is dropped. */
export function rollUp(
  image: Tensor,
  strides: readonly number[],
  columns: Tensor,
  columnStrides: readonly number[],
  n: number,
  c: number,
  windows: Windows,
): void {
  if (n * c * volume(windows.kernel) * volume(windows.places) === 0) return;
  spreadLike(image, columns);
  begin(columns, columnStrides, image, strides, n, c, windows);
  launch(rollUps.of(columns.dtype), n * c);
}

/** Strides of columns laid out as [n, c, kernel, places]. */
export function columnStrides(c: number, { kernel, places }: Windows): number[] {
  return denseStrides([1, c, ...kernel, ...places]);
}

/** Row-major strides. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d] as number;
  }
  return strides;
}
