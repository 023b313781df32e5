// Negative log-likelihood of class indices, and its gradient.

import { fail, integer, parameter, pointerOf, rankOf, sizeOf, STATUS_INDEX, strideOf } from "../block";
import { offsetOf } from "../loops/reduce";

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
