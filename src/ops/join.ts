// Joining tensors: cat, stack and kin.

import { ArgumentError, ShapeError } from "../errors.js";
import { asTensor, asTensors, nothingMore, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { copyInto } from "../op/copy.js";
import { type Applied, op } from "../op/op.js";
import { type DType, Promotion } from "../tensor/dtype.js";
import { formatShape, narrow as narrowLayout, normalizeDim, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { zeros } from "./creation.js";
import { reshape, select } from "./shape.js";
import { narrow, unsqueeze } from "./views.js";

/** Optional arguments of `cat` and `stack`: the dim, by position or by name. */
export type JoinRest = Trailing<[dim: number], { readonly dim?: number }>;

interface Joined {
  readonly dim: number;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Where each tensor starts along the dim, -1 for those that are passed over, and its size there. */
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
}

function promoted(tensors: readonly Tensor[]): DType {
  const promotion = new Promotion();
  for (const tensor of tensors) promotion.tensor(tensor.dtype, tensor.ndim);
  return promotion.result();
}

const catOp: Applied<Joined> = op({
  name: "cat",
  list: true,
  forward: (inputs, { dim, dtype, shape, starts, sizes }: Joined) =>
    temporaries(() => {
      const out = empty("cat", shape, dtype);
      inputs.forEach((x, i) => {
        if (x.numel() === 0) return;
        copyInto(alias(out, narrowLayout("cat", out.layout, dim, starts[i] as number, sizes[i] as number)), x);
      });
      return out;
    }),
  gradients: {
    x: {
      reads: [],
      of: ({ g, input }, { dim, starts, sizes }) => {
        const start = starts[input] as number;
        return start < 0 ? zeros([0], { dtype: g.dtype }) : narrow(g, dim, start, sizes[input] as number);
      },
    },
  },
  tangent: "linear",
});

/**
 * Tensors one after the other along a dim (0). All other sizes must agree; dtypes are promoted. Tensors of shape [0]
 * are passed over.
 */
export function cat(tensors: readonly Tensor[], ...rest: JoinRest): Tensor {
  const list = asTensors("cat", tensors);
  const { dim } = parse("cat", rest, { dim: 0 }, ["dim"]);
  if (list.length === 0) throw new ArgumentError("cat: expected a non-empty list of Tensors");
  const counted = list.filter((x) => !(x.ndim === 1 && x.numel() === 0));
  const first = counted[0] ?? (list[0] as Tensor);
  list.forEach((x, i) => {
    if (x.ndim === 0) throw new ShapeError(`cat: zero-dimensional tensor (at position ${i}) cannot be concatenated`);
  });
  const at = normalizeDim("cat", dim, first.ndim);
  for (const x of counted) {
    if (x.ndim !== first.ndim) {
      throw new ShapeError(`cat: Tensors must have same number of dimensions: got ${first.ndim} and ${x.ndim}`);
    }
    x.shape.forEach((size, d) => {
      if (d === at || size === first.shape[d]) return;
      throw new ShapeError(
        `cat: Sizes of tensors must match except in dimension ${at}. Expected size ${first.shape[d]} but got size ${size} for tensor ${formatShape(x.shape)} at dimension ${d}`,
      );
    });
  }
  let total = 0;
  const starts: number[] = [];
  const sizes = list.map((x) => {
    const skipped = x.ndim === 1 && x.numel() === 0;
    starts.push(skipped ? -1 : total);
    const size = skipped ? 0 : (x.shape[at] as number);
    total += size;
    return size;
  });
  const shape = first.shape.map((size, d) => (d === at ? total : size));
  return catOp(list, { dim: at, dtype: promoted(list), shape, starts, sizes });
}
export { cat as concat, cat as concatenate };

interface Stacked {
  readonly dim: number;
  readonly dtype: DType;
}

const stackOp: Applied<Stacked> = op({
  name: "stack",
  list: true,
  forward: (inputs, { dim, dtype }: Stacked) =>
    temporaries(() => {
      const [first] = inputs as [Tensor];
      const shape = [...first.shape];
      shape.splice(dim, 0, inputs.length);
      const out = empty("stack", shape, dtype);
      inputs.forEach((x, i) => {
        copyInto(alias(out, selected(out, dim, i)), x);
      });
      return out;
    }),
  gradients: { x: { reads: [], of: ({ g, input }, { dim }) => select(g, dim, input) } },
  tangent: "linear",
});

function selected(out: Tensor, dim: number, index: number) {
  const { shape, strides, offset } = out.layout;
  return {
    shape: shape.filter((_, d) => d !== dim),
    strides: strides.filter((_, d) => d !== dim),
    offset: offset + index * (strides[dim] as number),
  };
}

/** Tensors of one shape side by side in a new dim (0); dtypes are promoted. */
export function stack(tensors: readonly Tensor[], ...rest: JoinRest): Tensor {
  const list = asTensors("stack", tensors);
  const { dim } = parse("stack", rest, { dim: 0 }, ["dim"]);
  const [first] = list;
  if (first === undefined) throw new ArgumentError("stack: expects a non-empty TensorList");
  list.forEach((x, i) => {
    if (sameShape(x.shape, first.shape)) return;
    throw new ShapeError(
      `stack: stack expects each tensor to be equal size, but got ${formatShape(first.shape)} at entry 0 and ${formatShape(x.shape)} at entry ${i}`,
    );
  });
  return stackOp(list, { dim: normalizeDim("stack", dim, first.ndim + 1), dtype: promoted(list) });
}

function atLeast(x: Tensor, rank: 1 | 2 | 3): Tensor {
  asTensor(`atleast${rank}d`, x);
  if (x.ndim >= rank) return x;
  if (x.ndim === 0) return reshape(x, new Array<number>(rank).fill(1));
  if (rank === 2) return unsqueeze(x, 0);
  return x.ndim === 1 ? unsqueeze(unsqueeze(x, 0), 2) : unsqueeze(x, 2);
}

/** With at least one dim. */
export function atleast1d(x: Tensor, ...rest: []): Tensor {
  nothingMore("atleast1d", rest);
  return atLeast(x, 1);
}

/** With at least two dims: new ones come first. */
export function atleast2d(x: Tensor, ...rest: []): Tensor {
  nothingMore("atleast2d", rest);
  return atLeast(x, 2);
}

/** With at least three dims: a matrix gets a last one, a vector one on either side. */
export function atleast3d(x: Tensor, ...rest: []): Tensor {
  nothingMore("atleast3d", rest);
  return atLeast(x, 3);
}

/** Side by side: along dim 0 for vectors, else along dim 1. */
export function hstack(tensors: readonly Tensor[], ...rest: []): Tensor {
  nothingMore("hstack", rest);
  const list = asTensors("hstack", tensors);
  return composed("hstack", () => {
    const wide = list.map((x) => atleast1d(x));
    return cat(wide, (wide[0]?.ndim ?? 1) === 1 ? 0 : 1);
  });
}

/** One below the other, along dim 0, vectors as rows. */
export function vstack(tensors: readonly Tensor[], ...rest: []): Tensor {
  nothingMore("vstack", rest);
  const list = asTensors("vstack", tensors);
  return composed("vstack", () =>
    cat(
      list.map((x) => atleast2d(x)),
      0,
    ),
  );
}

/** One behind the other, along dim 2. */
export function dstack(tensors: readonly Tensor[], ...rest: []): Tensor {
  nothingMore("dstack", rest);
  const list = asTensors("dstack", tensors);
  return composed("dstack", () =>
    cat(
      list.map((x) => atleast3d(x)),
      2,
    ),
  );
}

/** Side by side, vectors as columns. */
export function columnStack(tensors: readonly Tensor[], ...rest: []): Tensor {
  nothingMore("columnStack", rest);
  const list = asTensors("columnStack", tensors);
  return composed("columnStack", () =>
    cat(
      list.map((x) => (x.ndim < 2 ? reshape(x, [x.numel(), 1]) : x)),
      1,
    ),
  );
}
export { vstack as rowStack };
