// What the functions of functions share: preparing inputs, reading outputs, gradients with zeros for missing ones.

import { ArgumentError, GraphError } from "../errors.js";
import { describe } from "../op/args.js";
import { clone } from "../ops/cast.js";
import { zeros, zerosLike } from "../ops/creation.js";
import { detach } from "../ops/detach.js";
import { view } from "../ops/shape.js";
import { elementsOf } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { grad } from "./backward.js";

/** A function of tensors that gives a tensor or an array of tensors. */
export type TensorFunction = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** The arguments of a function of such inputs. */
export type ArgumentsOf<I> = I extends readonly unknown[] ? { -readonly [K in keyof I]: Tensor } : [Tensor];

/** A tensor for each of some tensors, nested as they are. */
export type Like<T> = T extends readonly unknown[] ? { -readonly [K in keyof T]: Tensor } : Tensor;

/** One tensor or several. */
export type Inputs = Tensor | readonly Tensor[];

export function listOf(op: string, value: unknown, what: string): Tensor[] {
  const list = value instanceof Tensor ? [value] : value;
  if (!Array.isArray(list) || list.some((each) => !(each instanceof Tensor))) {
    throw new ArgumentError(
      `${op}: The ${what} given must be either a Tensor or an array of Tensors, got ${describe(value)}`,
    );
  }
  return list as Tensor[];
}

/** Copies of the inputs that collect gradients; with `createGraph` they stay connected to the originals. */
export function prepared(op: string, inputs: unknown, createGraph: boolean): Tensor[] {
  return listOf(op, inputs, "inputs").map((input) => {
    if (createGraph && input.tracked) return view(input, input.shape);
    const copy = clone(detach(input));
    copy.collects = true;
    return copy;
  });
}

export function outputsOf(
  op: string,
  f: TensorFunction,
  inputs: readonly Tensor[],
): { readonly outputs: Tensor[]; readonly single: boolean } {
  const value = f(...inputs);
  return { outputs: listOf(op, value, "outputs of the user-provided function"), single: value instanceof Tensor };
}

/** Results do not stay on the tape unless the caller wants to differentiate them. */
export function released(x: Tensor, createGraph: boolean): Tensor {
  return createGraph || !x.tracked ? x : detach(x);
}

export function unused(op: string, strict: boolean, i: number, what: string): void {
  if (strict)
    throw new GraphError(
      `${op}: ${what} ${i} of the user-provided function is independent of the input. This is not allowed in strict mode.`,
    );
}

/** Gradients with zeros in the place of missing ones; strict mode refuses those. */
export function gradients(
  op: string,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  seeds: readonly (Tensor | null)[] | null,
  createGraph: boolean,
  strict: boolean,
): Tensor[] {
  const live = outputs
    .map((output, i) => ({ output, seed: seeds?.[i] ?? null }))
    .filter(({ output }, i) => {
      if (!output.tracked) unused(op, strict, i, "Output");
      return output.tracked;
    });
  const results: (Tensor | null)[] =
    live.length === 0
      ? inputs.map(() => null)
      : grad(
          live.map(({ output }) => output),
          inputs,
          {
            gradOutputs: seeds === null ? null : live.map(({ seed }) => seed),
            createGraph,
            retainGraph: true,
            allowUnused: true,
          },
        );
  return results.map((result, i) => {
    if (result === null) {
      if (strict)
        throw new GraphError(
          `${op}: The output of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`,
        );
      return zerosLike(inputs[i] as Tensor);
    }
    if (strict && createGraph && !result.tracked) {
      throw new GraphError(
        `${op}: The jacobian of the user-provided function is independent of input ${i}. This is not allowed in strict mode when createGraph=true.`,
      );
    }
    return result;
  });
}

/** A tensor like another with one in one place, counted row-major, and zeros elsewhere; contiguous, without history. */
export function unit(like: Tensor, element: number): Tensor {
  const seed = zeros(like.shape, { dtype: like.dtype });
  const { view: elements, start } = elementsOf(seed);
  elements[start + element] = 1;
  return seed;
}
