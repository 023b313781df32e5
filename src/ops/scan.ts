// Running sums, products, extrema along a dim.

import { asInteger, asTensor, parse } from "../op/args.js";
import { castTo, copyInto } from "../op/copy.js";
import { addStrided, beginNest, writeSplit } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { mode } from "../tape/mode.js";
import { checkDtype, type DType, floating } from "../tensor/dtype.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { to } from "./cast.js";
import { eq, gt, logicalAnd } from "./compare.js";
import { onesLike, zeros } from "./creation.js";
import type { ValuesAndIndices } from "./extremum.js";
import { flip } from "./flip.js";
import { gather } from "./gather.js";
import { cat } from "./join.js";
import { exp, log } from "./pointwise.js";
import { any, sum } from "./reduce.js";
import { scatterAdd } from "./scatter.js";
import { narrow } from "./views.js";
import { where } from "./where.js";

/** Options of running sums and products. */
export interface ScanOptions {
  readonly dtype?: DType | null;
}

interface Scan {
  readonly dim: number;
  readonly dtype: DType;
}

/** Runs a kernel that works along one dim of operands of the same shape. */
function scan(family: KernelFamily, dim: number, outputs: readonly Tensor[], x: Tensor): void {
  if (x.numel() === 0) return;
  if (x.ndim === 0) beginNest([1]);
  const order = [...x.shape.map((_, d) => d).filter((d) => d !== dim), ...(x.ndim > 0 ? [dim] : [])];
  if (x.ndim > 0) beginNest(order.map((d) => x.shape[d] as number));
  for (const each of [...outputs, x])
    addStrided(each, x.ndim === 0 ? [1] : order.map((d) => each.layout.strides[d] as number));
  const { extent } = writeSplit(1, false);
  launch(family.of(x.dtype), extent);
}

const sums = /* @__PURE__ */ new KernelFamily("cumsum");
const products = /* @__PURE__ */ new KernelFamily("cumprod");
const maxima = /* @__PURE__ */ new KernelFamily("cummax");
const minima = /* @__PURE__ */ new KernelFamily("cummin");
const logSums = /* @__PURE__ */ new KernelFamily("logcumsumexp");

function scanned(name: string, family: KernelFamily, x: Tensor, { dim, dtype }: Scan): Tensor {
  return temporaries(() => {
    const input = castTo(x, dtype);
    const out = empty(name, x.shape, dtype);
    scan(family, dim, [out], input);
    return out;
  });
}

/** The running sum from the end: the adjoint of the running sum. */
function reversed(g: Tensor, dim: number): Tensor {
  return temporaries(() => flip(cumsum(flip(g, dim), dim), dim));
}

const cumsumOp: Applied<Scan> = op({
  name: "cumsum",
  forward: ([x], p: Scan) => scanned("cumsum", sums, x as Tensor, p),
  gradients: { x: { reads: [], of: ({ g }, { dim }) => (g.ndim === 0 ? g : reversed(g, dim)) } },
  tangent: "linear",
});

/** Reads the dim and the dtype; integers and bool are summed in int32. */
function reading(name: string, x: Tensor, dim: number, rest: readonly unknown[]): Scan {
  asTensor(name, x);
  const { dtype } = parse(name, rest, { dtype: null as DType | null });
  const at = normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
  return { dim: at, dtype: dtype === null ? (x.dtype === "bool" ? "int32" : x.dtype) : checkDtype(name, dtype) };
}

/** Running sum along a dim, carried in float64 for float32; integers and bool give int32. */
export function cumsum(x: Tensor, dim: number, ...rest: [options?: ScanOptions]): Tensor {
  return cumsumOp([x], reading("cumsum", x, dim, rest));
}

/** `cumsum` in place. */
export function cumsum_(self: Tensor, dim: number, ...rest: [options?: ScanOptions]): Tensor {
  const p = reading("cumsum_", self, dim, rest);
  return cumsumOp.inplace([self], p, (target) => intoSelf(target, sums, p));
}

function intoSelf(target: Tensor, family: KernelFamily, p: Scan): void {
  temporaries(() => {
    copyInto(target, scanned("scan", family, target, p));
    return null;
  });
}

/**
 * g · ∂cumprod/∂x. Where no element is zero it is the running sum from the end of g·out, divided by x. Behind the first
 * zero products vanish, and only the gradient of the first zero itself has other terms: there x is taken as 1.
 */
function cumprodGradient(g: Tensor, x: Tensor, out: Tensor, dim: number): Tensor {
  return temporaries(() => {
    const zero = eq(x, 0);
    if (mode.grad && any(zero).item() === true) return cumprodGradientInFull(g, x, dim);
    const simple = div(reversed(mul(g, out), dim), x);
    const count = cumsum(zero, dim);
    const first = logicalAnd(zero, eq(count, 1));
    const filled = where(first, 1, x);
    const around = reversed(where(eq(count, 1), mul(g, cumprod(filled, dim)), 0), dim);
    return where(zero, where(first, around, 0), where(eq(count, 0), simple, 0));
  });
}

/** The same, so that it can be differentiated where x has zeros: for each place the products that leave it out. */
function cumprodGradientInFull(g: Tensor, x: Tensor, dim: number): Tensor {
  const size = x.shape[dim] as number;
  const one = onesLike(narrow(x, dim, 0, 1));
  let before = one;
  const pieces: Tensor[] = [];
  for (let k = 0; k < size; k++) {
    const behind = cat([one, cumprod(narrow(x, dim, k + 1, size - k - 1), dim)], dim);
    pieces.push(sum(mul(narrow(g, dim, k, size - k), mul(before, behind)), dim, true));
    before = mul(before, narrow(x, dim, k, 1));
  }
  return cat(pieces, dim);
}

const cumprodOp: Applied<Scan> = op({
  name: "cumprod",
  forward: ([x], p: Scan) => scanned("cumprod", products, x as Tensor, p),
  gradients: {
    x: {
      reads: ["x", "out"],
      of: ({ g, x, out }, { dim, dtype }) => (g.ndim === 0 ? g : cumprodGradient(g, to(x, dtype), out, dim)),
    },
  },
});

/** Running product along a dim; integers and bool give int32. Gradients are right with zeros too. */
export function cumprod(x: Tensor, dim: number, ...rest: [options?: ScanOptions]): Tensor {
  return cumprodOp([x], reading("cumprod", x, dim, rest));
}

/** `cumprod` in place. */
export function cumprod_(self: Tensor, dim: number, ...rest: [options?: ScanOptions]): Tensor {
  const p = reading("cumprod_", self, dim, rest);
  return cumprodOp.inplace([self], p, (target) => intoSelf(target, products, p));
}

function extreme(family: KernelFamily, x: Tensor, dim: number): Tensor[] {
  const values = empty("cummax", x.shape, x.dtype);
  const indices = empty("cummax", x.shape, "int32");
  scan(family, dim, [values, indices], x);
  return [values, indices];
}

/** The gradient added up where the values were found. */
function putBack(g: Tensor, indices: Tensor, dim: number): Tensor {
  return temporaries(() => scatterAdd(zeros(g.shape, { dtype: g.dtype }), dim, indices, g));
}

const cummaxOp: Applied<number> = op({
  name: "cummax",
  outputs: ["values", "indices"],
  forward: ([x], dim: number) => extreme(maxima, x as Tensor, dim),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, dim) => putBack(g, indices, dim) } },
  tangent: (_inputs, [, indices], [t], dim) => [gather(t as Tensor, dim, indices as Tensor), null],
});

const cumminOp: Applied<number> = op({
  name: "cummin",
  outputs: ["values", "indices"],
  forward: ([x], dim: number) => extreme(minima, x as Tensor, dim),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, dim) => putBack(g, indices, dim) } },
  tangent: (_inputs, [, indices], [t], dim) => [gather(t as Tensor, dim, indices as Tensor), null],
});

function extremes(name: string, along: Applied<number>, x: Tensor, dim: number): ValuesAndIndices {
  asTensor(name, x);
  const at = normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
  return temporaries(() => {
    const input = x.dtype === "bool" ? castTo(x, "int32") : x;
    const [values, indices] = along.all([input], at) as [Tensor, Tensor];
    return { values: to(values, x.dtype), indices };
  }) as unknown as ValuesAndIndices;
}

/** Running maximum along a dim and where it was found, the latest of equals. */
export function cummax(x: Tensor, dim: number): ValuesAndIndices {
  return extremes("cummax", cummaxOp, x, dim);
}

/** Running minimum along a dim and where it was found, the latest of equals. */
export function cummin(x: Tensor, dim: number): ValuesAndIndices {
  return extremes("cummin", cumminOp, x, dim);
}

/** Running log Σ e^(l + x) s, given by the sign of s, minus what `from` takes away; computed without overflow. */
function signedSums(s: Tensor, sums: (logs: Tensor) => Tensor): Tensor {
  const part = (sign: number): Tensor => {
    const signed = mul(s, sign);
    return exp(sums(where(gt(signed, 0), log(signed), Number.NEGATIVE_INFINITY)));
  };
  return sub(part(1), part(-1));
}

const logcumsumexpOp: Applied<Scan> = op({
  name: "logcumsumexp",
  forward: ([x], p: Scan) => scanned("logcumsumexp", logSums, x as Tensor, p),
  gradients: {
    x: {
      reads: ["x", "out"],
      // Σⱼ gⱼ e^(xᵢ − outⱼ) over j ≥ i
      of: ({ g, x, out }, { dim }) =>
        temporaries(() =>
          g.ndim === 0
            ? mul(g, exp(sub(x, out)))
            : signedSums(g, (logs) => add(flip(logcumsumexp(flip(sub(logs, out), dim), dim), dim), x)),
        ),
    },
  },
  // Σⱼ tⱼ e^(xⱼ − outᵢ) over j ≤ i
  tangent: ([x], [out], [t], { dim }) => [
    temporaries(() => signedSums(t as Tensor, (logs) => sub(logcumsumexp(add(logs, x as Tensor), dim), out as Tensor))),
  ],
});

/** Running log Σ eˣ along a dim. */
export function logcumsumexp(x: Tensor, dim: number): Tensor {
  asTensor("logcumsumexp", x);
  const at = normalizeDim("logcumsumexp", asInteger("logcumsumexp", dim, "dim"), x.ndim);
  return temporaries(() => {
    const input = to(x, floating(x.dtype));
    return logcumsumexpOp([input], { dim: at, dtype: input.dtype });
  });
}
