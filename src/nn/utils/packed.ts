// Sequences of several lengths in one tensor: packing, padding, and the way back.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asInteger, asTensor, asTensors, parse, type Trailing } from "../../op/args.js";
import { contiguous, to } from "../../ops/cast.js";
import { full, tensor } from "../../ops/creation.js";
import { indexSelect } from "../../ops/gather.js";
import { cat } from "../../ops/join.js";
import { reshape, select, transpose } from "../../ops/shape.js";
import { narrow } from "../../ops/views.js";
import { unrecorded } from "../../tape/mode.js";
import type { DType } from "../../tensor/dtype.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { copyOut } from "../../tensor/read.js";
import { Tensor } from "../../tensor/tensor.js";

/**
 * Sequences of several lengths without gaps: `data` has, step by step, the elements of all sequences that are that long, the
 * longest sequence first. Made by `packSequence` and `packPaddedSequence`; recurrent layers take it.
 */
export class PackedSequence {
  constructor(
    /** Elements, [Σ lengths, …]. */
    readonly data: Tensor,
    /** For each step how many sequences have it, int32 [longest]. */
    readonly batchSizes: Tensor,
    /** Which sequence stands at each place, int32 [N]; null for the order in which they were given. */
    readonly sortedIndices: Tensor | null = null,
    /** At which place each sequence stands, int32 [N]. */
    readonly unsortedIndices: Tensor | null = inverse(sortedIndices),
  ) {}

  /** The same sequences in another dtype. */
  to(dtype: DType): PackedSequence {
    return new PackedSequence(to(this.data, dtype), this.batchSizes, this.sortedIndices, this.unsortedIndices);
  }
}

/** The numbers of a list or of a tensor of indices. */
export function numbersOf(op: string, values: unknown, name: string): number[] {
  if (!(values instanceof Tensor)) {
    if (!Array.isArray(values)) throw new ArgumentError(`${op}: ${name} must be an array of integers or a tensor`);
    return values.map((value) => asInteger(op, value, `each of ${name}`));
  }
  values.check(op);
  if (values.ndim !== 1) throw new ShapeError(`${op}: ${name} must be 1-D, got ${formatShape(values.shape)}`);
  let numbers: number[] = [];
  unrecorded(() =>
    temporaries(() => {
      numbers = Array.from(copyOut(contiguous(values)), Number);
      return null;
    }),
  );
  return numbers;
}

const indices = (values: readonly number[]): Tensor => tensor(Int32Array.from(values));

function inverse(permutation: Tensor | null): Tensor | null {
  if (permutation === null) return null;
  const order = numbersOf("PackedSequence", permutation, "sortedIndices");
  const places = new Array<number>(order.length);
  order.forEach((sequence, place) => {
    places[sequence] = place;
  });
  return indices(places);
}

/** Options of packing. */
export interface PackOptions {
  /** Whether the sequences are known to come longest first. */
  readonly enforceSorted?: boolean;
}

/** Options of packing what is padded. */
export interface PackPaddedOptions extends PackOptions {
  /** Whether the input is [N, T, …] instead of [T, N, …]. */
  readonly batchFirst?: boolean;
}

/**
 * Packs padded sequences, [T, N, …] or with `batchFirst` [N, T, …], of given lengths.
 * @throws ArgumentError for lengths that do not come longest first, unless `enforceSorted` is false.
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: Tensor | readonly number[],
  ...rest: Trailing<[batchFirst: boolean | undefined, enforceSorted: boolean | undefined], PackPaddedOptions>
): PackedSequence {
  const op = "packPaddedSequence";
  asTensor(op, input);
  const { batchFirst, enforceSorted } = parse(op, rest, { batchFirst: false, enforceSorted: true }, [
    "batchFirst",
    "enforceSorted",
  ]);
  const given = numbersOf(op, lengths, "lengths");
  const [steps, count] = (batchFirst ? [input.shape[1], input.shape[0]] : input.shape) as [number, number];
  if (given.length !== count) {
    throw new ArgumentError(
      `${op}: Expected \`len(lengths)\` to be equal to batch_size, but got ${given.length} (batch_size=${count})`,
    );
  }
  if (given.some((length) => length <= 0)) {
    throw new ArgumentError(
      `${op}: Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0`,
    );
  }
  if (given.some((length) => length > steps))
    throw new ArgumentError(`${op}: lengths must be at most ${steps}, the steps of the input, got ${given.join(", ")}`);
  const order = given.map((_, sequence) => sequence);
  if (!enforceSorted) order.sort((a, b) => (given[b] as number) - (given[a] as number));
  else if (given.some((length, i) => i > 0 && length > (given[i - 1] as number))) {
    throw new ArgumentError(
      `${op}: \`lengths\` array must be sorted in decreasing order when \`enforce_sorted\` is True. You can pass ` +
        "{ enforceSorted: false } to packPaddedSequence and packSequence to sidestep this requirement.",
    );
  }
  const longest = given[order[0] as number] as number;
  const sizes: number[] = [];
  const rows: number[] = [];
  for (let step = 0; step < longest; step++) {
    const size = order.filter((sequence) => (given[sequence] as number) > step).length;
    sizes.push(size);
    for (const sequence of order.slice(0, size))
      rows.push(batchFirst ? sequence * steps + step : step * count + sequence);
  }
  const data = temporaries(() =>
    indexSelect(reshape(input, [steps * count, ...input.shape.slice(2)]), 0, indices(rows)),
  );
  return new PackedSequence(data, indices(sizes), enforceSorted ? null : indices(order));
}

/** Options of padding what is packed. */
export interface PadPackedOptions {
  /** Whether the result is [N, T, …] instead of [T, N, …]. */
  readonly batchFirst?: boolean;
  readonly paddingValue?: number;
  /** Steps of the result; the longest length if left out. */
  readonly totalLength?: number | null;
}

/** The sequences of a packed one padded to [T, N, …], and their lengths, int32 [N]: `[padded, lengths]`. */
export function padPackedSequence(
  sequence: PackedSequence,
  ...rest: Trailing<
    [batchFirst: boolean | undefined, paddingValue: number | undefined, totalLength: number | null | undefined],
    PadPackedOptions
  >
): [Tensor, Tensor] {
  const op = "padPackedSequence";
  if (!(sequence instanceof PackedSequence)) throw new ArgumentError(`${op}: expected a PackedSequence`);
  const defaults = { batchFirst: false, paddingValue: 0, totalLength: null as number | null };
  const given = parse(op, rest, defaults, ["batchFirst", "paddingValue", "totalLength"]);
  const sizes = numbersOf(op, sequence.batchSizes, "batchSizes");
  const steps = given.totalLength ?? sizes.length;
  if (steps < sizes.length) {
    throw new ArgumentError(
      `${op}: Expected total_length to be at least the length of the longest sequence in input, but got total_length=${steps} and max sequence length being ${sizes.length}`,
    );
  }
  const count = sizes[0] ?? 0;
  const starts: number[] = [];
  sizes.reduce((start, size) => {
    starts.push(start);
    return start + size;
  }, 0);
  const places =
    sequence.unsortedIndices === null
      ? Array.from({ length: count }, (_, i) => i)
      : numbersOf(op, sequence.unsortedIndices, "unsortedIndices");
  const { data } = sequence;
  const gap = data.shape[0] as number;
  const rowAt = (step: number, place: number): number =>
    place < (sizes[step] ?? 0) ? (starts[step] as number) + place : gap;
  const rows: number[] = [];
  const [outer, inner] = given.batchFirst ? [count, steps] : [steps, count];
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      const [step, sequenceAt] = given.batchFirst ? [j, i] : [i, j];
      rows.push(rowAt(step, places[sequenceAt] as number));
    }
  }
  const lengths = places.map((place) => sizes.filter((size) => size > place).length);
  const padded = temporaries(() => {
    const filler = full([1, ...data.shape.slice(1)], given.paddingValue, { dtype: data.dtype });
    return reshape(indexSelect(cat([data, filler]), 0, indices(rows)), [outer, inner, ...data.shape.slice(1)]);
  });
  return [padded, indices(lengths)];
}

/** Options of padding a list. */
export interface PadSequenceOptions {
  readonly batchFirst?: boolean;
  readonly paddingValue?: number;
  readonly paddingSide?: "right" | "left";
}

/** Sequences [Lᵢ, …] padded to one length, [T, N, …] or with `batchFirst` [N, T, …]. */
export function padSequence(
  sequences: readonly Tensor[],
  ...rest: Trailing<[batchFirst: boolean | undefined, paddingValue: number | undefined], PadSequenceOptions>
): Tensor {
  const op = "padSequence";
  const list = asTensors(op, sequences, "sequences");
  const defaults = { batchFirst: false, paddingValue: 0, paddingSide: "right" as "right" | "left" };
  const { batchFirst, paddingValue, paddingSide } = parse(op, rest, defaults, ["batchFirst", "paddingValue"]);
  const [first] = list;
  if (first === undefined) throw new ArgumentError(`${op}: received an empty list of sequences`);
  const steps = Math.max(...list.map((x) => x.shape[0] as number));
  return temporaries(() => {
    const rows = list.map((x) => {
      const missing = steps - (x.shape[0] as number);
      if (missing === 0) return x;
      const gap = full([missing, ...x.shape.slice(1)], paddingValue, { dtype: x.dtype });
      return cat(paddingSide === "left" ? [gap, x] : [x, gap]);
    });
    const padded = reshape(cat(rows), [list.length, steps, ...first.shape.slice(1)]);
    return batchFirst ? padded : contiguous(transpose(padded, 0, 1));
  });
}

/** Padded sequences, [T, N, …] or with `batchFirst` [N, T, …], cut to their lengths: a list of [Lᵢ, …]. */
export function unpadSequence(
  padded: Tensor,
  lengths: Tensor | readonly number[],
  ...rest: Trailing<[batchFirst: boolean | undefined], { readonly batchFirst?: boolean }>
): Tensor[] {
  const op = "unpadSequence";
  asTensor(op, padded, "paddedSequences");
  const { batchFirst } = parse(op, rest, { batchFirst: false }, ["batchFirst"]);
  return numbersOf(op, lengths, "lengths").map((length, i) =>
    narrow(select(padded, batchFirst ? 0 : 1, i), 0, 0, length),
  );
}

/** Packs a list of sequences [Lᵢ, …]. */
export function packSequence(
  sequences: readonly Tensor[],
  ...rest: Trailing<[enforceSorted: boolean | undefined], PackOptions>
): PackedSequence {
  const { enforceSorted } = parse("packSequence", rest, { enforceSorted: true }, ["enforceSorted"]);
  const lengths = asTensors("packSequence", sequences, "sequences").map((x) => x.shape[0] as number);
  const padded = padSequence(sequences);
  const packed = packPaddedSequence(padded, lengths, { enforceSorted });
  padded.dispose();
  return packed;
}

/** The list of sequences that a packed one holds. */
export function unpackSequence(packed: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(packed, { batchFirst: true });
  return unpadSequence(padded, lengths, { batchFirst: true });
}
