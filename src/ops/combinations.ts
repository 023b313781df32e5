// Combining elements of several tensors: combinations, Cartesian products, matrices block by block.

import { ArgumentError, OutOfMemoryError, ShapeError } from "../errors.js";
import { asBoolean, asInteger, asTensor, asTensors, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { copyInto } from "../op/copy.js";
import { type Applied, op } from "../op/op.js";
import { type DType, getDefaultDtype, Promotion } from "../tensor/dtype.js";
import { formatShape, type Layout, narrow as narrowLayout } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { clone } from "./cast.js";
import { maskedSelect } from "./compaction.js";
import { le, logicalAnd, lt } from "./compare.js";
import { arange, empty as blank } from "./creation.js";
import { stack } from "./join.js";
import { meshgrid } from "./repetition.js";
import { expand, reshape, view } from "./shape.js";
import { narrow } from "./views.js";

/** Options of `combinations`. */
export interface CombinationsOptions {
  /** How many elements are combined. */
  readonly r?: number;
  /** Whether an element goes with itself. */
  readonly withReplacement?: boolean;
}

/** Throws, before anything is made, where a grid of nʳ places is more than linear memory can address. */
function checkGrid(name: string, n: number, r: number): void {
  let places = 1;
  for (let i = 0; i < r; i++) {
    places *= n;
    if (places >= 2 ** 32)
      throw new OutOfMemoryError(
        `${name}: out of memory: the grid of ${r} out of ${n} elements has more than 2^32 places`,
      );
  }
}

/** All combinations of `r` (2) elements of a vector in the order of their places, one a row. */
export function combinations(
  x: Tensor,
  ...rest: Trailing<[r: number, withReplacement: boolean], CombinationsOptions>
): Tensor {
  const name = "combinations";
  asTensor(name, x);
  const given = parse(name, rest, { r: 2, withReplacement: false }, ["r", "withReplacement"]);
  const r = asInteger(name, given.r, "r");
  const repeated = asBoolean(name, given.withReplacement, "withReplacement");
  if (x.ndim !== 1) throw new ShapeError(`${name}: Expect a 1D vector, but got shape ${formatShape(x.shape)}`);
  if (r < 0) throw new ArgumentError(`${name}: Expect a non-negative number, but got ${r}`);
  if (r === 0) return blank([0], { dtype: x.dtype });
  const n = x.numel();
  // One element, or none, goes only with itself.
  if (n <= 1)
    return composed(name, () => clone(narrow(expand(reshape(x, [n, 1]), [n, r]), 0, 0, repeated || r === 1 ? n : 0)));
  checkGrid(name, n, r);
  return composed(name, () => {
    const places = meshgrid(new Array<Tensor>(r).fill(arange(n, { dtype: "int32" })), { indexing: "ij" });
    const ordered = repeated ? le : lt;
    let mask: Tensor | null = null;
    for (let i = 1; i < r; i++) {
      const pair = ordered(places[i - 1] as Tensor, places[i] as Tensor);
      mask = mask === null ? pair : logicalAnd(mask, pair);
    }
    const grids = meshgrid(new Array<Tensor>(r).fill(x), { indexing: "ij" });
    return stack(
      grids.map((grid) => (mask === null ? reshape(grid, [-1]) : maskedSelect(grid, mask))),
      1,
    );
  });
}

/** All ways to take one element of each vector, one a row, the last vector varying fastest; of one vector itself. */
export function cartesianProd(...tensors: readonly Tensor[] | [tensors: readonly Tensor[]]): Tensor {
  const name = "cartesianProd";
  const list = asTensors(name, Array.isArray(tensors[0]) ? tensors[0] : tensors);
  for (const x of list) {
    if (x.ndim !== 1) throw new ShapeError(`${name}: Expect a 1D vector, but got shape ${formatShape(x.shape)}`);
  }
  const [first] = list;
  if (first === undefined) throw new ArgumentError(`${name}: expects a non-empty list of tensors`);
  if (list.length === 1) return view(first, first.shape);
  return composed(name, () =>
    stack(
      meshgrid(list, { indexing: "ij" }).map((grid) => reshape(grid, [-1])),
      1,
    ),
  );
}

interface Blocks {
  readonly dtype: DType;
  /** Rows, columns and their first ones of each block. */
  readonly blocks: readonly Block[];
  readonly shape: readonly number[];
}

interface Block {
  readonly shape: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly row: number;
  readonly column: number;
}

function blockLayout(layout: Layout, { row, rows, column, columns }: Block): Layout {
  return narrowLayout("blockDiag", narrowLayout("blockDiag", layout, 0, row, rows), 1, column, columns);
}

const blockDiagOp: Applied<Blocks> = op({
  name: "blockDiag",
  list: true,
  forward: (inputs, { dtype, blocks, shape }: Blocks) =>
    temporaries(() => {
      const out = empty("blockDiag", shape, dtype);
      copyInto(out, 0);
      inputs.forEach((x, i) => {
        if (x.numel() > 0) copyInto(alias(out, blockLayout(out.layout, blocks[i] as Block)), x);
      });
      return out;
    }),
  gradients: {
    x: {
      reads: [],
      of: ({ g, input }, { blocks }) =>
        temporaries(() => {
          const { row, rows, column, columns, shape } = blocks[input] as Block;
          return reshape(narrow(narrow(g, 0, row, rows), 1, column, columns), shape);
        }),
    },
  },
  tangent: "linear",
});

/** A matrix with matrices along its diagonal and zeros elsewhere; vectors are rows, numbers 1 by 1; dtypes promote. */
export function blockDiag(...tensors: readonly Tensor[] | [tensors: readonly Tensor[]]): Tensor {
  const name = "blockDiag";
  const list = asTensors(name, Array.isArray(tensors[0]) ? tensors[0] : tensors);
  const promotion = new Promotion();
  let row = 0;
  let column = 0;
  const blocks = list.map((x, i) => {
    if (x.ndim > 2) {
      throw new ShapeError(
        `${name}: Input tensors must have 2 or fewer dimensions. Input ${i} has ${x.ndim} dimensions`,
      );
    }
    promotion.tensor(x.dtype, x.ndim);
    const [rows, columns] = [1, 1, ...x.shape].slice(-2) as [number, number];
    const block = { shape: x.shape, rows, columns, row, column };
    row += rows;
    column += columns;
    return block;
  });
  if (list.length === 0) return blank([1, 0], { dtype: getDefaultDtype() });
  return blockDiagOp(list, { dtype: promotion.result(), blocks, shape: [row, column] });
}
