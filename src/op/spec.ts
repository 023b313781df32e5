// What a declaration says: formulas, the values they read, and how an operation is recorded.

import type { Tensor } from "../tensor/tensor.js";

/**
 * The derivative by one input. `reads` names the forward values that the formula uses: inputs, and outputs ("out" where
 * there is one). They are what the tape saves, and all that `of` sees beside `g`.
 *
 * `of` gives the gradient of the input from `g`, the gradient of the (first) output. It need not undo broadcasting or
 * promotion. A scalar operand arrives as the number it is, which functions take as well as a tensor.
 */
export interface Formula<Reads extends string, Parameters> {
  readonly reads: readonly Reads[];
  readonly of: (values: Values<Reads>, parameters: Parameters) => Tensor | null;
}

/** What a formula sees: the values it reads, the gradient of the first output, and those of all outputs. */
export type Values<Reads extends string> = { readonly [Name in Reads | "g"]: Tensor } & {
  readonly gradients: readonly (Tensor | null)[];
  /** Which input the gradient is for, in operations on lists. */
  readonly input: number;
  /**
   * Gradients of other inputs that a formula made along with its own and leaves to their formulas, which take them out; null
   * before, undefined where no node runs. What is left is freed.
   */
  shared: (Tensor | null)[] | null | undefined;
};

/** Formulas by input; the names are the inputs in the order of the call. */
export type Formulas<Reads extends Record<string, string>, Parameters> = {
  readonly [Input in keyof Reads]: Formula<Reads[Input] & string, Parameters> | null;
};

/** A formula as the call path uses it, names resolved to slots: inputs first, then outputs. */
export interface ResolvedFormula {
  readonly slots: readonly number[];
  readonly of: (values: never, parameters: never) => Tensor | null;
}

/** Marks an operation that has no derivative: its results never require gradients. */
export const none = null;
