// The `inplace` option of activation functions.

import { asTensor, parse, type Trailing } from "../../op/args.js";
import type { ElementwiseOp } from "../../op/elementwise.js";
import type { Tensor } from "../../tensor/tensor.js";

/** The option of functions that can write their input. */
export interface InplaceOption {
  readonly inplace?: boolean;
}

/** Its place in a call. */
export type InplaceRest = Trailing<[inplace: boolean | undefined], InplaceOption>;

/** Runs an elementwise operation, in place where that is asked for. */
export function run<A extends readonly unknown[]>(f: ElementwiseOp<A>, inplace: boolean, ...operands: A): Tensor {
  return inplace ? f.inplace(...operands) : f(...operands);
}

/** Reads the option where it is the only one. */
export function inplaceOf(op: string, x: unknown, rest: readonly unknown[]): boolean {
  asTensor(op, x);
  return parse(op, rest, { inplace: false }, ["inplace"]).inplace;
}
