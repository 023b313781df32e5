// The general kind: the author runs the kernel and writes the gradient of each input.

import { mode } from "../tape/mode.js";
import type { Tensor } from "../tensor/tensor.js";
import { dense } from "./copy.js";
import type { Operand } from "./nest.js";
import { labelOf, Operation, resolve, type TangentRule } from "./operation.js";
import type { Formulas } from "./spec.js";

export interface Op<Reads extends Record<string, string>, Parameters> {
  /** The operation's name, the same as that of the exported function. */
  readonly name: string;
  /** The node's name where it is not "NameBackward0". */
  readonly label?: string | ((parameters: Parameters, inputs: readonly Operand[]) => string);
  /** Names of the results where there are several or formulas read them; `["out"]` if left out. */
  readonly outputs?: readonly string[];
  /** Checks nothing and records nothing: makes the results and runs the kernels. */
  readonly forward: (inputs: readonly Tensor[], parameters: Parameters) => Tensor | Tensor[];
  /** For each input the formula of its gradient; also the names of the inputs. */
  readonly gradients: Formulas<Reads, Parameters>;
  /** How tangents go through: see `TangentRule`; "transposed" if left out. */
  readonly tangent?:
    | "linear"
    | ((
        inputs: readonly Tensor[],
        outputs: readonly Tensor[],
        tangents: readonly (Tensor | null)[],
        parameters: Parameters,
      ) => (Tensor | null)[]);
  /** The inputs are one list of any length, each with the one formula given. */
  readonly list?: boolean;
}

/** What a declaration of the general kind gives: called by the exported function once the arguments are checked. */
export interface Applied<Parameters> {
  /** Runs, records, and returns the only result. */
  (inputs: readonly Operand[], parameters: Parameters): Tensor;
  /** The same for several results. */
  readonly all: (inputs: readonly Operand[], parameters: Parameters) => Tensor[];
  /** Writes the result into the first input, by `write`, and returns it. */
  readonly inplace: (inputs: readonly Tensor[], parameters: Parameters, write: (self: Tensor) => void) => Tensor;
  readonly spec: { readonly name: string };
}

/** Declares an operation by its forward pass and the gradient of each input. */
/* @__NO_SIDE_EFFECTS__ */
export function op<const Reads extends Record<string, string>, Parameters = null>(
  spec: Op<Reads, Parameters>,
): Applied<Parameters> {
  const { names, resolved } = resolve(spec.gradients, spec.outputs ?? ["out"]);
  const forward = spec.forward as (inputs: readonly Operand[], parameters: Parameters) => Tensor | Tensor[];
  const operation = new Operation(
    spec.name,
    (spec.label ?? labelOf(spec.name)) as string,
    names,
    spec.list === true ? -1 : resolved.length,
    resolved.every((formula) => formula === null) ? [] : resolved,
    (spec.tangent ?? "transposed") as TangentRule,
    (inputs, parameters) => run.all(inputs, parameters as Parameters),
  );
  const inPlaceName = spec.name.endsWith("_") ? spec.name : `${spec.name}_`;
  const run = (inputs: readonly Operand[], parameters: Parameters): Tensor => {
    const token = mode.trace === null ? -1 : mode.trace.begin(spec.name, inputs, null);
    const out = forward(inputs, parameters) as Tensor;
    operation.finish(inputs, [out], parameters);
    if (token >= 0) mode.trace?.end(token, [out], parameters);
    return out;
  };
  run.all = (inputs: readonly Operand[], parameters: Parameters): Tensor[] => {
    const token = mode.trace === null ? -1 : mode.trace.begin(spec.name, inputs, null);
    const result = forward(inputs, parameters);
    const outputs = Array.isArray(result) ? result : [result];
    operation.finish(inputs, outputs, parameters);
    if (token >= 0) mode.trace?.end(token, outputs, parameters);
    return outputs;
  };
  run.inplace = (inputs: readonly Tensor[], parameters: Parameters, write: (self: Tensor) => void): Tensor => {
    const self = inputs[0] as Tensor;
    const token = mode.trace === null ? -1 : mode.trace.begin(inPlaceName, inputs, null);
    operation.applyInPlace(self, inputs, parameters, dense, () => write(self));
    if (token >= 0) mode.trace?.end(token, [self], parameters);
    return self;
  };
  run.spec = spec;
  return run;
}
