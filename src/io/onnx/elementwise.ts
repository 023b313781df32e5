// Elementwise operations and activations in ONNX.

import type { DType } from "../../tensor/dtype.js";
import { type Builder, promotedOf, type Table, type Translation, Untranslatable, valueAt } from "./builder.js";
import type { Call, Value } from "./record.js";

/** A formula on operands that are cast to the dtype in which the operation computes. */
type Formula = (g: Builder, ...operands: string[]) => string;

const outOf = (call: Call): Value => call.outputs[0] as Value;

/** Computed in the dtype of the result. */
const computed =
  (formula: (g: Builder, dtype: DType, ...operands: string[]) => string): Translation =>
  (g, call) => {
    const { dtype } = outOf(call);
    // ONNX's arithmetic takes no bool.
    const inside = dtype === "bool" ? "int32" : dtype;
    const result = formula(g, inside, ...call.inputs.map((input) => g.operand(input, inside)));
    return g.cast(result, inside, dtype);
  };

/** One node of the same operands. */
const direct = (op: string): Translation => computed((g, _dtype, ...operands) => g.node(op, operands));

/** A comparison: in the promoted dtype, with a bool result. */
const compared =
  (formula: Formula): Translation =>
  (g, call) => {
    const promoted = promotedOf(call.inputs);
    const inside = promoted === "bool" ? "int32" : promoted;
    const result = formula(g, ...call.inputs.map((input) => g.operand(input, inside)));
    return g.cast(result, "bool", outOf(call).dtype);
  };

/** Logic: of what is not zero. */
const logical =
  (op: string): Translation =>
  (g, call) =>
    g.cast(
      g.node(
        op,
        call.inputs.map((input) => g.operand(input, "bool")),
      ),
      "bool",
      outOf(call).dtype,
    );

/** Bits: of bool only. */
const bits =
  (op: string): Translation =>
  (g, call) => {
    if (outOf(call).dtype !== "bool") throw new Untranslatable("only bool tensors are taken");
    return g.node(
      op,
      call.inputs.map((input) => g.operand(input, "bool")),
    );
  };

/** An operand that must be a number of JavaScript. */
function numberAt(call: Call, i: number): number {
  const input = call.inputs[i];
  if (typeof input === "object" || input === undefined) throw new Untranslatable("a setting is a tensor, not a number");
  return Number(input);
}

/** An activation of the first operand, with attributes from the numbers behind it. */
const activation =
  (op: string, attributes: (call: Call) => Record<string, number> = () => ({})): Translation =>
  (g, call) => {
    const floats = Object.entries(attributes(call)).map(([key, float]) => [key, { float }] as const);
    return g.node(op, [g.operand(call.inputs[0], outOf(call).dtype)], Object.fromEntries(floats));
  };

const isInteger = (dtype: DType): boolean => ["uint8", "int8", "int16", "int32", "int64"].includes(dtype);

/** a / b rounded downwards. */
function floored(g: Builder, dtype: DType, a: string, b: string): string {
  if (!isInteger(dtype)) return g.node("Floor", [g.node("Div", [a, b])]);
  const quotient = g.node("Div", [g.cast(a, dtype, "float64"), g.cast(b, dtype, "float64")]);
  return g.cast(g.node("Floor", [quotient]), "float64", dtype);
}

function truncated(g: Builder, x: string): string {
  return g.node("Mul", [g.node("Sign", [x]), g.node("Floor", [g.node("Abs", [x])])]);
}

/** Small arguments by `near`, where `far` would lose digits. */
function near(g: Builder, dtype: DType, x: string, close: string, far: string): string {
  return g.node("Where", [g.node("Less", [g.node("Abs", [x]), g.scalar(0.5, dtype)]), close, far]);
}

/** log(1 + x), which is 2 artanh(x / (2 + x)). */
function log1p(g: Builder, dtype: DType, x: string): string {
  const ratio = g.node("Div", [x, g.node("Add", [x, g.scalar(2, dtype)])]);
  const close = g.node("Mul", [g.node("Atanh", [ratio]), g.scalar(2, dtype)]);
  return near(g, dtype, x, close, g.node("Log", [g.node("Add", [x, g.scalar(1, dtype)])]));
}

/** eˣ − 1, which is 2 t / (1 − t) with t = tanh(x / 2). */
function expm1(g: Builder, dtype: DType, x: string): string {
  const one = g.scalar(1, dtype);
  const t = g.node("Tanh", [g.node("Mul", [x, g.scalar(0.5, dtype)])]);
  const close = g.node("Div", [g.node("Mul", [t, g.scalar(2, dtype)]), g.node("Sub", [one, t])]);
  return near(g, dtype, x, close, g.node("Sub", [g.node("Exp", [x]), one]));
}

const scaledLog = (scale: number): Translation =>
  computed((g, dtype, x) => g.node("Mul", [g.node("Log", [x]), g.scalar(scale, dtype)]));

const scaledBy = (factor: number): Translation =>
  computed((g, dtype, x) => g.node("Mul", [x, g.scalar(factor, dtype)]));

/** The power of a base by its logarithm: ONNX has the exponential for base e only. */
const powerOf = (logarithm: number): Translation =>
  computed((g, dtype, x) => g.node("Exp", [g.node("Mul", [x, g.scalar(logarithm, dtype)])]));

const softplusOf = (g: Builder, x: string): string => g.node("Softplus", [x]);

/** x Φ(x), by the error function. */
const gelu: Translation = computed((g, dtype, x) => {
  const area = g.node("Erf", [g.node("Mul", [x as string, g.scalar(Math.SQRT1_2, dtype)])]);
  const twice = g.node("Mul", [x as string, g.node("Add", [area, g.scalar(1, dtype)])]);
  return g.node("Mul", [twice, g.scalar(0.5, dtype)]);
});

/** The approximation of x Φ(x) by tanh. */
const geluTanh: Translation = computed((g, dtype, x) => {
  const cube = g.node("Mul", [g.node("Mul", [x as string, x as string]), x as string]);
  const inner = g.node("Add", [x as string, g.node("Mul", [cube, g.scalar(0.044715, dtype)])]);
  const t = g.node("Tanh", [g.node("Mul", [inner, g.scalar(Math.sqrt(2 / Math.PI), dtype)])]);
  const twice = g.node("Mul", [x as string, g.node("Add", [t, g.scalar(1, dtype)])]);
  return g.node("Mul", [twice, g.scalar(0.5, dtype)]);
});

/** Elementwise operations by name. */
export const elementwiseTable: Table = {
  add: computed((g, _dtype, a, b) => g.node("Add", [a as string, b as string])),
  sub: direct("Sub"),
  rsub: computed((g, _dtype, a, b) => g.node("Sub", [b as string, a as string])),
  mul: direct("Mul"),
  div: direct("Div"),
  pow: direct("Pow"),
  neg: direct("Neg"),
  abs: direct("Abs"),
  sign: direct("Sign"),
  sgn: direct("Sign"),
  floor: direct("Floor"),
  ceil: direct("Ceil"),
  round: direct("Round"),
  trunc: computed((g, _, x) => truncated(g, x as string)),
  frac: computed((g, _, x) => g.node("Sub", [x as string, truncated(g, x as string)])),
  floorDivide: computed((g, dtype, a, b) => floored(g, dtype, a as string, b as string)),
  remainder: computed((g, dtype, a, b) => {
    if (isInteger(dtype)) return g.node("Mod", [a as string, b as string]);
    return g.node("Sub", [a as string, g.node("Mul", [floored(g, dtype, a as string, b as string), b as string])]);
  }),
  fmod: computed((g, _dtype, a, b) => g.node("Mod", [a as string, b as string], { fmod: 1 })),
  maximum: direct("Max"),
  minimum: direct("Min"),
  clampMin: direct("Max"),
  clampMax: direct("Min"),
  clamp: (g, call) => {
    const { dtype } = outOf(call);
    const [x, ...bounds] = call.inputs.map((input) => g.operand(input, dtype)) as [string, ...string[]];
    if (bounds.length === 2) return g.node("Min", [g.node("Max", [x, bounds[0] as string]), bounds[1] as string]);
    return g.node(call.parameters === "maximum" ? "Max" : "Min", [x, bounds[0] as string]);
  },
  reciprocal: direct("Reciprocal"),
  sqrt: direct("Sqrt"),
  rsqrt: computed((g, _, x) => g.node("Reciprocal", [g.node("Sqrt", [x as string])])),
  exp: direct("Exp"),
  exp2: powerOf(Math.LN2),
  expm1: computed((g, dtype, x) => expm1(g, dtype, x as string)),
  log: direct("Log"),
  log2: scaledLog(Math.LOG2E),
  log10: scaledLog(Math.LOG10E),
  log1p: computed((g, dtype, x) => log1p(g, dtype, x as string)),
  logaddexp: computed((g, _dtype, a, b) => {
    const gap = g.node("Neg", [g.node("Abs", [g.node("Sub", [a as string, b as string])])]);
    return g.node("Add", [g.node("Max", [a as string, b as string]), softplusOf(g, gap)]);
  }),
  erf: direct("Erf"),
  erfc: computed((g, dtype, x) => g.node("Sub", [g.scalar(1, dtype), g.node("Erf", [x as string])])),
  sin: direct("Sin"),
  cos: direct("Cos"),
  tan: direct("Tan"),
  asin: direct("Asin"),
  acos: direct("Acos"),
  atan: direct("Atan"),
  sinh: direct("Sinh"),
  cosh: direct("Cosh"),
  tanh: direct("Tanh"),
  asinh: direct("Asinh"),
  acosh: direct("Acosh"),
  atanh: direct("Atanh"),
  deg2rad: scaledBy(Math.PI / 180),
  rad2deg: scaledBy(180 / Math.PI),
  hypot: computed((g, _dtype, a, b) => {
    const squares = [a, b].map((x) => g.node("Mul", [x as string, x as string]));
    return g.node("Sqrt", [g.node("Add", squares)]);
  }),
  lerp: computed((g, _dtype, a, b, weight) => {
    const step = g.node("Mul", [weight as string, g.node("Sub", [b as string, a as string])]);
    return g.node("Add", [a as string, step]);
  }),
  addcmul: computed((g, _dtype, self, a, b, factor) => {
    const product = g.node("Mul", [g.node("Mul", [a as string, b as string]), factor as string]);
    return g.node("Add", [self as string, product]);
  }),
  addcdiv: computed((g, _dtype, self, a, b, factor) => {
    const quotient = g.node("Mul", [g.node("Div", [a as string, b as string]), factor as string]);
    return g.node("Add", [self as string, quotient]);
  }),

  eq: compared((g, a, b) => g.node("Equal", [a as string, b as string])),
  ne: compared((g, a, b) => g.node("Not", [g.node("Equal", [a as string, b as string])])),
  lt: compared((g, a, b) => g.node("Less", [a as string, b as string])),
  le: compared((g, a, b) => g.node("LessOrEqual", [a as string, b as string])),
  gt: compared((g, a, b) => g.node("Greater", [a as string, b as string])),
  ge: compared((g, a, b) => g.node("GreaterOrEqual", [a as string, b as string])),
  isnan: compared((g, x) => g.node("IsNaN", [x as string])),
  isinf: compared((g, x) => g.node("IsInf", [x as string])),
  isfinite: compared((g, x) =>
    g.node("Not", [g.node("Or", [g.node("IsNaN", [x as string]), g.node("IsInf", [x as string])])]),
  ),
  logicalAnd: logical("And"),
  logicalOr: logical("Or"),
  logicalXor: logical("Xor"),
  logicalNot: logical("Not"),
  bitwiseAnd: bits("And"),
  bitwiseOr: bits("Or"),
  bitwiseXor: bits("Xor"),
  bitwiseNot: bits("Not"),

  where: (g, call) => {
    const { dtype } = outOf(call);
    const [condition, a, b] = call.inputs;
    return g.node("Where", [g.operand(condition, "bool"), g.operand(a, dtype), g.operand(b, dtype)]);
  },
  maskedFill: (g, call) => {
    const { dtype } = outOf(call);
    const [x, mask, value] = call.inputs;
    return g.node("Where", [g.operand(mask, "bool"), g.operand(value, dtype), g.operand(x, dtype)]);
  },

  relu: direct("Relu"),
  sigmoid: direct("Sigmoid"),
  logsigmoid: computed((g, _, x) => g.node("Neg", [softplusOf(g, g.node("Neg", [x as string]))])),
  silu: computed((g, _, x) => g.node("Mul", [x as string, g.node("Sigmoid", [x as string])])),
  mish: computed((g, _, x) => g.node("Mul", [x as string, g.node("Tanh", [softplusOf(g, x as string)])])),
  gelu: (g, call) => (call.parameters === "gelu_tanh" ? geluTanh : gelu)(g, call),
  elu: activation("Elu", (call) => {
    if (numberAt(call, 2) !== 1) throw new Untranslatable("only elu with inputScale 1 is taken");
    return { alpha: numberAt(call, 1) };
  }),
  celu: activation("Celu", (call) => ({ alpha: numberAt(call, 1) })),
  selu: activation("Selu", () => ({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 })),
  leakyRelu: activation("LeakyRelu", (call) => ({ alpha: numberAt(call, 1) })),
  prelu: computed((g, dtype, x, weight) => {
    const zero = g.scalar(0, dtype);
    const below = g.node("Mul", [g.node("Min", [x as string, zero]), weight as string]);
    return g.node("Add", [g.node("Max", [x as string, zero]), below]);
  }),
  softplus: computed((g, _dtype, x, beta, threshold) => {
    const scaled = g.node("Mul", [x as string, beta as string]);
    const soft = g.node("Div", [softplusOf(g, scaled), beta as string]);
    return g.node("Where", [g.node("Greater", [scaled, threshold as string]), x as string, soft]);
  }),
  hardtanh: computed((g, _dtype, x, low, high) =>
    g.node("Min", [g.node("Max", [x as string, low as string]), high as string]),
  ),
  hardsigmoid: activation("HardSigmoid", () => ({ alpha: 1 / 6, beta: 0.5 })),
  hardswish: direct("HardSwish"),
  threshold: computed((g, _dtype, x, bound, value) =>
    g.node("Where", [g.node("Greater", [x as string, bound as string]), x as string, value as string]),
  ),
  hardshrink: computed((g, dtype, x, bound) => {
    const far = g.node("Greater", [g.node("Abs", [x as string]), bound as string]);
    return g.node("Where", [far, x as string, g.scalar(0, dtype)]);
  }),
  softshrink: computed((g, dtype, x, bound) => {
    const rest = g.node("Max", [g.node("Sub", [g.node("Abs", [x as string]), bound as string]), g.scalar(0, dtype)]);
    return g.node("Mul", [g.node("Sign", [x as string]), rest]);
  }),

  to: (g, call) => g.cast(valueAt(call, 0).name, valueAt(call, 0).dtype, outOf(call).dtype),
  clone: (g, call) => g.node("Identity", [valueAt(call, 0).name]),
  contiguous: (g, call) => g.node("Identity", [valueAt(call, 0).name]),
  // In place: the new value of the whole tensor, in its own shape.
  copy_: (g, call) => {
    const { dtype, shape } = outOf(call);
    const source = g.operand(call.inputs[1], dtype);
    const same =
      valueAt(call, 1).shape.length === shape.length && valueAt(call, 1).shape.every((n, d) => n === shape[d]);
    return same ? g.node("Identity", [source]) : g.node("Expand", [source, g.list(shape)]);
  },
};
