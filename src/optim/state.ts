// State dictionaries of optimisers in PyTorch's structure: `{ state: { 0: { … } }, param_groups: [{ …, params: [0] }] }`.

import { ArgumentError, ShapeError } from "../errors.js";
import { snake } from "../nn/hidden.js";
import { describe } from "../op/args.js";
import { full } from "../ops/creation.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { item } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import type { Optimizer, ParamGroup, ParamState } from "./optimizer.js";
import { copiedState } from "./table.js";
import { camel } from "./text.js";

/** The state of an optimiser, by the place of each parameter, and its groups, with PyTorch's names. */
export interface OptimizerStateDict {
  readonly state: Readonly<Record<number | string, ParamState>>;
  readonly param_groups: readonly Record<string, unknown>[];
}

/** Writes the state of an optimiser. */
export function writeOptimizer(optimizer: Optimizer): OptimizerStateDict {
  const places = new Map<Tensor, number>();
  let count = 0;
  const groups = optimizer.paramGroups.map((group) => {
    const packed: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(group)) {
      if (key !== "params") packed[snake(key)] = Array.isArray(value) ? [...value] : value;
    }
    group.params.forEach((p, i) => {
      if (!places.has(p)) places.set(p, count + i);
    });
    packed.params = group.params.map((p) => places.get(p));
    count += group.params.length;
    return packed;
  });
  const state: Record<number, ParamState> = {};
  for (const [p, own] of optimizer.state) {
    const place = places.get(p);
    if (place === undefined) continue;
    state[place] = Object.fromEntries(
      Object.entries(own).map(([key, value]) => [
        key,
        typeof value === "number" && optimizer.boxed.includes(key) ? full([], value) : copied(value),
      ]),
    );
  }
  return { state, param_groups: groups };
}

const copied = (value: unknown): unknown => (Array.isArray(value) ? [...value] : value);

/** The entries of a dictionary, which a reader of PyTorch's files may give as an object or as a map. */
function entriesOf(what: string, value: unknown): [string, unknown][] {
  if (value instanceof Map) return [...value].map(([key, each]) => [String(key), each]);
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return Object.entries(value);
  throw new ArgumentError(`loadStateDict: ${what} must be an object or a map, got ${describe(value)}`);
}

/** Loads a state dictionary; everything is checked before anything is changed. */
export function loadOptimizer(optimizer: Optimizer, given: unknown): void {
  const saved = Object.fromEntries(entriesOf("the state dictionary", given));
  const { param_groups: savedGroups } = saved;
  if (!Array.isArray(savedGroups)) {
    throw new ArgumentError(`loadStateDict: param_groups must be an array, got ${describe(savedGroups)}`);
  }
  const groups = savedGroups.map((group) => Object.fromEntries(entriesOf("each of param_groups", group)));
  if (groups.length !== optimizer.paramGroups.length) {
    throw new ArgumentError(
      `loadStateDict: loaded state dict has a different number of parameter groups: ${groups.length}, the optimizer has ${optimizer.paramGroups.length}`,
    );
  }
  const byPlace = new Map<string, Tensor>();
  optimizer.paramGroups.forEach((group, i) => {
    const places = groups[i].params;
    if (!Array.isArray(places) || places.length !== group.params.length) {
      throw new ArgumentError(
        "loadStateDict: loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
      );
    }
    places.forEach((place, k) => {
      byPlace.set(String(place), group.params[k]);
    });
  });
  const states: [Tensor, [string, unknown][]][] = [];
  for (const [place, own] of entriesOf("state", saved.state)) {
    const p = byPlace.get(place);
    if (p === undefined) continue;
    const entries = entriesOf(`state of parameter ${place}`, own);
    for (const [key, value] of entries) checkState(optimizer, place, p, key, value);
    states.push([p, entries]);
  }
  optimizer.state.clear();
  for (const [p, entries] of states) {
    optimizer.state.set(p, Object.fromEntries(entries.map(([key, value]) => [key, taken(optimizer, p, key, value)])));
  }
  optimizer.paramGroups.forEach((group, i) => {
    loadGroup(group, groups[i]);
  });
}

function loadGroup(group: ParamGroup, saved: Record<string, unknown>): void {
  const own = group as unknown as Record<string, unknown>;
  for (const [key, value] of Object.entries(saved)) {
    if (key === "params") continue;
    own[camel(key)] = value instanceof Tensor && value.numel() === 1 ? Number(item(value)) : copied(value);
  }
}

/** A value that is to be remembered: a copy, and a number where this library has one in place of a tensor. */
function taken(optimizer: Optimizer, p: Tensor, key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => taken(optimizer, p, key, each));
  if (!(value instanceof Tensor)) return value;
  return optimizer.isNumber(key, value) ? Number(item(value)) : copiedState(p, value);
}

function checkState(optimizer: Optimizer, place: string, p: Tensor, key: string, value: unknown): void {
  if (Array.isArray(value)) for (const each of value) checkState(optimizer, place, p, key, each);
  if (!(value instanceof Tensor)) return;
  value.check("loadStateDict");
  if (optimizer.isNumber(key, value) || optimizer.stateShape(p) === null) return;
  const shape = optimizer.stateShape(p) as readonly number[];
  if (!sameShape(shape, value.shape)) {
    throw new ShapeError(
      `loadStateDict: size mismatch for ${key} of parameter ${place}: copying a param with shape ${formatShape(value.shape)} ` +
        `from the state dict, the shape of the parameter is ${formatShape(shape)}`,
    );
  }
}
