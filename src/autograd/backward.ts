// backward and grad: from what the user gives to a pass of the engine.

import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { describe, isOptions, parse } from "../op/args.js";
import { to } from "../ops/cast.js";
import { ones, zerosLike } from "../ops/creation.js";
import { mode } from "../tape/mode.js";
import { Node } from "../tape/node.js";
import { edgeOf } from "../tape/record.js";
import { isFloat } from "../tensor/dtype.js";
import { formatShape, numel, sameShape } from "../tensor/layout.js";
import { type History, Tensor } from "../tensor/tensor.js";
import { warnOnce } from "../tensor/warn.js";
import { type Pass, runPass } from "./engine.js";
import { checkBatch, underVmap } from "./vmap.js";

/** A place on the tape: a node and which of its outputs. */
export interface GradientEdge {
  readonly node: Node;
  readonly outputNr: number;
}

/** Something with a gradient: a tensor or a place on the tape. */
export type Differentiable = Tensor | GradientEdge;

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keep what the graph saved, for another pass. Default: `createGraph`. */
  readonly retainGraph?: boolean | null;
  /** Record the pass, so that gradients can be differentiated again. */
  readonly createGraph?: boolean;
  /** Accumulate only into these. */
  readonly inputs?: Differentiable | readonly Differentiable[] | null;
}

/** Options of `grad`. */
export interface GradOptions {
  /** Gradients of the outputs; null or missing for outputs of one element means 1. */
  readonly gradOutputs?: Tensor | null | readonly (Tensor | null)[];
  readonly retainGraph?: boolean | null;
  readonly createGraph?: boolean;
  /** Give null for inputs that no output depends on, instead of throwing. */
  readonly allowUnused?: boolean | null;
  /** Give zeros for inputs that no output depends on. */
  readonly materializeGrads?: boolean;
  /** The first dim of each of `gradOutputs` is a batch: one gradient for each, by one pass. Results gain that dim. */
  readonly isGradsBatched?: boolean;
}

function isEdge(value: unknown): value is GradientEdge {
  return typeof value === "object" && value !== null && (value as GradientEdge).node instanceof Node;
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** The place on the tape of a root or input; throws if it has none. */
function placeOf(op: string, value: unknown, what: string): History {
  if (isEdge(value)) return { node: value.node, index: value.outputNr };
  if (!(value instanceof Tensor)) throw new ArgumentError(`${op}: ${what} must be a tensor, got ${describe(value)}`);
  value.check(op);
  const edge = edgeOf(value);
  if (edge !== null) return edge;
  throw new GraphError(
    what === "an input"
      ? `${op}: One of the differentiated Tensors does not require grad`
      : `${op}: element 0 of tensors does not require grad and does not have a grad_fn`,
  );
}

/** The gradient that a root starts with: the given one, checked, or 1 for a root of one element. */
function seedOf(op: string, root: Differentiable, given: Tensor | null | undefined): Tensor {
  const { node, index } = placeOf(op, root, "a root");
  const facts = node.outputs[index];
  if (facts === undefined) throw new ArgumentError(`${op}: the node has no such output`);
  if (given === null || given === undefined) {
    if (numel(facts.shape) !== 1) throw new GraphError(`${op}: grad can be implicitly created only for scalar outputs`);
    return ones(facts.shape, { dtype: facts.dtype });
  }
  if (!(given instanceof Tensor))
    throw new ArgumentError(`${op}: gradients must be tensors or null, got ${describe(given)}`);
  given.check(op);
  if (!sameShape(given.shape, facts.shape)) {
    throw new ShapeError(
      `${op}: Mismatch in shape: grad_output[0] has a shape of ${formatShape(given.shape)} and output[0] has a shape of ${formatShape(facts.shape)}.`,
    );
  }
  if (!isFloat(given.dtype)) throw new DTypeError(`${op}: expected a floating-point gradient, got ${given.dtype}`);
  return given.dtype === facts.dtype || facts.casts === false ? given : to(given, facts.dtype);
}

function seeds(
  op: string,
  roots: readonly Differentiable[],
  given: Tensor | null | undefined | readonly (Tensor | null)[],
): Tensor[] {
  const list = given === null || given === undefined ? [] : listOf(given);
  if (list.length !== 0 && list.length !== roots.length) {
    throw new ArgumentError(`${op}: got ${roots.length} tensors and ${list.length} gradients`);
  }
  return roots.map((root, i) => seedOf(op, root, list[i]));
}

/**
 * Adds the gradients of the roots' sum, weighted by `gradTensors`, into the `grad` of the leaves (or of `inputs`).
 * @throws GraphError for a root without history, or one of several elements without a gradient.
 */
export function backward(
  tensors: Differentiable | readonly Differentiable[],
  ...rest: [gradTensors?: Tensor | null | readonly (Tensor | null)[] | BackwardOptions, options?: BackwardOptions]
): void {
  runPass(passOf(tensors, rest));
}

/** What `backward` is asked for. */
function passOf(tensors: Differentiable | readonly Differentiable[], rest: readonly unknown[]): Pass {
  const op = "backward";
  const defaults = { gradTensors: null, retainGraph: null, createGraph: false, inputs: null };
  const given = parse<BackwardOptions & { gradTensors: Tensor | null | readonly (Tensor | null)[] }>(
    op,
    rest,
    defaults,
    ["gradTensors"],
  );
  const roots = listOf(tensors);
  const places = roots.map((root) => placeOf(op, root, "a root"));
  const inputs = given.inputs === null || given.inputs === undefined ? null : listOf(given.inputs);
  if (inputs !== null && inputs.length === 0)
    throw new ArgumentError(`${op}: 'inputs' argument to backward cannot be empty.`);
  const targets = inputs === null ? null : inputs.map((input) => placeOf(op, input, "an input"));
  const createGraph = given.createGraph === true;
  if (createGraph) {
    warnOnce(
      "using backward() with createGraph: true makes a reference cycle between a leaf and its gradient, which keeps the graph. " +
        "Prefer autograd.grad for higher derivatives, or set grad to null when you are done.",
    );
  }
  return {
    roots: places,
    gradients: seeds(op, roots, given.gradTensors),
    retainGraph: given.retainGraph ?? createGraph,
    createGraph,
    inputs: targets,
    accumulate: inputs === null ? null : inputs.map((input) => (isEdge(input) ? input.node.variable : input)),
  };
}

/** One gradient for each input: a tuple of the inputs' length where that is known; `[G]` for a single input. */
export type GradientsOf<Inputs, G = Tensor> = Inputs extends readonly unknown[]
  ? { -readonly [I in keyof Inputs]: G }
  : [G];

/** What comes behind outputs and inputs: gradients of the outputs by position, and options. */
type Behind<Options> =
  | [options: Options]
  | [gradOutputs: Tensor | null | undefined | readonly (Tensor | null)[], options: Options];

/**
 * The gradients of the outputs' sum, weighted by `gradOutputs`, by each of the inputs; nothing is accumulated.
 *
 * ```js
 * const x = tensor(3, { requiresGrad: true });
 * const [g] = autograd.grad(x.pow(2), x); // tensor(6.)
 * ```
 * @returns one gradient for each input, in order; null where an input was not reached and `allowUnused` is set.
 * @throws GraphError for an input that does not require grad, or was not reached.
 */
export function grad<const Inputs extends Differentiable | readonly Differentiable[]>(
  outputs: Differentiable | readonly Differentiable[],
  inputs: Inputs,
  ...rest: Behind<GradOptions & { readonly allowUnused: true; readonly materializeGrads?: false }>
): GradientsOf<Inputs, Tensor | null>;
export function grad<const Inputs extends Differentiable | readonly Differentiable[]>(
  outputs: Differentiable | readonly Differentiable[],
  inputs: Inputs,
  ...rest: [gradOutputs?: Tensor | null | readonly (Tensor | null)[] | GradOptions, options?: GradOptions]
): GradientsOf<Inputs>;
export function grad(
  outputs: Differentiable | readonly Differentiable[],
  inputs: Differentiable | readonly Differentiable[],
  ...rest: [gradOutputs?: Tensor | null | readonly (Tensor | null)[] | GradOptions, options?: GradOptions]
): unknown {
  const op = "grad";
  const given = parse<GradOptions>(
    op,
    rest,
    {
      gradOutputs: null,
      retainGraph: null,
      createGraph: false,
      allowUnused: null,
      materializeGrads: false,
      isGradsBatched: false,
    },
    ["gradOutputs"],
  );
  const roots = listOf(outputs) as readonly Differentiable[];
  const wanted = listOf(inputs) as readonly Differentiable[];
  if (wanted.length === 0) throw new ArgumentError(`${op}: grad requires non-empty inputs.`);
  if (given.materializeGrads === true && given.allowUnused === false) {
    throw new ArgumentError(
      `${op}: Expected allowUnused to be true or not passed when materializeGrads=true, but got false.`,
    );
  }
  if (given.isGradsBatched === true) return batchedGrad(roots, wanted, given);
  const places = roots.map((root) => placeOf(op, root, "a root"));
  const targets = wanted.map((input) => placeOf(op, input, "an input"));
  const createGraph = given.createGraph === true;
  const results = runPass({
    roots: places,
    gradients: seeds(op, roots, given.gradOutputs),
    retainGraph: given.retainGraph ?? createGraph,
    createGraph,
    inputs: targets,
    accumulate: null,
  });
  results.forEach((result, i) => {
    if (result !== null) return;
    const input = wanted[i];
    if (given.materializeGrads === true) {
      if (!(input instanceof Tensor))
        throw new ArgumentError(`${op}: materializeGrads cannot be used when the given input is a GradientEdge`);
      const zero = zerosLike(input);
      zero.collects = createGraph && mode.grad;
      results[i] = zero;
    } else if (given.allowUnused !== true) {
      throw new GraphError(
        `${op}: One of the differentiated Tensors appears to not have been used in the graph. Set allowUnused: true if this is the desired behavior.`,
      );
    }
  });
  return results;
}

/** `grad` for a batch of gradients of the outputs. */
function batchedGrad(
  roots: readonly Differentiable[],
  wanted: readonly Differentiable[],
  given: GradOptions,
): (Tensor | null)[] {
  const op = "grad";
  const list = given.gradOutputs === null || given.gradOutputs === undefined ? [] : listOf(given.gradOutputs);
  const shapes = roots.map((root) => (isEdge(root) ? (root.node.outputs[root.outputNr]?.shape ?? []) : root.shape));
  const size = checkBatch(op, list, shapes);
  const found: boolean[] = [];
  const results = underVmap<Tensor[]>(
    op,
    (list as readonly Tensor[]).map((x) => ({ x, dim: 0 })),
    size,
    "error",
    (gradOutputs) => {
      const all: (Tensor | null)[] = grad(roots, wanted, { ...given, gradOutputs, isGradsBatched: false });
      found.push(...all.map((each) => each !== null));
      return all.filter((each) => each !== null);
    },
    0,
  );
  let next = 0;
  return found.map((is) => (is ? (results[next++] as Tensor) : null));
}

/** What `x.backward()` asks for. */
function plainPass(x: Tensor): Pass {
  const root = placeOf("backward", x, "a root");
  const gradients = [seedOf("backward", x, null)];
  return { roots: [root], gradients, retainGraph: false, createGraph: false, inputs: null, accumulate: null };
}

/** `x.backward(gradient?, options)`: see `backward`. */
export function backwardOf(
  x: Tensor,
  ...rest: [gradient?: Tensor | null | BackwardOptions, options?: BackwardOptions]
): void {
  if (rest.length === 0) runPass(plainPass(x));
  else runPass(passOf(x, rest.length === 1 && isOptions(rest[0]) ? [null, rest[0]] : rest));
}
