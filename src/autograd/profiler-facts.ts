// What a profile derives: counts of floating-point operations, and the user's part of a stack.

import { Tensor } from "../tensor/tensor.js";

function sizeOf(operand: unknown): number {
  return operand instanceof Tensor ? operand.numel() : 0;
}

/** Which operand of a product is its left factor. */
const PRODUCTS: Readonly<Record<string, number>> = { mm: 0, bmm: 0, mv: 0, dot: 0, addmm: 1, baddbmm: 1, addmv: 1 };

/**
 * Floating-point operations of a call: two for each pair of elements that a product or a convolution multiplies and adds,
 * one for each element of elementwise arithmetic, 0 where they are not known.
 */
export function flopsOf(name: string, operands: readonly unknown[], out: Tensor, parameters: unknown): number {
  const left = PRODUCTS[name];
  if (left !== undefined) {
    const factor = operands[left];
    return factor instanceof Tensor ? 2 * out.numel() * (factor.shape.at(-1) ?? 1) : 0;
  }
  if (name === "convolution") {
    const [input, weight] = operands;
    if (!(input instanceof Tensor) || !(weight instanceof Tensor)) return 0;
    const places = (parameters as { readonly transposed?: boolean }).transposed === true ? sizeOf(input) : out.numel();
    return (2 * places * weight.numel()) / (weight.shape[0] as number);
  }
  return /^(add|sub|mul|div)_?$/.test(name) ? out.numel() : 0;
}

/** Where this library's own files are, as frames name them; empty where it was bundled into the program. */
function ownFolder(): string {
  const file = /((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:\\)[^\s()]*)[/\\]autograd[/\\]profiler-facts/.exec(
    new Error().stack ?? "",
  );
  return file?.[1] ?? "";
}

let folder: string | null = null;

/** The frames of a stack outside this library, innermost first; all of them where they cannot be told apart. */
export function userFrames(stack: string): string[] {
  folder ??= ownFolder();
  const frames = stack
    .split("\n")
    .filter((line) => /^\s*at |@/.test(line))
    .map((line) => line.trim().replace(/^at /, ""));
  const own = folder;
  const outside = own === "" ? frames : frames.filter((frame) => !frame.includes(own));
  return outside.length > 0 ? outside : frames;
}
