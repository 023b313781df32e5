// gradcheck and gradgradcheck: derivatives against central differences.

import { ArgumentError, GradcheckError } from "../errors.js";
import { asNumber, parse } from "../op/args.js";
import { asContiguous } from "../op/copy.js";
import { add } from "../ops/arithmetic.js";
import { clone } from "../ops/cast.js";
import { onesLike, zerosLike } from "../ops/creation.js";
import { detach } from "../ops/detach.js";
import { randn } from "../ops/random.js";
import { recorded, unrecorded } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import { hasInternalOverlap } from "../tensor/layout.js";
import { closeScope, openScope } from "../tensor/lifetime.js";
import { elementsOf } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { grad } from "./backward.js";
import { closeLevel, openLevel, setTangent, tangentAt } from "./forward.js";
import { unit } from "./functions-of-tensors.js";

/** Options of `gradcheck` and `gradgradcheck`. */
export interface GradcheckOptions {
  /** Step of the differences. */
  readonly eps?: number;
  readonly atol?: number;
  readonly rtol?: number;
  /** Throw on a disagreement (default), or return false. */
  readonly raiseException?: boolean;
  /** How far two runs of the same backward may differ. */
  readonly nondetTol?: number;
  /** Also pass missing gradients to functions of several outputs. */
  readonly checkUndefinedGrad?: boolean;
  readonly checkBackwardAd?: boolean;
  readonly checkForwardAd?: boolean;
}

/** A function under test: tensors to a tensor or an array of tensors. */
export type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

const defaults = {
  eps: 1e-6,
  atol: 1e-5,
  rtol: 1e-3,
  raiseException: true,
  nondetTol: 0,
  checkUndefinedGrad: true,
  checkBackwardAd: true,
  checkForwardAd: false,
} satisfies GradcheckOptions;

/** A Jacobian, [elements of the input][elements of the output], in JavaScript numbers. */
type Jacobian = number[][];

function listOf(value: Tensor | readonly Tensor[]): Tensor[] {
  const list = value instanceof Tensor ? [value] : [...value];
  for (const tensor of list) {
    if (!(tensor instanceof Tensor)) throw new ArgumentError("gradcheck: the function must return tensors");
  }
  return list;
}

/** The outputs that have a derivative, on the given inputs. */
function differentiable(f: Checked, inputs: readonly Tensor[]): Tensor[] {
  return listOf(f(...inputs)).filter((output) => isFloat(output.dtype));
}

function numbers(x: Tensor): number[] {
  return unrecorded(() => {
    const dense = asContiguous(x);
    const { view, start } = elementsOf(dense);
    return Array.from(view.subarray(start, start + dense.numel()), Number);
  });
}

/** Runs `body` and frees everything it made. */
function scratch<T>(body: () => T): T {
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
        scratch(() => moved(target, element, by, () => differentiable(f, copies).map(numbers)));
      const above = at(eps);
      const below = at(-eps);
      above.forEach((values, k) => {
        jacobians[k] ??= [];
        (jacobians[k] as Jacobian).push(values.map((value, j) => (value - (below[k]?.[j] ?? 0)) / (2 * eps)));
      });
    }
    return jacobians;
  });
}

/** The Jacobian of output `k` by every input, by one backward pass for each element of the output. */
function reverseJacobians(f: Checked, inputs: readonly Tensor[], wanted: readonly number[], k: number): Jacobian[] {
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
function forwardJacobian(f: Checked, inputs: readonly Tensor[], which: number): Jacobian[] {
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

function compare(
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

function checkInputs(inputs: readonly Tensor[]): number[] {
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
function checkBackward(f: Checked, inputs: readonly Tensor[], wanted: readonly number[], nondetTol: number): void {
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

/** With one output's gradient missing at a time, nothing throws and the rest still arrives. */
function checkUndefined(f: Checked, inputs: readonly Tensor[], wanted: readonly number[]): void {
  scratch(() => {
    const targets = wanted.map((i) => inputs[i] as Tensor);
    const outputs = differentiable(f, inputs).filter((each) => each.tracked);
    if (outputs.length < 2) return;
    for (const output of outputs)
      grad(output, targets, { gradOutputs: onesLike(output), retainGraph: true, allowUnused: true });
  });
}

/**
 * Compares derivatives with central differences; inputs should be float64. Returns true.
 *
 * ```js
 * autograd.gradcheck((x) => x.sin().mul(x), [tensor([1, 2], { dtype: float64, requiresGrad: true })])
 * ```
 * @throws GradcheckError naming output and input and showing the entries that differ, unless `raiseException` is false;
 *   ArgumentError if no input requires a gradient.
 */
export function gradcheck(
  f: Checked,
  inputs: Tensor | readonly Tensor[],
  ...rest: [options?: GradcheckOptions]
): boolean {
  const options = parse<typeof defaults>("gradcheck", rest, defaults);
  asNumber("gradcheck", options.eps, "eps");
  const list = listOf(inputs);
  const wanted = checkInputs(list);
  if (!options.checkForwardAd && !options.checkBackwardAd) {
    throw new ArgumentError("gradcheck: Expected at least one of checkForwardAd and checkBackwardAd to be true");
  }
  try {
    return recorded(() => checkAll(f, list, wanted, options));
  } catch (error) {
    if (!options.raiseException && error instanceof GradcheckError) return false;
    throw error;
  }
}

function checkAll(f: Checked, inputs: readonly Tensor[], wanted: readonly number[], options: typeof defaults): true {
  const numerical = wanted.map((i) => numericalJacobian(f, inputs, i, options.eps));
  const count = numerical[0]?.length ?? 0;
  if (options.checkBackwardAd) {
    for (let k = 0; k < count; k++) {
      const analytical = reverseJacobians(f, inputs, wanted, k);
      wanted.forEach((i, place) => {
        compare("", k, i, numerical[place]?.[k] ?? [], analytical[place] as Jacobian, options.atol, options.rtol);
      });
    }
    checkBackward(f, inputs, wanted, options.nondetTol);
    if (options.checkUndefinedGrad) checkUndefined(f, inputs, wanted);
  }
  if (options.checkForwardAd) {
    wanted.forEach((i, place) => {
      forwardJacobian(f, inputs, i).forEach((analytical, k) => {
        compare(
          " computed with forward mode",
          k,
          i,
          numerical[place]?.[k] ?? [],
          analytical,
          options.atol,
          options.rtol,
        );
      });
    });
  }
  return true;
}

/**
 * `gradcheck` of the gradient: second derivatives against differences of first ones. `gradOutputs` are random where
 * none are given.
 */
export function gradgradcheck(
  f: Checked,
  inputs: Tensor | readonly Tensor[],
  ...rest: [gradOutputs?: Tensor | readonly Tensor[] | null | GradcheckOptions, options?: GradcheckOptions]
): boolean {
  const given = parse("gradgradcheck", rest, { gradOutputs: null as Tensor | readonly Tensor[] | null, ...defaults }, [
    "gradOutputs",
  ]);
  const { gradOutputs, ...options } = given;
  const list = listOf(inputs);
  const wanted = checkInputs(list);
  const seeds =
    gradOutputs === null
      ? unrecorded(() =>
          differentiable(f, list).map((output) => randn(output.shape, { dtype: output.dtype as "float64" })),
        )
      : listOf(gradOutputs).map((seed) => detach(seed));
  for (const seed of seeds) seed.collects = true;
  const first = (...all: Tensor[]): Tensor[] => {
    const own = all.slice(0, list.length).map((x, i) => (wanted.includes(i) && !x.tracked ? required(x) : x));
    const outputs = differentiable(f, own);
    const pairs = outputs
      .map((output, k) => [output, all[list.length + k] as Tensor] as const)
      .filter(([output]) => output.tracked);
    const gradients = grad(
      pairs.map(([output]) => output),
      wanted.map((i) => own[i] as Tensor),
      { gradOutputs: pairs.map(([, seed]) => seed), createGraph: true, allowUnused: true },
    ) as (Tensor | null)[];
    return gradients.map((gradient, i) => gradient ?? add(zerosLike(own[wanted[i] as number] as Tensor), 0));
  };
  // First derivatives need recording even where differences are taken without it.
  return gradcheck((...all) => recorded(() => first(...all)), [...list, ...seeds], options);
}

/** The copies that differences and tangents are taken on are ours: they may collect gradients. */
function required(copy: Tensor): Tensor {
  copy.collects = true;
  return copy;
}
