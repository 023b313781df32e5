// Views, joining, indexing, padding in ONNX: what moves elements.

import { contiguous, type Layout, numel } from "../../tensor/layout.js";
import { type Builder, type Table, type Translation, Untranslatable, valueAt } from "./builder.js";
import type { Call, Located, Value } from "./record.js";

/** Shape of a result. */
const shapeOf = (call: Call, i = 0): readonly number[] => (call.outputs[i] as Value).shape;

const at = (dim: number, rank: number): number => (dim < 0 ? dim + rank : dim);

const reshaped: Translation = (g, call) => g.reshape(valueAt(call, 0).name, shapeOf(call));

/** A range along a dim; to the end where it ends there, so that the size may vary. */
function slice(g: Builder, x: Value, dim: number, start: number, end: number, step = 1): string {
  const last = end === x.shape[dim] ? Number.MAX_SAFE_INTEGER : end;
  return g.node("Slice", [x.name, g.list([start]), g.list([last]), g.list([dim]), g.list([step])]);
}

function select(g: Builder, x: Value, dim: number, index: number): string {
  return g.node("Gather", [x.name, g.scalar(index, "int64")], { axis: dim });
}

function swapped(rank: number, a: number, b: number): number[] {
  const order = Array.from({ length: rank }, (_, d) => d);
  [order[a], order[b]] = [order[b] as number, order[a] as number];
  return order;
}

const transpose: Translation = (g, call) => {
  const x = valueAt(call, 0);
  const { dim0, dim1 } = call.parameters as { dim0: number; dim1: number };
  const rank = x.shape.length;
  if (rank === 0) return g.node("Identity", [x.name]);
  return g.node("Transpose", [x.name], { perm: swapped(rank, at(dim0, rank), at(dim1, rank)) });
};

/** Places of the elements of a layout, in row-major order. */
function placesOf({ shape, strides, offset }: Layout): number[] {
  let places = [offset];
  shape.forEach((size, d) => {
    places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * (strides[d] as number)));
  });
  return places;
}

/** Elements by their places in the flat input. */
function picked(g: Builder, x: Value, layout: Layout): string {
  const flat = g.reshape(x.name, [-1]);
  return g.reshape(g.node("Gather", [flat, g.list(placesOf(layout))], { axis: 0 }), layout.shape);
}

/** What a list of index tensors reads: see `Indexed`. */
interface Plan {
  readonly plan: {
    readonly shape: readonly number[];
    readonly own: readonly number[];
    readonly dims: readonly number[];
    readonly over: readonly (readonly number[])[];
  };
}

/** Index tensors along one dim as Gather or GatherElements, along several as GatherND. */
const indexed: Translation = (g, call) => {
  const x = valueAt(call, 0);
  const { plan } = call.parameters as Plan;
  const indices = call.inputs.slice(1).map((_, i) => valueAt(call, i + 1));
  const [index] = indices as [Value];
  const [dim] = plan.dims as [number];
  if (indices.length === 1) {
    const along = plan.own.map((own, d) => (own < 0 ? (plan.over[0]?.[d] ?? -1) : -1)).filter((d) => d >= 0);
    const rest = plan.own.filter((own) => own >= 0);
    const whole = rest.length === x.shape.length - 1 && rest.every((own, i) => own === (i < dim ? i : i + 1));
    const together = along.every((d, i) => d === i) && along.length === index.shape.length;
    const place = plan.own.findIndex((own) => own < 0);
    if (whole && together && (place === dim || along.length === 0)) {
      return g.node("Gather", [x.name, index.name], { axis: dim });
    }
    const elementwise =
      plan.own.length === x.shape.length &&
      index.shape.length === x.shape.length &&
      plan.own.every((own, d) => (d === dim ? own < 0 : own === d) && plan.over[0]?.[d] === d);
    if (elementwise) return g.node("GatherElements", [x.name, index.name], { axis: dim });
  }
  // All index tensors broadcast to the shape of the result, beside the places along the dims that none goes along.
  const coordinates = x.shape.map((_, d): string => {
    const k = plan.dims.indexOf(d);
    const own = plan.own.indexOf(d);
    if (k < 0) {
      const size = plan.shape[own] as number;
      const places = g.list(Array.from({ length: size }, (_, i) => i));
      return g.reshape(
        places,
        plan.shape.map((_, n) => (n === own ? size : 1)),
      );
    }
    const value = indices[k] as Value;
    const over = plan.over[k] as readonly number[];
    const used = over.filter((o) => o >= 0);
    if (used.some((o, i) => o !== i) || used.length !== value.shape.length)
      throw new Untranslatable("the dims of an index tensor are in another order than those of the result");
    return g.reshape(
      g.cast(value.name, value.dtype, "int64"),
      over.map((o) => (o < 0 ? 1 : (value.shape[o] as number))),
    );
  });
  const full = coordinates.map((name) => g.node("Expand", [name, g.list(plan.shape)]));
  const last = full.map((name) => g.node("Unsqueeze", [name, g.list([plan.shape.length])]));
  return g.node("GatherND", [x.name, g.node("Concat", last, { axis: plan.shape.length })]);
};

/** Operations that move elements, by name. */
export const arrangeTable: Table = {
  view: reshaped,
  reshape: reshaped,
  unsqueeze: (g, call) => {
    const { dim } = call.parameters as { dim: number };
    const rank = shapeOf(call).length;
    return g.node("Unsqueeze", [valueAt(call, 0).name, g.list([at(dim, rank)])]);
  },
  squeeze: (g, call) => {
    const x = valueAt(call, 0);
    const { dims } = call.parameters as { dims: number | readonly number[] | null };
    const rank = x.shape.length;
    const named = dims === null ? x.shape.map((_, d) => d) : typeof dims === "number" ? [dims] : dims;
    const gone = named.map((d) => at(d, rank)).filter((d) => x.shape[d] === 1);
    return gone.length === 0 ? g.node("Identity", [x.name]) : g.node("Squeeze", [x.name, g.list(gone)]);
  },
  alias: (g, call) => g.node("Identity", [valueAt(call, 0).name]),
  expand: (g, call) => {
    const { shape } = valueAt(call, 0);
    const to = shapeOf(call);
    const extra = to.length - shape.length;
    // 1 keeps a size, whatever it is.
    return g.node("Expand", [
      valueAt(call, 0).name,
      g.list(to.map((size, d) => (d >= extra && shape[d - extra] === size ? 1 : size))),
    ]);
  },
  permute: (g, call) => {
    const x = valueAt(call, 0);
    const perm = (call.parameters as readonly number[]).map((d) => at(d, x.shape.length));
    return perm.length === 0 ? g.node("Identity", [x.name]) : g.node("Transpose", [x.name], { perm });
  },
  transpose,
  transpose_: transpose,
  t: (g, call) => {
    const x = valueAt(call, 0);
    return x.shape.length < 2 ? g.node("Identity", [x.name]) : g.node("Transpose", [x.name], { perm: [1, 0] });
  },
  select: (g, call) => {
    const { dim, index } = call.parameters as { dim: number; index: number };
    const x = valueAt(call, 0);
    return select(g, x, at(dim, x.shape.length), index);
  },
  slice: (g, call) => {
    const x = valueAt(call, 0);
    const given = call.parameters as { dim: number; start: number | null; end: number | null; step: number };
    const dim = at(given.dim, x.shape.length);
    return slice(g, x, dim, given.start ?? 0, given.end ?? (x.shape[dim] as number), given.step);
  },
  split: (g, call) => {
    const { dim, sizes } = call.parameters as { dim: number; sizes: readonly number[] };
    const { name } = valueAt(call, 0);
    if (sizes.length === 1) return g.node("Identity", [name]);
    return g.several("Split", [name, g.list(sizes)], sizes.length, { axis: dim });
  },
  unbind: (g, call) => {
    const dim = call.parameters as number;
    return call.outputs.map((_, i) => select(g, valueAt(call, 0), dim, i));
  },
  diagonal: (g, call) => {
    const x = valueAt(call, 0);
    const { offset, dim1, dim2 } = call.parameters as { offset: number; dim1: number; dim2: number };
    const { strides } = contiguous(x.shape);
    const [a, b] = [at(dim1, x.shape.length), at(dim2, x.shape.length)];
    const own = strides.filter((_, d) => d !== a && d !== b);
    const [sa, sb] = [strides[a] as number, strides[b] as number];
    const start = offset >= 0 ? offset * sb : -offset * sa;
    return picked(g, x, { shape: shapeOf(call), strides: [...own, sa + sb], offset: start });
  },
  unfold: (g, call) => {
    const x = valueAt(call, 0);
    const { dim, step } = call.parameters as { dim: number; step: number };
    const { strides } = contiguous(x.shape);
    const along = at(dim, x.shape.length);
    const own = strides.map((stride, d) => (d === along ? stride * step : stride));
    return picked(g, x, { shape: shapeOf(call), strides: [...own, strides[along] ?? 1], offset: 0 });
  },
  located: (g, call) => picked(g, valueAt(call, 0), (call.parameters as Located).layout),

  cat: (g, call) => {
    const { dim, dtype } = call.parameters as { dim: number; dtype: Value["dtype"] };
    const rank = shapeOf(call).length;
    const parts = call.inputs
      .map((_, i) => valueAt(call, i))
      .filter((x) => x.shape.length === rank && (rank > 1 || numel(x.shape) > 0));
    return g.node(
      "Concat",
      parts.map((x) => g.operand(x, dtype)),
      { axis: dim },
    );
  },
  stack: (g, call) => {
    const { dim, dtype } = call.parameters as { dim: number; dtype: Value["dtype"] };
    const parts = call.inputs.map((x) => g.node("Unsqueeze", [g.operand(x, dtype), g.list([dim])]));
    return g.node("Concat", parts, { axis: dim });
  },
  repeat: (g, call) => {
    const x = valueAt(call, 0);
    const { counts } = call.parameters as { counts: readonly number[] };
    const extra = counts.length - x.shape.length;
    const added = Array.from({ length: extra }, (_, d) => d);
    const wide = extra === 0 ? x.name : g.node("Unsqueeze", [x.name, g.list(added)]);
    return g.node("Tile", [wide, g.list(counts)]);
  },
  flip: (g, call) => {
    const x = valueAt(call, 0);
    const dims = (call.parameters as readonly number[]).map((d) => at(d, x.shape.length));
    if (dims.length === 0) return g.node("Identity", [x.name]);
    const all = (value: number) => g.list(dims.map(() => value));
    return g.node("Slice", [x.name, all(-1), all(-Number.MAX_SAFE_INTEGER), g.list(dims), all(-1)]);
  },
  roll: (g, call) => {
    const x = valueAt(call, 0);
    const { dims, shifts } = call.parameters as { dims: readonly number[]; shifts: readonly number[] };
    if (dims.length === 0) throw new Untranslatable("name the dims to roll along");
    let name = x.name;
    dims.forEach((dim, i) => {
      const shift = shifts[i] as number;
      if (shift === 0) return;
      const tail = slice(g, { ...x, name }, dim, -shift, x.shape[dim] as number);
      name = g.node("Concat", [tail, g.node("Slice", [name, g.list([0]), g.list([-shift]), g.list([dim])])], {
        axis: dim,
      });
    });
    return g.node("Identity", [name]);
  },
  pad: (g, call) => {
    const x = valueAt(call, 0);
    const { before, after, value } = call.parameters as { before: number[]; after: number[]; value: number };
    return g.node("Pad", [x.name, g.list([...before, ...after]), g.scalar(value, x.dtype)]);
  },
  tril: (g, call) =>
    g.node("Trilu", [valueAt(call, 0).name, g.scalar(call.parameters as number, "int64")], { upper: 0 }),
  triu: (g, call) =>
    g.node("Trilu", [valueAt(call, 0).name, g.scalar(call.parameters as number, "int64")], { upper: 1 }),
  gather: indexed,
  embedding: (g, call) => g.node("Gather", [valueAt(call, 0).name, valueAt(call, 1).name], { axis: 0 }),
};
