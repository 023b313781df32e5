// Writing slices along a dim by a list of indices: indexAdd, indexCopy, indexFill, and put by flat indices.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { asInteger, asNumber, asTensor, parse, type Trailing } from "../op/args.js";
import { checkIndex } from "../op/indexed.js";
import type { Operand } from "../op/nest.js";
import { formatShape, normalizeDim, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { Tensor } from "../tensor/tensor.js";
import { mul } from "./arithmetic.js";
import { clone, copy_, to } from "./cast.js";
import { type Index, indexPut_, Slice } from "./indexing.js";
import { reshape } from "./shape.js";

/** `x[:, …, index]` with the index at a dim. */
function at(dim: number, index: Tensor): Index[] {
  return [
    ...Array.from({ length: dim }, () => new Slice(null, null, null)),
    index.ndim === 0 ? reshape(index, [1]) : index,
  ];
}

interface Checked {
  readonly dim: number;
}

function check(name: string, x: Tensor, dim: number, index: Tensor, source: Tensor | null): Checked {
  asTensor(name, x);
  asTensor(name, index, "index");
  const along = normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
  checkIndex(name, index);
  if (index.ndim > 1) throw new ShapeError(`${name}: Index should have dimension 1 or 0 (got ${index.ndim})`);
  if (source === null) return { dim: along };
  asTensor(name, source, "source");
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${name}: self and source expected to have the same dtype, but got (self) ${x.dtype} and (source) ${source.dtype}`,
    );
  }
  const wanted = x.shape.map((size, d) => (d === along ? index.numel() : size));
  const fits = x.ndim === 0 ? source.numel() === index.numel() : sameShape(source.shape, wanted);
  if (!fits) {
    throw new ShapeError(
      `${name}: source has the wrong shape: expected ${formatShape(wanted)}, got ${formatShape(source.shape)}`,
    );
  }
  return { dim: along };
}

/** Writes in place through a vector where the tensor has no dims. */
function write(self: Tensor, dim: number, index: Tensor, value: Operand, accumulate: boolean): Tensor {
  temporaries(() => {
    const target = self.ndim === 0 ? reshape(self, [1]) : self;
    const source = self.ndim === 0 && value instanceof Tensor ? reshape(value, [-1]) : value;
    indexPut_(target, at(dim, index), source, accumulate);
    return null;
  });
  return self;
}

/** Options of `indexAdd`. */
export interface IndexAddOptions {
  /** Factor of the source. */
  readonly alpha?: number;
}

/** `indexAdd` into `self`, which is returned. */
export function indexAdd_(
  self: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  ...rest: [options?: IndexAddOptions]
): Tensor {
  const { dim: along } = check("indexAdd_", self, dim, index, source);
  const { alpha } = parse("indexAdd_", rest, { alpha: 1 });
  asNumber("indexAdd_", alpha, "alpha");
  return temporaries(() => {
    write(self, along, index, alpha === 1 ? source : mul(source, alpha), true);
    return self;
  });
}

/** A copy with alpha times the slices of `source` added to the slices that `index` (int32) names; repeats add up. */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  ...rest: [options?: IndexAddOptions]
): Tensor {
  check("indexAdd", x, dim, index, source);
  return temporaries(() => indexAdd_(clone(x), dim, index, source, ...rest));
}

/** `indexCopy` into `self`, which is returned. */
export function indexCopy_(self: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const { dim: along } = check("indexCopy_", self, dim, index, source);
  return write(self, along, index, source, false);
}

/** A copy with the slices that `index` (int32) names replaced by those of `source`. */
export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  check("indexCopy", x, dim, index, source);
  return temporaries(() => indexCopy_(clone(x), dim, index, source));
}

/** `indexFill` into `self`, which is returned. */
export function indexFill_(self: Tensor, dim: number, index: Tensor, value: Operand): Tensor {
  const { dim: along } = check("indexFill_", self, dim, index, null);
  if (value instanceof Tensor && value.ndim > 0) {
    throw new ShapeError(
      `indexFill_: only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`,
    );
  }
  return temporaries(() => {
    write(self, along, index, value instanceof Tensor ? to(value, self.dtype) : value, false);
    return self;
  });
}

/** A copy with the slices that `index` (int32) names filled with a value, a number or a 0-dim tensor. */
export function indexFill(x: Tensor, dim: number, index: Tensor, value: Operand): Tensor {
  check("indexFill", x, dim, index, null);
  return temporaries(() => indexFill_(clone(x), dim, index, value));
}

/** Optional arguments of `put`: whether to add rather than replace. */
export type PutRest = Trailing<[accumulate: boolean], { readonly accumulate?: boolean }>;

/** A copy with the elements of `source` written at flat indices (int32), or added there. */
export function put(x: Tensor, index: Tensor, source: Tensor, ...rest: PutRest): Tensor {
  const name = "put";
  asTensor(name, x);
  asTensor(name, index, "index");
  asTensor(name, source, "source");
  checkIndex(name, index);
  const { accumulate } = parse(name, rest, { accumulate: false }, ["accumulate"]);
  if (source.dtype !== x.dtype)
    throw new DTypeError(
      `${name}: self and source expected to have the same dtype, but got ${x.dtype} and ${source.dtype}`,
    );
  if (source.numel() !== index.numel()) {
    throw new ArgumentError(
      `${name}: Expected source and index to have the same number of elements, but got source.numel() = ${source.numel()}, index.numel() = ${index.numel()}`,
    );
  }
  return temporaries(() => {
    const flat = clone(reshape(x, [-1]));
    indexPut_(flat, [reshape(index, [-1])], reshape(source, [-1]), accumulate);
    return reshape(flat, x.shape);
  });
}

/** `put` into `self`, which is returned. */
export function put_(self: Tensor, index: Tensor, source: Tensor, ...rest: PutRest): Tensor {
  return temporaries(() => {
    copy_(self, put(self, index, source, ...rest));
    return self;
  });
}
