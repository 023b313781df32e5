// Negative log-likelihood of class indices, of log-probabilities and of scores, and the gradients.

import { fail, integer, parameter, pointerOf, rankOf, sizeOf, STATUS_INDEX, strideOf } from "../block";
import { offsetOf } from "../loops/reduce";
import { exponentials, largest, rescale } from "../loops/weights";
import { log } from "../math/log";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";

/** Address that belongs to row `index` in an operand: to its first class where it has classes. */
function rowAt(block: usize, operand: u32, index: u32): usize {
  return pointerOf(block, operand) + offsetOf(block, operand, 0, rankOf(block) - 1, index);
}

/** Weight of a class: of operand `weights`, if parameter 1 says that there is one, else 1. */
@inline function weightOf<T>(block: usize, weights: u32, target: i32): T {
  if (integer(block, 1) == 0) return <T>1;
  return load<T>(pointerOf(block, weights) + <isize>target * strideOf(block, weights, rankOf(block) - 1));
}

/**
 * loss[i] = −weight[target[i]] · input[i, target[i]] and used[i] = weight[target[i]], both 0 where target[i] is the
 * ignored index; the mean loss is Σ loss / Σ used. The last dim of the nest are the classes; the range is the flat index
 * over the others. Operands: loss, used (both of the dtype of the input, strides 0 over the classes), input of
 * log-probabilities, target (int32, stride 0 over the classes), and the weights of the classes (strides 0 but over the
 * classes). Parameters: 0 the ignored index, 1 whether there are weights; without them the last operand is left out.
 * A target that is no class sets STATUS_INDEX with the target as detail, and ends the range.
 */
function nll<T>(block: usize, begin: u32, end: u32): void {
  const classes = rankOf(block) - 1;
  const count = sizeOf(block, classes);
  const ignored = integer(block, 0);
  for (let i = begin; i < end; i++) {
    const target = load<i32>(rowAt(block, 3, i));
    let loss: T = 0, used: T = 0;
    if (target != ignored) {
      if (<u32>target >= count) return fail(block, STATUS_INDEX, target);
      used = weightOf<T>(block, 4, target);
      loss = -(load<T>(rowAt(block, 2, i) + <isize>target * strideOf(block, 2, classes)) * used);
    }
    store<T>(rowAt(block, 0, i), loss);
    store<T>(rowAt(block, 1, i), used);
  }
}
export function nll_f32(block: usize, begin: u32, end: u32): void { nll<f32>(block, begin, end); }
export function nll_f64(block: usize, begin: u32, end: u32): void { nll<f64>(block, begin, end); }

/**
 * Gradient of the input of `nll`: −weight[target[i]] · grad[i] at [i, target[i]], 0 everywhere else. Nest, range,
 * parameters and failure as there. Operands: result, grad (strides 0 over the classes, and where one grad holds for
 * all), target (int32), weights.
 */
function nllBackward<T>(block: usize, begin: u32, end: u32): void {
  const classes = rankOf(block) - 1;
  const count = sizeOf(block, classes);
  const stride = strideOf(block, 0, classes);
  const across = classes ? strideOf(block, 0, classes - 1) : 0;
  const row = classes ? sizeOf(block, classes - 1) : 1;
  const ignored = integer(block, 0);
  while (begin < end) {
    // Zeros first, where they lie side by side: along the classes of a row, or along neighbouring rows.
    let rows: u32 = 1;
    const first = rowAt(block, 0, begin);
    if (stride == sizeof<T>()) memory.fill(first, 0, <usize>count * sizeof<T>());
    else {
      if (across == sizeof<T>()) rows = min(row - begin % row, end - begin);
      for (let c: u32 = 0; c < count; c++) memory.fill(first + <isize>c * stride, 0, <usize>rows * sizeof<T>());
    }
    for (; rows; rows--, begin++) {
      const target = load<i32>(rowAt(block, 2, begin));
      if (target == ignored) continue;
      if (<u32>target >= count) return fail(block, STATUS_INDEX, target);
      const grad = load<T>(rowAt(block, 1, begin));
      store<T>(rowAt(block, 0, begin) + <isize>target * stride, -(weightOf<T>(block, 3, target) * grad));
    }
  }
}
export function nll_backward_f32(block: usize, begin: u32, end: u32): void { nllBackward<f32>(block, begin, end); }
export function nll_backward_f64(block: usize, begin: u32, end: u32): void { nllBackward<f64>(block, begin, end); }

/** Exponentials that are summed in float32. */
const RUN: u32 = 1024;

/**
 * `nll` of the logarithm of softmax, from scores whose classes lie next to each other. Operands: loss, used, the largest
 * score of the row and the sum of e^(score − largest) (all strides 0 over the classes), scores, target, weights.
 */
export function cross_entropy_f32(block: usize, begin: u32, end: u32): void {
  const count = sizeOf(block, rankOf(block) - 1);
  const ignored = integer(block, 0);
  for (let i = begin; i < end; i++) {
    const target = load<i32>(rowAt(block, 5, i));
    const row = rowAt(block, 4, i);
    const most = largest(row, count, 1);
    let sum: f64 = 0;
    for (let at: u32 = 0; at < count; at += RUN) {
      const n = min(RUN, count - at);
      sum += exponentials(row + (<usize>at << 2), scratch() + KERNEL_SCRATCH, n, n, 1, most);
    }
    let loss: f32 = 0, used: f32 = 0;
    if (target != ignored) {
      if (<u32>target >= count) return fail(block, STATUS_INDEX, target);
      used = weightOf<f32>(block, 6, target);
      const rest = f32x4.extract_lane(log<f32>(f32x4.splat(<f32>sum)), 0);
      loss = -((load<f32>(row + (<usize>target << 2)) - <f32>most - rest) * used);
    }
    store<f32>(rowAt(block, 0, i), loss);
    store<f32>(rowAt(block, 1, i), used);
    store<f32>(rowAt(block, 2, i), <f32>most);
    store<f32>(rowAt(block, 3, i), <f32>sum);
  }
}

/**
 * Gradient of the scores of `cross_entropy`: weight[target[i]] · grad[i] · (softmax − 1 at the target), 0 for ignored rows.
 * Operands: result, its classes next to each other; grad, largest, sum; scores, target, weights.
 */
export function cross_entropy_backward_f32(block: usize, begin: u32, end: u32): void {
  const count = sizeOf(block, rankOf(block) - 1);
  const ignored = integer(block, 0);
  const buffer = scratch() + KERNEL_SCRATCH;
  for (let i = begin; i < end; i++) {
    const target = load<i32>(rowAt(block, 5, i));
    const out = rowAt(block, 0, i), row = rowAt(block, 4, i);
    if (target == ignored) {
      memory.fill(out, 0, <usize>count << 2);
      continue;
    }
    if (<u32>target >= count) return fail(block, STATUS_INDEX, target);
    const grad = load<f32>(rowAt(block, 1, i)) * weightOf<f32>(block, 6, target);
    const most = <f64>load<f32>(rowAt(block, 2, i));
    const factor = <f64>grad / <f64>load<f32>(rowAt(block, 3, i));
    for (let at: u32 = 0; at < count; at += RUN) {
      const n = min(RUN, count - at), by = <usize>at << 2;
      exponentials(row + by, buffer, n, n, 1, most);
      rescale(buffer, out + by, n, factor);
    }
    const place = out + (<usize>target << 2);
    store<f32>(place, load<f32>(place) - grad);
  }
}
