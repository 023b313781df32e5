// A tensor's properties on the tape: requiresGrad, grad, gradFn, isLeaf and kin.

import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { describe } from "../op/args.js";
import { nodeHooks, type RemovableHandle, type TensorHook } from "../tape/hooks.js";
import { mode } from "../tape/mode.js";
import type { Node } from "../tape/node.js";
import { accumulatorOf, factsOf, hooksOf } from "../tape/record.js";
import { checkDtype, type DType, isFloat } from "../tensor/dtype.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { Storage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { warnOnce } from "../tensor/warn.js";
import { recording } from "../wasm/recording.js";

/** Whether operations on the tensor are recorded: a leaf that collects gradients, or a result computed from one. */
export function requiresGrad(x: Tensor): boolean {
  if (x.tracked) return true;
  const view = x.viewOf;
  if (view === null || !isFloat(x.dtype) || (view.kind !== "plain" && view.kind !== "inference")) return false;
  return requiresGrad(view.base);
}

/**
 * Sets whether a leaf collects gradients; returns the tensor.
 * @throws GraphError to stop a tensor with history, DTypeError for dtypes that are not floating-point.
 */
export function requiresGrad_(x: Tensor, flag = true): Tensor {
  x.check("requiresGrad_");
  if (typeof flag !== "boolean")
    throw new ArgumentError(`requiresGrad_: expected true or false, got ${describe(flag)}`);
  if (flag && !isFloat(x.dtype)) {
    throw new DTypeError(`requiresGrad_: only Tensors of floating point dtype can require gradients, got ${x.dtype}`);
  }
  if (x.history !== null) {
    if (flag) return x;
    throw new GraphError(
      "requiresGrad_: you can only change requiresGrad flags of leaf variables. If you want to use a computed variable in a " +
        "subgraph that doesn't require differentiation use x.detach().",
    );
  }
  if (flag && x.inference && !mode.inference) {
    throw new GraphError(
      "requiresGrad_: Setting requiresGrad=true on inference tensor outside InferenceMode is not allowed.",
    );
  }
  x.collects = flag;
  return x;
}

/** Whether the tensor has no history: made by the user, detached, or computed without recording. */
export function isLeaf(x: Tensor): boolean {
  return x.history === null;
}

/**
 * The node that made the tensor, null for leaves.
 * @throws GraphError for a view that was made without recording, once the base that requires gradients was written.
 */
export function gradFn(x: Tensor): Node | null {
  const view = x.viewOf;
  if (view?.isBroken(x)) {
    const where = view.kind === "inference" ? "inference mode" : "no_grad mode";
    throw new GraphError(
      `gradFn: A view was created in ${where} and its base or another view of its base has been modified inplace. ` +
        "Given that this use case is ambiguous and error-prone, it is forbidden. Make the view and the write either both " +
        "inside the block or both outside, or clone the view.",
    );
  }
  return x.history?.node ?? null;
}

/** The gradient collected so far, or null. */
export function gradOf(x: Tensor): Tensor | null {
  if (recording.by !== null) recording.by.gradientRead(x);
  if (x.gradient !== null) x.gradientSeen = true;
  else if (x.history !== null && x.hooks?.retain !== x) warnNonLeaf();
  return x.gradient;
}

function warnNonLeaf(): void {
  warnOnce(
    "the grad of a tensor that is not a leaf is being read. It is not filled during backward; call retainGrad() on the " +
      "tensor before if you want it.",
  );
}

/** Sets or clears the gradient. It must have the tensor's shape and dtype; it is kept as it is, not copied. */
export function setGrad(x: Tensor, given: Tensor | null | undefined): void {
  x.check("grad");
  const value = given ?? null;
  if (value === x.gradient && value !== null) return;
  if (value !== null) {
    if (!(value instanceof Tensor)) throw new ArgumentError(`grad: expected a tensor or null, got ${describe(value)}`);
    value.check("grad");
    if (value === x) throw new ArgumentError("grad: can't assign Variable as its own grad");
    const dtype = x.history === null ? gradDtype(x) : x.dtype;
    if (value.dtype !== dtype && !(dtype === null && isFloat(value.dtype)))
      throw new DTypeError(
        `grad: assigned grad has data of a different type: ${value.dtype}, the tensor is ${dtype ?? x.dtype}`,
      );
    if (!sameShape(value.shape, x.shape)) {
      throw new ShapeError(
        `grad: assigned grad has data of a different size: ${formatShape(value.shape)}, the tensor is ${formatShape(x.shape)}`,
      );
    }
  }
  x.dropGradient();
  x.gradient = value;
  x.gradientOwned = false;
  if (value !== null) value.kept = true;
}

/**
 * The dtype that a leaf's gradients are cast to: its own unless it was set; null where they keep theirs.
 * @throws GraphError for a tensor that is no leaf.
 */
export function gradDtype(x: Tensor): DType | null {
  if (x.history !== null) throw new GraphError("gradDtype: grad_dtype can only be accessed on leaf tensors");
  const facts = x.accumulator?.outputs[0];
  return facts === undefined ? x.dtype : facts.casts === false ? null : facts.dtype;
}

/** Sets the dtype that a leaf's gradients are cast to; null lets them keep theirs. */
export function setGradDtype(x: Tensor, dtype: DType | null): void {
  x.check("gradDtype");
  gradDtype(x);
  if (dtype !== null && !isFloat(checkDtype("gradDtype", dtype)))
    throw new DTypeError(`gradDtype: expected a floating-point dtype or null, got ${dtype}`);
  if (x.gradient !== null && dtype !== null && x.gradient.dtype !== dtype) {
    throw new DTypeError(
      `gradDtype: Cannot set grad_dtype to ${dtype} because there is already a gradient of dtype ${x.gradient.dtype}; clear it first`,
    );
  }
  if (!isFloat(x.dtype)) throw new DTypeError(`gradDtype: only floating-point tensors have gradients, got ${x.dtype}`);
  const facts = { ...factsOf(x), dtype: dtype ?? x.dtype };
  accumulatorOf(x).outputs[0] = dtype === null ? { ...facts, casts: false } : facts;
}

/** Keeps the gradient of a tensor that is no leaf in its `grad`. */
export function retainGrad(x: Tensor): void {
  x.check("retainGrad");
  if (!requiresGrad(x)) throw new GraphError("retainGrad: can't retain_grad on Tensor that has requires_grad=False");
  if (x.history !== null) hooksOf(x).retain = x;
}

/** Whether `retainGrad` was called on a tensor that is no leaf. */
export function retainsGrad(x: Tensor): boolean {
  return x.history !== null && x.hooks?.retain === x;
}

/**
 * Calls `hook` with the tensor's gradient whenever a pass has computed it; what it returns, if anything, replaces the
 * gradient for everything upstream.
 */
export function registerHook(x: Tensor, hook: TensorHook): RemovableHandle {
  x.check("registerHook");
  if (!requiresGrad(x))
    throw new GraphError("registerHook: cannot register a hook on a tensor that doesn't require gradient");
  if (!x.tracked) {
    throw new GraphError(
      "registerHook: cannot register a hook on a view that was made before its base required gradients; make the view anew",
    );
  }
  return hooksOf(x).add(hook, "registerHook");
}

/**
 * Calls `hook` with a leaf after its gradient was updated by a pass; it must return nothing. Changing the leaf and
 * clearing its gradient there is what it is for.
 */
export function registerPostAccumulateGradHook(x: Tensor, hook: (leaf: Tensor) => void): RemovableHandle {
  x.check("registerPostAccumulateGradHook");
  if (!requiresGrad(x)) {
    throw new GraphError(
      "registerPostAccumulateGradHook: cannot register a hook on a tensor that doesn't require gradient",
    );
  }
  if (x.history !== null) {
    throw new GraphError(
      "registerPostAccumulateGradHook: post accumulate grad hooks cannot be registered on non-leaf tensors",
    );
  }
  const node = accumulatorOf(x);
  node.hooks ??= nodeHooks();
  return node.hooks.accumulated.add(hook, "registerPostAccumulateGradHook");
}

/**
 * Makes the tensor a leaf in place: it loses its history.
 * @throws GraphError for a view, whose base would still have it.
 */
export function detach_(x: Tensor): Tensor {
  x.check("detach_");
  if (x.viewOf !== null && x.history !== null) {
    throw new GraphError("detach_: Can't detach views in-place. Use detach() instead.");
  }
  x.setHistory(null);
  x.collects = false;
  x.hooks = null;
  return x;
}

/** Another handle on the same memory, without history and with a version of its own: writes through it go unnoticed. */
export function dataOf(x: Tensor): Tensor {
  x.check("data");
  return new Tensor(new Storage("data", x.storage.bytes, x.storage), x.layout, x.dtype);
}

/**
 * Replaces memory, shape and dtype of a tensor by another's; its version goes on counting.
 * @throws DTypeError for a tensor that requires gradients and one without a floating-point dtype.
 */
export function setData(x: Tensor, value: Tensor): void {
  x.check("data");
  if (!(value instanceof Tensor)) throw new ArgumentError(`data: expected a tensor, got ${describe(value)}`);
  value.check("data");
  if (requiresGrad(x) && !isFloat(value.dtype)) {
    throw new DTypeError(
      `data: data set to a tensor that requires gradients must be floating point or complex dtype, got ${value.dtype}`,
    );
  }
  const storage = new Storage("data", value.storage.bytes, value.storage);
  storage.version = x.storage.version;
  x.storage.letGo();
  x.storage = storage;
  // The node that collects gradients keeps its hooks; graphs recorded before bring theirs in the new dtype.
  if (x.accumulator !== null && (value.dtype !== x.dtype || !sameShape(value.shape, x.shape))) {
    x.accumulator.outputs[0] = factsOf(value);
  }
  x.layout = value.layout;
  (x as { dtype: DType }).dtype = value.dtype;
}
