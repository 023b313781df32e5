// Spectral normalisation by a hook: a weight divided by its largest singular value.

import { dataOf } from "../../autograd/properties.js";
import { ArgumentError } from "../../errors.js";
import { parse, type Trailing } from "../../op/args.js";
import { div } from "../../ops/arithmetic.js";
import { clone } from "../../ops/cast.js";
import { unrecorded } from "../../tape/mode.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { forgetBuffer, nameOf } from "../hidden.js";
import type { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { type Applied, placeOf } from "./place.js";
import { asMatrix, iterate, outputDim, sigmaOf, unitVector } from "./spectral.js";

/** Options of spectral normalisation. */
export interface SpectralNormOptions {
  /** The name of the weight: "weight". */
  readonly name?: string;
  /** Steps of power iteration in each forward pass while training: 1. */
  readonly nPowerIterations?: number;
  /** Least length that is divided by: 1e-12. */
  readonly eps?: number;
  /** The dim that counts outputs: 0, or 1 for transposed convolutions. */
  readonly dim?: number | null;
}

/** The optional arguments by position. */
export type SpectralNormRest = Trailing<
  [
    name: string | undefined,
    nPowerIterations: number | undefined,
    eps: number | undefined,
    dim: number | null | undefined,
  ],
  SpectralNormOptions
>;

/** Reads the optional arguments. */
export function spectralOptions(op: string, rest: SpectralNormRest): Required<SpectralNormOptions> {
  const defaults = { name: "weight", nPowerIterations: 1, eps: 1e-12, dim: null };
  const given = parse<Required<SpectralNormOptions>>(op, rest, defaults, ["name", "nPowerIterations", "eps", "dim"]);
  if (!(given.nPowerIterations > 0)) {
    throw new ArgumentError(
      `${op}: Expected n_power_iterations to be positive, but got n_power_iterations=${given.nPowerIterations}`,
    );
  }
  return given;
}

const applied: Applied = /* @__PURE__ */ new WeakMap();

/**
 * Replaces a module's weight by `weight_orig` divided by its largest singular value, which power iteration with the buffers
 * `weight_u` and `weight_v` follows: Miyato et al., "Spectral normalization for GANs" (2018). Returns the module. New programs
 * take `parametrizations.spectralNorm`.
 */
export function spectralNorm<M extends Module>(module: M, ...rest: SpectralNormRest): M {
  const op = "spectralNorm";
  const { name, nPowerIterations, eps, dim: asked } = spectralOptions(op, rest);
  const place = placeOf(op, module, name);
  const { key, field } = place;
  const known = applied.get(module) ?? new Map();
  if (known.has(key))
    throw new ArgumentError(`${op}: Cannot register two spectral_norm hooks on the same parameter ${key}`);
  const dim = outputDim(module, asked);
  const weight = place.value as Parameter;
  const fields = module as unknown as Record<string, unknown>;
  const [orig, u, v] = [`${key}_orig`, `${key}_u`, `${key}_v`];
  const [height, width] = temporaries(() => asMatrix(dataOf(weight), dim)).shape as [number, number];
  const [first, second] = [unitVector(height, weight, eps), unitVector(width, weight, eps)];
  delete fields[field];
  module.registerParameter(orig, weight);
  fields[field] = dataOf(weight);
  module.registerBuffer(u, first);
  module.registerBuffer(v, second);
  const compute = (target: Module, iterations: number): Tensor => {
    const own = target as unknown as Record<string, Tensor>;
    return temporaries(() => {
      const matrix = asMatrix(own[orig] as Tensor, dim);
      if (iterations > 0) iterate(matrix, own[u] as Tensor, own[v] as Tensor, iterations, eps, true);
      // Copies, so that the next pass may write the vectors before this one's gradient is taken.
      return div(own[orig] as Tensor, sigmaOf(matrix, clone(own[u] as Tensor), clone(own[v] as Tensor)));
    });
  };
  const handle = module.registerForwardPreHook((target) => {
    (target as unknown as Record<string, unknown>)[field] = compute(target, target.training ? nPowerIterations : 0);
  });
  known.set(key, () => {
    handle.remove();
    const whole = unrecorded(() => compute(module, 0));
    forgetBuffer(module, u);
    forgetBuffer(module, v);
    for (const gone of [field, orig, u, v]) delete fields[gone];
    fields[field] = parameterOf(whole);
  });
  applied.set(module, known);
  return module;
}

/** Undoes `spectralNorm`: the normalised weight is a parameter again. Returns the module. */
export function removeSpectralNorm<M extends Module>(module: M, name = "weight"): M {
  const undo = applied.get(module)?.get(name);
  if (undo === undefined)
    throw new ArgumentError(`removeSpectralNorm: spectral_norm of '${name}' not found in ${nameOf(module)}`);
  applied.get(module)?.delete(name);
  undo();
  return module;
}
