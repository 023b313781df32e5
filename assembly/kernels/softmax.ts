// Softmax and its logarithm along the last dim of a nest, and the gradients of both.
//
// All kernels here: the range is the flat index over all dims but the last; operands are the result, then the inputs,
// all of one dtype. A result must not share memory with an input, unless stated.

import { rankOf, strideOf } from "../block";
import { readPart, writePart } from "../loops/fold";
import { gather, scatter } from "../loops/gather";
import { accumulators, foldBy, groupBytes, groupLike, groupSize, Reduction, reductionOf, TILE } from "../loops/reduce";
import { exp, expOfNegative } from "../math/exp";
import { log } from "../math/log";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";
import { Max, Sum } from "./reduce/folds";

/** Elements of a line that are worked on at once, and bytes of a buffer for them. */
const LINE: u32 = 1024;
const BUFFER: usize = 8192;

/** Element by element from a and b, and two values c and d of the output's group. */
abstract class Step {
  abstract of(a: v128, b: v128, c: v128, d: v128): v128;
}
/** e^(a − c), c the largest. */
@final class Exponential<T> extends Step {
  @inline of(a: v128, b: v128, c: v128, d: v128): v128 { return expOfNegative<T>(v128.sub<T>(a, c)); }
}
@final class Quotient<T> extends Step {
  @inline of(a: v128, b: v128, c: v128, d: v128): v128 { return v128.div<T>(a, d); }
}
@final class Shifted<T> extends Step {
  @inline of(a: v128, b: v128, c: v128, d: v128): v128 { return v128.sub<T>(v128.sub<T>(a, c), d); }
}
@final class Product<T> extends Step {
  @inline of(a: v128, b: v128, c: v128, d: v128): v128 { return v128.mul<T>(a, b); }
}
@final class SoftmaxGradient<T> extends Step {
  @inline of(a: v128, b: v128, c: v128, d: v128): v128 { return v128.mul<T>(b, v128.sub<T>(a, c)); }
}
@final class LogSoftmaxGradient<T> extends Step {
  @inline of(a: v128, b: v128, c: v128, d: v128): v128 { return v128.sub<T>(a, v128.mul<T>(exp<T>(b), c)); }
}

/** A step for `n` neighbouring elements; `step` is how far c and d advance with every vector, 0 or 16 bytes. */
type Line = (a: usize, b: usize, to: usize, n: u32, context: usize, step: usize) => void;

function lineBy<T, R extends Step>(): Line {
  return (a: usize, b: usize, to: usize, n: u32, context: usize, step: usize): void => {
    const rule = changetype<R>(0);
    const lanes: u32 = 16 / <u32>sizeof<T>();
    // Two vectors at once where it matters most.
    for (; sizeof<T>() == 4 && n >= 2 * lanes; n -= 2 * lanes, a += 32, b += 32, to += 32, context += 2 * step) {
      const x = v128.load(a), x2 = v128.load(a, 16), y = v128.load(b), y2 = v128.load(b, 16);
      const next = context + step;
      const r = rule.of(x, y, v128.load(context), v128.load(context, TILE));
      const r2 = rule.of(x2, y2, v128.load(next), v128.load(next, TILE));
      v128.store(to, r);
      v128.store(to, r2, 16);
    }
    while (n) {
      const part = n < lanes;
      const x = part ? readPart<T, T>(a, n) : v128.load(a);
      const y = part ? readPart<T, T>(b, n) : v128.load(b);
      const result = rule.of(x, y, v128.load(context), v128.load(context, TILE));
      if (part) return writePart<T>(to, result, n);
      v128.store(to, result);
      n -= lanes;
      a += 16;
      b += 16;
      to += 16;
      context += step;
    }
  };
}

/** Where c and, `TILE` bytes on, d stand. */
@inline function values(): usize {
  return scratch() + KERNEL_SCRATCH;
}

/** Applies a step from operands `a` and `b` to the result, for the group of `cols` outputs from `index` on. */
function apply(over: Reduction, index: u32, cols: u32, a: u32, b: u32, line: Line): void {
  const whole = over.whole, block = over.block, size = over.size;
  const along = rankOf(block) - 1, across = over.outer - 1;
  // A line is a part of one output's elements, or the elements of one position for all outputs of the group.
  const dim = whole ? along : across;
  const sa = strideOf(block, a, dim), sb = strideOf(block, b, dim), so = strideOf(block, 0, dim);
  const pace: u32 = whole ? LINE : 1;
  const buffers = values() + 2 * TILE;
  let pa = over.at(a, index), pb = over.at(b, index), to = over.at(0, index);
  for (let left = over.count; left; ) {
    const n = whole ? min(left, LINE) : cols;
    let fromA = pa, fromB = pb, into = to;
    if (sa != <isize>size) gather(size, (fromA = buffers), pa, sa, n);
    if (b == a) fromB = fromA;
    else if (sb != <isize>size) gather(size, (fromB = buffers + BUFFER), pb, sb, n);
    if (so != <isize>size) into = buffers + 2 * BUFFER;
    line(fromA, fromB, into, n, values(), whole ? 0 : 16);
    if (into != to) scatter(size, to, into, so, n);
    left -= min(left, pace);
    pa += <isize>pace * strideOf(block, a, along);
    pb += <isize>pace * strideOf(block, b, along);
    to += <isize>pace * strideOf(block, 0, along);
  }
}

/** Keeps the accumulators as c, or as d where `at` is `TILE`. */
function keep(cols: u32, size: usize, at: usize): void {
  const bytes = groupBytes(cols, size);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(values() + at + i, v128.load(accumulators() + i));
}

/** Leaves e^(x − m) in the result, m in c, and the sum in the accumulators. */
function sumOfExponentials<T>(over: Reduction, out: Reduction, begin: u32, cols: u32): void {
  foldBy<T, T, Max<T>>(over, begin, cols, 0);
  keep(cols, sizeof<T>(), 0);
  apply(over, begin, cols, 1, 1, lineBy<T, Exponential<T>>());
  foldBy<T, T, Sum<T>>(out, begin, cols, 0);
}

/** out = e^(x − m) / Σ e^(x − m), m the largest x; NaN where all are −∞. Operands out, x; out may be x. */
function softmax<T>(block: usize, begin: u32, end: u32): void {
  const over = reductionOf(0, block, 1, sizeof<T>(), 1);
  const out = reductionOf(1, block, 0, sizeof<T>(), 1);
  groupLike(out, over);
  while (begin < end) {
    const cols = groupSize(over, begin, end, sizeof<T>());
    sumOfExponentials<T>(over, out, begin, cols);
    keep(cols, sizeof<T>(), TILE);
    apply(over, begin, cols, 0, 0, lineBy<T, Quotient<T>>());
    begin += cols;
  }
}
export function softmax_f32(block: usize, begin: u32, end: u32): void { softmax<f32>(block, begin, end); }
export function softmax_f64(block: usize, begin: u32, end: u32): void { softmax<f64>(block, begin, end); }

/** out = (x − m) − log Σ e^(x − m), m the largest x; NaN where all are −∞. Operands out, x. */
function logSoftmax<T>(block: usize, begin: u32, end: u32): void {
  const over = reductionOf(0, block, 1, sizeof<T>(), 1);
  const out = reductionOf(1, block, 0, sizeof<T>(), 1);
  const acc = accumulators();
  groupLike(out, over);
  while (begin < end) {
    const cols = groupSize(over, begin, end, sizeof<T>());
    sumOfExponentials<T>(over, out, begin, cols);
    for (let at: usize = 0; at < groupBytes(cols, sizeof<T>()); at += 16) {
      v128.store(acc + at, log<T>(v128.load(acc + at)));
    }
    keep(cols, sizeof<T>(), TILE);
    apply(over, begin, cols, 1, 1, lineBy<T, Shifted<T>>());
    begin += cols;
  }
}
export function logsoftmax_f32(block: usize, begin: u32, end: u32): void { logSoftmax<f32>(block, begin, end); }
export function logsoftmax_f64(block: usize, begin: u32, end: u32): void { logSoftmax<f64>(block, begin, end); }

/** result = out · (grad − Σ grad · out). Operands result, grad, out (of softmax). */
function softmaxBackward<T>(block: usize, begin: u32, end: u32): void {
  const over = reductionOf(0, block, 0, sizeof<T>(), 1);
  while (begin < end) {
    const cols = groupSize(over, begin, end, sizeof<T>());
    apply(over, begin, cols, 1, 2, lineBy<T, Product<T>>());
    foldBy<T, T, Sum<T>>(over, begin, cols, 0);
    keep(cols, sizeof<T>(), 0);
    apply(over, begin, cols, 1, 2, lineBy<T, SoftmaxGradient<T>>());
    begin += cols;
  }
}
export function softmax_backward_f32(block: usize, begin: u32, end: u32): void {
  softmaxBackward<f32>(block, begin, end);
}
export function softmax_backward_f64(block: usize, begin: u32, end: u32): void {
  softmaxBackward<f64>(block, begin, end);
}

/** result = grad − e^out · Σ grad. Operands result, grad, out (of logsoftmax); the result may be an input. */
function logSoftmaxBackward<T>(block: usize, begin: u32, end: u32): void {
  const over = reductionOf(0, block, 1, sizeof<T>(), 1);
  while (begin < end) {
    const cols = groupSize(over, begin, end, sizeof<T>());
    foldBy<T, T, Sum<T>>(over, begin, cols, 0);
    keep(cols, sizeof<T>(), 0);
    apply(over, begin, cols, 1, 2, lineBy<T, LogSoftmaxGradient<T>>());
    begin += cols;
  }
}
export function logsoftmax_backward_f32(block: usize, begin: u32, end: u32): void {
  logSoftmaxBackward<f32>(block, begin, end);
}
export function logsoftmax_backward_f64(block: usize, begin: u32, end: u32): void {
  logSoftmaxBackward<f64>(block, begin, end);
}
