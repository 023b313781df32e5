// Reading the recorded elementwise cases: operands as tensors, options, and the function that a case names.

import { readFileSync } from "node:fs";
import * as wg from "../../src/entries/node.js";
import { gelu } from "../../src/ops/gelu.js";

export type Value = number | boolean | string;

/** A tensor as it is recorded: row-major values, words for what JSON has no number for. */
export interface Recorded {
  readonly dtype: wg.DType;
  readonly shape: readonly number[];
  readonly values: readonly Value[];
}

/** One call and what PyTorch gave for it. */
export interface Case {
  readonly op: string;
  readonly operands: readonly (Recorded | Value)[];
  readonly options: Readonly<Record<string, Value>>;
  readonly refused?: boolean;
  readonly out: Recorded;
  readonly label?: string;
  readonly gradients?: readonly (Recorded | null)[] | null;
}

export const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL("../fixtures/pointwise/values.json", import.meta.url), "utf8"),
);

const library: Readonly<Record<string, unknown>> = { ...wg.special, ...wg, gelu };

/** The function that a case names. */
export function functionOf(name: string): (...args: unknown[]) => wg.Tensor {
  return library[name] as (...args: unknown[]) => wg.Tensor;
}

export const numberOf = (value: Value): number | boolean => (typeof value === "string" ? Number(value) : value);

export const isRecorded = (x: unknown): x is Recorded => typeof x === "object" && x !== null && "values" in x;

/** A recorded tensor, made. */
export function made(recorded: Recorded): wg.Tensor {
  const flat = wg.tensor(recorded.values.map(numberOf), { dtype: recorded.dtype });
  return wg.reshape(flat, recorded.shape).detach();
}

/** The options of a case as trailing arguments: none, or one object. */
export function optionsOf(c: Case): Record<string, unknown>[] {
  const given = Object.entries(c.options).filter(([, value]) => value !== null);
  const words = ["none", "tanh", "trunc", "floor"];
  const named = given.map(([key, value]) => [key, words.includes(value as string) ? value : numberOf(value)]);
  return given.length > 0 ? [Object.fromEntries(named)] : [];
}

/** A short text that tells a case from others of its operation. */
export function textOf(c: Case): string {
  return JSON.stringify([c.operands.map((x) => (isRecorded(x) ? [x.dtype, x.shape] : x)), c.options]);
}
