// Weight normalisation by a hook: a weight as lengths and directions.

import { dataOf } from "../../autograd/properties.js";
import { ArgumentError } from "../../errors.js";
import { parse, type Trailing } from "../../op/args.js";
import { div, mul } from "../../ops/arithmetic.js";
import { clone } from "../../ops/cast.js";
import { vectorNorm } from "../../ops/linalg/vector-norm.js";
import { abs } from "../../ops/pointwise.js";
import { unrecorded } from "../../tape/mode.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { nameOf } from "../hidden.js";
import type { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { type Applied, placeOf } from "./place.js";

/** The length of each slice along `dim`, the other dims kept as 1; of the whole for −1. */
export function normExceptDim(v: Tensor, dim: number): Tensor {
  if (dim === -1) return vectorNorm(v, 2);
  const others = v.shape.map((_, d) => d).filter((d) => d !== dim);
  return others.length === 0 ? abs(v) : vectorNorm(v, { dim: others, keepdim: true });
}

/** g v / ‖v‖, lengths taken along all dims but one. */
export function withLength(v: Tensor, g: Tensor, dim: number): Tensor {
  return temporaries(() => mul(v, div(g, normExceptDim(v, dim))));
}

/** Options of weight normalisation. */
export interface WeightNormOptions {
  /** The name of the weight: "weight". */
  readonly name?: string;
  /** The dim whose slices have lengths of their own: 0; null for one length of the whole. */
  readonly dim?: number | null;
}

const applied: Applied = /* @__PURE__ */ new WeakMap();

/**
 * Replaces a module's weight w by a length `weight_g` and a direction `weight_v`, w = g v / ‖v‖, computed before each forward
 * pass: Salimans & Kingma, "Weight normalization" (2016). Returns the module. New programs take
 * `parametrizations.weightNorm`.
 */
export function weightNorm<M extends Module>(
  module: M,
  ...rest: Trailing<[name: string | undefined, dim: number | null | undefined], WeightNormOptions>
): M {
  const given = parse("weightNorm", rest, { name: "weight", dim: 0 as number | null }, ["name", "dim"]);
  const dim = given.dim ?? -1;
  const place = placeOf("weightNorm", module, given.name);
  const { key, field } = place;
  const known = applied.get(module) ?? new Map();
  if (known.has(key))
    throw new ArgumentError(`weightNorm: Cannot register two weight_norm hooks on the same parameter ${key}`);
  const weight = place.value as Parameter;
  const lengths = unrecorded(() => parameterOf(normExceptDim(weight, dim)));
  const fields = module as unknown as Record<string, unknown>;
  delete fields[field];
  const [g, v] = [`${key}_g`, `${key}_v`];
  module.registerParameter(g, lengths);
  module.registerParameter(v, parameterOf(dataOf(weight)));
  const compute = (target: Module): Tensor => {
    const own = target as unknown as Record<string, Tensor>;
    return withLength(own[v] as Tensor, own[g] as Tensor, dim);
  };
  fields[field] = compute(module);
  const handle = module.registerForwardPreHook((target) => {
    (target as unknown as Record<string, unknown>)[field] = compute(target);
  });
  known.set(key, () => {
    handle.remove();
    const whole = unrecorded(() => clone(compute(module)));
    for (const name of [field, g, v]) delete fields[name];
    fields[field] = parameterOf(whole);
  });
  applied.set(module, known);
  return module;
}

/** Undoes `weightNorm`: the weight is a parameter again. Returns the module. */
export function removeWeightNorm<M extends Module>(module: M, name = "weight"): M {
  const undo = applied.get(module)?.get(name);
  if (undo === undefined)
    throw new ArgumentError(`removeWeightNorm: weight_norm of '${name}' not found in ${nameOf(module)}`);
  applied.get(module)?.delete(name);
  undo();
  return module;
}
