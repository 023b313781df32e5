// What tests of operations say about the tape: the name of a node, derivatives against differences; and what a call refuses with.

import { expect } from "vitest";
import { autograd, type Tensor, WengertError } from "../../src/entries/node.js";

/** The name of the node that made a tensor, without its namespace. */
export const named = (x: Tensor): string | undefined => x.gradFn?.name().split("::").at(-1);

/** Compares derivatives of both orders and modes with differences. */
export function checked(f: (...inputs: Tensor[]) => Tensor | Tensor[], ...inputs: Tensor[]): void {
  const leaves = inputs.map((x) => x.detach().requiresGrad_());
  expect(autograd.gradcheck(f as never, leaves, { checkForwardAd: true })).toBe(true);
  expect(autograd.gradgradcheck(f as never, leaves)).toBe(true);
}

/** The message of the error that a call throws, which must be one of the library's. */
export function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(WengertError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
