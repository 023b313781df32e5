// Making one batch of many samples.

import { ArgumentError, ShapeError } from "../../errors.js";
import { describe } from "../../op/args.js";
import { tensor } from "../../ops/creation.js";
import { stack } from "../../ops/join.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { temporaries } from "../../tensor/lifetime.js";
import { Tensor } from "../../tensor/tensor.js";

/** What `defaultCollate` makes of samples of a type. */
export type Collated<T> = unknown extends T
  ? unknown
  : T extends Tensor | number | boolean | ArrayBufferView
    ? Tensor
    : T extends string
      ? string[]
      : T extends ReadonlyMap<infer K, infer V>
        ? Map<K, Collated<V>>
        : T extends readonly unknown[]
          ? { -readonly [K in keyof T]: Collated<T[K]> }
          : T extends object
            ? { -readonly [K in keyof T]: Collated<T[K]> }
            : never;

const refusal = (found: unknown): ArgumentError =>
  new ArgumentError(
    `defaultCollate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found ${describe(found)}; give a collateFn`,
  );

/** Numbers of Python's int become int32, of its float float64; in JavaScript all that are whole count as the former. */
function numbers(batch: readonly number[]): Tensor {
  const whole = batch.every((each) => Number.isInteger(each) && Math.abs(each) <= 0x7fffffff);
  return tensor(batch as number[], { dtype: whole ? "int32" : "float64" });
}

function checkEach(batch: readonly unknown[], fits: (sample: unknown) => boolean): void {
  const other = batch.find((each) => !fits(each));
  if (other !== undefined) throw refusal(other);
}

/**
 * Makes a batch as PyTorch does: tensors are stacked, typed arrays too; numbers become a tensor, int32 if all of the batch are
 * whole, else float64; booleans a bool tensor; texts stay an array. Arrays, objects and maps of these become the same of
 * batches.
 * @throws ArgumentError for samples of other types, ShapeError for samples whose sizes differ.
 */
export function defaultCollate<T>(batch: readonly T[]): Collated<T> {
  if (!Array.isArray(batch) || batch.length === 0) {
    throw new ArgumentError(`defaultCollate: expected an array of at least one sample, got ${describe(batch)}`);
  }
  return collated(batch) as Collated<T>;
}

function collated(batch: readonly unknown[]): unknown {
  const [first] = batch;
  const kind = typeof first;
  if (kind === "number" || kind === "boolean" || kind === "string") {
    checkEach(batch, (each) => typeof each === kind);
    if (kind === "string") return [...batch];
    return kind === "number" ? numbers(batch as number[]) : tensor(batch as boolean[], { dtype: "bool" });
  }
  if (first instanceof Tensor) {
    checkEach(batch, (each) => each instanceof Tensor);
    return stack(batch as Tensor[]);
  }
  if (ArrayBuffer.isView(first)) {
    checkEach(batch, (each) => ArrayBuffer.isView(each));
    return temporaries(() => stack(batch.map((each) => tensor(each as TypedArray))));
  }
  if (Array.isArray(first)) {
    checkEach(batch, Array.isArray);
    const rows = batch as unknown[][];
    if (rows.some((each) => each.length !== first.length)) {
      throw new ShapeError("defaultCollate: each element in list of batch should be of equal size");
    }
    return first.map((_, i) => collated(rows.map((each) => each[i])));
  }
  if (first instanceof Map) {
    checkEach(batch, (each) => each instanceof Map);
    return new Map(
      [...first.keys()].map((key) => [key, collated((batch as Map<unknown, unknown>[]).map((m) => m.get(key)))]),
    );
  }
  if (first === null || typeof first !== "object") throw refusal(first);
  checkEach(batch, (each) => each !== null && typeof each === "object");
  const objects = batch as Record<string, unknown>[];
  return Object.fromEntries(Object.keys(first).map((key) => [key, collated(objects.map((each) => each[key]))]));
}

/**
 * What a sample becomes when batches are not made: typed arrays become tensors, inside arrays, objects and maps too; all else
 * stays.
 */
export function defaultConvert(sample: unknown): unknown {
  if (sample instanceof Tensor || sample === null || typeof sample !== "object") return sample;
  if (ArrayBuffer.isView(sample)) return tensor(sample as TypedArray);
  if (Array.isArray(sample)) return sample.map(defaultConvert);
  if (sample instanceof Map) return new Map([...sample].map(([key, each]) => [key, defaultConvert(each)]));
  if (Object.getPrototypeOf(sample) !== Object.prototype) return sample;
  return Object.fromEntries(Object.entries(sample).map(([key, each]) => [key, defaultConvert(each)]));
}

/** Frees all tensors in a batch. */
export function disposeBatch(batch: unknown): void {
  if (batch === null || typeof batch !== "object" || ArrayBuffer.isView(batch)) return;
  if (batch instanceof Tensor) batch.dispose();
  else for (const each of batch instanceof Map ? batch.values() : Object.values(batch)) disposeBatch(each);
}
