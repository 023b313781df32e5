// Running recurrent cells over the steps of a sequence, through layers and directions.

import { add, mul, sub } from "../../ops/arithmetic.js";
import { cat } from "../../ops/join.js";
import { relu, sigmoid } from "../../ops/pointwise.js";
import { reshape } from "../../ops/shape.js";
import { tanh } from "../../ops/trigonometric.js";
import { chunk, narrow, split } from "../../ops/views.js";
import type { Tensor } from "../../tensor/tensor.js";
import { dropout } from "../functional/dropout.js";
import { linear } from "../functional/linear.js";

/** The weights of one direction of one layer. */
export interface Weights {
  readonly wIh: Tensor;
  readonly wHh: Tensor;
  readonly bIh: Tensor | null;
  readonly bHh: Tensor | null;
  readonly wHr: Tensor | null;
}

/** The state of a direction: [h], or [h, c] for long short-term memory. */
export type State = readonly Tensor[];

/** One step from the input's share of the gates, x Wᵀ + b, and a state to the next state; its first part is the output. */
export type Step = (gates: Tensor, state: State, weights: Weights) => State;

const hiddenGates = (hidden: Tensor, { wHh, bHh }: Weights): Tensor => linear(hidden, wHh, bHh);

/** tanh(x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ). */
export const tanhStep: Step = (gates, [h], weights) => [tanh(add(hiddenGates(h as Tensor, weights), gates))];

/** `tanhStep` with a rectifier. */
export const reluStep: Step = (gates, [h], weights) => [relu(add(hiddenGates(h as Tensor, weights), gates))];

/** c′ = σ(f) c + σ(i) tanh(g), h′ = σ(o) tanh(c′), which a projection may make smaller. */
export const lstmStep: Step = (gates, [h, c], weights) => {
  const all = add(hiddenGates(h as Tensor, weights), gates);
  const [i, f, g, o] = chunk(all, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const next = add(mul(sigmoid(f), c as Tensor), mul(sigmoid(i), tanh(g)));
  const out = mul(sigmoid(o), tanh(next));
  return [weights.wHr === null ? out : linear(out, weights.wHr), next];
};

/** n = tanh(xₙ + σ(r) hₙ), h′ = (h − n) σ(z) + n. */
export const gruStep: Step = (gates, [h], weights) => {
  const hidden = h as Tensor;
  const [xr, xz, xn] = chunk(gates, 3, 1) as [Tensor, Tensor, Tensor];
  const [hr, hz, hn] = chunk(hiddenGates(hidden, weights), 3, 1) as [Tensor, Tensor, Tensor];
  const n = tanh(add(xn, mul(hn, sigmoid(add(hr, xr)))));
  return [add(mul(sub(hidden, n), sigmoid(add(hz, xz))), n)];
};

/** Rows of a state from one place to another. */
const rows = (state: State, from: number, count: number): State =>
  state.map((part) => (from === 0 && part.shape[0] === count ? part : narrow(part, 0, from, count)));

const joined = (a: State, b: State): State => a.map((part, i) => cat([part, b[i] as Tensor]));

/** Runs one direction over packed elements [Σ sizes, in], step t having `sizes[t]` rows. Gives outputs and the last state. */
function run(data: Tensor, sizes: readonly number[], state: State, weights: Weights, step: Step): [Tensor, State] {
  const parts = split(linear(data, weights.wIh, weights.bIh), sizes, 0);
  const outputs: Tensor[] = [];
  const ended: State[] = [];
  let at = rows(state, 0, sizes[0] ?? 0);
  let width = sizes[0] ?? 0;
  parts.forEach((gates, t) => {
    const size = sizes[t] as number;
    if (size < width) {
      ended.push(rows(at, size, width - size));
      at = rows(at, 0, size);
      width = size;
    }
    at = step(gates, at, weights);
    outputs.push(at[0] as Tensor);
  });
  for (const part of ended.reverse()) at = joined(at, part);
  return [cat(outputs), at];
}

/** `run` from the last step to the first: sequences join in as their ends are reached. */
function runBackward(
  data: Tensor,
  sizes: readonly number[],
  state: State,
  weights: Weights,
  step: Step,
): [Tensor, State] {
  const parts = split(linear(data, weights.wIh, weights.bIh), sizes, 0);
  const outputs: Tensor[] = [];
  let width = sizes.at(-1) ?? 0;
  let at = rows(state, 0, width);
  for (let t = sizes.length - 1; t >= 0; t--) {
    const size = sizes[t] as number;
    if (size > width) {
      at = joined(at, rows(state, width, size - width));
      width = size;
    }
    at = step(parts[t] as Tensor, at, weights);
    outputs.push(at[0] as Tensor);
  }
  return [cat(outputs.reverse()), at];
}

/** What a recurrent layer is made of. */
export interface Recurrence {
  readonly step: Step;
  /** For each layer the weights of its directions. */
  readonly layers: readonly (readonly Weights[])[];
  /** Probability of dropout between layers; 0 when the module is not being trained. */
  readonly dropout: number;
}

/**
 * Runs all layers over packed elements; `states` has a state for each direction of each layer, in this order. Gives the
 * outputs of the last layer and the last states.
 */
export function recur(
  data: Tensor,
  sizes: readonly number[],
  states: readonly State[],
  { step, layers, dropout: p }: Recurrence,
): [Tensor, State[]] {
  const last: State[] = [];
  let x = data;
  layers.forEach((directions, layer) => {
    const outputs = directions.map((weights, direction) => {
      const state = states[layer * directions.length + direction] as State;
      const [out, end] = (direction === 0 ? run : runBackward)(x, sizes, state, weights, step);
      last.push(end);
      return out;
    });
    x = outputs.length === 1 ? (outputs[0] as Tensor) : cat(outputs, 1);
    if (p > 0 && layer < layers.length - 1) x = dropout(x, p);
  });
  return [x, last];
}

/** Elements [T, N, in] as packed ones, [T · N, in]. */
export function flattened(x: Tensor): Tensor {
  const [steps, count, width] = x.shape as [number, number, number];
  return reshape(x, [steps * count, width]);
}
