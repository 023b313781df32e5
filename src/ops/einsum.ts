// einsum: sums of products of any number of operands, by named dims; and tensordot, its plain form.

import { ArgumentError, ShapeError } from "../errors.js";
import { asIntegers, asTensor, asTensors, describe, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { checkSameDtype } from "../op/gemm.js";
import { formatShape, normalizeDims } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { mul } from "./arithmetic.js";
import { matmul } from "./matmul.js";
import { sum } from "./reduce.js";
import { expand, permute, reshape } from "./shape.js";
import { type AppliedView, view } from "./view.js";

/**
 * An operand on its way: each dim has a label, none twice. Labels are numbers: 0 to 51 for letters, from 52 on the dims
 * that an ellipsis stands for, counted from the last.
 */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly number[];
}

const ELLIPSIS = 52;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A label as users wrote it. */
function nameOf(label: number): string {
  return label < ELLIPSIS ? (LETTERS[label] as string) : "...";
}

/** The labels of one side of an operand or of the result; `-1` stands for the ellipsis. */
function scan(text: string, equation: string, what: string): number[] {
  const labels: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const letter = text[i] as string;
    if (letter === " ") continue;
    if (letter === ".") {
      if (text.slice(i, i + 3) !== "..." || labels.includes(-1)) {
        throw new ArgumentError(`einsum: found '.' ${what} of "${equation}" that is not part of any ellipsis`);
      }
      labels.push(-1);
      i += 2;
      continue;
    }
    const label = LETTERS.indexOf(letter);
    if (label < 0) {
      throw new ArgumentError(
        `einsum: invalid subscript given: '${letter}' in "${equation}", subscripts must be in [a-zA-Z]`,
      );
    }
    labels.push(label);
  }
  return labels;
}

interface Parsed {
  readonly inputs: readonly (readonly number[])[];
  readonly output: readonly number[];
}

/** Reads the equation: which labels the dims of the operands and of the result have. */
function parseEquation(equation: string, operands: readonly Tensor[]): Parsed {
  const arrow = equation.indexOf("->");
  const left = arrow < 0 ? equation : equation.slice(0, arrow);
  const parts = left.split(",");
  if (parts.length !== operands.length) {
    const which = parts.length < operands.length ? "more" : "fewer";
    throw new ArgumentError(
      `einsum: ${which} operands were provided than specified in the equation "${equation}": ${operands.length} and ${parts.length}`,
    );
  }
  let longest = 0;
  const inputs = parts.map((part, i) => {
    const labels = scan(part, equation, `for operand ${i}`);
    const x = operands[i] as Tensor;
    const at = labels.indexOf(-1);
    const named = labels.length - (at < 0 ? 0 : 1);
    if (at < 0 ? named !== x.ndim : named > x.ndim) {
      throw new ShapeError(
        `einsum: the number of subscripts in the equation (${named}) does not match the number of dimensions (${x.ndim}) for ` +
          `operand ${i}${at < 0 ? " and no ellipsis was given" : ""}: "${part.trim()}", ${formatShape(x.shape)}`,
      );
    }
    if (at < 0) return labels;
    const covered = x.ndim - named;
    longest = Math.max(longest, covered);
    return [...labels.slice(0, at), ...ellipsisOf(covered), ...labels.slice(at + 1)];
  });
  return {
    inputs,
    output: arrow < 0 ? implied(inputs, longest) : explicit(equation.slice(arrow + 2), equation, inputs, longest),
  };
}

function ellipsisOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => ELLIPSIS + count - 1 - i);
}

/** The result's labels where the equation names none: the ellipsis, then what appears once, in alphabetical order. */
function implied(inputs: readonly (readonly number[])[], longest: number): number[] {
  const counts = new Array<number>(ELLIPSIS).fill(0);
  for (const labels of inputs) {
    for (const label of labels) if (label < ELLIPSIS) counts[label] = (counts[label] as number) + 1;
  }
  return [...ellipsisOf(longest), ...counts.keys()].filter((label) => label >= ELLIPSIS || counts[label] === 1);
}

function explicit(text: string, equation: string, inputs: readonly (readonly number[])[], longest: number): number[] {
  const labels = scan(text, equation, "for the output");
  const output: number[] = [];
  for (const label of labels) {
    if (label < 0) {
      output.push(...ellipsisOf(longest));
      continue;
    }
    if (output.includes(label)) {
      throw new ArgumentError(
        `einsum: output subscript ${nameOf(label)} appears more than once in the output of "${equation}"`,
      );
    }
    if (!inputs.some((own) => own.includes(label))) {
      throw new ArgumentError(
        `einsum: output subscript ${nameOf(label)} does not appear in the equation for any input operand: "${equation}"`,
      );
    }
    output.push(label);
  }
  return output;
}

/** The size of each label; dims of size 1 broadcast. */
function sizesOf(inputs: readonly (readonly number[])[], operands: readonly Tensor[]): Map<number, number> {
  const sizes = new Map<number, number>();
  inputs.forEach((labels, i) => {
    const { shape } = operands[i] as Tensor;
    labels.forEach((label, d) => {
      const size = shape[d] as number;
      const known = sizes.get(label);
      if (known !== undefined && known !== size && known !== 1 && size !== 1) {
        throw new ShapeError(
          `einsum: operands do not broadcast with remapped shapes: subscript ${nameOf(label)} has size ${size} for operand ${i}, ` +
            `which does not broadcast with previously seen size ${known}: ${operands.map((x) => formatShape(x.shape)).join(", ")}`,
        );
      }
      if (known === undefined || known === 1) sizes.set(label, size);
    });
  });
  return sizes;
}

interface Diagonal {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Dims with one label become one: a view along their diagonal. */
const diagonals: AppliedView<Diagonal> = view({
  name: "diagonal",
  layouts: ({ shape, strides, offset }, { from, to }: Diagonal) => [
    {
      shape: to.map((label) => shape[from.indexOf(label)] as number),
      strides: to.map((label) => from.reduce((all, own, d) => (own === label ? all + (strides[d] as number) : all), 0)),
      offset,
    },
  ],
});

/** Throws where dims of one operand have one label and different sizes. */
function checkRepeats(x: Tensor, labels: readonly number[], i: number): void {
  for (const label of new Set(labels)) {
    const sizes = labels.flatMap((other, d) => (other === label ? [x.shape[d] as number] : []));
    if (sizes.every((size) => size === sizes[0])) continue;
    throw new ShapeError(
      `einsum: subscript ${nameOf(label)} is repeated for operand ${i} but the sizes don't match, ${sizes.join(" != ")}`,
    );
  }
}

function withoutRepeats(x: Tensor, labels: readonly number[]): Labelled {
  const own = [...new Set(labels)];
  return own.length === labels.length ? { x, labels } : { x: diagonals(x, { from: labels, to: own }), labels: own };
}

/** Sums the dims away that nobody else needs. */
function summed({ x, labels }: Labelled, needed: ReadonlySet<number>): Labelled {
  const dims = labels.flatMap((label, d) => (needed.has(label) ? [] : [d]));
  if (dims.length === 0) return { x, labels };
  return { x: sum(x, dims), labels: labels.filter((label) => needed.has(label)) };
}

/** The dims in the order of `order`, new ones of size 1 where a label is missing. */
function arranged({ x, labels }: Labelled, order: readonly number[]): Tensor {
  const present = order.filter((label) => labels.includes(label));
  const dims = present.map((label) => labels.indexOf(label));
  const sorted = dims.every((dim, i) => dim === i) ? x : permute(x, dims);
  if (present.length === order.length) return sorted;
  return reshape(
    sorted,
    order.map((label) => (labels.includes(label) ? (x.shape[labels.indexOf(label)] as number) : 1)),
  );
}

const sizeAt = ({ x, labels }: Labelled, label: number): number => x.shape[labels.indexOf(label)] as number;
const strideAt = ({ x, labels }: Labelled, label: number): number => x.layout.strides[labels.indexOf(label)] as number;

/** Labels in the order in which they lie in an operand's memory, so that dims merge without a copy. */
function byStride(operand: Labelled, labels: readonly number[]): number[] {
  return [...labels].sort((p, q) => strideAt(operand, q) - strideAt(operand, p));
}

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

/** Sizes of dims with these labels in `operand`. */
const extents = (operand: Labelled, labels: readonly number[]): number[] =>
  labels.map((label) => sizeAt(operand, label));

/** An operand as a batch of matrices; dims are merged by reshape, which copies only where strides forbid a view. */
function matrices(
  operand: Labelled,
  batch: readonly number[],
  rows: readonly number[],
  columns: readonly number[],
): Tensor {
  const x = arranged(operand, [...batch, ...rows, ...columns]);
  return reshape(x, [...extents(operand, batch), product(extents(operand, rows)), product(extents(operand, columns))]);
}

/** Contracts two operands: what is in both and not needed any more is summed, by one batched matrix product. */
function contract(a: Labelled, b: Labelled, needed: ReadonlySet<number>): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  // A dim of size 1 that meets a larger one broadcasts: where it is summed, the one operand is summed alone.
  const uneven = shared.filter((label) => !needed.has(label) && sizeAt(a, label) !== sizeAt(b, label));
  const keepA = new Set(
    [...needed, ...b.labels].filter((label) => !(uneven.includes(label) && sizeAt(a, label) !== 1)),
  );
  const keepB = new Set(
    [...needed, ...a.labels].filter((label) => !(uneven.includes(label) && sizeAt(b, label) !== 1)),
  );
  const left = squeezed(summed(a, keepA), uneven);
  const right = squeezed(summed(b, keepB), uneven);
  const summedLabels = left.labels.filter((label) => right.labels.includes(label) && !needed.has(label));
  const batch = left.labels.filter((label) => right.labels.includes(label) && needed.has(label));
  const onlyLeft = left.labels.filter((label) => !right.labels.includes(label));
  const onlyRight = right.labels.filter((label) => !left.labels.includes(label));
  if (summedLabels.length === 0) {
    const order = [...batch, ...onlyLeft, ...onlyRight];
    return { x: mul(arranged(left, order), arranged(right, order)), labels: order };
  }
  const larger = left.x.numel() >= right.x.numel() ? left : right;
  const inner = byStride(larger, summedLabels);
  const rows = byStride(left, onlyLeft);
  const columns = byStride(right, onlyRight);
  const out = matmul(matrices(left, batch, rows, inner), matrices(right, batch, inner, columns));
  const shape = [...out.shape.slice(0, batch.length), ...extents(left, rows), ...extents(right, columns)];
  return { x: reshape(out, shape), labels: [...batch, ...rows, ...columns] };
}

/** Without the dims, of size 1, that broadcast against dims which were summed. */
function squeezed(operand: Labelled, gone: readonly number[]): Labelled {
  if (!operand.labels.some((label) => gone.includes(label))) return operand;
  const labels = operand.labels.filter((label) => !gone.includes(label));
  return { x: reshape(operand.x, extents(operand, labels)), labels };
}

/** Multiplications that a contraction takes, and the size of its result. */
function costOf(
  a: readonly number[],
  b: readonly number[],
  needed: ReadonlySet<number>,
  sizes: ReadonlyMap<number, number>,
): [number, number] {
  let work = 1;
  let size = 1;
  for (const label of new Set([...a, ...b])) {
    work *= sizes.get(label) as number;
    if (needed.has(label)) size *= sizes.get(label) as number;
  }
  return [work, size];
}

/** Labels that the operands other than i and j, or the result, have. */
function neededBy(all: readonly (readonly number[])[], output: readonly number[], i: number, j: number): Set<number> {
  const needed = new Set(output);
  all.forEach((labels, k) => {
    if (k !== i && k !== j) for (const label of labels) needed.add(label);
  });
  return needed;
}

/**
 * The next two operands to contract: those whose product makes what is held grow least (then those with the least
 * work), which is the greedy order of Smith and Gray, "opt_einsum" (2018).
 */
function cheapest(
  all: readonly (readonly number[])[],
  output: readonly number[],
  sizes: ReadonlyMap<number, number>,
): [number, number] {
  if (all.length === 2) return [0, 1];
  let best: [number, number] = [0, 1];
  let least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const sizeOf = (labels: readonly number[]): number => product(labels.map((label) => sizes.get(label) as number));
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length; j++) {
      const [a, b] = [all[i] as readonly number[], all[j] as readonly number[]];
      const [work, size] = costOf(a, b, neededBy(all, output, i, j), sizes);
      const grows = size - sizeOf(a) - sizeOf(b);
      if (grows < (least[0] as number) || (grows === least[0] && work < (least[1] as number))) {
        best = [i, j];
        least = [grows, work];
      }
    }
  }
  return best;
}

/**
 * Sum of products by named dims: `einsum("bij,bjk->bik", a, b)`. Each operand's dims are named by letters; names in several
 * operands are multiplied, names that the result lacks are summed. `...` stands for dims that broadcast; a name twice in
 * one operand takes its diagonal; without `->` the result has the names that appear once, in alphabetical order (capitals
 * first). Dims of size 1 broadcast. Operands are contracted pair by pair, each by one (batched) matrix product, in the order
 * that keeps intermediate results small.
 * @throws ArgumentError for an equation that cannot be read, ShapeError for sizes that do not fit it, DTypeError for operands
 *   of several dtypes.
 */
export function einsum(equation: string, ...rest: readonly (Tensor | readonly Tensor[])[]): Tensor {
  if (typeof equation !== "string")
    throw new ArgumentError(`einsum: the equation must be a string, got ${describe(equation)}`);
  const given = rest.length === 1 && Array.isArray(rest[0]) ? rest[0] : rest;
  const operands = asTensors("einsum", [...given], "operands");
  if (operands.length === 0) throw new ArgumentError("einsum: must provide at least one operand");
  for (const x of operands)
    if (x.dtype !== (operands[0] as Tensor).dtype) checkSameDtype("einsum", operands[0] as Tensor, x);
  const { inputs, output } = parseEquation(equation, operands);
  operands.forEach((x, i) => checkRepeats(x, inputs[i] as readonly number[], i));
  const sizes = sizesOf(inputs, operands);
  return composed("einsum", () => {
    let all = operands.map((x, i) => withoutRepeats(x, inputs[i] as readonly number[]));
    all = all.map((operand, i) =>
      summed(
        operand,
        neededBy(
          all.map(({ labels }) => labels),
          output,
          i,
          i,
        ),
      ),
    );
    while (all.length > 1) {
      const labels = all.map((operand) => operand.labels);
      const [i, j] = cheapest(labels, output, sizes);
      const result = contract(all[i] as Labelled, all[j] as Labelled, neededBy(labels, output, i, j));
      all = [...all.filter((_, k) => k !== i && k !== j), result];
    }
    const last = summed(all[0] as Labelled, new Set(output));
    const out = arranged(last, output);
    const shape = output.map((label) => sizes.get(label) as number);
    const full = out.shape.every((size, d) => size === shape[d]) ? out : expand(out, shape);
    // Never an operand itself: a result is a tensor of its own, a view at most.
    return operands.includes(full) ? reshape(full, full.shape) : full;
  });
}

/** Options of `tensordot`. */
export interface TensordotOptions {
  /** How many of the last dims of a are summed with the first of b; or the dims of both, in order. */
  readonly dims?: number | readonly (readonly number[])[];
}

/**
 * Sums the products over pairs of dims: the last `dims` (2) of a with the first of b, or, for `[dimsA, dimsB]`, those named.
 * The result has the dims left of a, then those left of b.
 */
export function tensordot(
  a: Tensor,
  b: Tensor,
  ...rest: [dims?: TensordotOptions["dims"] | TensordotOptions, options?: TensordotOptions]
): Tensor {
  asTensor("tensordot", a, "a");
  asTensor("tensordot", b, "b");
  const { dims } = parse<Required<TensordotOptions>>("tensordot", rest, { dims: 2 }, ["dims"]);
  checkSameDtype("tensordot", a, b);
  const [dimsA, dimsB] = pairs(a, b, dims);
  dimsA.forEach((dim, i) => {
    const [m, n] = [a.shape[dim] as number, b.shape[dimsB[i] as number] as number];
    if (m !== n) {
      throw new ShapeError(
        `tensordot: contracted dimensions need to match, but first has size ${m} in dim ${dim} and second has size ${n} in dim ` +
          `${dimsB[i]}: a is ${formatShape(a.shape)}, b is ${formatShape(b.shape)}`,
      );
    }
  });
  return composed("tensordot", () => {
    const labels = a.shape.map((_, d) => d);
    const others = b.shape.map((_, d) => (dimsB.includes(d) ? (dimsA[dimsB.indexOf(d)] as number) : a.ndim + d));
    const needed = new Set([...labels, ...others].filter((label) => !dimsA.includes(label)));
    const { x, labels: found } = contract({ x: a, labels }, { x: b, labels: others }, needed);
    return arranged(
      { x, labels: found },
      [...needed].sort((p, q) => p - q),
    );
  });
}

function pairs(a: Tensor, b: Tensor, dims: unknown): [number[], number[]] {
  if (typeof dims === "number") {
    if (!Number.isInteger(dims) || dims < 0 || dims > a.ndim || dims > b.ndim) {
      throw new ArgumentError(
        `tensordot: expects dims >= 0 and at most the number of dims of both, but got dims=${dims}`,
      );
    }
    return [Array.from({ length: dims }, (_, i) => a.ndim - dims + i), Array.from({ length: dims }, (_, i) => i)];
  }
  if (!Array.isArray(dims) || dims.length !== 2) {
    throw new ArgumentError(`tensordot: dims must be a number or two arrays of dims, got ${describe(dims)}`);
  }
  const [first, second] = dims.map((list, i) => {
    const own = typeof list === "number" ? [list] : asIntegers("tensordot", list, "each of dims");
    return normalizeDims("tensordot", own, (i === 0 ? a : b).ndim);
  }) as [number[], number[]];
  if (first.length !== second.length) {
    throw new ArgumentError(
      `tensordot: both dimension lists should have same length, got ${first.length} and ${second.length}`,
    );
  }
  return [first, second];
}
