// Different elements, or slices: unique and uniqueConsecutive.

import { ArgumentError } from "../errors.js";
import { asBoolean, asTensor, parse } from "../op/args.js";
import { asContiguous, castTo, contiguousCopy } from "../op/copy.js";
import { addStrided, beginNest, writeNest } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { notDifferentiable } from "../op/operation.js";
import { refuseDynamic } from "../tensor/batch.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { item } from "../tensor/read.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import { KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { sub } from "./arithmetic.js";
import { ne } from "./compare.js";
import { ones, zeros } from "./creation.js";
import { indexSelect } from "./gather.js";
import { cat } from "./join.js";
import { nonzero } from "./nonzero.js";
import { any } from "./reduce.js";
import { cumsum } from "./scan.js";
import { scatter, scatterAdd } from "./scatter.js";
import { reshape } from "./shape.js";
import { sort } from "./sort.js";
import { movedim, narrow } from "./views.js";

interface Wanted {
  readonly dim: number | null;
  /** Whether only neighbours are compared. */
  readonly consecutive: boolean;
  readonly label: string;
}

const rowSorts = /* @__PURE__ */ new KernelFamily("sort_rows");

/** Where the rows of a contiguous [n, m] tensor come in lexicographic order. */
function orderOfRows(rows: Tensor): Tensor {
  return temporaries(() => {
    const [n, m] = rows.shape as [number, number];
    const order = empty("unique", [n], "int32");
    const input = rows.dtype === "bool" ? castTo(rows, "int32") : rows;
    beginNest([1]);
    addStrided(order, [0]);
    addStrided(input, [0]);
    addStrided(empty("unique", [n], "int32"), [0]);
    writeNest();
    setParameter(0, n);
    setParameter(1, m);
    launch(rowSorts.of(input.dtype), 1);
    return order;
  });
}

/** Groups of equal neighbours: which of `n` start one, the number of the group of each, and how many there are. */
function groups(different: Tensor | null, n: number): { starts: Tensor; numbers: Tensor; count: number } {
  const first = ones([Math.min(n, 1)], { dtype: "bool" });
  const starts = different === null ? first : cat([first, different]);
  const numbers = sub(cumsum(starts, 0), 1);
  const count = n === 0 ? 0 : Number(item(narrow(numbers, 0, n - 1, 1))) + 1;
  return { starts, numbers, count };
}

/** Values, numbers of the groups where the elements were, and sizes of the groups. */
function found(x: Tensor, { dim, consecutive }: Wanted): Tensor[] {
  return temporaries(() => {
    const table = dim === null ? null : asContiguous(movedim(x, dim, 0));
    const n = table === null ? x.numel() : (table.shape[0] as number);
    const flat = table === null ? reshape(x, [n]) : reshape(table, [n, n === 0 ? 0 : table.numel() / n]);
    let rows = flat;
    let order: Tensor | null = null;
    if (!consecutive) {
      if (table === null) ({ values: rows, indices: order } = sort(flat, 0));
      else {
        order = orderOfRows(flat);
        rows = indexSelect(flat, 0, order);
      }
    }
    const unlike = n < 2 ? null : ne(narrow(rows, 0, 1, n - 1), narrow(rows, 0, 0, n - 1));
    const different = unlike === null || table === null ? unlike : any(unlike, 1);
    const { starts, numbers, count } = groups(different, n);
    const chosen = indexSelect(rows, 0, reshape(nonzero(starts), [count]));
    const values =
      table === null
        ? chosen
        : contiguousCopy(movedim(reshape(chosen, [count, ...table.shape.slice(1)]), 0, dim as number));
    const inverse = order === null ? numbers : scatter(zeros([n], { dtype: "int32" }), 0, order, numbers);
    const counts = scatterAdd(zeros([count], { dtype: "int32" }), 0, numbers, ones([n], { dtype: "int32" }));
    return [values, table === null ? reshape(inverse, x.shape) : inverse, counts];
  });
}

const uniqueOp: Applied<Wanted> = op({
  name: "unique",
  label: ({ label }) => label,
  outputs: ["values", "inverse", "counts"],
  // A handle without history, so that what is run on it is not recorded.
  forward: ([x], p: Wanted) =>
    temporaries(() => found(alias(x as Tensor, (x as Tensor).layout), p).map((y) => contiguousCopy(y))),
  gradients: { x: { reads: [], of: () => notDifferentiable("unique") } },
});

/** Options of `uniqueConsecutive`. */
export interface UniqueConsecutiveOptions {
  /** Whether to give, for each element, which of the results it is. */
  readonly returnInverse?: boolean;
  /** Whether to give how often each result occurs. */
  readonly returnCounts?: boolean;
  /** Compare slices along a dim; elements of the flattened tensor if left out. */
  readonly dim?: number | null;
}

/** Options of `unique`. */
export interface UniqueOptions extends UniqueConsecutiveOptions {
  /** Results are sorted either way. */
  readonly sorted?: boolean;
}

/** The results alone, or with what else was asked for, as an array. */
export type UniqueAnswer<O> = O extends { readonly returnInverse: true } | { readonly returnCounts: true }
  ? Tensor[]
  : Tensor;

const DEFAULTS = { returnInverse: false, returnCounts: false, dim: null as number | null };

function run(name: string, x: Tensor, options: typeof DEFAULTS, consecutive: boolean): Tensor | Tensor[] {
  asTensor(name, x);
  refuseDynamic(name, x);
  const { returnInverse, returnCounts } = options;
  asBoolean(name, returnInverse, "returnInverse");
  asBoolean(name, returnCounts, "returnCounts");
  const dim = options.dim === null ? null : normalizeDim(name, options.dim, x.ndim);
  if (dim !== null && x.ndim === 0) throw new ArgumentError(`${name}: a 0-dim tensor has no slices along dim ${dim}`);
  if (dim !== null && x.numel() === 0 && x.ndim > 0) {
    const others = x.shape.filter((size, d) => d !== dim && size === 0);
    if (others.length > 0) {
      throw new ArgumentError(
        `${name}: There are 0 sized dimensions, and they aren't selected, so unique cannot be applied`,
      );
    }
  }
  const label = consecutive ? "UniqueConsecutiveBackward0" : dim === null ? "Unique2Backward0" : "UniqueDimBackward0";
  const parameters = { dim, consecutive, label };
  return temporaries(() => {
    const [values, inverse, counts] = uniqueOp.all([x], parameters) as [Tensor, Tensor, Tensor];
    if (!returnInverse && !returnCounts) return values;
    return [values, ...(returnInverse ? [inverse] : []), ...(returnCounts ? [counts] : [])];
  });
}

/**
 * The different elements in ascending order, or slices along `dim` in lexicographic order; with `returnInverse` also which
 * of them each element is, with `returnCounts` also how often each occurs (int32), as an array then. NaNs all differ.
 * There is no derivative.
 */
export function unique<const O extends UniqueOptions>(x: Tensor, ...rest: [options?: O]): UniqueAnswer<O> {
  const given = parse("unique", rest, { sorted: true, ...DEFAULTS }, [
    "sorted",
    "returnInverse",
    "returnCounts",
    "dim",
  ]);
  asBoolean("unique", given.sorted, "sorted");
  return run("unique", x, given, false) as UniqueAnswer<O>;
}

/** The first of each run of equal elements, or of equal slices along `dim`; results and options as of `unique`. */
export function uniqueConsecutive<const O extends UniqueConsecutiveOptions>(
  x: Tensor,
  ...rest: [options?: O]
): UniqueAnswer<O> {
  const given = parse("uniqueConsecutive", rest, DEFAULTS, ["returnInverse", "returnCounts", "dim"]);
  return run("uniqueConsecutive", x, given, true) as UniqueAnswer<O>;
}
