// Launching matrix products: out = beta · c + alpha · (a @ b), with any strides and batch dims that broadcast.

import { DTypeError, ShapeError } from "../errors.js";
import { formatShape } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { setParameter, setResults } from "../wasm/block.js";
import { KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { artifact } from "../wasm/memory.js";
import { flatGemm } from "./flat.js";
import { addStrided, beginNest, writeSplit } from "./nest.js";

const kernels = /* @__PURE__ */ new KernelFamily("gemm");

/** Rows of a result in one unit of the kernel's range. */
let rowsOfUnit = 0;

/** The units of the kernel's range for a result of `m` rows. */
function units(m: number): number {
  if (rowsOfUnit === 0) rowsOfUnit = artifact().gemm_rows();
  return Math.ceil(m / rowsOfUnit);
}

function run(out: Tensor, m: number, alpha: number, beta: number): void {
  const { extent } = writeSplit(3, false);
  setResults(1);
  setParameter(0, alpha);
  setParameter(1, beta);
  launch(kernels.of(out.dtype), extent * units(m));
}

/** Strides of an operand over the batch dims, broadcast ones 0, then those given. */
export function batched(x: Tensor, batch: number, tail: readonly number[]): number[] {
  const { shape, strides } = x.layout;
  const own = shape.length - 2;
  const result: number[] = [];
  for (let d = 0; d < batch; d++) {
    const at = d - batch + own;
    result.push(at < 0 || shape[at] === 1 ? 0 : (strides[at] as number));
  }
  for (const stride of tail) result.push(stride);
  return result;
}

/** Stride of a dim, 0 where it is broadcast. */
function strideAt(x: Tensor, dim: number): number {
  return dim < 0 || x.layout.shape[dim] === 1 ? 0 : (x.layout.strides[dim] as number);
}

/**
 * out = beta · c + alpha · (a @ b) for a [..., m, k], b [..., k, n] and c that broadcasts to out [..., m, n], whose columns
 * must lie next to each other. `c` may be `out`; it is not read where beta is 0. Checks nothing.
 */
export function launchGemm(out: Tensor, a: Tensor, b: Tensor, c: Tensor | null, alpha: number, beta: number): void {
  const rank = out.ndim;
  const batch = rank - 2;
  const { shape } = out.layout;
  const rowsA = a.ndim - 2;
  const rowsB = b.ndim - 2;
  const m = shape[batch] as number;
  const sa = a.layout.strides;
  const sb = b.layout.strides;
  const k = a.layout.shape[rowsA + 1] as number;
  if (batch === 0) {
    if (flatGemm(kernels, units(m), out, a, b, c, alpha, beta)) return;
    beginNest([m, shape[1] as number, k]);
    addStrided(out, [out.layout.strides[0] as number, 1, 0]);
    addStrided(a, [sa[0] as number, 0, sa[1] as number]);
    addStrided(b, [0, sb[1] as number, sb[0] as number]);
    if (c !== null) addStrided(c, [strideAt(c, c.ndim - 2), strideAt(c, c.ndim - 1), 0]);
  } else {
    beginNest([...shape, k]);
    addStrided(out, batched(out, batch, [out.layout.strides[batch] as number, 1, 0]));
    addStrided(a, batched(a, batch, [sa[rowsA] as number, 0, sa[rowsA + 1] as number]));
    addStrided(b, batched(b, batch, [0, sb[rowsB + 1] as number, sb[rowsB] as number]));
    if (c !== null) addStrided(c, batched(c, batch, [strideAt(c, c.ndim - 2), strideAt(c, c.ndim - 1), 0]));
  }
  run(out, m, alpha, beta);
}

/** out = beta · c + alpha · (a @ v) for a [m, k], v [k], and c that broadcasts to out [m]. Checks nothing. */
export function launchGemv(out: Tensor, a: Tensor, v: Tensor, c: Tensor | null, alpha: number, beta: number): void {
  const [m, k] = a.layout.shape as [number, number];
  beginNest([m, 1, k]);
  addStrided(out, [out.layout.strides[0] as number, 1, 0]);
  addStrided(a, [a.layout.strides[0] as number, 0, a.layout.strides[1] as number]);
  addStrided(v, [0, 1, v.layout.strides[0] as number]);
  if (c !== null) addStrided(c, [strideAt(c, c.ndim - 1), 0, 0]);
  run(out, m, alpha, beta);
}

/** out = Σ a · b for a and b [k], out []. Checks nothing. */
export function launchDot(out: Tensor, a: Tensor, b: Tensor): void {
  beginNest([1, 1, a.layout.shape[0] as number]);
  addStrided(out, [1, 1, 0]);
  addStrided(a, [0, 0, a.layout.strides[0] as number]);
  addStrided(b, [0, 1, b.layout.strides[0] as number]);
  run(out, 1, 1, 0);
}

/** Throws unless all operands have one dtype that products are defined for. */
export function checkSameDtype(op: string, a: Tensor, b: Tensor, c: Tensor = a): void {
  if (a.dtype !== b.dtype || a.dtype !== c.dtype) {
    const all = c === a ? `${a.dtype} and ${b.dtype}` : `${c.dtype}, ${a.dtype} and ${b.dtype}`;
    throw new DTypeError(
      `${op}: expected same dtype for all operands (expected m1 and m2 to have the same dtype), but got ${all}; ` +
        `convert with .to("${a.dtype}")`,
    );
  }
  if (a.dtype === "bool")
    throw new DTypeError(`${op}: not implemented for bool; convert with .to("int32") or .to("float32")`);
}

/** What may have been meant where inner sizes differ. */
function suggestion(a: readonly number[], b: readonly number[]): string {
  if (a.length < 2 || b.length < 2) return "";
  const [m, k] = a.slice(-2) as [number, number];
  const [l, n] = b.slice(-2) as [number, number];
  if (k === n) return `; did you mean b.transpose(${b.length === 2 ? "0, 1" : "-2, -1"})?`;
  if (m === l) return `; did you mean a.transpose(${a.length === 2 ? "0, 1" : "-2, -1"})?`;
  if (n === m) return "; did you mean the operands in the other order?";
  return "";
}

/** Throws because the inner sizes of a product differ. */
export function innerSizesDiffer(op: string, a: readonly number[], b: readonly number[]): never {
  const sizes =
    a.length === 2 && b.length === 2
      ? ` (mat1 and mat2 shapes cannot be multiplied (${a.join("x")} and ${b.join("x")}))`
      : "";
  throw new ShapeError(
    `${op}: inner sizes differ: a is ${formatShape(a)}, b is ${formatShape(b)}${sizes}${suggestion(a, b)}`,
  );
}

/** Throws unless `x` has the number of dims. */
export function checkRank(op: string, name: string, x: Tensor, rank: number): void {
  if (x.ndim === rank) return;
  const what =
    rank === 1
      ? "1D tensors expected: expected a vector"
      : rank === 2
        ? "expected a matrix"
        : `expected a ${rank}-D tensor`;
  throw new ShapeError(`${op}: ${name}: ${what}, got ${x.ndim}D of shape ${formatShape(x.shape)}`);
}

/** Throws unless `self` broadcasts to `shape`. */
export function checkExpandable(op: string, self: Tensor, shape: readonly number[]): void {
  const own = self.layout.shape;
  const skip = shape.length - own.length;
  let fits = skip >= 0;
  for (let d = 0; fits && d < own.length; d++) fits = own[d] === 1 || own[d] === shape[d + skip];
  if (fits) return;
  throw new ShapeError(
    `${op}: input of shape ${formatShape(own)} does not broadcast: The expanded size of the tensor must match the ` +
      `shape of the product, ${formatShape(shape)}`,
  );
}
