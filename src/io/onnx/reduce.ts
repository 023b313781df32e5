// Reductions, scans, sorting, softmax and matrix products in ONNX.

import type { DType } from "../../tensor/dtype.js";
import { type Builder, type Table, type Translation, Untranslatable, valueAt } from "./builder.js";
import type { Call, Value } from "./record.js";

interface Over {
  readonly reduced: { readonly dims: readonly number[]; readonly keepdim: boolean; readonly whole: boolean };
}

const outOf = (call: Call, i = 0): Value => call.outputs[i] as Value;

/** A reduction over dims of the input in the dtype of the result. */
const reduction =
  (op: string): Translation =>
  (g, call) => {
    const { reduced } = call.parameters as Over;
    return g.reduce(op, g.operand(call.inputs[0], outOf(call).dtype), reduced.dims, reduced.keepdim);
  };

/** Whether any or all elements are not zero. */
const truth =
  (op: string): Translation =>
  (g, call) => {
    const { reduced } = call.parameters as Over;
    const flags = g.cast(g.operand(call.inputs[0], "bool"), "bool", "int32");
    return g.cast(g.reduce(op, flags, reduced.dims, reduced.keepdim), "int32", outOf(call).dtype);
  };

/** Variance, Σ (x − mean)² / (n − correction). */
function variance(g: Builder, call: Call): { readonly variance: string; readonly mean: string } {
  const x = valueAt(call, 0);
  const { reduced, correction } = call.parameters as Over & { readonly correction: number };
  const { dims, keepdim } = reduced;
  const count = dims.reduce((all, d) => all * (x.shape[d] as number), 1);
  const centred = g.node("Sub", [x.name, g.reduce("ReduceMean", x.name, dims, true)]);
  const square = g.reduce("ReduceMean", g.node("Mul", [centred, centred]), dims, keepdim);
  const factor = count / Math.max(0, count - correction);
  return {
    variance: correction === 0 ? square : g.node("Mul", [square, g.scalar(factor, x.dtype)]),
    mean: g.reduce("ReduceMean", x.name, dims, keepdim),
  };
}

/** Where the first extreme element lies along a dim, or in the flat tensor. */
function place(g: Builder, op: string, x: Value, dim: number | null, keepdim: boolean, out: Value): string {
  if (dim === null || x.shape.length === 0) {
    const flat = g.node(op, [g.reshape(x.name, [-1])], { axis: 0, keepdims: 0 });
    return g.reshape(g.cast(flat, "int64", out.dtype), out.shape);
  }
  return g.cast(g.node(op, [x.name], { axis: dim, keepdims: keepdim ? 1 : 0 }), "int64", out.dtype);
}

const placed =
  (op: string): Translation =>
  (g, call) => {
    const { reduced } = call.parameters as Over;
    const dim = reduced.whole ? null : (reduced.dims[0] ?? null);
    return place(g, op, valueAt(call, 0), dim, reduced.keepdim, outOf(call));
  };

/** Extreme elements, along a dim with their places. */
const extreme =
  (op: string, places: string): Translation =>
  (g, call) => {
    const x = valueAt(call, 0);
    if (call.outputs.length === 1) return reduction(op)(g, call);
    const { dim, keepdim } = call.parameters as { dim: number; keepdim: boolean };
    const dims = x.shape.length === 0 ? [] : [dim];
    return [g.reduce(op, x.name, dims, keepdim), place(g, places, x, dim, keepdim, outOf(call, 1))];
  };

const scan =
  (reads: (parameters: unknown) => { dim: number; reverse: boolean; dtype: DType }): Translation =>
  (g, call) => {
    const { dim, reverse, dtype } = reads(call.parameters);
    const x = g.operand(call.inputs[0], dtype);
    if (valueAt(call, 0).shape.length === 0) return g.node("Identity", [x]);
    return g.node("CumSum", [x, g.scalar(dim, "int64")], { reverse: reverse ? 1 : 0 });
  };

/** Softmax along a dim; a tensor without dims is a row of one. */
const softmax =
  (op: string): Translation =>
  (g, call) => {
    const x = valueAt(call, 0);
    if (x.shape.length > 0) return g.node(op, [x.name], { axis: call.parameters as number });
    return g.reshape(g.node(op, [g.reshape(x.name, [1])], { axis: 0 }), []);
  };

interface Factors {
  readonly alpha: number;
  readonly beta: number;
}

function times(g: Builder, name: string, factor: number, dtype: DType): string {
  return factor === 1 ? name : g.node("Mul", [name, g.scalar(factor, dtype)]);
}

const product: Translation = (g, call) => {
  const name = g.node("MatMul", [valueAt(call, 0).name, valueAt(call, 1).name]);
  return times(g, name, (call.parameters as Factors | null)?.alpha ?? 1, outOf(call).dtype);
};

/** β·self + α·(a b). */
const addedProduct: Translation = (g, call) => {
  const { alpha, beta } = call.parameters as Factors;
  const [self, a, b] = [0, 1, 2].map((i) => valueAt(call, i)) as [Value, Value, Value];
  const { dtype } = outOf(call);
  const made = times(g, g.node("MatMul", [a.name, b.name]), alpha, dtype);
  return beta === 0 ? made : g.node("Add", [made, times(g, self.name, beta, dtype)]);
};

/** The same for matrices: Gemm, which takes factors that are transposed as they are. */
const gemm: Translation = (g, call) => {
  const { alpha, beta } = call.parameters as Factors;
  const [self, a, b] = [0, 1, 2].map((i) => valueAt(call, i)) as [Value, Value, Value];
  if (beta === 0) return addedProduct(g, call);
  const untransposed = ({ name }: Value): [string, number] => {
    const maker = g.maker(name);
    return maker?.op === "Transpose" ? [maker.inputs[0] as string, 1] : [name, 0];
  };
  const [[left, transA], [right, transB]] = [untransposed(a), untransposed(b)];
  const factors = { alpha: { float: alpha }, beta: { float: beta } };
  return g.node("Gemm", [left, right, self.name], { transA, transB, ...factors });
};

/** Reductions and what goes along dims, by name. */
export const reduceTable: Table = {
  sum: reduction("ReduceSum"),
  mean: reduction("ReduceMean"),
  prod: (g, call) => {
    const { reduced, dim, keepdim } = call.parameters as Partial<Over> & { dim?: number | null; keepdim?: boolean };
    const x = valueAt(call, 0);
    const dims = reduced?.dims ?? (typeof dim === "number" ? [dim] : x.shape.map((_, d) => d));
    return g.reduce("ReduceProd", g.operand(x, outOf(call).dtype), dims, reduced?.keepdim ?? keepdim ?? false);
  },
  amax: reduction("ReduceMax"),
  amin: reduction("ReduceMin"),
  aminmax: (g, call) => [reduction("ReduceMin")(g, call), reduction("ReduceMax")(g, call)] as string[],
  max: extreme("ReduceMax", "ArgMax"),
  min: extreme("ReduceMin", "ArgMin"),
  argmax: placed("ArgMax"),
  argmin: placed("ArgMin"),
  any: truth("ReduceMax"),
  all: truth("ReduceMin"),
  countNonzero: truth("ReduceSum"),
  logsumexp: reduction("ReduceLogSumExp"),
  var: (g, call) => variance(g, call).variance,
  std: (g, call) => g.node("Sqrt", [variance(g, call).variance]),
  varMean: (g, call) => {
    const both = variance(g, call);
    return [both.variance, both.mean];
  },
  stdMean: (g, call) => {
    const both = variance(g, call);
    return [g.node("Sqrt", [both.variance]), both.mean];
  },
  norm: (g, call) => {
    const { order } = call.parameters as { order: number };
    if (order === 2) return reduction("ReduceL2")(g, call);
    if (order === 1) return reduction("ReduceL1")(g, call);
    if (order !== Number.POSITIVE_INFINITY)
      throw new Untranslatable(`norms of order 1, 2 and Infinity are taken, not ${order}`);
    const { reduced } = call.parameters as Over;
    return g.reduce("ReduceMax", g.node("Abs", [valueAt(call, 0).name]), reduced.dims, reduced.keepdim);
  },
  cumsum: scan((parameters) => parameters as { dim: number; reverse: boolean; dtype: DType }),
  sort: (g, call) => {
    const x = valueAt(call, 0);
    const { dim, descending, k } = call.parameters as { dim: number; descending: boolean; k: number };
    if (x.shape.length === 0) throw new Untranslatable("a tensor without dims is not sorted");
    const settings = { axis: dim, largest: descending ? 1 : 0, sorted: 1 };
    const [values, indices] = g.several("TopK", [x.name, g.list([k])], 2, settings);
    return [values as string, g.cast(indices as string, "int64", outOf(call, 1).dtype)];
  },
  softmax: softmax("Softmax"),
  logSoftmax: softmax("LogSoftmax"),
  mm: product,
  bmm: product,
  mv: product,
  dot: product,
  addmm: gemm,
  baddbmm: addedProduct,
  addmv: addedProduct,
  addr: (g, call) => {
    const { alpha, beta } = call.parameters as Factors;
    const [self, a, b] = [0, 1, 2].map((i) => valueAt(call, i)) as [Value, Value, Value];
    const { dtype } = outOf(call);
    const outer = g.node("Mul", [g.reshape(a.name, [-1, 1]), b.name]);
    const made = times(g, outer, alpha, dtype);
    return beta === 0 ? made : g.node("Add", [made, times(g, self.name, beta, dtype)]);
  },
};
