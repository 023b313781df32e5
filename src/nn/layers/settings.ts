// How layers take their settings: types of optional arguments, sizes for each dim, checks.

import { ArgumentError } from "../../errors.js";
import { describe, type Trailing } from "../../op/args.js";
import type { DType } from "../../tensor/dtype.js";

/** Options `O` by name in one object at the end, those of `Keys` also by position, in this order. */
export type Settings<O, Keys extends readonly (keyof O)[]> = Trailing<{ [I in keyof Keys]: O[Keys[I]] | undefined }, O>;

/** The option that all layers with parameters have. */
export interface DtypeOption {
  /** Dtype of the parameters. */
  readonly dtype?: DType | null;
}

/** One number for all dims, or one for each. */
export type Sizes = number | readonly number[];

/** The numbers for `rank` dims. */
export function perDim(layer: string, value: unknown, name: string, rank: number): readonly number[] {
  if (typeof value === "number") return new Array<number>(rank).fill(value);
  if (Array.isArray(value) && value.length === rank && value.every((each) => typeof each === "number"))
    return [...value];
  throw new ArgumentError(`${layer}: ${name} must be a number or an array of ${rank} numbers, got ${describe(value)}`);
}

/** Checks that a value is one of several words. */
export function oneOf<W extends string>(layer: string, name: string, value: unknown, words: readonly W[]): W {
  if (words.includes(value as W)) return value as W;
  throw new ArgumentError(
    `${layer}: ${name} must be one of ${words.map((word) => `"${word}"`).join(", ")}, but got ${describe(value)}`,
  );
}
