// Samplers: in which order an epoch goes through a dataset. They draw from a generator as PyTorch's do.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asBoolean, asTensor, describe, parse } from "../../op/args.js";
import { castTo } from "../../op/copy.js";
import { tensor } from "../../ops/creation.js";
import { multinomial } from "../../ops/multinomial.js";
import { randint } from "../../ops/random.js";
import { unrecorded } from "../../tape/mode.js";
import { Generator } from "../../tensor/generator.js";
import { temporaries } from "../../tensor/lifetime.js";
import { Tensor } from "../../tensor/tensor.js";
import { listOf, orderOf } from "./dataset.js";

/** Has a length: a dataset, an array. */
interface Sized {
  readonly length: number;
}

/** Base of samplers: subclasses iterate over what they choose, mostly numbers of samples. */
export abstract class Sampler<T = number> implements Iterable<T> {
  /** How many it chooses in an epoch. */
  abstract readonly length: number;
  abstract [Symbol.iterator](): Iterator<T>;
}

/**
 * The 64-bit seed that PyTorch draws from a generator for an epoch, of which its generators use 32 bits: this gives
 * those.
 */
export function drawSeed(generator: Generator | null): number {
  let seed = 0;
  temporaries(() => {
    // Two words, the high one first.
    seed = (listOf(randint(-2147483648, 2147483648, [2], { generator }))[1] as number) + 2147483648;
    return null;
  });
  return seed;
}

function positive(name: string, what: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new ArgumentError(`${name}: ${what} should be a positive integer value, but got ${what}=${String(value)}`);
}

/** 0, 1, 2 … to the end of a dataset. */
export class SequentialSampler extends Sampler {
  constructor(readonly dataSource: Sized) {
    super();
  }

  get length(): number {
    return this.dataSource.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.dataSource.length; i++) yield i;
  }
}

/** Options of `RandomSampler`. */
export interface RandomSamplerOptions {
  /** Draws each number anew, so that some come twice. */
  readonly replacement?: boolean;
  /** How many in an epoch; the length of the dataset. */
  readonly numSamples?: number | null;
  /** Where the order comes from; without one the default generator gives a seed for each epoch. */
  readonly generator?: Generator | null;
}

/** All samples in random order, another each epoch. */
export class RandomSampler extends Sampler {
  readonly replacement: boolean;
  readonly generator: Generator | null;
  private readonly asked: number | null;
  private own: Generator | null = null;

  constructor(
    readonly dataSource: Sized,
    ...rest: [options?: RandomSamplerOptions]
  ) {
    super();
    const defaults = { replacement: false, numSamples: null as number | null, generator: null as Generator | null };
    const { replacement, numSamples, generator } = parse("RandomSampler", rest, defaults);
    this.replacement = asBoolean("RandomSampler", replacement, "replacement");
    this.asked = numSamples;
    this.generator = generator;
    positive("RandomSampler", "num_samples", this.length);
  }

  get length(): number {
    return this.asked ?? this.dataSource.length;
  }

  *[Symbol.iterator](): Iterator<number> {
    if (this.generator !== null) {
      yield* this.order(this.generator);
      return;
    }
    // Nobody else sees this one, so all is drawn at once, and it can serve the next epoch.
    this.own ??= new Generator();
    yield* [...this.order(this.own.manualSeed(drawSeed(null)))];
  }

  private *order(generator: Generator): Iterable<number> {
    const { length } = this;
    const n = this.dataSource.length;
    if (this.replacement) {
      // PyTorch draws 32 at a time.
      for (let left = length; left > 0; left -= 32) yield* drawn(n, Math.min(32, left), generator);
      return;
    }
    for (let i = 0; i < Math.floor(length / n); i++) yield* orderOf(n, generator);
    // Also when nothing is left PyTorch draws this one, at the very end of an epoch.
    yield* orderOf(n, generator).slice(0, length % n);
  }
}

function drawn(n: number, count: number, generator: Generator): number[] {
  let list: number[] = [];
  temporaries(() => {
    list = listOf(randint(n, [count], { generator }));
    return null;
  });
  return list;
}

/** The numbers of a list in random order. */
export class SubsetRandomSampler<T = number> extends Sampler<T> {
  readonly generator: Generator | null;

  constructor(
    readonly indices: readonly T[],
    ...rest: [options?: { readonly generator?: Generator | null }]
  ) {
    super();
    this.generator = parse("SubsetRandomSampler", rest, { generator: null as Generator | null }).generator;
  }

  get length(): number {
    return this.indices.length;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const i of orderOf(this.indices.length, this.generator)) yield this.indices[i];
  }
}

/** Options of `WeightedRandomSampler`. */
export interface WeightedSamplerOptions {
  /** Draws each number anew, so that some come twice; true. */
  readonly replacement?: boolean;
  /** Where the numbers come from; the default generator if left out. */
  readonly generator?: Generator | null;
}

/** Numbers 0 to n − 1 drawn with given weights, which need not sum to 1. */
export class WeightedRandomSampler extends Sampler {
  readonly weights: readonly number[];
  readonly replacement: boolean;
  readonly generator: Generator | null;

  constructor(
    weights: readonly number[] | Tensor,
    readonly numSamples: number,
    ...rest: [replacement?: boolean | WeightedSamplerOptions, options?: WeightedSamplerOptions]
  ) {
    super();
    const name = "WeightedRandomSampler";
    const defaults = { replacement: true, generator: null as Generator | null };
    const { replacement, generator } = parse(name, rest, defaults, ["replacement"]);
    positive(name, "num_samples", numSamples);
    this.replacement = asBoolean(name, replacement, "replacement");
    this.generator = generator;
    if (weights instanceof Tensor) {
      if (asTensor(name, weights).ndim !== 1) {
        throw new ShapeError(
          `${name}: weights should be a 1d sequence but given weights have shape (${weights.shape.join(", ")})`,
        );
      }
      this.weights = listOf(weights);
    } else if (Array.isArray(weights)) this.weights = [...weights];
    else throw new ArgumentError(`${name}: weights must be an array or a tensor, got ${describe(weights)}`);
  }

  get length(): number {
    return this.numSamples;
  }

  *[Symbol.iterator](): Iterator<number> {
    let list: number[] = [];
    const { replacement, generator } = this;
    unrecorded(() =>
      temporaries(() => {
        const weights = castTo(tensor(this.weights as number[], { dtype: "float64" }), "float64");
        list = listOf(multinomial(weights, this.numSamples, { replacement, generator }));
        return null;
      }),
    );
    yield* list;
  }
}

/** Lists of `batchSize` of what another sampler chooses; with `dropLast` a shorter one at the end is left out. */
export class BatchSampler<T = number> extends Sampler<T[]> {
  constructor(
    readonly sampler: Iterable<T> & Partial<Sized>,
    readonly batchSize: number,
    readonly dropLast: boolean,
  ) {
    super();
    positive("BatchSampler", "batch_size", batchSize);
    asBoolean("BatchSampler", dropLast, "drop_last");
  }

  get length(): number {
    const { length } = this.sampler;
    if (length === undefined) throw new ArgumentError("BatchSampler: the sampler has no length");
    return this.dropLast ? Math.floor(length / this.batchSize) : Math.ceil(length / this.batchSize);
  }

  *[Symbol.iterator](): Iterator<T[]> {
    let batch: T[] = [];
    for (const each of this.sampler) {
      batch.push(each);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}
