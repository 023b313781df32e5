// What gradcheck checks: Jacobians against each other, and the manners of a backward pass.

import { ArgumentError, GradcheckError } from "../errors.js";
import { add, div, mul } from "../ops/arithmetic.js";
import { onesLike, zerosLike } from "../ops/creation.js";
import { detach } from "../ops/detach.js";
import { rand } from "../ops/random.js";
import { sum } from "../ops/reduce.js";
import { unrecorded } from "../tape/mode.js";
import { type Backward, Node } from "../tape/node.js";
import { edgeOf, factsOf } from "../tape/record.js";
import { isFloat } from "../tensor/dtype.js";
import { Generator } from "../tensor/generator.js";
import { hasInternalOverlap } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { grad } from "./backward.js";
import { closeLevel, openLevel, setTangent, tangentAt } from "./forward.js";
import { type Checked, differentiable, type Jacobian, numbers, scratch } from "./gradcheck-jacobians.js";

/** Throws unless two Jacobians agree; the message shows the entries that differ, and both. */
export function compare(
  kind: string,
  k: number,
  i: number,
  numerical: Jacobian,
  analytical: Jacobian,
  atol: number,
  rtol: number,
): void {
  const wrong: string[] = [];
  numerical.forEach((row, element) => {
    row.forEach((n, j) => {
      const a = analytical[element]?.[j] ?? Number.NaN;
      const same = a === n || (Number.isNaN(a) && Number.isNaN(n)) || Math.abs(a - n) <= atol + rtol * Math.abs(n);
      if (!same) wrong.push(`  d out[${j}] / d in[${element}]: numerical ${n}, analytical ${a}`);
    });
  });
  if (wrong.length === 0) return;
  throw new GradcheckError(
    `gradcheck: Jacobian${kind} mismatch for output ${k} with respect to input ${i}, ${wrong.length} entries differ:\n` +
      `${wrong.slice(0, 20).join("\n")}${wrong.length > 20 ? "\n  ..." : ""}\n` +
      `numerical: ${JSON.stringify(numerical)}\nanalytical: ${JSON.stringify(analytical)}`,
  );
}

/** The places of the inputs that require gradients; throws or warns where they cannot be checked. */
export function checkInputs(inputs: readonly Tensor[]): number[] {
  const wanted = inputs.map((_, i) => i).filter((i) => (inputs[i] as Tensor).tracked);
  if (wanted.length === 0) {
    throw new ArgumentError(
      "gradcheck: expects at least one input tensor to require gradient, but none of the them have requiresGrad=true.",
    );
  }
  for (const i of wanted) {
    const input = inputs[i] as Tensor;
    if (input.dtype !== "float64") {
      console.warn(
        `wengert: gradcheck: input #${i} requires gradient and is not a double precision floating point; the check will likely fail`,
      );
    }
    if (hasInternalOverlap(input.layout)) {
      throw new ArgumentError(
        `gradcheck: the ${i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping`,
      );
    }
  }
  return wanted;
}

/** The same backward twice gives the same, and none of a zero gradient gives zero. */
export function checkBackward(
  f: Checked,
  inputs: readonly Tensor[],
  wanted: readonly number[],
  nondetTol: number,
): void {
  scratch(() => {
    const targets = wanted.map((i) => inputs[i] as Tensor);
    const output = differentiable(f, inputs).filter((each) => each.tracked);
    if (output.length === 0) return;
    const run = (seed: (x: Tensor) => Tensor) =>
      grad(output, targets, {
        gradOutputs: output.map((x) => seed(x)),
        retainGraph: true,
        allowUnused: true,
      }) as (Tensor | null)[];
    run(zerosLike).forEach((gradient) => {
      if (gradient !== null && numbers(gradient).some((value) => value !== 0)) {
        throw new GradcheckError("gradcheck: backward not multiplied by grad_output");
      }
    });
    const once = run(onesLike);
    run(onesLike).forEach((gradient, i) => {
      const first = once[i] ?? null;
      if (gradient === null || first === null) return;
      const a = numbers(first);
      if (numbers(gradient).some((value, j) => Math.abs(value - (a[j] as number)) > nondetTol)) {
        throw new GradcheckError(
          "gradcheck: Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different values",
        );
      }
    });
    targets.forEach((target, i) => {
      const gradient = once[i];
      if (gradient && (gradient.dtype !== target.dtype || gradient.shape.join() !== target.shape.join())) {
        throw new GradcheckError("gradcheck: grad is of another dtype or shape than its input");
      }
    });
  });
}

/** A handle on an output through which no gradient comes back. */
function cutOff(output: Tensor): Tensor {
  const edge = edgeOf(output);
  const cut = detach(output);
  if (edge !== null) {
    const node = new Node("UndefinedGrad", nothing, [edge.node], [edge.index], [factsOf(output)], null);
    cut.setHistory({ node, index: 0 });
  }
  return cut;
}

const nothing: Backward = { run: () => [null] };

/**
 * Missing gradients of outputs, one at a time and all at once, do not make the backward throw, and where all are missing
 * those of the inputs are missing or zero.
 */
export function checkUndefined(f: Checked, inputs: readonly Tensor[], wanted: readonly number[]): void {
  scratch(() => {
    const targets = wanted.map((i) => inputs[i] as Tensor);
    const run = (missing: (k: number) => boolean): (Tensor | null)[] => {
      const outputs = differentiable(f, inputs).filter((each) => each.tracked);
      if (outputs.length === 0) return [];
      const gradOutputs = outputs.map((output) => onesLike(output));
      try {
        const roots = outputs.map((output, k) => (missing(k) ? cutOff(output) : output));
        return grad(roots, targets, { gradOutputs, allowUnused: true }) as (Tensor | null)[];
      } catch (error) {
        throw new GradcheckError(
          `gradcheck: Expected backward function to handle undefined output grads; it threw: ${(error as Error).message}`,
        );
      }
    };
    if (run(() => true).some((gradient) => gradient !== null && numbers(gradient).some((value) => value !== 0)))
      throw new GradcheckError(
        "gradcheck: Expected all input grads to be undefined or zero when all output grads are undefined or zero.",
      );
    const count = differentiable(f, inputs).filter((each) => each.tracked).length;
    if (count > 1) for (let k = 0; k < count; k++) run((each) => each === k);
  });
}

/** Of its own, so that a check does not move the program's random numbers on. */
const directions = /* @__PURE__ */ new Generator();

/** A vector of random numbers that are not negative, of length 1, in the shape of a tensor. */
function direction(like: Tensor): Tensor {
  return unrecorded(() => {
    const values = rand(like.shape, { dtype: like.dtype as "float64", generator: directions });
    const length = Number(sum(mul(values, values)).item());
    return length === 0 ? values : div(values, Math.sqrt(length));
  });
}

const dot = (a: Tensor, b: Tensor): number => unrecorded(() => Number(sum(mul(a, b)).item()));

/** What `fastCheck` needs of the options. */
interface FastOptions {
  readonly eps: number;
  readonly atol: number;
  readonly rtol: number;
  readonly checkBackwardAd: boolean;
  readonly checkForwardAd: boolean;
}

/**
 * Compares one random projection of each Jacobian: v·(f(x + εu) - f(x - εu)) / 2ε with v·Ju from the backward pass and
 * from forward mode. Returns whether all agree.
 */
export function fastCheck(
  f: Checked,
  inputs: readonly Tensor[],
  wanted: readonly number[],
  options: FastOptions,
): boolean {
  return scratch(() => {
    const { eps, atol, rtol } = options;
    const us = inputs.map((input) => (isFloat(input.dtype) ? direction(input) : input));
    const vs = differentiable(f, inputs).map(direction);
    const near = (a: number, n: number, u: Tensor, v: Tensor) => {
      const scale = unrecorded(() => Number(sum(u).item()) * Number(sum(v).item()));
      return a === n || Math.abs(a - n) <= atol * scale + rtol * Math.abs(n);
    };
    return wanted.every((i) => {
      const u = us[i] as Tensor;
      const shifted = (by: number) =>
        unrecorded(() => {
          const moved = inputs.map((input, j) => (j === i ? add(detach(input), mul(u, by)) : detach(input)));
          return differentiable(f, moved);
        });
      const [above, below] = [shifted(eps), shifted(-eps)];
      const numerical = vs.map((v, k) => (dot(above[k] as Tensor, v) - dot(below[k] as Tensor, v)) / (2 * eps));
      const reverse = (v: Tensor, k: number): number => {
        const output = differentiable(f, inputs)[k] as Tensor;
        if (!output.tracked) return 0;
        const [gradient] = grad(output, inputs[i] as Tensor, {
          gradOutputs: v,
          allowUnused: true,
        }) as (Tensor | null)[];
        return gradient === null || gradient === undefined ? 0 : dot(gradient, u);
      };
      const backwardAgrees = (k: number) =>
        near(reverse(vs[k] as Tensor, k), numerical[k] as number, u, vs[k] as Tensor);
      if (options.checkBackwardAd && !vs.every((_, k) => backwardAgrees(k))) return false;
      if (!options.checkForwardAd) return true;
      const products = forwardProducts(f, inputs, i, u, vs);
      return products.every((product, k) => near(product, numerical[k] as number, u, vs[k] as Tensor));
    });
  });
}

/** v·Ju for each output, in forward mode. */
function forwardProducts(
  f: Checked,
  inputs: readonly Tensor[],
  which: number,
  u: Tensor,
  vs: readonly Tensor[],
): number[] {
  const level = openLevel();
  try {
    const duals = inputs.map((input) => (isFloat(input.dtype) ? detach(input) : input));
    setTangent(duals[which] as Tensor, level, u);
    return differentiable(f, duals).map((output, k) => {
      const tangent = tangentAt(output, level);
      return tangent === null ? 0 : dot(tangent, vs[k] as Tensor);
    });
  } finally {
    closeLevel();
  }
}
