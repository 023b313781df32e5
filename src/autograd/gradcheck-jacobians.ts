// Jacobians as gradcheck compares them: by differences, by backward passes, in forward mode.

import { ArgumentError, GradcheckError } from "../errors.js";
import { asContiguous } from "../op/copy.js";
import { clone } from "../ops/cast.js";
import { detach } from "../ops/detach.js";
import { unrecorded } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import { closeScope, openScope } from "../tensor/lifetime.js";
import { elementsOf } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { grad } from "./backward.js";
import { closeLevel, openLevel, setTangent, tangentAt } from "./forward.js";
import { unit } from "./functions-of-tensors.js";

/** A function under test: tensors to a tensor or an array of tensors. */
export type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** A Jacobian, [elements of the input][elements of the output], in JavaScript numbers. */
export type Jacobian = number[][];

/** One tensor or several, as a list. */
export function listOf(value: Tensor | readonly Tensor[]): Tensor[] {
  const list = value instanceof Tensor ? [value] : [...value];
  for (const tensor of list) {
    if (!(tensor instanceof Tensor)) throw new ArgumentError("gradcheck: the function must return tensors");
  }
  return list;
}

/** The outputs that have a derivative, on the given inputs. */
export function differentiable(f: Checked, inputs: readonly Tensor[]): Tensor[] {
  return listOf(f(...inputs)).filter((output) => isFloat(output.dtype));
}

/** All elements, row-major. */
export function numbers(x: Tensor): number[] {
  return unrecorded(() => {
    const dense = asContiguous(x);
    const { view, start } = elementsOf(dense);
    return Array.from(view.subarray(start, start + dense.numel()), Number);
  });
}

/** Runs `body` and frees everything it made. */
export function scratch<T>(body: () => T): T {
  const scope = openScope();
  try {
    return body();
  } finally {
    closeScope(scope, null);
  }
}

/** Calls `body` with one element of a contiguous tensor moved by `by`, and puts it back. */
function moved<T>(x: Tensor, element: number, by: number, body: () => T): T {
  const at = elementsOf(x);
  const place = at.start + element;
  const before = at.view[place] as number;
  at.view[place] = before + by;
  try {
    return body();
  } finally {
    elementsOf(x).view[place] = before;
  }
}

/** Central differences of every output by every element of one input. */
export function numericalJacobian(f: Checked, inputs: readonly Tensor[], which: number, eps: number): Jacobian[] {
  return unrecorded(() => {
    const copies = inputs.map((input) => (isFloat(input.dtype) ? clone(detach(asContiguous(input))) : input));
    const target = copies[which] as Tensor;
    const jacobians: Jacobian[] = [];
    for (let element = 0; element < target.numel(); element++) {
      const at = (by: number) =>
        scratch(() =>
          moved(target, element, by, () => {
            const outputs = differentiable(f, copies);
            return {
              facts: outputs.map(({ shape, dtype }) => `${shape.join()} ${dtype}`).join("; "),
              values: outputs.map(numbers),
            };
          }),
        );
      const above = at(eps);
      const below = at(-eps);
      if (above.facts !== below.facts) {
        throw new GradcheckError(
          `gradcheck: outputs must keep their shapes and dtypes when input ${which} is perturbed: [${above.facts}] and [${below.facts}]`,
        );
      }
      above.values.forEach((values, k) => {
        jacobians[k] ??= [];
        (jacobians[k] as Jacobian).push(values.map((value, j) => (value - (below.values[k]?.[j] ?? 0)) / (2 * eps)));
      });
    }
    return jacobians;
  });
}

/** The Jacobian of output `k` by every input, by one backward pass for each element of the output. */
export function reverseJacobians(
  f: Checked,
  inputs: readonly Tensor[],
  wanted: readonly number[],
  k: number,
): Jacobian[] {
  return scratch(() => {
    const output = differentiable(f, inputs)[k] as Tensor;
    const targets = wanted.map((i) => inputs[i] as Tensor);
    const jacobians = targets.map(
      (x): Jacobian => Array.from({ length: x.numel() }, () => new Array(output.numel()).fill(0)),
    );
    if (!output.tracked) return jacobians;
    for (let j = 0; j < output.numel(); j++) {
      scratch(() => {
        const seed = unit(output, j);
        const gradients = grad(output, targets, { gradOutputs: seed, retainGraph: true, allowUnused: true });
        gradients.forEach((gradient: Tensor | null, i) => {
          if (gradient === null) return;
          numbers(gradient).forEach((value, element) => {
            ((jacobians[i] as Jacobian)[element] as number[])[j] = value;
          });
        });
      });
    }
    return jacobians;
  });
}

/** The Jacobians of all outputs by one input, by one forward-mode call for each of its elements. */
export function forwardJacobian(
  f: Checked,
  inputs: readonly Tensor[],
  which: number,
  checkDtypes: boolean,
): Jacobian[] {
  const jacobians: Jacobian[] = [];
  const target = inputs[which] as Tensor;
  for (let element = 0; element < target.numel(); element++) {
    scratch(() => {
      const level = openLevel();
      try {
        const duals = inputs.map((input) => (isFloat(input.dtype) ? detach(input) : input));
        setTangent(duals[which] as Tensor, level, unit(target, element));
        differentiable(f, duals).forEach((output, k) => {
          const tangent = tangentAt(output, level);
          if (checkDtypes && tangent !== null && tangent.dtype !== output.dtype) {
            throw new GradcheckError(
              `gradcheck: the tangent of output ${k} is ${tangent.dtype}, the output ${output.dtype}`,
            );
          }
          jacobians[k] ??= [];
          (jacobians[k] as Jacobian).push(tangent === null ? new Array(output.numel()).fill(0) : numbers(tangent));
        });
      } finally {
        closeLevel();
      }
    });
  }
  return jacobians;
}
