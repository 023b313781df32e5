// Keeping gradients small: by their norm, by their values.

import { ArgumentError, NumericalError } from "../../errors.js";
import { asBoolean, asNumber, asTensor, describe, parse, type Trailing } from "../../op/args.js";
import { add, div, mul } from "../../ops/arithmetic.js";
import { tensor } from "../../ops/creation.js";
import { detach } from "../../ops/detach.js";
import { clamp_, clampMax } from "../../ops/extrema.js";
import { stack } from "../../ops/join.js";
import { vectorNorm } from "../../ops/linalg/vector-norm.js";
import { unrecorded } from "../../tape/mode.js";
import { temporaries } from "../../tensor/lifetime.js";
import { item } from "../../tensor/read.js";
import { Tensor } from "../../tensor/tensor.js";
import { recording } from "../../wasm/recording.js";

/** A tensor, or tensors to go through. */
export type Parameters = Tensor | Iterable<Tensor>;

function listOf(op: string, parameters: unknown): Tensor[] {
  if (parameters instanceof Tensor) return [asTensor(op, parameters, "parameters")];
  if (parameters === null || typeof parameters !== "object" || !(Symbol.iterator in parameters))
    throw new ArgumentError(
      `${op}: parameters must be a tensor or an iterable of tensors, got ${describe(parameters)}`,
    );
  return [...(parameters as Iterable<unknown>)].map((each) => asTensor(op, each, "each of parameters"));
}

function gradients(op: string, parameters: unknown): Tensor[] {
  const found: Tensor[] = [];
  for (const parameter of listOf(op, parameters)) {
    if (recording.by !== null) recording.by.gradientRead(parameter);
    const { gradient } = parameter;
    if (gradient !== null && !found.includes(gradient)) found.push(gradient);
  }
  return found;
}

/** Options of norms of gradients. */
export interface NormOptions {
  /** Exponent: 2; Infinity for the largest element. */
  readonly normType?: number;
  /** Whether a norm that is NaN or infinite is an error. */
  readonly errorIfNonfinite?: boolean;
  /** Several tensors at once or one by one gives the same here. */
  readonly foreach?: boolean | null;
}

type NormRest = Trailing<[normType: number | undefined, errorIfNonfinite: boolean | undefined], NormOptions>;

function normOptions(op: string, rest: readonly unknown[]): { normType: number; errorIfNonfinite: boolean } {
  const defaults = { normType: 2, errorIfNonfinite: false, foreach: null as boolean | null };
  const { normType, errorIfNonfinite } = parse(op, rest, defaults, ["normType", "errorIfNonfinite"]);
  asNumber(op, normType, "normType");
  asBoolean(op, errorIfNonfinite, "errorIfNonfinite");
  return { normType, errorIfNonfinite };
}

/** The norm of the norms: that of all elements together. */
function normOf(op: string, tensors: readonly Tensor[], p: number, errorIfNonfinite: boolean): Tensor {
  const total = unrecorded(() =>
    temporaries(() => {
      if (tensors.length === 0) return tensor(0);
      return vectorNorm(stack(tensors.map((x) => vectorNorm(detach(x), p))), p);
    }),
  );
  if (errorIfNonfinite && !Number.isFinite(Number(item(total)))) {
    total.dispose();
    throw new NumericalError(
      `${op}: The total norm of order ${p} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To ` +
        "disable this error and scale the gradients by the non-finite norm anyway, set { errorIfNonfinite: false }",
    );
  }
  return total;
}

/**
 * The norm of all elements of several tensors, 0-dim.
 * @throws NumericalError if it is not finite and `errorIfNonfinite` is set.
 */
export function getTotalNorm(tensors: Parameters, ...rest: NormRest): Tensor {
  const { normType, errorIfNonfinite } = normOptions("getTotalNorm", rest);
  return normOf("getTotalNorm", listOf("getTotalNorm", tensors), normType, errorIfNonfinite);
}

/**
 * Scales the gradients of all parameters, in place and by one factor, so that the norm of all their elements together is at
 * most `maxNorm`. Gives the norm that they had, 0-dim.
 * @throws NumericalError if it is not finite and `errorIfNonfinite` is set; the gradients stay as they are.
 */
export function clipGradNorm_(parameters: Parameters, maxNorm: number, ...rest: NormRest): Tensor {
  const op = "clipGradNorm_";
  const { normType, errorIfNonfinite } = normOptions(op, rest);
  asNumber(op, maxNorm, "maxNorm");
  const all = gradients(op, parameters);
  const total = normOf(op, all, normType, errorIfNonfinite);
  scale(all, maxNorm, total);
  return total;
}

/** Scales gradients whose norm is known, as `clipGradNorm_` does. */
export function clipGradsWithNorm_(parameters: Parameters, maxNorm: number, totalNorm: Tensor): void {
  const op = "clipGradsWithNorm_";
  asNumber(op, maxNorm, "maxNorm");
  asTensor(op, totalNorm, "totalNorm");
  scale(gradients(op, parameters), maxNorm, totalNorm);
}

function scale(all: readonly Tensor[], maxNorm: number, total: Tensor): void {
  unrecorded(() =>
    temporaries(() => {
      const factor = clampMax(div(maxNorm, add(detach(total), 1e-6)), 1);
      for (const gradient of all) mul.inplace(detach(gradient), factor);
      return null;
    }),
  );
}

/** Cuts the elements of all gradients to ±`clipValue`, in place. */
export function clipGradValue_(parameters: Parameters, clipValue: number): void {
  const op = "clipGradValue_";
  asNumber(op, clipValue, "clipValue");
  const all = gradients(op, parameters);
  unrecorded(() =>
    temporaries(() => {
      for (const gradient of all) clamp_(detach(gradient), -clipValue, clipValue);
      return null;
    }),
  );
}
