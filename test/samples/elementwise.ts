// Samples of elementwise operators: shapes, dtypes and operands that broadcast.

import { float32, type Tensor, tensor } from "../../src/entries/node.js";
import { bools, collector, doubles, ints, type Values } from "./collect.js";
import type { Sample } from "./samples.js";

/** Unary functions that take bool too, by the interval on which they are smooth. */
const UNARY: readonly (readonly [names: string, low: number, high: number])[] = [
  [
    "arctan arcsinh asinh atan cos cosh deg2rad erf erfc exp exp2 expm1 i0 nanToNum rad2deg sgn sigmoid sign sin sinc " +
      "sinh square tan tanh",
    0.1,
    0.9,
  ],
  ["acos arccos arcsin arctanh asin atanh erfinv", -0.8, 0.8],
  ["digamma lgamma log log10 log1p log2 reciprocal rsqrt sqrt", 0.3, 3],
  ["acosh arccosh", 1.3, 3],
  ["logit", 0.2, 0.8],
  [
    "special.entr special.erfcx special.i0e special.i1 special.i1e special.logNdtr special.ndtr special.ndtri",
    0.2,
    0.8,
  ],
];

/** Unary functions of numbers, that refuse bool. */
const NUMERIC = "abs absolute ceil fix floor neg negative positive relu round trunc";

/** Unary functions that answer or have no derivative. */
const ANSWERS = "isfinite isinf isnan isneginf isposinf isreal logicalNot signbit";

const FUNCTIONS_WITHOUT_DERIVATIVE =
  "airyAi besselJ0 besselJ1 besselY0 besselY1 modifiedBesselI0 modifiedBesselI1 modifiedBesselK0 modifiedBesselK1 " +
  "scaledModifiedBesselK0 scaledModifiedBesselK1 sphericalBesselJ0";

const POLYNOMIALS =
  "chebyshevPolynomialT chebyshevPolynomialU chebyshevPolynomialV chebyshevPolynomialW " +
  "shiftedChebyshevPolynomialT shiftedChebyshevPolynomialU shiftedChebyshevPolynomialV shiftedChebyshevPolynomialW " +
  "hermitePolynomialH hermitePolynomialHe laguerrePolynomialL legendrePolynomialP";

const special = (names: string): string => names.replace(/\S+/g, "special.$&");

/** Binary functions of tensors and numbers by the intervals of both operands. */
const BINARY: readonly (readonly [names: string, a: readonly [number, number], b: readonly [number, number]])[] = [
  ["add sub subtract mul multiply div divide trueDivide", [0.2, 0.9], [1.1, 1.9]],
  ["pow floatPower", [0.5, 2], [1.2, 2]],
  ["rsub", [0.2, 0.9], [1.1, 1.9]],
  ["fmod remainder", [3.1, 3.9], [1.1, 1.4]],
];

/** Binary functions of tensors only. */
const OF_TENSORS =
  "atan2 arctan2 hypot maximum minimum fmax fmin copysign xlogy logaddexp logaddexp2 ldexp special.xlog1py";

/** The samples of unary functions. */
export function unary(values: Values): Sample[] {
  const { list, add } = collector();
  const single = (low: number, high: number): Tensor => values([5], low, high).to(float32);
  const whole = ints([-2, 0, 3, 7]);
  const empty = values([0, 3], 0, 1);
  for (const [names, low, high] of UNARY) {
    add(names, [values([], low, high)]);
    add(names, [values([2, 1, 2], low, high)]);
    add(names, [empty]);
    add(names, [single(low, high)]);
    add(names, [ints([[1], [2]])]);
    add(names, [bools([true, false])]);
  }
  for (const args of [[values([], 0.1, 0.4)], [values([2, 1, 2], -0.4, -0.1)], [empty], [single(0.1, 0.4)], [whole]]) {
    add(NUMERIC, args);
  }
  add("frac", [values([], 0.1, 0.4)]);
  add("frac", [single(-0.4, -0.1)]);
  add("angle", [values([2, 2], 0.1, 0.4)]);
  add("angle", [whole]);
  const odd = doubles([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 2.5]);
  for (const x of [odd, odd.to(float32), values([], 1, 2), empty, whole, bools([[true], [false]])]) {
    add(ANSWERS, [x], { differentiable: false });
  }
  add("nanToNum", [odd, 0.5, 2, -3], { differentiable: false });
  add("nanToNum", [odd.to(float32)]);
  add("round", [values([3], 0.1, 0.4), { decimals: 1 }], { differentiable: false });
  add("bitwiseNot", [ints([[5, -1]])]);
  add("bitwiseNot", [bools([true, false])]);
  add("clone contiguous conj real resolveConj resolveNeg detach", [whole]);
  for (const x of [values([2, 2], 1.2, 3), values([], 1.2, 3), empty, single(1.2, 3)]) {
    add(special(FUNCTIONS_WITHOUT_DERIVATIVE), [x], { differentiable: false });
    add(special(POLYNOMIALS), [x, ints(3)], { differentiable: false });
  }
  add(special(POLYNOMIALS), [doubles([[0.3], [0.6]]), ints([0, 1, 4])], { differentiable: false });
  for (const n of [0, 1, 2]) {
    add("polygamma", [n, values([2, 2], 1.1, 2)]);
    add("special.polygamma", [n, values([], 1.1, 2)]);
  }
  add("polygamma", [1, values([3], 1.1, 2).to(float32)]);
  add("polygamma", [1, ints([1, 2])]);
  add("mvlgamma special.multigammaln", [values([2, 2], 2.1, 3), 2]);
  add("mvlgamma", [values([], 3.1, 4), 3]);
  add("mvlgamma", [ints([3, 4]), 2]);
  add("logit", [values([3], 0.2, 0.8), 0.1]);
  add("logit", [values([3], 0.2, 0.8), { eps: 0.1 }]);
  add("frexp", [odd.narrow(0, 3, 3)], { differentiable: false });
  return list;
}

/** The samples of binary and ternary functions. */
export function binary(values: Values): Sample[] {
  const { list, add } = collector();
  const whole = ints([[-7], [8]]);
  const wholes = ints([1, 2, 3]);
  for (const [names, a, b] of BINARY) {
    add(names, [values([2, 3], ...a), values([3], ...b)]);
    add(names, [values([2, 1], ...a), values([1, 3], ...b)]);
    add(names, [values([2, 2], ...a), 1.25]);
    add(names, [values([], ...a), values([], ...b)]);
    add(names, [values([0, 3], ...a), values([3], ...b)]);
    add(names, [values([3], ...a).to(float32), values([], ...b)]);
    add(names, [values([3], ...a), wholes]);
    add(names, [ints([2, 3]), ints([1, 2])]);
    add(names, [whole, 2]);
    // `rsub` and `fmod` want a tensor first.
    const either = names.replace(/fmod |rsub/, "");
    if (either !== "") add(either, [0.75, values([2], ...b)]);
  }
  add("add mul", [bools([[true], [false]]), bools([true, false])]);
  add("add sub subtract rsub", [values([2, 2], 0, 1), values([2], 0, 1), { alpha: 2 }]);
  add("add", [whole, wholes, { alpha: -3 }]);
  for (const roundingMode of ["floor", "trunc"]) {
    add("div divide", [values([3], 3.1, 3.9), values([3], 1.1, 1.2), { roundingMode }], { differentiable: false });
    add("div", [whole, wholes, { roundingMode }]);
  }
  for (const args of [
    [values([2, 1], 3.1, 3.9), values([3], 1.1, 1.2)],
    [values([0], 3, 4), 2],
    [whole, wholes],
    [ints([5, -5]), -2],
    [values([2], 3, 4).to(float32), 1.5],
  ]) {
    add("floorDivide", args, { differentiable: false });
  }
  for (const args of [
    [values([2, 3], 0.5, 0.9), values([3], 1.2, 1.9)],
    [values([2, 1], 0.5, 0.9), values([1, 2], 1.2, 1.9)],
    [values([], 0.5, 0.9), values([2], 1.2, 1.9)],
    [values([2, 0], 0.5, 0.9), values([1], 1.2, 1.9)],
    [values([3], 0.5, 0.9).to(float32), values([3], 1.2, 1.9).to(float32)],
  ]) {
    add(OF_TENSORS, args);
  }
  add("maximum minimum fmax fmin xlogy atan2 copysign", [ints([[1], [4]]), ints([2, 3])]);
  add("maximum minimum", [bools([true, false]), bools([true, true])]);
  add("maximum minimum fmax fmin", [doubles([1, Number.NaN, 3]), doubles([2, 2, Number.NaN])], {
    differentiable: false,
  });
  add("xlogy special.xlogy special.xlog1py", [values([2], 0.5, 1), 1.5]);
  add("nextafter", [values([2, 3], 0, 1), values([3], 0, 1)], { differentiable: false });
  add("nextafter", [values([2], 0, 1).to(float32), values([2], 0, 1).to(float32)]);
  add("heaviside", [doubles([[-1], [0], [2]]), values([3, 1], 0, 1)], { differentiable: false });
  add("heaviside", [doubles([-1, 0, 2]), values([], 0, 1)], { differentiable: false });
  add("heaviside", [ints([-1, 0, 2]), ints([5, 6, 7])]);
  for (const args of [
    [values([2, 2], 0.5, 2), values([2, 2], 1, 3)],
    [values([], 0.5, 2), values([3], 1, 3)],
    [values([0], 0.5, 2), values([0], 1, 3)],
    [values([3], 0.5, 2).to(float32), values([1], 1, 3).to(float32)],
  ]) {
    // The derivative by the first operand is not implemented, here as in PyTorch.
    add("igamma igammac special.gammainc special.gammaincc", [(args[0] as Tensor).detach(), args[1]], {
      differentiable: false,
    });
    add("special.zeta", [(args[0] as Tensor).add(1.5), args[1]], { differentiable: false });
  }
  add("special.zeta", [2.5, values([2], 1, 3)]);
  const comparisons =
    "eq ne lt le gt ge greater greaterEqual less lessEqual notEqual logicalAnd logicalOr logicalXor isclose";
  for (const args of [
    [
      doubles([
        [1, 2, Number.NaN],
        [0, 2, 3],
      ]),
      doubles([1, 0, 3]),
    ],
    [doubles([[1], [2]]), doubles([1, 3])],
    [values([], 0, 1), values([], 0, 1)],
    [values([0, 2], 0, 1), values([2], 0, 1)],
    [ints([1, 2]), ints([2, 2])],
    [bools([true, false]), bools([true, true])],
    [doubles([1, 2]).to(float32), doubles([1, 3]).to(float32)],
  ]) {
    add(comparisons, args, { differentiable: false });
  }
  add("eq ne lt le gt ge", [ints([1, 2, 3]), 2]);
  add("eq ne lt le gt ge", [doubles([1, 2, 3]), 2], { differentiable: false });
  add("isclose", [doubles([1, Number.NaN]), doubles([1.01, Number.NaN]), { rtol: 0.1, equalNan: true }], {
    differentiable: false,
  });
  const integral = "bitwiseAnd bitwiseOr bitwiseXor";
  for (const args of [
    [ints([[5], [-2]]), ints([3, 1])],
    [ints([6, 9]), 3],
    [ints([]), ints([])],
    [ints(6), ints(3)],
  ]) {
    add(`${integral} bitwiseLeftShift bitwiseRightShift`, args);
  }
  add("gcd lcm", [ints([[12], [-18]]), ints([8, 0])]);
  add("gcd lcm", [ints(4), ints([6, 9])]);
  add(integral, [bools([[true], [false]]), bools([true, false])]);
  return list;
}

/** The samples of functions of three operands, of bounds, and of choices. */
export function ternary(values: Values): Sample[] {
  const { list, add } = collector();
  const single = (shape: number[], low: number, high: number): Tensor => values(shape, low, high).to(float32);
  for (const args of [
    [values([2, 2], 0, 1), values([2, 2], 0, 1), values([2, 2], 1, 2)],
    [values([2, 3], 0, 1), values([3], 0, 1), values([2, 1], 1, 2), { value: -0.5 }],
    [values([], 0, 1), values([], 0, 1), values([2], 1, 2)],
    [values([0, 2], 0, 1), values([2], 0, 1), values([1], 1, 2)],
    [single([3], 0, 1), single([3], 0, 1), single([3], 1, 2), { value: 2 }],
  ]) {
    add("addcmul addcdiv", args);
  }
  add("addcmul", [ints([1, 2]), ints([3, 4]), ints([5, 6]), { value: 2 }]);
  for (const args of [
    [values([2, 2], 0, 1), values([2, 2], 1, 2), 0.3],
    [values([2, 3], 0, 1), values([3], 1, 2), values([2, 1], 0.2, 0.8)],
    [values([], 0, 1), values([], 1, 2), 0.7],
    [values([0], 0, 1), values([0], 1, 2), 0.7],
    [single([3], 0, 1), single([3], 1, 2), single([3], 0, 1)],
  ]) {
    add("lerp", args);
  }
  const x = doubles([
    [-2, -0.5, 0.1],
    [0.4, 1.2, 3],
  ]);
  add("clamp clip", [x, -1, 1]);
  add("clamp clip", [x, { min: 0 }]);
  add("clamp clip", [x, null, 1]);
  add("clamp clip", [x, doubles([-1, 0, 0.5]), doubles([[1], [2]])]);
  add("clamp clampMin", [x, values([], -0.3, 0)]);
  add("clampMax", [x, values([3], -0.3, 0)]);
  add("clamp", [values([], 0, 1), 0.5, 0.2]);
  add("clamp clip", [values([2, 0], 0, 1), 0, 1]);
  add("clamp clip clampMin clampMax", [ints([-3, 0, 5]), 1]);
  add("clamp", [ints([-3, 0, 5]), -1, 2]);
  add("clamp clip", [x.to(float32), -1, 1]);
  const condition = bools([
    [true, false, true],
    [false, true, true],
  ]);
  add("where", [condition, values([2, 3], 0, 1), values([3], 0, 1)]);
  add("where", [condition.select(1, 0), values([], 0, 1), values([2], 0, 1)]);
  add("where", [condition, values([2, 1], 0, 1), 2.5]);
  add("where", [condition, -1, values([1, 3], 0, 1)]);
  add("where", [bools(true), values([2, 2], 0, 1), 0]);
  add("where", [values([0], 0, 1).lt(1), values([0], 0, 1), values([1], 0, 1)]);
  add("where", [condition, ints([1, 2, 3]), ints([[4], [5]])]);
  add("where", [condition, values([3], 0, 1).to(float32), ints([1, 2, 3])]);
  add("where", [condition, 1, 0]);
  add("where", [condition]);
  add("maskedFill", [values([2, 3], 0, 1), condition, 0.5]);
  add("maskedFill", [values([2, 3], 0, 1), bools([true, false, true]), values([], 0, 1)]);
  add("maskedFill", [values([], 0, 1), bools(true), 2]);
  add("maskedFill", [values([0, 3], 0, 1), bools([true, false, true]), 2]);
  add("maskedFill", [ints([1, 2, 3]), bools([true, false, true]), 9]);
  add("maskedFill", [tensor([true, true]), bools([true, false]), false]);
  add("maskedFill", [values([1, 3], 0, 1), condition, 0.5]);
  add("maskedSelect", [values([2, 3], 0, 1), condition]);
  add("maskedSelect", [values([2, 1], 0, 1), bools([true, false, true])]);
  add("maskedSelect", [values([], 0, 1), bools(true)]);
  add("maskedSelect", [values([2], 0, 1), bools([false, false])]);
  add("maskedSelect", [ints([1, 2, 3]), bools([true, false, true])]);
  add("maskedScatter", [values([2, 3], 0, 1), condition, values([4], 0, 1)]);
  add("maskedScatter", [values([2, 3], 0, 1), bools([true, false, true]), values([2, 2], 0, 1)]);
  add("maskedScatter", [ints([1, 2, 3]), bools([true, false, true]), ints([7, 8])]);
  return list;
}
