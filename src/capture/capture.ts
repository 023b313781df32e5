// Captured steps: a function is recorded once, and what it computes is run again in one call.

import { isPlain } from "../autograd/trees.js";
import { ArgumentError, DisposedError, GraphError, ShapeError } from "../errors.js";
import { asTensor, describe } from "../op/args.js";
import { copyInto } from "../op/copy.js";
import { tensor } from "../ops/creation.js";
import { mode, unrecorded } from "../tape/mode.js";
import { refuseHidden } from "../tensor/batch.js";
import { bytesOf, type TypedArray } from "../tensor/dtype.js";
import { formatShape, isContiguous, sameShape } from "../tensor/layout.js";
import { closeScope, openScope, outsideScopes, temporaries } from "../tensor/lifetime.js";
import { viewFor } from "../tensor/read.js";
import { disposable, refuseAsync } from "../tensor/scope.js";
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
  /** Kernels that a step runs, as it was recorded last, and bytes of linear memory that all its records hold. */
  readonly launches: number;
  readonly bytes: number;
  /** Frees the record, its memory, and the tensors that the step returned. Gradients stay with their tensors. */
  dispose(): void;
}

/** The gradient of a leaf behind a step: the step's own, none, or undefined for the one that it had before. */
interface After {
  readonly leaf: Leaf;
  readonly gradient: Held | Tensor | null | undefined;
}

/** A record of the step, for the gradients that there are at its beginning. */
interface Variant<R> {
  readonly program: Program;
  /** What the function returned, with `results` in the place of tensors that it made. */
  readonly returned: unknown;
  /** The same with the tensors that the user has of them. */
  result: R;
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

class Step<A extends Tensor[], R> {
  readonly remains: Remains<R>;
  private readonly grad = mode.grad;
  private readonly inference = mode.inference;
  private running = false;

  constructor(
    private readonly fn: (...inputs: A) => R,
    private readonly inputs: readonly [...A],
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
    return this.remains.variants.at(-1)?.program.launches ?? 0;
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
    for (const after of variant.gradients) begin(after);
    this.running = true;
    try {
      variant.program.run();
    } catch (error) {
      for (const { leaf } of variant.gradients) if (leaf.needed === "any") leaf.tensor.gradient = null;
      throw error;
    } finally {
      this.running = false;
    }
    for (const after of variant.gradients) end(after);
    let gone = false;
    for (const held of variant.results) {
      held.written();
      gone ||= held.gone;
    }
    if (gone) variant.result = filledIn(variant.returned) as R;
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
      const made = new Set<Tensor>();
      const value = outsideScopes(() => madeInside(() => fn(...inputs), made));
      results = [];
      const returned = mapped(value, Tensor, (x) => (made.has(x) ? held(x, results) : x));
      for (const x of made) x.dispose();
      const gradients = [...recorder.leaves.values()].map((leaf) => afterOf(leaf, recorder));
      recorder.stop();
      recorder.restore();
      const program = new Program(recorder);
      recorder.leave();
      recorder.dropConstants();
      return { program, returned, result: filledIn(returned) as R, results, gradients };
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
    const { tensor, before, needed } = leaf;
    if (needed === "any") continue;
    if ((tensor.gradient === null) !== (before === null)) return false;
    if (needed === "same" && tensor.gradient?.storage !== before?.storage) return false;
  }
  return true;
}

/** Before a step: a gradient that the step begins with clearing goes. */
function begin({ leaf: { tensor, needed }, gradient }: After): void {
  if (needed !== "any" || tensor.gradient === null) return;
  if (tensor.gradient !== (gradient instanceof Held ? gradient.shown : gradient)) tensor.dropGradient();
}

/** After a step: the leaf has the gradient that the step gave it. */
function end({ leaf: { tensor }, gradient }: After): void {
  if (gradient === undefined) return;
  if (!(gradient instanceof Held)) {
    tensor.gradient = gradient;
    return;
  }
  gradient.written();
  const { shown } = gradient;
  if (tensor.gradient === shown || tensor.isDisposed) return;
  tensor.gradient = shown;
  tensor.gradientOwned = tensor.gradientSeen = false;
}

function afterOf(leaf: Leaf, recorder: StepRecorder): After {
  const { gradient } = leaf.tensor;
  if (gradient !== null && gradient === leaf.before && leaf.needed !== "any") return { leaf, gradient: undefined };
  if (gradient === null || !recorder.has(gradient.storage)) return { leaf, gradient };
  gradient.kept = true;
  return { leaf, gradient: new Held(gradient) };
}

function free({ program, results, gradients }: Variant<unknown>): void {
  for (const held of results) held.dispose();
  for (const { leaf, gradient } of gradients) if (gradient instanceof Held) gradient.handOver(leaf.tensor);
  program.dispose();
}

/** Runs a function in a scope that frees what it makes but what it returns, which is put into `made`. */
function madeInside<R>(f: () => R, made: Set<Tensor>): R {
  const record = openScope();
  const returned = new Set<Tensor>();
  try {
    const value = f();
    refuseAsync("capture", value);
    gather(value, returned);
    return value;
  } finally {
    closeScope(record, (tensor) => {
      if (!returned.has(tensor)) return false;
      made.add(tensor);
      return true;
    });
  }
}

/** The tensors in a result: itself, or in arrays, maps and plain objects. */
function gather(value: unknown, found: Set<Tensor>): void {
  if (value instanceof Tensor) found.add(value);
  else if (Array.isArray(value)) for (const each of value) gather(each, found);
  else if (value instanceof Map) for (const each of value.values()) gather(each, found);
  else if (isPlain(value)) for (const each of Object.values(value)) gather(each, found);
}

/** A result with what it holds of a class, in arrays, maps and plain objects, replaced. */
function mapped<T extends object>(
  value: unknown,
  kind: abstract new (...args: never[]) => T,
  change: (x: T) => unknown,
): unknown {
  if (value instanceof kind) return change(value);
  if (Array.isArray(value)) return value.map((each) => mapped(each, kind, change));
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, mapped(each, kind, change)]));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapped(each, kind, change)]));
}

/** Takes a tensor that the function made over, off the tape. */
function held(x: Tensor, results: Held[]): Held {
  const own = new Held(outsideScopes(() => alias(x, x.layout)));
  results.push(own);
  return own;
}

/** What a step returns, with the tensors that it gives out. */
function filledIn(value: unknown): unknown {
  return mapped(value, Held, (held) => held.shown);
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
export function capture<R, A extends Tensor[] = []>(
  fn: (...inputs: NoInfer<A>) => R,
  inputs: readonly [...A] = [] as unknown as A,
): CapturedStep<A, R> {
  if (typeof fn !== "function") throw new ArgumentError(`capture: expected a function, got ${describe(fn)}`);
  if (!Array.isArray(inputs)) {
    throw new ArgumentError(`capture: expected an array of tensors behind the function, got ${describe(inputs)}`);
  }
  for (const input of inputs as readonly unknown[]) refuseHidden("capture", asTensor("capture", input, "each input"));
  if (recording.by !== null) recording.by.refuse("capture", "captures a step inside another");
  if (mode.levels > 0)
    throw new GraphError("capture: not possible inside forward mode; open the level inside the function");
  const step = new Step<A, R>(fn, inputs);
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
