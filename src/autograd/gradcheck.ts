// gradcheck and gradgradcheck: derivatives against central differences.

import { ArgumentError, GradcheckError } from "../errors.js";
import { asBoolean, asNumber, parse } from "../op/args.js";
import { add } from "../ops/arithmetic.js";
import { zerosLike } from "../ops/creation.js";
import { detach } from "../ops/detach.js";
import { randn } from "../ops/random.js";
import { transpose } from "../ops/shape.js";
import { recorded, unrecorded } from "../tape/mode.js";
import type { Tensor } from "../tensor/tensor.js";
import { grad } from "./backward.js";
import { checkBatchedBackward, checkBatchedForward } from "./check-batched.js";
import { checkBackward, checkInputs, checkUndefined, compare, fastCheck } from "./gradcheck-checks.js";
import {
  type Checked,
  differentiable,
  forwardJacobian,
  type Jacobian,
  listOf,
  numericalJacobian,
  reverseJacobians,
  scratch,
} from "./gradcheck-jacobians.js";

export { GradcheckError } from "../errors.js";
export { type Checked, type Jacobian, numericalJacobian } from "./gradcheck-jacobians.js";

interface CommonOptions {
  /** Step of the differences: 1e-6. */
  readonly eps?: number;
  /** How far derivatives may differ in absolute terms: 1e-5. */
  readonly atol?: number;
  /** And relative to the differences: 1e-3. */
  readonly rtol?: number;
  /** Throw on a disagreement (default), or return false. */
  readonly raiseException?: boolean;
  /** How far two runs of the same backward may differ: 0. */
  readonly nondetTol?: number;
  /** Also let gradients of outputs be missing (default). */
  readonly checkUndefinedGrad?: boolean;
  /** Also compare the dtypes of tangents with those of their outputs. */
  readonly checkGradDtypes?: boolean;
  /** Compare one random projection of each Jacobian instead of all of it; a full comparison tells what differs. */
  readonly fastMode?: boolean;
  /** Compare batched backward passes with loops. */
  readonly checkBatchedGrad?: boolean;
}

/** Options of `gradcheck`. */
export interface GradcheckOptions extends CommonOptions {
  /** Check backward passes (default). */
  readonly checkBackwardAd?: boolean;
  /** Check forward mode. */
  readonly checkForwardAd?: boolean;
  /** Compare batched forward passes with loops. */
  readonly checkBatchedForwardGrad?: boolean;
}

/** Options of `gradgradcheck`. */
export interface GradgradcheckOptions extends CommonOptions {
  /** Draw the gradients of outputs as tensors that are not contiguous. */
  readonly genNonContigGradOutputs?: boolean;
  /** Check forward mode over the backward pass. */
  readonly checkFwdOverRev?: boolean;
  /** Check a backward pass over the backward pass (default). */
  readonly checkRevOverRev?: boolean;
}

const defaults = {
  eps: 1e-6,
  atol: 1e-5,
  rtol: 1e-3,
  raiseException: true,
  nondetTol: 0,
  checkUndefinedGrad: true,
  checkGradDtypes: false,
  fastMode: false,
  checkBackwardAd: true,
  checkForwardAd: false,
  checkBatchedGrad: false,
  checkBatchedForwardGrad: false,
} satisfies GradcheckOptions;

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
  for (const name of ["eps", "atol", "rtol", "nondetTol"] as const) asNumber("gradcheck", options[name], name);
  const list = listOf(inputs);
  const wanted = checkInputs(list);
  if (!options.checkForwardAd && !options.checkBackwardAd) {
    throw new ArgumentError("gradcheck: Expected at least one of checkForwardAd and checkBackwardAd to be true");
  }
  try {
    return recorded(() => {
      checkBatches(f, list, wanted, options);
      const { fastMode, checkUndefinedGrad, nondetTol, checkBackwardAd } = options;
      if (!fastMode) return checkAll(f, list, wanted, options);
      if (!fastCheck(f, list, wanted, options)) {
        checkAll(f, list, wanted, options);
        throw new GradcheckError(
          "gradcheck: Jacobians computed with fast mode disagree, those computed with slow mode do not: the function may not " +
            "be deterministic, or the tolerances are at their limit",
        );
      }
      if (checkBackwardAd) checkBackward(f, list, wanted, nondetTol);
      if (checkBackwardAd && checkUndefinedGrad) checkUndefined(f, list, wanted);
      return true;
    });
  } catch (error) {
    if (!options.raiseException && error instanceof GradcheckError) return false;
    throw error;
  }
}

/** Batched passes against loops. */
function checkBatches(
  f: Checked,
  inputs: readonly Tensor[],
  wanted: readonly number[],
  options: typeof defaults,
): void {
  if (options.checkBatchedGrad) {
    scratch(() => {
      const own = inputs.map((x, i) => (wanted.includes(i) ? required(detach(x)) : x));
      const chosen = wanted.map((i) => own[i] as Tensor);
      checkBatchedBackward(differentiable(f, own), chosen, wanted, options.atol, options.rtol);
    });
  }
  if (options.checkBatchedForwardGrad) {
    for (const i of wanted) {
      const run = (...duals: Tensor[]): Tensor[] => differentiable(f, duals);
      scratch(() => checkBatchedForward(run, inputs, i, options.atol, options.rtol));
    }
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
      forwardJacobian(f, inputs, i, options.checkGradDtypes).forEach((analytical, k) => {
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

const secondDefaults = {
  eps: defaults.eps,
  atol: defaults.atol,
  rtol: defaults.rtol,
  raiseException: true,
  nondetTol: 0,
  checkUndefinedGrad: true,
  checkGradDtypes: false,
  fastMode: false,
  gradOutputs: null as Tensor | readonly Tensor[] | null,
  genNonContigGradOutputs: false,
  checkBatchedGrad: false,
  checkFwdOverRev: false,
  checkRevOverRev: true,
};

/** Random gradients of outputs. */
function seedsLike(outputs: readonly Tensor[], contiguous: boolean): Tensor[] {
  return outputs.map(({ shape, dtype, ndim }) => {
    if (contiguous || ndim < 2) return randn(shape, { dtype: dtype as "float64" });
    const turned = randn([...shape.slice(0, -2), shape[ndim - 1] as number, shape[ndim - 2] as number], {
      dtype: dtype as "float64",
    });
    return transpose(turned, -1, -2);
  });
}

/**
 * `gradcheck` of the gradient: second derivatives against differences of first ones. `gradOutputs` are random where
 * none are given.
 */
export function gradgradcheck(
  f: Checked,
  inputs: Tensor | readonly Tensor[],
  ...rest: [gradOutputs?: Tensor | readonly Tensor[] | null | GradgradcheckOptions, options?: GradgradcheckOptions]
): boolean {
  const op = "gradgradcheck";
  const { gradOutputs, genNonContigGradOutputs, checkFwdOverRev, checkRevOverRev, ...options } = parse(
    op,
    rest,
    secondDefaults,
    ["gradOutputs"],
  );
  asBoolean(op, genNonContigGradOutputs, "genNonContigGradOutputs");
  const list = listOf(inputs);
  const wanted = checkInputs(list);
  const seeds =
    gradOutputs === null
      ? unrecorded(() => seedsLike(differentiable(f, list), !genNonContigGradOutputs))
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
  return gradcheck((...all) => recorded(() => first(...all)), [...list, ...seeds], {
    ...options,
    checkForwardAd: checkFwdOverRev,
    checkBackwardAd: checkRevOverRev,
  });
}

/** The copies that differences and tangents are taken on are ours: they may collect gradients. */
function required(copy: Tensor): Tensor {
  copy.collects = true;
  return copy;
}
