// vmap: a function of one example applied to a batch of them at once.

import { ArgumentError, ShapeError } from "../errors.js";
import { asInteger, describe, parse } from "../op/args.js";
import { hideDim, showDim } from "../ops/hiding.js";
import { cat } from "../ops/join.js";
import { narrow } from "../ops/views.js";
import { closeVmap, openVmap, type Randomness, type VmapLevel } from "../tensor/batch.js";
import { formatShape, normalizeDim, sameShape } from "../tensor/layout.js";
import { refuseAsync } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { mapTree, type Tree } from "./trees.js";

/** Which dim of each argument is mapped over: a number, null for none, or arrays and objects shaped like the argument. */
export type Dims = number | null | readonly Dims[] | { readonly [name: string]: Dims };

/** Options of `vmap`. */
export interface VmapOptions {
  /** The dim of each argument that is mapped over, 0 if left out; null for an argument that is the same for all examples. */
  readonly inDims?: Dims;
  /** Where the mapped dim of each result goes, 0 if left out. */
  readonly outDims?: Dims;
  /** What random functions do: throw ("error"), draw for each example, or once for all. */
  readonly randomness?: Randomness;
  /** Most examples computed at a time; all if left out. */
  readonly chunkSize?: number | null;
}

// biome-ignore lint/suspicious/noExplicitAny: functions of any arguments can be mapped
type AnyFunction = (...args: any[]) => any;

/** A tensor of an argument, and the dim of it that is mapped over, or null. */
interface Mapped {
  readonly x: Tensor;
  readonly dim: number | null;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Pairs every tensor of a tree with its dim. */
function pair(op: string, tree: Tree, dims: Dims, found: Mapped[]): void {
  if (tree instanceof Tensor) {
    if (dims !== null && typeof dims !== "number") {
      throw new ArgumentError(
        `${op}: inDims is not compatible with the structure of the inputs: expected a number or null for a tensor, got ${describe(dims)}`,
      );
    }
    if (typeof dims === "number") {
      asInteger(op, dims, "inDims");
      if (dims < -tree.ndim || dims >= tree.ndim) {
        throw new ArgumentError(
          `${op}: Got in_dim=${dims} for an input of shape [${tree.shape.join(", ")}], but the dim must satisfy 0 <= in_dim < ${tree.ndim}`,
        );
      }
    }
    found.push({ x: tree, dim: dims === null ? null : normalizeDim(op, dims as number, tree.ndim) });
    return;
  }
  const spread = dims === null || typeof dims === "number";
  if (Array.isArray(tree)) {
    if (!spread && (!Array.isArray(dims) || dims.length !== tree.length)) throw mismatch(op, dims, tree);
    tree.forEach((each, i) => {
      pair(op, each, spread ? dims : ((dims as readonly Dims[])[i] as Dims), found);
    });
  } else if (isPlain(tree)) {
    if (!spread && !isPlain(dims)) throw mismatch(op, dims, tree);
    for (const [name, each] of Object.entries(tree)) {
      pair(op, each as Tree, spread ? dims : (((dims as Record<string, Dims>)[name] ?? null) as Dims), found);
    }
  } else if (dims !== null) {
    throw new ArgumentError(
      `${op}: Got in_dim=${String(dims)} for an input but the input is ${describe(tree)}. We cannot vmap over non-Tensor ` +
        "arguments, please use null as the respective inDims",
    );
  }
}

function mismatch(op: string, dims: unknown, tree: unknown): ArgumentError {
  return new ArgumentError(
    `${op}: inDims is not compatible with the structure of inputs: got ${describe(dims)} for ${describe(tree)}`,
  );
}

/** The dims of the arguments: one for all, or a list with one entry for each. */
function dimsOf(op: string, inDims: Dims, args: readonly unknown[]): readonly Dims[] {
  if (typeof inDims === "number") return args.map(() => inDims);
  if (!Array.isArray(inDims)) {
    throw new ArgumentError(
      `${op}: expected inDims to be a number or an array structured like the inputs, got ${describe(inDims)}`,
    );
  }
  if (inDims.length !== args.length) {
    throw new ArgumentError(
      `${op}: in_dims is not compatible with the structure of inputs: got ${inDims.length} dims for ${args.length} arguments`,
    );
  }
  return inDims;
}

/** The number of examples, which all mapped tensors agree on. */
function sizeOf(op: string, mapped: readonly Mapped[]): number {
  let size = -1;
  for (const { x, dim } of mapped) {
    if (dim === null) continue;
    const own = x.shape[dim] as number;
    if (size >= 0 && size !== own) {
      const all = mapped.filter((each) => each.dim !== null).map((each) => each.x.shape[each.dim as number]);
      throw new ShapeError(
        `${op}: Expected all tensors to have the same size in the mapped dimension, got sizes [${all.join(", ")}] for the mapped dimension`,
      );
    }
    size = own;
  }
  if (size < 0) {
    throw new ArgumentError(
      `${op}: got no inputs to map over: at least one input must be a tensor whose inDims is not null`,
    );
  }
  return size;
}

/** Replaces the tensors of a tree, one after the other in the order in which `leavesOf` lists them. */
function replaced(tree: Tree, by: readonly Tensor[], from: { at: number }): Tree {
  return mapTree(tree, () => by[from.at++] as Tensor);
}

function show(op: string, value: unknown, outDims: Dims, level: VmapLevel): unknown {
  if (value instanceof Tensor) {
    if (outDims === null) {
      if (value.storage.batch?.some((dim) => dim.level === level.level) ?? false) {
        throw new ArgumentError(
          `${op}: can not return a BatchedTensor when out_dim is None (outDims null): the result differs between examples`,
        );
      }
      return value;
    }
    if (typeof outDims !== "number") {
      throw new ArgumentError(
        `${op}: outDims is not compatible with the structure of the outputs: ${describe(outDims)}`,
      );
    }
    return showDim(value, normalizeDim(op, asInteger(op, outDims, "outDims"), value.ndim + 1), level);
  }
  const spread = outDims === null || typeof outDims === "number";
  if (Array.isArray(value)) {
    const dims = outDims as readonly Dims[];
    if (!spread && (!Array.isArray(outDims) || dims.length !== value.length)) {
      throw new ArgumentError(
        `${op}: outDims is not compatible with the structure of the outputs: ${describe(outDims)} for ${describe(value)}`,
      );
    }
    return value.map((each, i) => show(op, each, spread ? outDims : (dims[i] as Dims), level));
  }
  if (isPlain(value)) {
    const dims = outDims as Record<string, Dims>;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, show(op, each, spread ? outDims : (dims[name] ?? 0), level)]),
    );
  }
  throw new ArgumentError(
    `${op}: vmap(f, ...): \`f\` must only return Tensors, got type ${value === null ? "null" : typeof value} as a return`,
  );
}

/** Runs `body` on tensors with their dims hidden, and shows the dim of what it returns. */
export function underVmap<R>(
  op: string,
  mapped: readonly Mapped[],
  size: number,
  randomness: Randomness,
  body: (tensors: readonly Tensor[]) => unknown,
  outDims: Dims,
): R {
  const level = openVmap(size, randomness);
  let result: unknown;
  try {
    result = body(mapped.map(({ x, dim }) => (dim === null ? x : hideDim(x, dim, level))));
    refuseAsync(op, result);
  } finally {
    closeVmap();
  }
  return show(op, result, outDims, level) as R;
}

function joined(pieces: readonly unknown[], outDims: Dims): unknown {
  const [first] = pieces;
  if (first instanceof Tensor) {
    if (outDims === null) return first;
    return cat(pieces as Tensor[], normalizeDim("vmap", outDims as number, first.ndim));
  }
  const inner = (key: string | number): Dims =>
    outDims === null || typeof outDims === "number" ? outDims : ((outDims as Record<string | number, Dims>)[key] ?? 0);
  if (Array.isArray(first))
    return first.map((_, i) =>
      joined(
        pieces.map((piece) => (piece as unknown[])[i]),
        inner(i),
      ),
    );
  return Object.fromEntries(
    Object.keys(first as object).map((name) => [
      name,
      joined(
        pieces.map((piece) => (piece as Record<string, unknown>)[name]),
        inner(name),
      ),
    ]),
  );
}

/**
 * A function that applies `f`, written for one example, to a batch of them: the dim that `inDims` names is hidden from
 * `f`, every operation inside works on all examples at once, and the results get the dim back where `outDims` says.
 * Arguments and results may be tensors, or arrays and plain objects of them; `inDims` gives a dim for each argument (null:
 * the same for all examples). Calls nest, and mix with `grad`, `jvp` and the rest.
 *
 * ```js
 * const dots = func.vmap((a, b) => a.dot(b))(randn([8, 3]), randn([8, 3])); // [8]
 * const each = func.vmap(matmul, { inDims: [0, null] })(randn([8, 2, 3]), randn([3, 4])); // [8, 2, 4]
 * ```
 * @throws ArgumentError for `inDims` that do not fit, ShapeError for sizes that differ; inside, whatever needs the data of
 *   one example, as `item()` and boolean masks do, and random functions unless `randomness` allows them, GraphError.
 */
export function vmap<F extends AnyFunction>(f: F, ...rest: [options?: VmapOptions]): F {
  const op = "vmap";
  if (typeof f !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  const { inDims, outDims, randomness, chunkSize } = parse<Required<VmapOptions>>(op, rest, {
    inDims: 0,
    outDims: 0,
    randomness: "error",
    chunkSize: null,
  });
  if (!["error", "different", "same"].includes(randomness)) {
    throw new ArgumentError(
      `${op}: Only allowed values for randomness are 'error', 'different', or 'same'. Got ${describe(randomness)}`,
    );
  }
  if (chunkSize !== null && !(Number.isInteger(chunkSize) && chunkSize > 0)) {
    throw new ArgumentError(`${op}: chunkSize should be null or a positive integer, got ${describe(chunkSize)}`);
  }
  const mappedFunction = (...args: unknown[]): unknown => {
    const mapped: Mapped[] = [];
    if (args.length === 0) throw new ArgumentError(`${op}: got no inputs: expected at least one to map over`);
    const dims = dimsOf(op, inDims, args);
    args.forEach((arg, i) => {
      pair(op, arg as Tree, dims[i] as Dims, mapped);
    });
    const size = sizeOf(op, mapped);
    const body = (tensors: readonly Tensor[]): unknown => {
      const from = { at: 0 };
      return f(...args.map((arg) => replaced(arg as Tree, tensors, from)));
    };
    if (chunkSize === null || chunkSize >= size) return underVmap(op, mapped, size, randomness, body, outDims);
    const pieces: unknown[] = [];
    for (let start = 0; start < size; start += chunkSize) {
      const count = Math.min(chunkSize, size - start);
      const part = mapped.map(({ x, dim }) => ({ x: dim === null ? x : narrow(x, dim, start, count), dim }));
      pieces.push(underVmap(op, part, count, randomness, body, outDims));
    }
    return joined(pieces, outDims);
  };
  return mappedFunction as F;
}

/** The size of the batch that gradients of outputs come in, for `isGradsBatched`. */
export function checkBatch(op: string, seeds: readonly unknown[], shapes: readonly (readonly number[])[]): number {
  if (seeds.length !== shapes.length) {
    throw new ArgumentError(`${op}: got ${shapes.length} tensors and ${seeds.length} gradients`);
  }
  let size = -1;
  seeds.forEach((seed, i) => {
    if (!(seed instanceof Tensor) || seed.ndim === 0) {
      throw new ArgumentError(
        `${op}: with isGradsBatched each of gradOutputs must be a tensor with a batch dimension, got ${describe(seed)}`,
      );
    }
    const [first, ...others] = seed.shape as [number, ...number[]];
    const shape = shapes[i] as readonly number[];
    if (!sameShape(others, shape)) {
      throw new ShapeError(
        `${op}: If isGradsBatched=true, we interpret the first dimension of each grad_output as the batch dimension. The sizes of ` +
          "the remaining dimensions are expected to match the shape of corresponding output, but a mismatch was detected: " +
          `grad_output[${i}] has a shape of ${formatShape(seed.shape)} and output[${i}] has a shape of ${formatShape(shape)}.`,
      );
    }
    if (size >= 0 && first !== size) {
      throw new ShapeError(`${op}: isGradsBatched: the batch sizes of gradOutputs differ: ${size} and ${first}`);
    }
    size = first;
  });
  return size;
}
