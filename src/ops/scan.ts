// Scans along a dim: running sums, products, largest and smallest elements, log Σ eˣ.

import { DTypeError } from "../errors.js";
import { backwards, launchAlong } from "../op/along.js";
import { asInteger, asTensor, nothingMore, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo } from "../op/copy.js";
import { checkTarget } from "../op/elementwise.js";
import { type Applied, op } from "../op/op.js";
import { accumulating } from "../op/reduction.js";
import { checkDtype, type DType, floating } from "../tensor/dtype.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { to } from "./cast.js";
import { zerosLike } from "./creation.js";
import { amax, type ValuesAndIndices } from "./extremum.js";
import { gather } from "./gather.js";
import { cat } from "./join.js";
import { exp } from "./pointwise.js";
import { productBefore, productGradient } from "./product-derivative.js";
import { recurrence } from "./recurrence.js";
import { scatterAdd } from "./scatter.js";
import { narrow } from "./views.js";

/** Options of running sums and products. */
export interface ScanOptions {
  /** Dtype to compute in and to give. */
  readonly dtype?: DType | null;
}

interface Scanned {
  readonly dim: number;
  readonly dtype: DType;
  /** Whether from the end. */
  readonly reverse: boolean;
}

const DEFAULTS = { dtype: null as DType | null };

const sums = /* @__PURE__ */ new KernelFamily("cumsum");
const products = /* @__PURE__ */ new KernelFamily("cumprod");

/** Reads `dtype`; integers and bool are computed in int32 without it. */
function prepared(name: string, x: Tensor, dim: number, rest: readonly unknown[]): Scanned {
  asTensor(name, x);
  const at = normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
  const { dtype } = parse(name, rest, DEFAULTS);
  const computed = accumulating(name, x, dtype);
  if (computed === "bool") throw new DTypeError(`${name}: not implemented for bool; use { dtype: "int32" }`);
  return { dim: at, dtype: computed, reverse: false };
}

/** The same in place: the dtype must be the tensor's own. */
function preparedInPlace(name: string, self: Tensor, dim: number, rest: readonly unknown[]): Scanned {
  asTensor(name, self);
  const at = normalizeDim(name, asInteger(name, dim, "dim"), self.ndim);
  const { dtype } = parse(name, rest, DEFAULTS);
  if (dtype !== null && checkDtype(name, dtype) !== self.dtype) {
    throw new DTypeError(`${name}: provided dtype must match dtype of self tensor. Got ${self.dtype} and ${dtype}.`);
  }
  const computed = accumulating(name, self, null);
  checkTarget(name, self, self.shape, computed);
  return { dim: at, dtype: computed, reverse: false };
}

function scanned(family: KernelFamily, name: string, x: Tensor, { dim, dtype, reverse }: Scanned): Tensor {
  const out = empty(name, x.shape, dtype);
  if (!reverse && x.dtype === dtype) launchAlong(family.of(dtype), dim, [out, x]);
  else {
    temporaries(() => {
      const way = (y: Tensor) => (reverse ? backwards(y, dim) : y);
      launchAlong(family.of(dtype), dim, [way(out), way(castTo(x, dtype))]);
      return null;
    });
  }
  return out;
}

const cumsumOp: Applied<Scanned> = op({
  name: "cumsum",
  forward: ([x], p: Scanned) => scanned(sums, "cumsum", x as Tensor, p),
  gradients: {
    x: {
      reads: [],
      of: ({ g }, { dim, reverse }) => cumsumOp([g], { dim, dtype: g.dtype, reverse: !reverse }),
    },
  },
  tangent: "linear",
});

/**
 * Running sum along a dim: out[k] = x[0] + … + x[k]. Integers and bool give int32, unless `dtype` says what.
 * The gradient is the running sum from the end.
 */
export function cumsum(x: Tensor, dim: number, ...rest: [options?: ScanOptions]): Tensor {
  return cumsumOp([x], prepared("cumsum", x, dim, rest));
}

/** Writes the running sum of `self` along a dim into it and returns it. */
export function cumsum_(self: Tensor, dim: number, ...rest: [options?: ScanOptions]): Tensor {
  const p = preparedInPlace("cumsum_", self, dim, rest);
  return cumsumOp.inplace([self], p, (target) => {
    launchAlong(sums.of(target.dtype), p.dim, [target, target]);
  });
}

const cumprodOp: Applied<Scanned> = op({
  name: "cumprod",
  forward: ([x], p: Scanned) => scanned(products, "cumprod", x as Tensor, p),
  gradients: {
    x: { reads: ["x"], of: ({ g, x }, { dim, dtype }) => productGradient(g, to(x, dtype), dim) },
  },
  tangent: ([x], _outputs, [t], { dim, dtype }) => [
    temporaries(() => {
      const input = to(x as Tensor, dtype);
      return recurrence([input, mul(to(t as Tensor, dtype), productBefore(input, dim))], { dim, reverse: false });
    }),
  ],
});

/**
 * Running product along a dim: out[k] = x[0] · … · x[k]. Integers and bool give int32, unless `dtype` says what.
 * The gradient is exact with zeros too.
 */
export function cumprod(x: Tensor, dim: number, ...rest: [options?: ScanOptions]): Tensor {
  return cumprodOp([x], prepared("cumprod", x, dim, rest));
}

/** Writes the running product of `self` along a dim into it and returns it. */
export function cumprod_(self: Tensor, dim: number, ...rest: [options?: ScanOptions]): Tensor {
  const p = preparedInPlace("cumprod_", self, dim, rest);
  return cumprodOp.inplace([self], p, (target) => {
    launchAlong(products.of(target.dtype), p.dim, [target, target]);
  });
}

const risings = /* @__PURE__ */ new KernelFamily("cummax");
const fallings = /* @__PURE__ */ new KernelFamily("cummin");

/** Running extremum: values and indices. Bool goes by way of int32. */
function extremes(family: KernelFamily, name: string, x: Tensor, dim: number): Tensor[] {
  return temporaries(() => {
    const input = x.dtype === "bool" ? castTo(x, "int32") : x;
    const values = empty(name, x.shape, input.dtype);
    const indices = empty(name, x.shape, "int32");
    launchAlong(family.of(input.dtype), dim, [values, indices, input]);
    return [castTo(values, x.dtype), indices];
  });
}

const cummaxOp: Applied<number> = op({
  name: "cummax",
  outputs: ["values", "indices"],
  forward: ([x], dim: number) => extremes(risings, "cummax", x as Tensor, dim),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, dim) => scatterAdd(zerosLike(g), dim, indices, g) } },
  tangent: (_inputs, [, indices], [t], dim) => [gather(t as Tensor, dim, indices as Tensor), null],
});

const cumminOp: Applied<number> = op({
  name: "cummin",
  outputs: ["values", "indices"],
  forward: ([x], dim: number) => extremes(fallings, "cummin", x as Tensor, dim),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, dim) => scatterAdd(zerosLike(g), dim, indices, g) } },
  tangent: (_inputs, [, indices], [t], dim) => [gather(t as Tensor, dim, indices as Tensor), null],
});

function running(name: string, applied: Applied<number>, x: Tensor, dim: number): ValuesAndIndices {
  asTensor(name, x);
  const at = normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
  const [values, indices] = applied.all([x], at) as [Tensor, Tensor];
  return { values, indices };
}

/** The largest elements so far along a dim, and where they are (int32): the latest of equals; NaN stays once met. */
export function cummax(x: Tensor, dim: number, ...rest: []): ValuesAndIndices {
  nothingMore("cummax", rest);
  return running("cummax", cummaxOp, x, dim);
}

/** The smallest elements so far along a dim, and where they are (int32): the latest of equals; NaN stays once met. */
export function cummin(x: Tensor, dim: number, ...rest: []): ValuesAndIndices {
  nothingMore("cummin", rest);
  return running("cummin", cumminOp, x, dim);
}

const logsums = /* @__PURE__ */ new KernelFamily("logcumsumexp");

/** Factors that carry from one result to the next, e^(y[k − 1] − y[k]), at most 1; the first has no meaning. */
function decay(y: Tensor, dim: number): Tensor {
  const n = y.shape[dim];
  if (n === undefined || n < 2) return zerosLike(y);
  const steps = exp(sub(narrow(y, dim, 0, n - 1), narrow(y, dim, 1, n - 1)));
  return cat([zerosLike(narrow(y, dim, 0, 1)), steps], dim);
}

const logcumsumexpOp: Applied<number> = op({
  name: "logcumsumexp",
  forward: ([x], dim: number) => {
    const input = x as Tensor;
    return scanned(logsums, "logcumsumexp", input, { dim, dtype: input.dtype, reverse: false });
  },
  gradients: {
    // e^(x[i] − y[i]) · Σ g[k] e^(y[i] − y[k]) over k ≥ i: no exponent is positive.
    x: {
      reads: ["x", "out"],
      of: ({ g, x, out }, dim) =>
        temporaries(() => mul(exp(sub(x, out)), recurrence([decay(out, dim), g], { dim, reverse: true }))),
    },
  },
  // Σ tⱼ e^xⱼ / Σ e^xⱼ over j ≤ i, with PyTorch's 10⁻¹³ in the divisor, so that tangents agree with its own.
  tangent: ([x], _outputs, [t], dim) => [
    temporaries(() => {
      const input = x as Tensor;
      if (input.numel() === 0) return t as Tensor;
      const weights = exp(sub(input, amax(input, dim, true)));
      return div(cumsum(mul(weights, t as Tensor), dim), add(cumsum(weights, dim), 1e-13));
    }),
  ],
});

/** Running log Σ eˣ along a dim: out[k] = log(e^x[0] + … + e^x[k]), without overflow. Integers become floats. */
export function logcumsumexp(x: Tensor, dim: number, ...rest: []): Tensor {
  nothingMore("logcumsumexp", rest);
  asTensor("logcumsumexp", x);
  const at = normalizeDim("logcumsumexp", asInteger("logcumsumexp", dim, "dim"), x.ndim);
  return composed("logcumsumexp", () => logcumsumexpOp([to(x, floating(x.dtype))], at));
}
