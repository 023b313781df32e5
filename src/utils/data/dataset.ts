// Datasets: what has samples by number, what gives them one after the other, and what is made of others.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asTensors, describe, isOptions, parse } from "../../op/args.js";
import { asContiguous } from "../../op/copy.js";
import { tensor } from "../../ops/creation.js";
import { indexSelect } from "../../ops/gather.js";
import { randperm } from "../../ops/random.js";
import { select } from "../../ops/shape.js";
import type { Generator } from "../../tensor/generator.js";
import { temporaries } from "../../tensor/lifetime.js";
import { copyOut } from "../../tensor/read.js";
import { Tensor } from "../../tensor/tensor.js";

/** Samples by number: `length` and `get(i)`; what `get` gives may be a promise. */
export interface Indexed<T> {
  readonly length: number;
  get(index: number): T | PromiseLike<T>;
  /** Several samples at once, where that is cheaper. */
  getItems?(indices: readonly number[]): readonly T[] | PromiseLike<readonly T[]>;
}

/** What has samples by number: a dataset, or an array. */
export type MapLike<T> = Indexed<T> | readonly T[];

/** What has samples one after the other, at once or later. */
export type IterableLike<T> = Iterable<T> | AsyncIterable<T>;

/** Whether samples are had by number. */
export function isIndexed(dataset: unknown): dataset is MapLike<unknown> {
  if (Array.isArray(dataset)) return true;
  return typeof (dataset as Indexed<unknown> | null)?.get === "function" && !(dataset instanceof Map);
}

/** A sample of a dataset or an array; negative numbers count from the end. */
export function sampleOf<T>(dataset: MapLike<T>, index: number): T | PromiseLike<T> {
  return Array.isArray(dataset)
    ? dataset[index < 0 ? dataset.length + index : index]
    : (dataset as Indexed<T>).get(index);
}

/** Throws unless `index` counts a sample; returns it counted from the start. */
function checkIndex(name: string, index: number, length: number): number {
  const at = index < 0 ? length + index : index;
  if (Number.isInteger(index) && at >= 0 && at < length) return at;
  throw new ArgumentError(`${name}: index ${String(index)} is out of range for ${length} samples`);
}

/** Base of datasets with samples by number: subclasses have a `length` and `get(index)`. */
export abstract class Dataset<T = unknown> implements Indexed<T> {
  /** The number of samples. */
  abstract readonly length: number;

  /** A sample, or a promise of one. */
  abstract get(index: number): T | PromiseLike<T>;

  /** This dataset and behind it another. */
  concat<U>(other: MapLike<U>): ConcatDataset<T | U> {
    return new ConcatDataset<T | U>([this, other as MapLike<T | U>]);
  }

  /** All samples in order; promises where `get` gives promises. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i++) yield this.get(i) as T;
  }
}

/** Base of datasets that give samples one after the other, by `[Symbol.iterator]` or `[Symbol.asyncIterator]`. */
export abstract class IterableDataset<T = unknown> {
  /** Only for types. */
  declare private readonly sample: T;

  /** This dataset and behind it another. */
  concat<U>(other: IterableLike<U>): ChainDataset<T | U> {
    return new ChainDataset<T | U>([this as unknown as IterableLike<T | U>, other as IterableLike<T | U>]);
  }
}

/** A dataset that can give a whole batch, already collated. @internal */
export interface Batching {
  batchOf(indices: readonly number[]): Tensor[] | null;
}

/**
 * Rows of tensors of the same first size: sample i is `[a[i], b[i], …]`.
 * @throws ShapeError if the first sizes differ.
 */
export class TensorDataset extends Dataset<Tensor[]> implements Batching {
  readonly tensors: readonly Tensor[];

  constructor(...tensors: Tensor[]) {
    super();
    if (tensors.length === 0) throw new ArgumentError("TensorDataset: expected at least one tensor");
    this.tensors = asTensors("TensorDataset", tensors);
    if (tensors.some((each) => each.ndim === 0 || each.shape[0] !== tensors[0].shape[0])) {
      const shapes = tensors.map((each) => `[${each.shape.join(", ")}]`).join(" and ");
      throw new ShapeError(`TensorDataset: Size mismatch between tensors: ${shapes}`);
    }
  }

  get length(): number {
    return this.tensors[0].shape[0];
  }

  get(index: number): Tensor[] {
    const at = checkIndex("TensorDataset", index, this.length);
    return this.tensors.map((each) => select(each, 0, at));
  }

  /** @internal */
  batchOf(indices: readonly number[]): Tensor[] {
    const at = indices.map((index) => checkIndex("TensorDataset", index, this.length));
    return temporaries(() => {
      const chosen = tensor(at, { dtype: "int32" });
      return this.tensors.map((each) => indexSelect(each, 0, chosen));
    });
  }
}

/** The rows of one tensor. */
class RowDataset extends Dataset<Tensor> {
  constructor(private readonly rows: Tensor) {
    super();
    if (rows.ndim === 0) throw new ShapeError("Dataset: a 0-d tensor has no rows");
  }

  get length(): number {
    return this.rows.shape[0];
  }

  get(index: number): Tensor {
    return select(this.rows, 0, checkIndex("Dataset", index, this.length));
  }
}

/** A tensor as a dataset of its rows; all else stays. */
export function rowsOf<D>(dataset: D | Tensor): D {
  return dataset instanceof Tensor ? (new RowDataset(dataset) as unknown as D) : dataset;
}

/** Samples of several datasets together: sample i is `[a.get(i), b.get(i), …]`, or an object where they have names. */
export class StackDataset<T = unknown> extends Dataset<T> {
  readonly datasets: readonly MapLike<unknown>[] | Readonly<Record<string, MapLike<unknown>>>;
  private readonly all: readonly MapLike<unknown>[];

  constructor(...datasets: MapLike<unknown>[] | [Readonly<Record<string, MapLike<unknown>>>]) {
    super();
    const [first] = datasets;
    const named = datasets.length === 1 && isOptions(first) && !isIndexed(first);
    this.datasets = named ? (first as Record<string, MapLike<unknown>>) : (datasets as MapLike<unknown>[]);
    this.all = Object.values(this.datasets);
    if (this.all.length === 0) throw new ArgumentError("StackDataset: At least one dataset should be passed");
    if (this.all.some((each) => each.length !== this.all[0].length)) {
      throw new ArgumentError("StackDataset: Size mismatch between datasets");
    }
  }

  get length(): number {
    return this.all[0].length;
  }

  get(index: number): T | PromiseLike<T> {
    const at = checkIndex("StackDataset", index, this.length);
    const samples = this.all.map((each) => sampleOf(each, at));
    const joined = (values: unknown[]): T => {
      if (Array.isArray(this.datasets)) return values as T;
      return Object.fromEntries(Object.keys(this.datasets).map((key, i) => [key, values[i]])) as T;
    };
    return samples.some(isPromise) ? Promise.all(samples).then(joined) : joined(samples);
  }
}

/** Whether a value has to be waited for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return value !== null && typeof value === "object" && typeof (value as PromiseLike<unknown>).then === "function";
}

/** Datasets one behind the other. */
export class ConcatDataset<T = unknown> extends Dataset<T> {
  readonly datasets: readonly MapLike<T>[];
  /** Where each dataset ends. */
  readonly cumulativeSizes: readonly number[];

  constructor(datasets: Iterable<MapLike<T>>) {
    super();
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw new ArgumentError("ConcatDataset: datasets should not be an empty iterable");
    if (!this.datasets.every(isIndexed)) {
      throw new ArgumentError("ConcatDataset: ConcatDataset does not support IterableDataset");
    }
    let end = 0;
    this.cumulativeSizes = this.datasets.map((each) => {
      end += each.length;
      return end;
    });
  }

  get length(): number {
    return this.cumulativeSizes[this.cumulativeSizes.length - 1];
  }

  get(index: number): T | PromiseLike<T> {
    const at = checkIndex("ConcatDataset", index, this.length);
    const which = this.cumulativeSizes.findIndex((end) => at < end);
    return sampleOf(this.datasets[which], which === 0 ? at : at - this.cumulativeSizes[which - 1]);
  }
}

/** Datasets that give samples one after the other, one behind the other. */
export class ChainDataset<T = unknown> extends IterableDataset<T> {
  readonly datasets: readonly IterableLike<T>[];

  constructor(datasets: Iterable<IterableLike<T>>) {
    super();
    this.datasets = [...datasets];
  }

  /** All samples, if all datasets give theirs at once. */
  *[Symbol.iterator](): Iterator<T> {
    for (const each of this.datasets) {
      if (!(Symbol.iterator in each)) {
        throw new ArgumentError("ChainDataset: a dataset gives its samples asynchronously; use for await");
      }
      yield* each;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (const each of this.datasets) yield* each;
  }
}

/** The samples of a dataset that a list of numbers names, in its order. */
export class Subset<T = unknown> extends Dataset<T> implements Batching {
  constructor(
    readonly dataset: MapLike<T>,
    readonly indices: readonly number[],
  ) {
    super();
    if (!isIndexed(dataset))
      throw new ArgumentError(`Subset: expected a dataset or an array, got ${describe(dataset)}`);
  }

  get length(): number {
    return this.indices.length;
  }

  get(index: number): T | PromiseLike<T> {
    return sampleOf(this.dataset, this.indices[checkIndex("Subset", index, this.length)]);
  }

  /** @internal */
  batchOf(indices: readonly number[]): Tensor[] | null {
    const inner = this.dataset as unknown as Partial<Batching>;
    return inner.batchOf?.(indices.map((i) => this.indices[checkIndex("Subset", i, this.length)])) ?? null;
  }
}

/**
 * Splits a dataset at random into subsets of given lengths, or fractions that sum to 1: the permutation is PyTorch's from
 * the same seed. What fractions leave over goes to the first subsets, one each.
 *
 * ```js
 * const [train, test] = utils.data.randomSplit(dataset, [0.8, 0.2], { generator: new Generator().manualSeed(1) });
 * ```
 * @throws ArgumentError if the lengths do not sum to that of the dataset.
 */
export function randomSplit<T>(
  samples: MapLike<T> | Tensor,
  lengths: readonly number[],
  ...rest: [options?: { readonly generator?: Generator | null }]
): Subset<T>[] {
  const dataset = rowsOf<MapLike<T>>(samples);
  const { generator } = parse("randomSplit", rest, { generator: null as Generator | null });
  const total = lengths.reduce((sum, each) => sum + each, 0);
  const sizes = Math.abs(total - 1) <= 1e-9 && total <= 1 ? fromFractions(lengths, dataset.length) : lengths;
  if (
    sizes.some((size) => !Number.isInteger(size) || size < 0) ||
    sizes.reduce((a, b) => a + b, 0) !== dataset.length
  ) {
    throw new ArgumentError(
      "randomSplit: Sum of input lengths does not equal the length of the input dataset! " +
        `The lengths are ${lengths.join(", ")}, the dataset has ${dataset.length} samples.`,
    );
  }
  const order = orderOf(dataset.length, generator);
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return new Subset(dataset, order.slice(end - size, end));
  });
}

function fromFractions(fractions: readonly number[], length: number): number[] {
  const sizes = fractions.map((fraction, i) => {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new ArgumentError(`randomSplit: Fraction at index ${i} is not between 0 and 1`);
    }
    return Math.floor(length * fraction);
  });
  const left = length - sizes.reduce((a, b) => a + b, 0);
  for (let i = 0; i < left; i++) sizes[i % sizes.length]++;
  sizes.forEach((size, i) => {
    if (size > 0) return;
    console.warn(`wengert: randomSplit: Length of split at index ${i} is 0. This might result in an empty dataset.`);
  });
  return sizes;
}

/** 0 to n − 1 in random order, as plain numbers. */
export function orderOf(n: number, generator: Generator | null): number[] {
  let order: number[] = [];
  temporaries(() => {
    order = listOf(randperm(n, { generator }));
    return null;
  });
  return order;
}

/** The elements of a tensor as plain numbers. */
export function listOf(x: Tensor): number[] {
  let list: number[] = [];
  temporaries(() => {
    list = Array.from(copyOut(asContiguous(x)) as ArrayLike<number>);
    return null;
  });
  return list;
}
