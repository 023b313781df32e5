// Binary search: searchsorted and bucketize.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { asBoolean, asTensor, describe, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo } from "../op/copy.js";
import { checkIndex, narrowIndex } from "../op/indexed.js";
import { addStrided, addTensor, beginNest, launchMap, type Operand } from "../op/nest.js";
import { anyHolds } from "../op/truth.js";
import { isScalar } from "../tensor/dtype.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, Tensor } from "../tensor/tensor.js";
import { bytesIn } from "../wasm/adapted.js";
import { setParameter } from "../wasm/block.js";
import { KernelFamily } from "../wasm/kernels.js";
import { ge, logicalOr, lt } from "./compare.js";
import { scalarTensor } from "./creation.js";
import { any } from "./reduce.js";

/** Options of `bucketize`. */
export interface BucketizeOptions {
  /** Whether equal boundaries count as passed. */
  readonly right?: boolean;
  /** Results are int32 either way. */
  readonly outInt32?: boolean;
}

/** Options of `searchsorted`. */
export interface SearchOptions extends BucketizeOptions {
  /** "right" is the same as `right: true`. */
  readonly side?: "left" | "right" | null;
  /** Where the elements of unsorted rows come in ascending order (int32), as `argsort` gives it. */
  readonly sorter?: Tensor | null;
}

const searches = /* @__PURE__ */ new KernelFamily("searchsorted");

/** Runs the search of `values` in `rows`, which have the same leading dims, or are one row for all. */
function search(name: string, rows: Tensor, values: Tensor, right: boolean, sorter: Tensor | null): Tensor {
  return temporaries(() => {
    const dtype = rows.dtype === "bool" ? "int32" : rows.dtype;
    const sorted = castTo(rows, dtype);
    const sought = castTo(values, dtype);
    const out = empty(name, sought.shape, "int32");
    if (out.numel() === 0) return out;
    const last = sorted.ndim - 1;
    const kernel = searches.of(dtype, "int32");
    const along = (x: Tensor) => (x.layout.strides[last] ?? 0) * bytesIn(kernel, x.dtype);
    const starts = (x: Tensor) =>
      sought.shape.map((_, d) => (last > 0 && d < last ? (x.layout.strides[d] as number) : 0));
    beginNest(sought.shape);
    addTensor(out);
    addTensor(sought);
    addStrided(sorted, starts(sorted));
    if (sorter !== null) addStrided(sorter, starts(sorter));
    setParameter(0, sorted.shape[last] as number);
    setParameter(1, along(sorted));
    setParameter(2, right ? 1 : 0);
    setParameter(3, sorter === null ? 0 : along(sorter));
    launchMap(kernel);
    return out;
  });
}

function sought(name: string, rows: Tensor, values: Operand): Tensor {
  if (isScalar(values)) return scalarTensor(values, { dtype: rows.dtype });
  asTensor(name, values, "values");
  if (values.dtype !== rows.dtype) {
    throw new DTypeError(
      `${name}: boundaries and input value tensors should have same dtype, but got boundaries of ${rows.dtype} and values of ${values.dtype}`,
    );
  }
  return values;
}

/**
 * Where values belong in sorted rows, so that the rows stay sorted: the number of elements less than the value, or with
 * `right` not greater, as int32. `sorted` is one row, or has the leading dims of `values`, each with its own row.
 */
export function searchsorted(sorted: Tensor, values: Operand, ...rest: [options?: SearchOptions]): Tensor {
  asTensor("searchsorted", sorted, "sorted_sequence");
  const defaults = { right: false, side: null as string | null, sorter: null as Tensor | null, outInt32: false };
  const given = parse("searchsorted", rest, defaults);
  asBoolean("searchsorted", given.outInt32, "outInt32");
  const { side, sorter } = given;
  if (side !== null && side !== "left" && side !== "right") {
    throw new ArgumentError(`searchsorted: side can only be 'left' or 'right' but got ${describe(side)}`);
  }
  if (asBoolean("searchsorted", given.right, "right") && side === "left") {
    throw new ArgumentError(
      "searchsorted: side and right can't be set to opposites, got side of left while right was true",
    );
  }
  if (sorted.ndim === 0) throw new ShapeError("searchsorted: boundaries tensor should have positive dimension, got 0");
  if (!(values instanceof Tensor) && sorted.ndim > 1) {
    throw new ShapeError("searchsorted: input value can be a scalar only when boundaries tensor dimension is 1");
  }
  if (sorter !== null) {
    asTensor("searchsorted", sorter, "sorter");
    checkIndex("searchsorted", sorter, "sorter");
    if (!sameShape(sorter.shape, sorted.shape)) {
      throw new ShapeError(
        `searchsorted: boundary and sorter must have the same size, but got ${formatShape(sorted.shape)} and ${formatShape(sorter.shape)}`,
      );
    }
    checkSorter(sorter, sorted.shape[sorted.ndim - 1] as number);
  }
  return composed("searchsorted", () => {
    const wanted = sought("searchsorted", sorted, values);
    const leading = sorted.shape.slice(0, -1);
    if (sorted.ndim > 1 && !sameShape(leading, wanted.shape.slice(0, -1))) {
      throw new ShapeError(
        "searchsorted: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input " +
          `value tensor must match, but we got boundaries of ${formatShape(sorted.shape)} and values of ${formatShape(wanted.shape)}`,
      );
    }
    return search(
      "searchsorted",
      sorted,
      wanted,
      given.right || side === "right",
      sorter === null ? null : narrowIndex(sorter),
    );
  });
}

/** Throws unless every place that the sorter names exists: the kernel reads there. */
function checkSorter(sorter: Tensor, size: number): void {
  if (sorter.numel() === 0) return;
  if (anyHolds(() => any(logicalOr(lt(sorter, 0), ge(sorter, size)))))
    throw new ArgumentError("searchsorted: sorter index out of range");
}

/**
 * The number of the bucket that each value falls in, between sorted boundaries (1-dim): how many boundaries are less than
 * it, or with `right` not greater, as int32.
 */
export function bucketize(values: Operand, boundaries: Tensor, ...rest: [options?: BucketizeOptions]): Tensor {
  asTensor("bucketize", boundaries, "boundaries");
  const given = parse("bucketize", rest, { right: false, outInt32: false });
  asBoolean("bucketize", given.outInt32, "outInt32");
  const right = asBoolean("bucketize", given.right, "right");
  if (boundaries.ndim !== 1) {
    throw new ShapeError(`bucketize: boundaries tensor must be 1 dimension, but got dim(${boundaries.ndim})`);
  }
  return composed("bucketize", () =>
    search("bucketize", boundaries, sought("bucketize", boundaries, values), right, null),
  );
}
