// Forward mode: dual levels, and how tangents are pushed through a call.

import { GraphError } from "../errors.js";
import { copyInto } from "../op/copy.js";
import type { Operand } from "../op/nest.js";
import type { Operation } from "../op/operation.js";
import { add } from "../ops/arithmetic.js";
import { clone, contiguous, copy_, to } from "../ops/cast.js";
import { zerosLike } from "../ops/creation.js";
import { expand, permute, sumToSize } from "../ops/shape.js";
import { asViewOf } from "../ops/view.js";
import { mode } from "../tape/mode.js";
import { edgeOf } from "../tape/record.js";
import { dropSavedTangents } from "../tape/saved.js";
import { isFloat } from "../tensor/dtype.js";
import { contiguous as contiguousLayout, isDenseNonOverlapping, sameShape } from "../tensor/layout.js";
import { closeScope, openScope, temporaries } from "../tensor/lifetime.js";
import { alias, Tensor } from "../tensor/tensor.js";
import { runPass } from "./engine.js";

/** Tensors that have a tangent at each open level; they lose it when the level closes. */
const levels: Tensor[][] = [];

/** Opens a level inside those that are open, and returns its number. */
export function openLevel(): number {
  levels.push([]);
  mode.levels = levels.length;
  mode.push = pushTangents;
  return levels.length - 1;
}

/** Closes the innermost level: its tangents vanish. */
export function closeLevel(): void {
  const level = levels.length - 1;
  const tensors = levels.pop() ?? [];
  mode.levels = levels.length;
  for (const tensor of tensors) setTangent(tensor, level, null);
  dropSavedTangents(level);
}

/** The tangent of an operand at a level, or null. */
export function tangentAt(operand: Operand | undefined, level: number): Tensor | null {
  return operand instanceof Tensor && operand.tangents !== null ? (operand.tangents[level] ?? null) : null;
}

/**
 * A tangent in the layout of its tensor, dense where the tensor has gaps: a view of the tensor must be one of the tangent
 * too. The tangent of a view is a view of the base's tangent already.
 */
function laidOut(tensor: Tensor, level: number, tangent: Tensor): Tensor {
  const { shape, strides } = tensor.layout;
  if (tensor.viewOf !== null && tangentAt(tensor.viewOf.base, level) !== null) return tangent;
  const wanted = isDenseNonOverlapping(tensor.layout) ? strides : contiguousLayout(shape).strides;
  const own = tangent.layout.strides;
  if (tensor.numel() === 0 || shape.every((size, d) => size === 1 || own[d] === wanted[d])) return tangent;
  const order = shape.map((_, d) => d).sort((a, b) => (wanted[b] as number) - (wanted[a] as number));
  const back = shape.map((_, d) => order.indexOf(d));
  const result = temporaries(() => permute(contiguous(permute(tangent, order)), back));
  // Only the tensor that it belongs to holds it.
  result.kept = result.temporary = true;
  return result;
}

/** Gives a tensor a tangent at a level, or takes it away. */
export function setTangent(tensor: Tensor, level: number, given: Tensor | null): void {
  if (given === null && tensor.tangents === null) return;
  if (given !== null && tensor.isDisposed) return;
  const tangent = given === null ? null : laidOut(tensor, level, given);
  const tangents = tensor.tangents ?? [];
  while (tangents.length <= level) tangents.push(null);
  const old = tangents[level] ?? null;
  if (old === tangent) return;
  tangents[level] = tangent === null ? null : tangent.claim();
  old?.unclaim();
  tensor.tangents = tangents.some((each) => each !== null) ? tangents : null;
  if (tangent !== null) levels[level]?.push(tensor);
}

/**
 * Gives the outputs of a call their tangents, at every open level at which an input has one. The rule's own operations
 * run in the enclosing levels, so levels nest.
 */
function pushTangents(
  operation: Operation,
  inputs: readonly Operand[],
  outputs: readonly Tensor[],
  parameters: unknown,
  inPlace: boolean,
): void {
  const open = mode.levels;
  for (let level = 0; level < open; level++) {
    const tangents = inputs.map((input) => tangentAt(input, level));
    if (tangents.every((tangent) => tangent === null)) continue;
    const scope = openScope();
    mode.levels = level;
    try {
      const pushed = pushedBy(operation, inputs, outputs, tangents, parameters);
      outputs.forEach((output, k) => {
        const tangent = pushed[k] ?? null;
        if (!isFloat(output.dtype)) return;
        if (inPlace) writeTangent(output, level, tangent);
        else setTangent(output, level, tangent);
      });
    } finally {
      mode.levels = open;
      // What became a tangent lives as long as somebody claims it, whatever scope this call is in.
      for (const tensor of scope.tensors) if (tensor.claims > 0) tensor.kept = tensor.temporary = true;
      closeScope(scope, null);
    }
  }
}

/** After a write in place: into the tangent that is there, so that views of it see it. */
function writeTangent(self: Tensor, level: number, tangent: Tensor | null): void {
  const old = tangentAt(self, level);
  if (old !== null) {
    if (mode.grad && (old.tracked || (tangent?.tracked ?? false))) {
      if (self.viewOf === null) setTangent(self, level, tangent ?? zerosLike(self));
      else copy_(old, tangent ?? 0);
    } else copyInto(old, tangent ?? 0);
    return;
  }
  if (tangent === null) return;
  const view = self.viewOf;
  if (view === null) {
    setTangent(self, level, clone(tangent));
    return;
  }
  const { base } = view;
  if (tangentAt(base, level) === null) setTangent(base, level, zerosLike(base));
  const whole = tangentAt(base, level) as Tensor;
  const layout = { ...self.layout, offset: self.layout.offset - base.layout.offset + whole.layout.offset };
  const part = alias(whole, layout);
  asViewOf(part, whole, "plain");
  copy_(part, tangent);
  setTangent(self, level, part);
}

function pushedBy(
  operation: Operation,
  inputs: readonly Operand[],
  outputs: readonly Tensor[],
  tangents: readonly (Tensor | null)[],
  parameters: unknown,
): (Tensor | null)[] {
  const rule = operation.tangent;
  if (typeof rule === "function") return rule(inputs, outputs, tangents, parameters as never);
  if (rule === "diagonal") return [diagonal(operation, inputs, outputs, tangents, parameters)];
  if (rule === "linear") return linear(operation, inputs, outputs, tangents, parameters);
  return transposed(operation, inputs, outputs, tangents, parameters);
}

/** Σᵢ ∂out/∂inputᵢ · tangentᵢ, brought to the shape and dtype of the output. */
function diagonal(
  operation: Operation,
  inputs: readonly Operand[],
  outputs: readonly Tensor[],
  tangents: readonly (Tensor | null)[],
  parameters: unknown,
): Tensor | null {
  const out = outputs[0] as Tensor;
  let total: Tensor | null = null;
  tangents.forEach((tangent, i) => {
    if (tangent === null) return;
    const term = operation.partial(i, inputs, outputs, [tangent], parameters);
    if (term !== null) total = total === null ? term : add(total, term);
  });
  return total === null ? null : like(total, out);
}

function like(x: Tensor, out: Tensor): Tensor {
  const shaped = sameShape(x.shape, out.shape) ? x : expand(x, out.shape);
  return to(shaped, out.dtype);
}

/** Σᵢ of the operation with the tangent in the place of input i. */
function linear(
  operation: Operation,
  inputs: readonly Operand[],
  outputs: readonly Tensor[],
  tangents: readonly (Tensor | null)[],
  parameters: unknown,
): (Tensor | null)[] {
  const again = operation.again;
  if (again === null) throw new GraphError(`${operation.name}: forward mode is not implemented for this operation`);
  const totals: (Tensor | null)[] = outputs.map(() => null);
  // A list of operands is linear in all of them at once, pairs of factors one at a time.
  if (operation.isList) {
    const full = inputs.map((input, i) => tangents[i] ?? zerosLike(input as Tensor));
    return asList(again(full, parameters as never));
  }
  tangents.forEach((tangent, i) => {
    if (tangent === null) return;
    const replaced = inputs.map((input, j) => (j === i ? tangent : input));
    asList(again(replaced, parameters as never)).forEach((term, k) => {
      const total = totals[k] ?? null;
      totals[k] = total === null ? term : add(total, term);
    });
  });
  return totals;
}

function asList(value: Tensor | Tensor[]): Tensor[] {
  return Array.isArray(value) ? value : [value];
}

/**
 * The Jacobian times the tangents from the gradient formulas alone: they give Jᵀu, linear in u, and differentiating
 * ⟨Jᵀu, t⟩ by u gives Jt.
 */
function transposed(
  operation: Operation,
  inputs: readonly Operand[],
  outputs: readonly Tensor[],
  tangents: readonly (Tensor | null)[],
  parameters: unknown,
): (Tensor | null)[] {
  const recorded = mode.grad;
  const differentiable = outputs.map((output) => isFloat(output.dtype));
  const us = outputs.map((output, k) => {
    if (!differentiable[k]) return null;
    const u = zerosLike(output);
    u.collects = true;
    return u;
  });
  const roots: Tensor[] = [];
  const seeds: Tensor[] = [];
  mode.grad = true;
  try {
    tangents.forEach((tangent, i) => {
      if (tangent === null) return;
      const input = inputs[i] as Tensor;
      const gradient = operation.partial(i, inputs, outputs, us, parameters);
      if (gradient === null || !gradient.tracked) return;
      roots.push(to(sumToSize(gradient, input.shape), input.dtype));
      seeds.push(tangent);
    });
  } finally {
    mode.grad = recorded;
  }
  if (roots.length === 0) return outputs.map(() => null);
  const wanted = us.filter((u): u is Tensor => u !== null);
  const results = runPass({
    roots: roots.map(placeOf),
    gradients: seeds,
    retainGraph: recorded,
    createGraph: recorded,
    inputs: wanted.map(placeOf),
    accumulate: null,
  });
  let next = 0;
  return us.map((u) => (u === null ? null : (results[next++] ?? null)));
}

function placeOf(x: Tensor) {
  return edgeOf(x) as NonNullable<ReturnType<typeof edgeOf>>;
}
