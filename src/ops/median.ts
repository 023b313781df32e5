// Middle and most frequent elements: median, nanmedian, mode.

import { DTypeError } from "../errors.js";
import { launchAlong } from "../op/along.js";
import { asBoolean, asTensor, parse } from "../op/args.js";
import { castTo } from "../op/copy.js";
import { type Applied, op } from "../op/op.js";
import { reduced } from "../op/reduction.js";
import { isFloat } from "../tensor/dtype.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { div, sub } from "./arithmetic.js";
import { isnan, logicalNot } from "./compare.js";
import { full } from "./creation.js";
import { clampMin } from "./extrema.js";
import { max } from "./extremum.js";
import { gather } from "./gather.js";
import {
  type Along,
  type DimOptions,
  type DimRest,
  type PickRest,
  pick,
  picked,
  putBack,
  type ValuesAndIndices,
} from "./picked.js";
import { countNonzero } from "./reduce.js";
import { reshape } from "./shape.js";
import { sort } from "./sort.js";
import { type Extremum, evenly, refuseEmpty, tangentOfTies } from "./ties.js";
import { unsqueeze } from "./views.js";
import { where } from "./where.js";

interface Middle extends Along {
  /** Whether NaN is passed over; else a NaN is the median. */
  readonly ignoring: boolean;
}

/** The lower of the two middle elements along a dim, and where it is. */
function middle(x: Tensor, p: Middle): Tensor[] {
  return temporaries(() => {
    const { dim } = p;
    const n = x.shape[dim] ?? 1;
    const { values, indices } = sort(x, dim);
    if (!p.ignoring || !isFloat(x.dtype) || x.ndim === 0) {
      const found = [values, indices].map((y) => picked(y, p, (n - 1) >> 1)) as [Tensor, Tensor];
      if (!isFloat(x.dtype) || x.ndim === 0) return found;
      // The largest element is NaN where there is one, and then the first.
      const top = max(x, dim, p.keepdim);
      const broken = isnan(top.values);
      return [where(broken, top.values, found[0]), where(broken, top.indices, found[1])];
    }
    const numbers = unsqueeze(countNonzero(logicalNot(isnan(x)), dim), dim);
    const at = clampMin(div(sub(numbers, 1), 2, { roundingMode: "floor" }), 0);
    return [values, indices].map((y) => picked(gather(y, dim, at), p, 0));
  });
}

const middleOp: Applied<Middle> = op({
  name: "median",
  label: ({ ignoring }) => (ignoring ? "NanmedianBackward1" : "MedianBackward1"),
  outputs: ["values", "indices"],
  // A handle without history, so that what is run on it is not recorded.
  forward: ([x], p: Middle) => temporaries(() => middle(alias(x as Tensor, (x as Tensor).layout), p)),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, p) => putBack(g, indices, p) } },
  tangent: (_inputs, [, indices], [t], p) => [pick(t as Tensor, indices as Tensor, p), null],
});

interface MiddleOfAll extends Extremum {
  readonly ignoring: boolean;
}

const middleOfAll: Applied<MiddleOfAll> = op({
  name: "median",
  label: ({ ignoring }) => (ignoring ? "NanmedianBackward0" : "MedianBackward0"),
  forward: ([x], { ignoring }: MiddleOfAll) =>
    temporaries(() => {
      const input = x as Tensor;
      // As in PyTorch the median of nothing is NaN.
      if (input.numel() === 0) return full([], Number.NaN, { dtype: input.dtype });
      const flat = reshape(alias(input, input.layout), [-1]);
      return middle(flat, { dim: 0, keepdim: false, from: flat.shape, ignoring })[0] as Tensor;
    }),
  gradients: { x: { reads: ["x", "out"], of: ({ g, x, out }, p) => evenly(g, x, out, p) } },
  tangent: ([x], [out], [t], p) => [tangentOfTies(x as Tensor, out as Tensor, t as Tensor, p)],
});

function reading(name: string, x: Tensor, rest: readonly unknown[], ignoring: boolean): Tensor | ValuesAndIndices {
  asTensor(name, x);
  const given = parse(name, rest, { dim: null as number | null, keepdim: false }, ["dim", "keepdim"]);
  if (x.dtype === "bool") throw new DTypeError(`${name}: not implemented for bool; convert it with .to("int32")`);
  const r = reduced(name, x, given.dim, given.keepdim);
  if (given.dim === null) {
    return middleOfAll([x], { reduced: r, from: x.shape, ignoring });
  }
  const dim = normalizeDim(name, given.dim, x.ndim);
  refuseEmpty(name, x, r, false);
  const [values, indices] = middleOp.all([x], { dim, keepdim: given.keepdim, from: x.shape, ignoring }) as [
    Tensor,
    Tensor,
  ];
  return { values, indices };
}

/**
 * Median, the lower one of two. `median(x)`: of all elements, the gradient split evenly among equals. `median(x, dim,
 * keepdim)`: along a dim, with where it is (int32). A NaN is the median of what it is in.
 */
export function median(x: Tensor): Tensor;
export function median(x: Tensor, ...rest: DimRest): ValuesAndIndices;
export function median(x: Tensor, options: DimOptions): ValuesAndIndices;
export function median(x: Tensor, ...rest: unknown[]): Tensor | ValuesAndIndices {
  return reading("median", x, rest, false);
}

/** `median` of the elements that are not NaN; NaN where there are none. */
export function nanmedian(x: Tensor): Tensor;
export function nanmedian(x: Tensor, ...rest: DimRest): ValuesAndIndices;
export function nanmedian(x: Tensor, options: DimOptions): ValuesAndIndices;
export function nanmedian(x: Tensor, ...rest: unknown[]): Tensor | ValuesAndIndices {
  return reading("nanmedian", x, rest, true);
}

const modes = /* @__PURE__ */ new KernelFamily("mode");

const modeOp: Applied<Along> = op({
  name: "mode",
  outputs: ["values", "indices"],
  forward: ([x], p: Along) =>
    temporaries(() => {
      const input = castTo(
        alias(x as Tensor, (x as Tensor).layout),
        x?.dtype === "bool" ? "int32" : (x as Tensor).dtype,
      );
      const { dim } = p;
      const sorted = sort(input, dim);
      const kept = p.from.map((size, d) => (d === dim ? 1 : size));
      const values = empty("mode", kept, input.dtype);
      const indices = empty("mode", kept, "int32");
      launchAlong(modes.of(input.dtype), dim, [values, indices, sorted.values, sorted.indices]);
      return [picked(castTo(values, (x as Tensor).dtype), p, 0), picked(indices, p, 0)];
    }),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, p) => putBack(g, indices, p) } },
  tangent: (_inputs, [, indices], [t], p) => [pick(t as Tensor, indices as Tensor, p), null],
});

/** The most frequent element along a dim (the last), the smallest of several, and where its last one is (int32). */
export function mode(x: Tensor, ...rest: PickRest): ValuesAndIndices {
  asTensor("mode", x);
  const given = parse("mode", rest, { dim: -1, keepdim: false }, ["dim", "keepdim"]);
  const dim = normalizeDim("mode", given.dim, x.ndim);
  const keepdim = asBoolean("mode", given.keepdim, "keepdim");
  refuseEmpty("mode", x, reduced("mode", x, dim, keepdim), false);
  const [values, indices] = modeOp.all([x], { dim, keepdim, from: x.shape }) as [Tensor, Tensor];
  return { values, indices };
}
