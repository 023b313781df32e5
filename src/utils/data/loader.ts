// The loader: goes through a dataset batch by batch, at once or asynchronously.

import { ArgumentError } from "../../errors.js";
import { describe, parse } from "../../op/args.js";
import { Generator } from "../../tensor/generator.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Collated, defaultCollate, defaultConvert, disposeBatch } from "./collate.js";
import {
  type Batching,
  type Indexed,
  type IterableLike,
  isIndexed,
  isPromise,
  type MapLike,
  rowsOf,
  sampleOf,
} from "./dataset.js";
import { BatchSampler, drawSeed, RandomSampler, SequentialSampler } from "./sampler.js";

/** Options of `DataLoader`. */
export interface LoaderOptions<T, B> {
  /** Samples in a batch, 1; null gives single samples. */
  readonly batchSize?: number | null;
  /** Another order each epoch. */
  readonly shuffle?: boolean | null;
  /** Which samples, in which order; in the place of `shuffle`. */
  readonly sampler?: Iterable<number> | null;
  /** Which samples make each batch; in the place of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  readonly batchSampler?: Iterable<readonly number[]> | null;
  /** Makes a batch of samples; `defaultCollate`. It may give a promise where the loader is used with `for await`. */
  readonly collateFn?: ((samples: T[]) => B | PromiseLike<B>) | null;
  /** Leaves out a batch at the end that is not full. */
  readonly dropLast?: boolean;
  /** Where the order comes from. */
  readonly generator?: Generator | null;
  /** How many batches `for await` has under way at a time, 1. */
  readonly prefetchFactor?: number | null;
  /** Frees each batch when the next is asked for. */
  readonly dispose?: boolean;
  /** Taken so that programs need not change: there are no other processes, and no other memory. */
  readonly numWorkers?: number;
  readonly pinMemory?: boolean;
  readonly persistentWorkers?: boolean;
}

const defaults = {
  batchSize: 1 as number | null,
  shuffle: null as boolean | null,
  sampler: null,
  batchSampler: null,
  collateFn: null,
  dropLast: false,
  generator: null,
  prefetchFactor: null as number | null,
  dispose: false,
  numWorkers: 0,
  pinMemory: false,
  persistentWorkers: false,
};

type Rest<T, B> = [
  batchSize?: number | null | LoaderOptions<T, B>,
  shuffle?: boolean | null | LoaderOptions<T, B>,
  options?: LoaderOptions<T, B>,
];

/**
 * Goes through a dataset batch by batch: an array, a `Dataset`, the rows of a tensor, or anything iterable. Each `for` loop is an epoch; one over a
 * dataset with promises, or an asynchronous one, is a `for await`. The order is PyTorch's from the same seed.
 *
 * ```js
 * const loader = new utils.data.DataLoader(dataset, { batchSize: 32, shuffle: true });
 * for (const [x, y] of loader) train(x, y);
 * ```
 */
export class DataLoader<T = unknown, B = Collated<T>> {
  readonly dataset: MapLike<T> | IterableLike<T>;
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  readonly generator: Generator | null;
  readonly sampler: Iterable<number> | null;
  readonly batchSampler: Iterable<readonly number[]> | null;
  private readonly collate: (samples: T[]) => B | PromiseLike<B>;
  private readonly collates: boolean;
  private readonly ahead: number;
  private readonly disposes: boolean;

  constructor(samples: MapLike<T> | IterableLike<T> | Tensor, ...rest: Rest<T, B>) {
    const dataset = rowsOf<MapLike<T> | IterableLike<T>>(samples);
    const options = parse<Required<LoaderOptions<T, B>>>("DataLoader", rest, defaults, ["batchSize", "shuffle"]);
    const { batchSize, shuffle, sampler, batchSampler, collateFn, dropLast, generator } = options;
    const indexed = isIndexed(dataset);
    checkOptions(indexed, dataset, options);
    this.dataset = dataset;
    this.batchSize = batchSampler === null ? batchSize : null;
    this.dropLast = dropLast;
    this.generator = generator;
    this.ahead = options.prefetchFactor ?? 1;
    this.disposes = options.dispose;
    this.collates = collateFn === null;
    const usual = batchSize === null && batchSampler === null ? defaultConvert : defaultCollate;
    this.collate = (collateFn ?? usual) as (samples: T[]) => B;
    this.sampler = null;
    if (indexed) {
      const source = dataset as MapLike<T>;
      this.sampler = sampler ?? (shuffle ? new RandomSampler(source, { generator }) : new SequentialSampler(source));
    }
    this.batchSampler =
      this.sampler !== null && batchSampler === null && batchSize !== null
        ? new BatchSampler(this.sampler, batchSize, dropLast)
        : batchSampler;
  }

  /** The number of batches; of samples if batches are not made. */
  get length(): number {
    const chosen = (this.batchSampler ?? this.sampler) as { readonly length?: number } | null;
    if (chosen !== null && typeof chosen.length === "number") return chosen.length;
    const { length } = this.dataset as { readonly length?: number };
    if (chosen !== null || typeof length !== "number") {
      throw new ArgumentError("DataLoader: the dataset or the sampler has no length");
    }
    if (this.batchSize === null) return length;
    return this.dropLast ? Math.floor(length / this.batchSize) : Math.ceil(length / this.batchSize);
  }

  /** The batches of an epoch. */
  [Symbol.iterator](): Iterator<B> {
    drawSeed(this.generator);
    return this.freeing(this.sampler === null ? this.batches() : this.chosen());
  }

  /** The batches of an epoch, with what has to be waited for. */
  [Symbol.asyncIterator](): AsyncIterator<B> {
    drawSeed(this.generator);
    return this.prefetched(this.sampler === null ? this.batchesLater() : this.chosenLater());
  }

  private *freeing(batches: Iterable<B>): Generator_<B> {
    for (const batch of batches) {
      try {
        yield batch;
      } finally {
        if (this.disposes) disposeBatch(batch);
      }
    }
  }

  private async *prefetched(batches: AsyncGenerator<B, void, undefined>): AsyncGenerator<B, void, undefined> {
    const pending: Promise<IteratorResult<B, void>>[] = [];
    try {
      for (;;) {
        while (pending.length < this.ahead) {
          const next = batches.next();
          // Whoever asks for the batch gets the error, not the runtime.
          next.catch(() => {});
          pending.push(next);
        }
        const { done, value } = await (pending.shift() as Promise<IteratorResult<B, void>>);
        if (done) return;
        try {
          yield value as B;
        } finally {
          if (this.disposes) disposeBatch(value);
        }
      }
    } finally {
      await batches.return();
    }
  }

  /** One batch, or a sample, of a dataset with samples by number. */
  private take(indices: number | readonly number[]): B | PromiseLike<B> {
    const source = this.dataset as MapLike<T>;
    if (typeof indices === "number") {
      const sample = sampleOf(source, indices);
      return isPromise(sample) ? sample.then((each) => this.one(each as T)) : this.one(sample);
    }
    const whole = this.collates ? ((source as unknown as Partial<Batching>).batchOf?.(indices) ?? null) : null;
    if (whole !== null) return whole as B;
    const several = (source as Indexed<T>).getItems?.(indices) ?? indices.map((i) => sampleOf(source, i));
    if (isPromise(several)) return several.then((samples) => this.collate([...(samples as T[])]));
    if (!several.some(isPromise)) return this.collate([...several] as T[]);
    return Promise.all(several).then((samples) => this.collate(samples));
  }

  private one(sample: T): B | PromiseLike<B> {
    return (this.collate as unknown as (sample: T) => B)(sample);
  }

  private *chosen(): Generator_<B> {
    for (const indices of (this.batchSampler ?? this.sampler) as Iterable<number | readonly number[]>) {
      yield atOnce(this.take(indices));
    }
  }

  private async *chosenLater(): AsyncGenerator<B, void, undefined> {
    for (const indices of (this.batchSampler ?? this.sampler) as Iterable<number | readonly number[]>) {
      yield await this.take(indices);
    }
  }

  private *batches(): Generator_<B> {
    if (!(Symbol.iterator in this.dataset)) {
      throw new ArgumentError("DataLoader: the dataset gives its samples asynchronously; use for await");
    }
    let batch: T[] = [];
    for (const sample of this.dataset as Iterable<T>) {
      if (this.batchSize === null) yield atOnce(this.one(sample));
      else if (batch.push(sample) === this.batchSize) {
        yield atOnce(this.collate(batch));
        batch = [];
      }
    }
    if (batch.length > 0 && !this.dropLast) yield atOnce(this.collate(batch));
  }

  private async *batchesLater(): AsyncGenerator<B, void, undefined> {
    let batch: T[] = [];
    for await (const sample of this.dataset as AsyncIterable<T>) {
      if (this.batchSize === null) yield await this.one(sample);
      else if (batch.push(sample) === this.batchSize) {
        yield await this.collate(batch);
        batch = [];
      }
    }
    if (batch.length > 0 && !this.dropLast) yield await this.collate(batch);
  }
}

type Generator_<B> = globalThis.Generator<B, void, undefined>;

/** The batch itself, not a promise of it. */
function atOnce<B>(batch: B | PromiseLike<B>): B {
  if (isPromise(batch)) throw new ArgumentError("DataLoader: the dataset or collateFn gives promises; use for await");
  return batch as B;
}

function checkOptions<T, B>(indexed: boolean, dataset: unknown, options: Required<LoaderOptions<T, B>>): void {
  const { batchSize, shuffle, sampler, batchSampler, dropLast, generator, prefetchFactor } = options;
  const refuse = (text: string): never => {
    throw new ArgumentError(`DataLoader: ${text}`);
  };
  if (!indexed) {
    const iterable = dataset !== null && typeof dataset === "object";
    if (!iterable || !(Symbol.iterator in dataset || Symbol.asyncIterator in dataset)) {
      refuse(`expected an array, a dataset or something iterable, got ${describe(dataset)}`);
    }
    const kind = "DataLoader with IterableDataset: expected unspecified";
    if (shuffle) refuse(`${kind} shuffle option, but got shuffle=True`);
    if (sampler !== null) refuse(`${kind} sampler option`);
    if (batchSampler !== null) refuse(`${kind} batch_sampler option`);
  }
  if (sampler !== null && shuffle) refuse("sampler option is mutually exclusive with shuffle");
  if (batchSampler !== null && (batchSize !== 1 || shuffle || sampler !== null || dropLast)) {
    refuse("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last");
  }
  if (batchSize === null && dropLast) {
    refuse("batch_size=None option disables auto-batching and is mutually exclusive with drop_last");
  }
  for (const [name, value] of [
    ["batch_size", batchSize],
    ["prefetch_factor", prefetchFactor],
  ] as const) {
    if (value === null || (Number.isInteger(value) && value > 0)) continue;
    refuse(`${name} should be a positive integer value, but got ${name}=${String(value)}`);
  }
  if (generator !== null && !(generator instanceof Generator))
    refuse(`generator must be a Generator, got ${describe(generator)}`);
}
