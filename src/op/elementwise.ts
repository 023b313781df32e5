// The elementwise kind: one kernel over broadcast operands; the author writes the derivative by each input.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { mode } from "../tape/mode.js";
import { BOOL, categoryOf, type DType, floating, isFloat, isScalar, Promotion } from "../tensor/dtype.js";
import { broadcastShapes, formatShape, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { emptyOf, Tensor } from "../tensor/tensor.js";
import { KernelFamily, type KernelStem } from "../wasm/kernels.js";
import { describe, isOptions } from "./args.js";
import { called } from "./composed.js";
import { castTo, copyInto, dense } from "./copy.js";
import { flat1, flat2, flat3, flatInto } from "./flat.js";
import { addOperand, addTensor, beginNest, launchMap, type Operand } from "./nest.js";
import { labelOf, Operation, resolve } from "./operation.js";
import { overlapping, resultLayout } from "./result.js";
import type { Formulas } from "./spec.js";

/** How the dtype of an elementwise operation follows from its operands'. */
export type DtypeRule =
  /** promoted */
  | "promoted"
  /** promoted; integers and bools become the default float */
  | "floating"
  /** promoted, and must be floating already */
  | "float"
  /** promoted, and must not be bool */
  | "numeric"
  /** computed in the promoted dtype, result bool */
  | "bool";

export interface Elementwise<Reads extends Record<string, string>> {
  /** The operation's name, the same as that of the exported function. */
  readonly name: string;
  /** Stem of the kernels' names where it differs from `name`. */
  readonly kernel?: KernelStem;
  readonly dtype: DtypeRule;
  /** The node's name where it is not "NameBackward0". */
  readonly label?: string | ((inputs: readonly Operand[]) => string);
  /** For each input the formula for g·∂out/∂input; also the names and the number of inputs. `null`: never differentiable. */
  readonly partials: Formulas<Reads, null>;
  /** What the call with a trailing object of options means; without it options are refused. */
  readonly options?: (
    operands: readonly Operand[],
    options: Readonly<Record<string, unknown>>,
    inPlace: boolean,
  ) => Tensor;
  /** Extra check of the dtype or the operands. */
  readonly check?: (dtype: DType, inputs: readonly Operand[]) => void;
}

/** What an elementwise declaration gives: the function, and the form that writes its first operand. */
export interface ElementwiseOp<Arguments extends readonly unknown[]> {
  (...operands: Arguments): Tensor;
  /** Writes the result into the first operand and returns it. */
  readonly inplace: (...operands: Arguments) => Tensor;
  readonly spec: { readonly name: string };
}

/** Function of one tensor. */
export type Unary = ElementwiseOp<[x: Tensor]>;
/** Function of two operands, at least one of them a tensor. */
export type Binary = ElementwiseOp<[a: Operand, b: Operand]>;
/** Function of two operands that takes options `O` too. */
export type BinaryWith<O> = ElementwiseOp<[a: Operand, b: Operand, options?: O]>;
/** Function of three operands, at least one of them a tensor. */
export type Ternary = ElementwiseOp<[a: Operand, b: Operand, c: Operand]>;

/**
 * Declares an elementwise operation. From the partials follow the vector-Jacobian product (the partial on the gradient,
 * summed to the input's shape) and the tangent (the sum of the partials on the tangents).
 */
/* @__NO_SIDE_EFFECTS__ */
export function elementwise<const Reads extends Record<string, string>, Arguments extends readonly unknown[]>(
  spec: Elementwise<Reads>,
): ElementwiseOp<Arguments> {
  const kernels = new KernelFamily((spec.kernel ?? spec.name) as KernelStem);
  const { names, resolved } = resolve(spec.partials, ["out"]);
  const { label } = spec;
  const operation = new Operation(
    spec.name,
    label === undefined ? labelOf(spec.name) : typeof label === "string" ? label : (_, inputs) => label(inputs),
    names,
    resolved.length,
    resolved.every((formula) => formula === null) ? [] : resolved,
    "diagonal",
  );
  const arity = resolved.length;
  const test = spec.dtype === "bool";
  /** Any call: with options, to be told of, with operands of several dtypes or that broadcast. */
  const general = (operands: readonly Operand[]): Tensor => {
    if (operands.length !== arity) return withOptions(spec, arity, operands, false);
    const token = mode.trace === null ? -1 : mode.trace.begin(spec.name, operands, null);
    const { dtype, shape } = prepare(spec.name, spec.dtype, operands);
    if (spec.check !== undefined) spec.check(dtype, operands);
    const out = emptyOf(spec.name, resultLayout(shape, operands), test ? "bool" : dtype);
    compute(kernels, test, dtype, out, operands);
    operation.finish(operands, [out], null);
    if (token >= 0) mode.trace?.end(token, [out], spec.kernel);
    return out;
  };
  const short = !test && spec.check === undefined;
  const unary = (a: Operand, ...more: Operand[]): Tensor => {
    const out = more.length === 0 ? flat1(kernels, a) : null;
    if (out === null) return general([a, ...more]);
    operation.finishPair(a, undefined, out);
    return out;
  };
  const binary = (a: Operand, b: Operand, ...more: Operand[]): Tensor => {
    const out = more.length === 0 ? flat2(kernels, a, b) : null;
    if (out === null) return general(b === undefined && more.length === 0 ? [a] : [a, b, ...more]);
    operation.finishPair(a, b, out);
    return out;
  };
  const ternary = (a: Operand, b: Operand, c: Operand, ...more: Operand[]): Tensor => {
    const out = more.length === 0 ? flat3(kernels, a, b, c) : null;
    if (out === null) return general(c === undefined ? (b === undefined ? [a] : [a, b]) : [a, b, c, ...more]);
    operation.finish([a, b, c], [out], null);
    return out;
  };
  const any = (...operands: Operand[]): Tensor => general(operands);
  const byArity = short ? ([any, unary, binary, ternary][arity] ?? any) : any;
  const run = byArity as { (...operands: Operand[]): Tensor; inplace?: unknown; spec?: unknown };
  run.inplace = (...operands: Operand[]): Tensor => {
    if (
      short &&
      arity === 2 &&
      operands.length === 2 &&
      flatInto(kernels, operands[0] as Operand, operands[1] as Operand)
    )
      return operands[0] as Tensor;
    const name = `${spec.name}_`;
    if (operands.length !== arity) return withOptions(spec, arity, operands, true);
    const token = mode.trace === null ? -1 : mode.trace.begin(name, operands, null);
    const { dtype, shape } = prepare(name, spec.dtype, operands);
    if (spec.check !== undefined) spec.check(dtype, operands);
    const self = operands[0] as Tensor;
    checkTarget(name, self, shape, test ? "bool" : dtype);
    overlapping(name, self, operands);
    operation.applyInPlace(self, operands, null, dense, () => {
      if (!test && self.dtype === dtype) return compute(kernels, test, dtype, self, operands);
      return inOwnDtype(name, kernels, test, dtype, self, operands);
    });
    if (token >= 0) mode.trace?.end(token, [self], spec.kernel);
    return self;
  };
  run.spec = spec;
  return run as unknown as ElementwiseOp<Arguments>;
}

function compute(kernels: KernelFamily, test: boolean, dtype: DType, out: Tensor, operands: readonly Operand[]): void {
  const kernel = kernels.of(dtype, test ? "bool" : dtype);
  let casts = false;
  for (const operand of operands) casts ||= operand instanceof Tensor && operand.dtype !== dtype;
  const launchOn = (inputs: readonly Operand[]) => {
    beginNest(out.layout.shape);
    addTensor(out);
    for (let i = 0; i < inputs.length; i++) addOperand(inputs[i] as Operand, dtype);
    launchMap(kernel);
    return null;
  };
  if (!casts) launchOn(operands);
  else
    temporaries(() =>
      launchOn(operands.map((operand) => (operand instanceof Tensor ? castTo(operand, dtype) : operand))),
    );
}

/** For a result that must be cast into the tensor that is written. */
function inOwnDtype(
  name: string,
  kernels: KernelFamily,
  test: boolean,
  dtype: DType,
  self: Tensor,
  operands: readonly Operand[],
): void {
  temporaries(() => {
    const result = emptyOf(name, resultLayout(self.shape, operands), test ? "bool" : dtype);
    compute(kernels, test, dtype, result, operands);
    copyInto(self, result);
    return null;
  });
}

function prepare(
  name: string,
  rule: DtypeRule,
  operands: readonly Operand[],
): { dtype: DType; shape: readonly number[] } {
  const first = operands[0];
  const second = operands[1];
  let dtype: DType;
  let shape: readonly number[] | null = null;
  if (
    first instanceof Tensor &&
    (operands.length === 1 || (operands.length === 2 && second instanceof Tensor && second.dtype === first.dtype))
  ) {
    first.check(name);
    dtype = first.dtype;
    shape = first.layout.shape;
    if (second instanceof Tensor) {
      second.check(name);
      if (!sameShape(shape, second.layout.shape)) shape = broadcastShapes(name, shape, second.layout.shape);
    }
  } else {
    const promotion = new Promotion();
    for (const operand of operands) {
      if (operand instanceof Tensor) {
        operand.check(name);
        promotion.tensor(operand.dtype, operand.ndim);
        shape = shape === null ? operand.layout.shape : broadcastShapes(name, shape, operand.layout.shape);
      } else if (operands.length > 1 && isScalar(operand)) promotion.number(operand);
      else
        throw new ArgumentError(
          `${name}: expected ${operands.length > 1 ? "tensors or numbers" : "a tensor"}, got ${describe(operand)}`,
        );
    }
    dtype = promotion.result();
  }
  if (rule === "floating") dtype = floating(dtype);
  else if (rule === "float" && !isFloat(dtype)) {
    throw new DTypeError(`${name}: expected a floating-point tensor, got ${dtype}; convert it with .to("float32")`);
  } else if (rule === "numeric" && categoryOf(dtype) === BOOL) {
    throw new DTypeError(
      `${name}: bool tensors are not supported; convert them with .to("int32"), or use the logical operations`,
    );
  }
  return { dtype, shape: shape ?? [] };
}

/** Throws unless a result of this shape and dtype may be written into `self`. */
export function checkTarget(
  name: string,
  self: Operand,
  shape: readonly number[],
  dtype: DType,
): asserts self is Tensor {
  if (!(self instanceof Tensor))
    throw new ArgumentError(`${name}: expected a tensor to write into, got ${describe(self)}`);
  if (!sameShape(self.layout.shape, shape)) {
    throw new ShapeError(
      `${name}: output with shape ${formatShape(self.shape)} doesn't match the broadcast shape ${formatShape(shape)}`,
    );
  }
  if (self.dtype !== dtype && categoryOf(self.dtype) < categoryOf(dtype)) {
    throw new DTypeError(
      `${name}: result type ${dtype} can't be cast to the desired output type ${self.dtype}; use the form without the underscore`,
    );
  }
}

/** A call with more or fewer arguments than operands: with options, or wrong. */
function withOptions<Reads extends Record<string, string>>(
  spec: Elementwise<Reads>,
  arity: number,
  operands: readonly unknown[],
  inPlace: boolean,
): Tensor {
  const name = inPlace ? `${spec.name}_` : spec.name;
  const last = operands[operands.length - 1];
  if (operands.length !== arity + 1 || !isOptions(last)) {
    throw new ArgumentError(`${name}: takes ${arity} operand${arity === 1 ? "" : "s"}, got ${operands.length}`);
  }
  const { options } = spec;
  if (options !== undefined) return called(name, () => options(operands.slice(0, arity) as Operand[], last, inPlace));
  const [unknown] = Object.keys(last);
  if (unknown !== undefined) throw new ArgumentError(`${name}: unknown option "${unknown}"; it takes no options`);
  throw new ArgumentError(`${name}: takes no options`);
}
