// Captured steps: a function is recorded once, and what it computes is run again in one call.

import { ArgumentError, DisposedError, GraphError, ShapeError } from "../errors.js";
import { asTensor, describe } from "../op/args.js";
import { copyInto } from "../op/copy.js";
import { tensor } from "../ops/creation.js";
import { mode, unrecorded } from "../tape/mode.js";
import { refuseHidden } from "../tensor/batch.js";
import { bytesOf, type TypedArray } from "../tensor/dtype.js";
import { formatShape, isContiguous, sameShape } from "../tensor/layout.js";
import { outsideScopes, temporaries } from "../tensor/lifetime.js";
import { viewFor } from "../tensor/read.js";
import { disposable, refuseAsync, scope } from "../tensor/scope.js";
import { alias, Tensor } from "../tensor/tensor.js";
import { views } from "../wasm/memory.js";
import { recording } from "../wasm/recording.js";
import { Held } from "./held.js";
import { Program } from "./program.js";
import type { Leaf } from "./record.js";
import { StepRecorder } from "./recorder.js";

/** What a captured step takes in the place of a tensor it was captured with: a tensor, or values for it. */
export type StepInput = Tensor | TypedArray | number | boolean | readonly unknown[];

/** Values for the tensors that a step was captured with: all of them, or none to use what is in them. */
export type StepInputs<A extends readonly Tensor[]> = { readonly [K in keyof A]: StepInput };

/** A step that was captured: a function that runs it again. */
export interface CapturedStep<A extends readonly Tensor[] = readonly Tensor[], R = unknown> extends Disposable {
  /**
   * Runs the step: first new values are copied into the tensors it was captured with, if any are given. Returns what the
   * function returned: the same tensors at every call, overwritten by the next.
   * @throws ArgumentError, ShapeError or DTypeError for values that do not fit, DisposedError after `dispose`, and what the
   *   operations throw that find fault with the data.
   */
  (...inputs: StepInputs<A> | readonly []): R;
  /** Kernels that a step runs, and bytes of linear memory that it holds. */
  readonly launches: number;
  readonly bytes: number;
  /** Frees the record, its memory, and the tensors that the step returned. Gradients stay with their tensors. */
  dispose(): void;
}

/** The gradient of a leaf behind a step. */
interface After {
  readonly leaf: Leaf;
  /** The step's own; null where the leaf has none, or the one that it had. */
  readonly held: Held | null;
  readonly gradient: Tensor | null;
}

/** A record of the step, for the gradients that there are at its beginning. */
interface Variant<R> {
  readonly program: Program;
  readonly result: R;
  readonly results: readonly Held[];
  readonly gradients: readonly After[];
}

/** Records for different gradients at the beginning that are kept; the oldest goes first. */
const MOST_VARIANTS = 4;

/** What must be freed when a step goes; it knows nothing of the user's function, which may know the step. */
class Remains<R> {
  readonly variants: Variant<R>[] = [];
  disposed = false;

  constructor(readonly inputs: readonly Tensor[]) {}

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const variant of this.variants.splice(0)) free(variant);
    for (const input of this.inputs) input.dispose();
  }
}

class Step<A extends readonly Tensor[], R> {
  readonly remains: Remains<R>;
  private readonly grad = mode.grad;
  private readonly inference = mode.inference;
  private running = false;

  constructor(
    private readonly fn: (...inputs: A) => R,
    private readonly inputs: A,
  ) {
    // Handles of the step's own: the user may dispose his.
    this.remains = new Remains(outsideScopes(() => inputs.map((input) => alias(input, input.layout))));
    try {
      this.remains.variants.push(this.record());
    } catch (error) {
      this.remains.dispose();
      throw error;
    }
  }

  get launches(): number {
    return this.remains.variants[0]?.program.launches ?? 0;
  }

  get bytes(): number {
    return this.remains.variants.reduce((sum, { program }) => sum + program.bytes, 0);
  }

  run(values: readonly unknown[]): R {
    if (this.remains.disposed) throw new DisposedError("capture: the captured step was disposed; capture it again");
    if (recording.by !== null) {
      recording.by.refuse(
        "capture",
        this.running ? "runs the step inside itself" : "runs a captured step inside another",
      );
    }
    if (values.length > 0) this.take(values);
    const variant = this.remains.variants.find(fits) ?? this.another();
    for (const { leaf, gradient, held } of variant.gradients) begin(leaf, held === null ? gradient : held.shown);
    this.running = true;
    try {
      variant.program.run();
    } catch (error) {
      for (const { leaf } of variant.gradients) leaf.tensor.gradient = leaf.needed ? leaf.before : null;
      throw error;
    } finally {
      this.running = false;
    }
    for (const after of variant.gradients) end(after);
    for (const held of variant.results) held.written();
    return variant.result;
  }

  /** Copies values into the tensors that the step was captured with. */
  private take(values: readonly unknown[]): void {
    const { inputs } = this.remains;
    if (values.length !== inputs.length) {
      throw new ArgumentError(
        `capture: the step was captured with ${inputs.length} tensor${inputs.length === 1 ? "" : "s"}, got ${values.length} ` +
          "values; give capture the tensors whose values change: capture(fn, [x, y])",
      );
    }
    values.forEach((value, i) => check(value, inputs[i] as Tensor, i));
    values.forEach((value, i) => put(value, inputs[i] as Tensor));
  }

  private another(): Variant<R> {
    const variant = this.record();
    const { variants } = this.remains;
    if (variants.length >= MOST_VARIANTS) free(variants.shift() as Variant<R>);
    variants.push(variant);
    return variant;
  }

  private record(): Variant<R> {
    const { grad, inference } = mode;
    mode.grad = this.grad;
    mode.inference = this.inference;
    const recorder = new StepRecorder();
    let results: Held[] = [];
    try {
      const { fn, inputs } = this;
      const value = outsideScopes(() =>
        scope(() => {
          const returned = fn(...inputs);
          refuseAsync("capture", returned);
          return returned;
        }),
      );
      results = [];
      const result = detached(value, recorder, results) as R;
      const gradients = [...recorder.leaves.values()].map((leaf) => afterOf(leaf, recorder));
      recorder.stop();
      recorder.restore();
      const program = new Program(recorder);
      recorder.leave();
      recorder.dropConstants();
      return { program, result, results, gradients };
    } catch (error) {
      recorder.abort();
      for (const held of results) held.dispose();
      throw error;
    } finally {
      mode.grad = grad;
      mode.inference = inference;
    }
  }
}

/** Whether the gradients at the beginning are those that a record is for. */
function fits({ gradients }: Variant<unknown>): boolean {
  for (const { leaf } of gradients) {
    if (!leaf.needed) continue;
    const { gradient } = leaf.tensor;
    if (leaf.before === null ? gradient !== null : gradient?.storage !== leaf.before.storage) return false;
  }
  return true;
}

/** Before a step: a gradient that the step begins with clearing goes. */
function begin({ tensor, needed }: Leaf, own: Tensor | null): void {
  if (!needed && tensor.gradient !== null && tensor.gradient !== own) tensor.dropGradient();
}

/** After a step: the leaf has the gradient that the step gave it. */
function end({ leaf: { tensor }, held, gradient }: After): void {
  if (held === null) {
    if (tensor.gradient !== gradient) tensor.gradient = gradient;
    return;
  }
  held.written();
  const { shown } = held;
  if (tensor.gradient === shown || tensor.isDisposed) return;
  tensor.gradient = shown;
  tensor.gradientOwned = tensor.gradientSeen = false;
}

function afterOf(leaf: Leaf, recorder: StepRecorder): After {
  const { gradient } = leaf.tensor;
  if (gradient === null || gradient === leaf.before) return { leaf, held: null, gradient };
  if (!recorder.has(gradient.storage)) return { leaf, held: null, gradient };
  gradient.kept = true;
  return { leaf, held: new Held(gradient), gradient };
}

function free({ program, results, gradients }: Variant<unknown>): void {
  for (const held of results) held.dispose();
  for (const { leaf, held } of gradients) if (held !== null) held.handOver(leaf.tensor);
  program.dispose();
}

/** What a function returned, with tensors off the tape in the place of those that the step computes. */
function detached(value: unknown, recorder: StepRecorder, results: Held[]): unknown {
  if (value instanceof Tensor) {
    if (!recorder.has(value.storage)) return value;
    const held = new Held(outsideScopes(() => alias(value, value.layout)));
    results.push(held);
    if (!value.isDisposed) value.dispose();
    return held.shown;
  }
  if (Array.isArray(value)) return value.map((each) => detached(each, recorder, results));
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, detached(each, recorder, results)]));
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, detached(each, recorder, results)]));
}

function check(value: unknown, input: Tensor, i: number): void {
  if (!(value instanceof Tensor)) return;
  value.check("capture");
  refuseHidden("capture", value);
  if (!sameShape(value.shape, input.shape)) {
    throw new ShapeError(
      `capture: input ${i} has shape ${formatShape(value.shape)}, the step was captured with ${formatShape(input.shape)}; ` +
        "capture a step for each shape",
    );
  }
}

/** Copies a value into a tensor, off the tape. */
function put(value: unknown, input: Tensor): void {
  if (value instanceof Tensor) {
    if (value.storage === input.storage && value.layout.offset === input.layout.offset) return;
    if (value.dtype === input.dtype && isContiguous(value.layout) && isContiguous(input.layout)) {
      const { address } = value;
      views.u8.copyWithin(input.address, address, address + value.numel() * bytesOf(value.dtype));
    } else copyInto(input, value);
  } else if (!putArray(value, input)) {
    unrecorded(() =>
      temporaries(() => {
        const made = tensor(value as number, { dtype: input.dtype });
        check(made, input, 0);
        copyInto(input, made);
        return null;
      }),
    );
  }
  input.storage.written();
}

/** Copies a typed array of the tensor's own kind and length; false for anything else. */
function putArray(value: unknown, input: Tensor): boolean {
  if (!ArrayBuffer.isView(value) || !isContiguous(input.layout)) return false;
  const view = viewFor(input.dtype);
  if (value.constructor !== view.constructor || (value as TypedArray).length !== input.numel()) return false;
  view.set(value as TypedArray, input.address / bytesOf(input.dtype));
  return true;
}

const forgotten =
  typeof FinalizationRegistry === "undefined"
    ? null
    : /* @__PURE__ */ new FinalizationRegistry<{ dispose(): void }>((step) => step.dispose());

/**
 * Records what a function computes, and gives a function that runs it again: all kernels of a whole step (forward,
 * backward, update) in one call into the artifact, without JavaScript between them, with the same bits. Nothing is computed
 * while recording, and nothing is changed: the first call of the step is the first step.
 *
 * ```js
 * const x = zeros([64, 784]), y = zeros([64], { dtype: "int32" });
 * const step = capture(() => {
 *   optimizer.zeroGrad();
 *   const loss = F.crossEntropy(model.call(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * }, [x, y]);
 * for (const [images, labels] of batches) console.log(step(images, labels).item());
 * step.dispose();
 * ```
 *
 * - **Inputs.** `step(a, b)` copies new values (tensors of the same shape, typed arrays, nested arrays) into the tensors that
 *   `capture` was given; `step()` uses what is in them, so that `x.copy_(…)` before it does as well.
 * - **Results** are the same tensors at every call, overwritten by the next: `clone()` what is to stay. They are off the tape:
 *   call `backward` inside.
 * - **Tensors from outside** (parameters, buffers, state) are read and written where they are. Whatever else JavaScript does in
 *   the function happens once, while recording: numbers, branches and shapes are what they were then. Optimisers and schedulers
 *   go on: step counts, learning rates and what follows from them are computed anew at every step.
 * - **Gradients** are as after the function itself. Where it does not clear them, a step adds to those that are there; for
 *   each way in which gradients are or are not there at the beginning, the function is recorded once.
 * - **Memory** is planned once: temporaries share an arena by their lifetimes. `dispose()` frees it.
 *
 * @throws GraphError for what cannot be repeated, with the line of the program: reading values (`item`, `tolist`, printing),
 *   shapes that depend on data (`nonzero`, `maskedSelect`, `unique`), a capture inside a capture. ArgumentError for
 *   asynchronous functions. After a failure everything is as before.
 */
export function capture<const A extends readonly Tensor[], R>(
  fn: (...inputs: A) => R,
  inputs: A = [] as unknown as A,
): CapturedStep<A, R> {
  if (typeof fn !== "function") throw new ArgumentError(`capture: expected a function, got ${describe(fn)}`);
  if (!Array.isArray(inputs)) {
    throw new ArgumentError(`capture: expected an array of tensors behind the function, got ${describe(inputs)}`);
  }
  for (const input of inputs as readonly unknown[]) refuseHidden("capture", asTensor("capture", input, "each input"));
  if (recording.by !== null) recording.by.refuse("capture", "captures a step inside another");
  if (mode.levels > 0)
    throw new GraphError("capture: not possible inside forward mode; open the level inside the function");
  const step = new Step(fn, inputs);
  const call = (...values: readonly unknown[]): R => step.run(values);
  Object.defineProperties(call, {
    launches: { get: () => step.launches },
    bytes: { get: () => step.bytes },
    dispose: {
      value: () => {
        forgotten?.unregister(call);
        step.remains.dispose();
      },
    },
  });
  disposable(call as unknown as { dispose(): void });
  forgotten?.register(call, step.remains, call);
  return call as unknown as CapturedStep<A, R>;
}
