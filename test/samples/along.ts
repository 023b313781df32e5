// Samples of what works along dims: reductions, moments, places of extrema, running sums, sorting, searching, counting.

import { float32, float64, type Tensor } from "../../src/entries/node.js";
import { bools, collector, doubles, ints, type Values } from "./collect.js";
import type { Sample } from "./samples.js";

/** Ways to name what is reduced of a tensor of rank 2. */
const DIMS: readonly (readonly unknown[])[] = [[], [0], [-1, true], [[0, 1]], [[-2], true], [null, true]];

/** The same for functions that take one dim only. */
const DIM: readonly (readonly unknown[])[] = [[], [0], [-1, true]];

/** The samples of reductions. */
export function reductions(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, 0.2, 0.9);
  const x = of(2, 3);
  const single = of(3, 2).to(float32);
  const whole = ints([
    [3, -1, 4],
    [1, 5, 9],
  ]);
  const truths = bools([
    [true, false],
    [true, true],
  ]);
  const gaps = doubles([
    [Number.NaN, 1, 2],
    [3, Number.NaN, 5],
  ]);
  const none = of(0, 3);
  const answers = "all any countNonzero";
  for (const rest of DIMS) {
    add("sum mean nansum nanmean", [x, ...rest]);
    add("sum mean", [single, ...rest]);
    add("sum", [whole, ...rest]);
    add("sum", [truths, ...rest]);
    add("nansum nanmean", [gaps, ...rest], { differentiable: false });
    add("sum mean", [none, ...rest]);
    add("amax amin", rest[0] === null ? [x] : [x, ...rest]);
    add("logsumexp", [x, ...(rest.length === 0 || rest[0] === null ? [[0, 1]] : rest)]);
  }
  for (const rest of DIM) {
    for (const each of [x, single, whole, truths, gaps]) add("all any", [each, ...rest], { differentiable: false });
    for (const each of [x, single, whole, truths]) {
      add("countNonzero", [each, ...rest.slice(0, 1)], { differentiable: false });
    }
    for (const each of [x, single, whole]) {
      add("prod", [each, ...rest]);
      add("max min", [each, ...rest]);
      add("argmax argmin", [each, ...rest], { differentiable: false });
      add("median nanmedian", [each, ...rest]);
    }
    add("prod", [truths, ...rest]);
    add("amax amin", [whole, ...rest]);
    add("aminmax", [x, { dim: rest[0] === undefined ? null : rest[0], keepdim: rest.length === 2 }]);
    add("mode", [whole, ...rest]);
    add("nanmedian", [gaps, ...rest], { differentiable: false });
  }
  add(`sum mean prod max min amax amin median nansum nanmean aminmax`, [of()]);
  add(`${answers} argmax argmin`, [of()], { differentiable: false });
  add("sum nansum prod", [none]);
  add("sum nansum mean", [none, 0]);
  add("all any", [none], { differentiable: false });
  add("all any countNonzero", [none, 0], { differentiable: false });
  add("all any", [of(2, 2, 2).gt(0.5), 1, true]);
  add("countNonzero", [of(2, 2, 2).gt(0.5), [0, 2]]);
  add("prod", [
    doubles([
      [0, 2],
      [3, 4],
    ]),
    1,
  ]);
  add("prod", [
    doubles([
      [0, 2],
      [0, 4],
    ]),
    0,
  ]);
  add("amax amin", [of(2, 2, 2), [0, 2]]);
  add("amax amin sum", [of(0, 3), 1]);
  add("sum", [single, { dtype: float64 }], { differentiable: false });
  add("mean", [whole, { dtype: float64 }]);
  add("sum", [of(2, 2, 3), [-1, 0], true]);
  add(
    "argmax argmin",
    [
      doubles([
        [1, 1],
        [Number.NaN, 0],
      ]),
      0,
    ],
    { differentiable: false },
  );
  add("equal allclose", [x, x.clone()], { differentiable: false });
  add("equal allclose", [x, x.add(1)], { differentiable: false });
  add("equal", [whole, whole.to(float64)], { differentiable: false });
  add("allclose", [single, single.clone(), { rtol: 0.1 }]);
  for (const correction of [0, 1]) {
    for (const dim of [undefined, 0, [-1], [0, 1]]) {
      for (const keepdim of [false, true]) {
        const options = { ...(dim === undefined ? {} : { dim }), correction, keepdim: keepdim && dim !== undefined };
        add("variance std varMean stdMean", [x, options]);
      }
    }
    add("variance std", [single, 0, { correction }]);
    add("cov", [of(2, 3), { correction }]);
  }
  add("variance std", [of(2, 2, 2), [0, 2], { keepdim: true }]);
  add("corrcoef", [of(2, 4)]);
  add("corrcoef cov", [of(3)]);
  add("cov", [of(2, 3), { fweights: ints([1, 2, 1]), aweights: of(3).detach() }], { differentiable: false });
  for (const rest of [[], [0], [1, true]]) {
    add("quantile nanquantile", [x, 0.4, ...rest]);
    add("quantile nanquantile", [x, doubles([0.1, 0.75]).detach(), ...rest], { differentiable: false });
  }
  for (const interpolation of ["lower", "higher", "nearest", "midpoint"]) {
    add("quantile nanquantile", [x, 0.4, { dim: 1, interpolation }]);
  }
  add("nanquantile", [gaps, 0.5, 1], { differentiable: false });
  add("linalg.norm", [x]);
  add("sumToSize", [of(2, 1, 3), [1, 3]]);
  add("sumToSize", [x, [2, 3]]);
  return list;
}

/** The samples of running reductions, sorting, searching and counting. */
export function ordered(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, 0.2, 0.9);
  const single = of(3, 2).to(float32);
  const whole = ints([
    [3, -1, 4],
    [1, 5, 9],
  ]);
  const running = "cumsum cumprod cummax cummin logcumsumexp";
  for (const dim of [0, 1, -1]) {
    add(running, [of(2, 3), dim]);
    add("cumsum cumprod logcumsumexp", [single, dim]);
    add("cummax cummin", [single, dim]);
    add("cumsum cumprod cummax cummin", [whole, dim]);
    add("sort", [of(2, 3), dim]);
    add("argsort", [of(2, 3), dim], { differentiable: false });
    add("cumulativeTrapezoid trapezoid", [of(3, 3), { dim }]);
    add("diff", [of(3, 3), 2, dim]);
    add("kthvalue", [of(2, 3), 2, dim]);
    add("kthvalue", [whole, 1, dim, true]);
    for (const largest of [true, false]) {
      add("topk", [of(2, 3), 2, dim, largest]);
      add("topk", [whole, 1, { dim, largest, sorted: true }]);
    }
    add("unique", [whole, { dim, returnInverse: true, returnCounts: true }]);
    add("uniqueConsecutive", [whole, { dim, returnInverse: true, returnCounts: true }]);
  }
  add(running, [of(), 0]);
  add(running, [of(2, 0), 1]);
  add(running, [of(2, 0), 0]);
  add("cumsum cumprod", [of(3), 0, { dtype: float32 }], { differentiable: false });
  add("cumsum", [bools([true, false, true]), 0]);
  add("cumprod", [doubles([2, 0, 3]), 0]);
  add("cummax cummin", [doubles([1, Number.NaN, 2]), 0], { differentiable: false });
  for (const descending of [false, true]) {
    for (const x of [of(2, 4), of(), of(0), of(2, 0), single, whole, bools([true, false, true])]) {
      add("sort", [x, -1, descending]);
      add("argsort", [x, -1, descending], { differentiable: false });
    }
    add("sort argsort", [whole, { dim: 0, descending, stable: true }]);
  }
  add("msort", [single]);
  add("msort", [of(2, 0)]);
  add("topk", [of(4), 0]);
  add("diff", [of(4), { prepend: of(1), append: of(2) }]);
  add("diff", [whole]);
  add("trapezoid cumulativeTrapezoid", [of(2, 3), doubles([0, 1, 3])]);
  add("gradient", [of(2, 3)]);
  add("gradient", [of(4), { spacing: 0.5 }]);
  const sorted = doubles([0.1, 0.3, 0.5, 0.9]);
  for (const right of [false, true]) {
    add("searchsorted", [sorted, of(2, 2), { right }], { differentiable: false });
    add("bucketize", [of(2, 2), sorted, { right }], { differentiable: false });
    add("bucketize", [of(3).to(float32), sorted.to(float32), { right }]);
    add("searchsorted", [
      ints([
        [1, 3],
        [2, 4],
      ]),
      ints([[3], [3]]),
      { right },
    ]);
  }
  add("searchsorted", [sorted, 0.5], { differentiable: false });
  add("searchsorted", [sorted, of(0)], { differentiable: false });
  add("searchsorted", [doubles([0.5, 0.1]), of(2), { sorter: ints([1, 0]), side: "left" }], { differentiable: false });
  add("bucketize", [0.4, sorted], { differentiable: false });
  add("bucketize", [ints([1, 5]), ints([2, 5])]);
  for (const invert of [false, true]) {
    add("isin", [whole, ints([1, 9]), { invert }]);
    add("isin", [doubles([[1, 2]]), doubles([2]), { invert, assumeUnique: true }], { differentiable: false });
    add("isin", [2, ints([1, 2]), { invert }]);
    add("isin", [ints([1, 2]), 2, { invert }]);
  }
  add("isin", [of(0), of(2)], { differentiable: false });
  for (const x of [
    doubles([2, 2, 1, 3, 3]),
    ints([
      [2, 2],
      [1, 2],
    ]),
    bools([true, true, false]),
    of(0),
    of(),
  ]) {
    add("unique uniqueConsecutive", [x], { differentiable: false });
    add("unique uniqueConsecutive", [x, { returnInverse: true, returnCounts: true }], { differentiable: false });
  }
  add("unique", [single]);
  const counted = doubles([0.1, 0.35, 0.6, 0.61, 0.99]);
  for (const x of [counted, counted.to(float32)]) {
    add("histc", [x], { differentiable: false });
    add("histc", [x, 4, 0, 1], { differentiable: false });
    add("histc", [x, { bins: 3, min: 0.2, max: 0.7 }], { differentiable: false });
    add("histogram", [x, 4], { differentiable: false });
    add("histogram", [x, 2, { range: [0, 1], density: true }], { differentiable: false });
    add("histogram", [x, 3, { range: [0, 1], weight: x.add(1) }], { differentiable: false });
    add("histogram", [x, x.sub(0.05)], { differentiable: false });
  }
  add("histc", [of(0), 3, 0, 1], { differentiable: false });
  add("bincount", [ints([1, 3, 1]), { minlength: 6 }]);
  add("bincount", [ints([1, 3, 1]), of(3)], { differentiable: false });
  add("bincount", [ints([])]);
  for (const x of [
    whole,
    doubles([
      [0, 2],
      [0.5, 0],
    ]),
    bools([[true, false]]),
    of(0, 2),
    of(),
    doubles([0, 0]),
  ]) {
    add("nonzero argwhere", [x], { differentiable: false });
    add("nonzero", [x, { asTuple: true }], { differentiable: false });
  }
  add("nonzero argwhere", [single]);
  const rest = [[], [{ dtype: float32 }]];
  for (const options of rest) {
    const more = options.length === 0 ? {} : { differentiable: false };
    add("softmax logSoftmax nn.functional.softmax nn.functional.logSoftmax", [of(2, 3), 1, ...options], more);
    add("softmax logSoftmax nn.functional.softmin", [of(2, 3), -2, ...options], more);
  }
  add("softmax logSoftmax", [of(), 0]);
  add("softmax logSoftmax", [of(2, 0), 1]);
  add("softmax logSoftmax", [of(0, 2), 1]);
  add("softmax logSoftmax", [single, 0]);
  add("special.softmax special.logSoftmax", [of(2, 3), 0]);
  return list;
}

/** The samples of functions that make tensors of one value, of steps, or with the shape of another. */
export function created(values: Values): Sample[] {
  const { list, add } = collector();
  const like = [values([2, 3], 0, 1), ints([1, 2]), bools([true]), values([], 0, 1), values([0, 2], 0, 1)];
  const plain = { differentiable: false };
  for (const x of [...like, values([3, 2], 0, 1).t(), values([2], 0, 1).to(float32)]) {
    add("zerosLike onesLike", [x], plain);
    add("zerosLike onesLike", [x, { dtype: "int32" }], plain);
    add("fullLike", [x, 1], plain);
  }
  for (const shape of [[], [2, 3], [0], [1, 0, 2]]) {
    for (const dtype of ["float32", "float64", "int32", "bool"]) {
      add("zeros ones", [shape, { dtype }], plain);
      add("full", [shape, 1, { dtype }], plain);
    }
  }
  add("full", [[2], true], plain);
  add("full", [[2], 2.5], plain);
  add("fullLike", [values([2], 0, 1), 2.5], plain);
  add("arange", [5], plain);
  add("arange", [1, 7, 2], plain);
  add("arange", [1, 0, -0.25, { dtype: float64 }], plain);
  add("arange", [0], plain);
  add("eye", [3], plain);
  add("eye", [2, 4, { dtype: "int32" }], plain);
  add("eye", [0], plain);
  add("scalarTensor", [2.5], plain);
  add("scalarTensor", [3, { dtype: "int32" }], plain);
  return list;
}
