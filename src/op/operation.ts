// The one path every call takes: run, record, push tangents. Kinds of operations differ only in how they run.

import { GraphError } from "../errors.js";
import { prepareWrite, rewrite } from "../tape/inplace.js";
import { mode } from "../tape/mode.js";
import { type Backward, Node, type OutputFacts, type Saved } from "../tape/node.js";
import { type Edges, edgesOf, factsOf, firstOutputs, link, nodeOf, recording } from "../tape/record.js";
import { SavedValue } from "../tape/saved.js";
import { hiddenDims, hides } from "../tensor/batch.js";
import { isFloat } from "../tensor/dtype.js";
import { batching } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Operand } from "./nest.js";
import type { ResolvedFormula } from "./spec.js";

/**
 * How tangents go through an operation:
 * - a function of the inputs, the outputs and the inputs' tangents (null where there is none),
 * - "diagonal": the sum of the partials on the tangents, for elementwise operations,
 * - "linear": the sum, over the inputs with a tangent, of the operation with the tangent in that input's place,
 * - "transposed": derived from the gradient formulas by differentiating them by the gradient.
 */
export type TangentRule =
  | "diagonal"
  | "linear"
  | "transposed"
  | ((
      inputs: readonly Operand[],
      outputs: readonly Tensor[],
      tangents: readonly (Tensor | null)[],
      parameters: never,
    ) => (Tensor | null)[]);

const NONE: readonly number[] = [];
/** What nodes that save nothing share. */
const NOTHING: Saved[] = [];

/** What a node has of its inputs. */
interface Beginning {
  readonly edges: Edges;
  readonly saved: Saved[];
  /** Slots of the outputs that formulas read. */
  readonly slots: readonly number[];
}

/** What a formula of an operation sees, by name. */
export type Values = Record<string, unknown> & {
  g: Tensor | null;
  gradients: readonly (Tensor | null)[];
  input: number;
  shared: (Tensor | null)[] | null;
};

/** The name that a node prints: fixed, or chosen by the parameters. */
export type Label = string | ((parameters: never, inputs: readonly Operand[]) => string);

/** "hypot" → "HypotBackward0". */
export function labelOf(name: string): string {
  return `${(name[0] as string).toUpperCase()}${name.slice(1)}Backward0`;
}

/** An operation with its derivative, as recorded on the tape. */
export class Operation implements Backward {
  /** For each formula the slots that it reads, as bits. */
  private readonly reads: readonly number[];
  /** What formulas were shown last, emptied: it is filled again for the next. */
  private shown: Values | null = null;
  /** What was noted of the last result of `finishPair`; it fits the next one where that is alike. */
  private facts: OutputFacts[] = [];

  constructor(
    readonly name: string,
    readonly label: Label,
    /** Names of the values that formulas read: inputs, then outputs. */
    readonly names: readonly string[],
    /** Number of inputs; -1 for a list of tensors, all with the first formula. */
    private readonly arity: number,
    private readonly formulas: readonly (ResolvedFormula | null)[],
    readonly tangent: TangentRule,
    /** Runs the operation again on other inputs; for linear ones. */
    readonly again: ((inputs: readonly Operand[], parameters: never) => Tensor | Tensor[]) | null = null,
  ) {
    this.reads = formulas.map((formula) => (formula?.slots ?? NONE).reduce((bits, slot) => bits | (1 << slot), 0));
  }

  /** Runs the operation by `compute`, records it and pushes tangents. */
  apply(inputs: readonly Operand[], parameters: unknown, compute: () => Tensor[]): Tensor[] {
    const outputs = compute();
    this.finish(inputs, outputs, parameters);
    return outputs;
  }

  /** The part of a call behind the kernel: onto the tape, and tangents. */
  finish(inputs: readonly Operand[], outputs: readonly Tensor[], parameters: unknown): void {
    let node: Node | null = null;
    // A node that no output holds would never be let go.
    if (this.formulas.length > 0 && recording(inputs) && outputs.some(differentiable)) {
      node = this.complete(this.begin(inputs, inputs), inputs, outputs, parameters, null);
      link(node, outputs);
    }
    if (mode.levels > 0) {
      mode.push?.(this, inputs, outputs, parameters, false);
      for (const saved of node?.saved ?? []) {
        if (saved instanceof SavedValue && saved.outputIndex >= 0)
          saved.keepTangents(outputs[saved.outputIndex] as Tensor);
      }
    }
  }

  /**
   * The same for one floating result of one or two operands, outside forward mode: without lists, as these are the
   * calls that are as short as what is noted of them. `b` is undefined where there is one operand.
   */
  finishPair(a: Operand, b: Operand | undefined, out: Tensor): void {
    if (!mode.grad) return;
    const first = typeof a === "object" && a.tracked;
    const second = typeof b === "object" && b.tracked;
    if (!first && !second) return;
    const { reads, formulas } = this;
    if (formulas.length === 0) return;
    const bits = (first ? (reads[0] as number) : 0) | (second ? (reads[1] as number) : 0);
    const pair = b !== undefined;
    let saved = NOTHING;
    // As literals: a list that grows takes room for sixteen more.
    if (bits !== 0) {
      const x = (bits & 1) !== 0 ? savedOf(a) : null;
      if (!pair) saved = bits >= 2 ? [x, new SavedValue(out, 0)] : [x];
      else {
        const y = (bits & 2) !== 0 ? savedOf(b) : null;
        saved = bits >= 4 ? [x, y, new SavedValue(out, 0)] : bits >= 2 ? [x, y] : [x];
      }
    }
    const from = first ? nodeOf(a as Tensor) : null;
    let indices = firstOutputs(pair ? 2 : 1);
    let nodes: (Node | null)[];
    const firstIndex = first ? ((a as Tensor).history?.index ?? 0) : 0;
    if (pair) {
      nodes = [from, second ? nodeOf(b as Tensor) : null];
      const secondIndex = second ? ((b as Tensor).history?.index ?? 0) : 0;
      if (firstIndex !== 0 || secondIndex !== 0) indices = [firstIndex, secondIndex];
    } else {
      nodes = [from];
      if (firstIndex !== 0) indices = [firstIndex];
    }
    const { label } = this;
    const text = typeof label === "string" ? label : label(null as never, pair ? [a, b] : [a]);
    const node = new Node(text, this, nodes, indices, this.factsOf(out), null, saved);
    out.setHistory({ node, index: 0 });
  }

  private factsOf(out: Tensor): OutputFacts[] {
    const known = this.facts[0];
    if (known !== undefined && known.shape === out.layout.shape && known.dtype === out.dtype && known.batch === null)
      return this.facts;
    const facts = [factsOf(out)];
    this.facts = facts;
    return facts;
  }

  /**
   * The part of a node that comes from the inputs: where they come from on the tape, and those of their values that
   * formulas read. Before a write in place this is what the inputs are before it.
   */
  private begin(inputs: readonly Operand[], values: readonly Operand[]): Beginning {
    let saved = NOTHING;
    let slots = NONE;
    const count = inputs.length;
    for (let i = 0; i < count; i++) {
      const input = inputs[i];
      if (typeof input !== "object" || !input.tracked) continue;
      const formula = this.formula(i);
      if (formula === null) continue;
      for (const slot of formula.slots) {
        if (saved.length <= slot) saved = lengthened(saved, slot + 1);
        if (slot >= count && !slots.includes(slot)) slots = [...slots, slot];
        if (slot >= count || saved[slot] !== null) continue;
        saved[slot] = savedOf(values[slot] as Operand);
      }
    }
    return { edges: edgesOf(inputs), saved, slots };
  }

  /** The node, once the outputs are there. */
  private complete(
    { edges, saved, slots }: Beginning,
    inputs: readonly Operand[],
    outputs: readonly Tensor[],
    parameters: unknown,
    inplaceOf: Tensor | null,
  ): Node {
    for (const slot of slots) {
      const output = slot - inputs.length;
      saved[slot] = new SavedValue(outputs[output] as Tensor, output, inplaceOf);
    }
    const label = typeof this.label === "string" ? this.label : this.label(parameters as never, inputs);
    return new Node(label, this, edges.nodes, edges.indices, outputs.map(factsOf), parameters, saved);
  }

  /** Whether the inputs are one list of any length. */
  get isList(): boolean {
    return this.arity < 0;
  }

  /** The formula for an input, or null where it has no derivative. */
  formula(input: number): ResolvedFormula | null {
    return this.formulas[this.arity < 0 ? 0 : input] ?? null;
  }

  /** Whether the derivative by some input reads the forward value of input 0. */
  private readsFirst(inputs: readonly Operand[]): boolean {
    return inputs.some((input, i) => typeof input === "object" && input.tracked && this.formula(i)?.slots.includes(0));
  }

  /**
   * Runs the operation in place: `compute` writes `self`, which is input 0. The version is bumped, and the history of
   * `self`, and of its base if it is a view, is written anew.
   */
  applyInPlace(
    self: Tensor,
    inputs: readonly Operand[],
    parameters: unknown,
    copy: (x: Tensor) => Tensor,
    compute: () => void,
  ): Tensor {
    const tracked = this.formulas.length > 0 && recording(inputs);
    if (batching.used) refuseNarrow(this.name, self, inputs);
    prepareWrite(this.name.endsWith("_") ? this.name : `${this.name}_`, self, tracked);
    const pushes = mode.levels > 0 && inputs.some((input) => typeof input === "object" && input.tangents !== null);
    // The formulas see the old value of what is overwritten.
    const old = (tracked && this.readsFirst(inputs)) || pushes ? before(self, copy) : self;
    const values = old === self ? inputs : [old, ...inputs.slice(1)];
    const begun = tracked && isFloat(self.dtype) ? this.begin(inputs, values) : null;
    try {
      compute();
    } catch (error) {
      for (const value of begun?.saved ?? []) if (value instanceof SavedValue) value.free();
      throw error;
    }
    self.storage.written();
    if (begun !== null) rewrite(self, (inplaceOf) => this.complete(begun, inputs, [self], parameters, inplaceOf));
    if (pushes) mode.push?.(this, values, [self], parameters, true);
    if (old !== self) old.dispose();
    return self;
  }

  run(node: Node, gradients: readonly (Tensor | null)[], needs: readonly boolean[]): (Tensor | null)[] {
    const results: (Tensor | null)[] = [];
    if (gradients.every((gradient) => gradient === null)) return needs.map(() => null);
    const values = this.show(node, gradients);
    for (let i = 0; i < needs.length; i++) results.push(needs[i] === true ? this.gradientOf(node, values, i) : null);
    this.hide(node, values);
    return results;
  }

  /** What the formulas of a node see, for `gradientOf`; to be given back to `hide`. */
  show(node: Node, gradients: readonly (Tensor | null)[]): Values {
    const { saved } = node;
    const values = this.shown ?? this.emptyValues();
    // Formulas may start another pass, which then makes values of its own.
    this.shown = null;
    values.g = gradients[0] ?? null;
    values.gradients = gradients;
    for (let slot = 0; slot < saved.length; slot++) {
      const value = saved[slot];
      if (value === null || value === undefined) continue;
      values[this.names[slot] as string] = typeof value === "object" ? value.read(node) : value;
    }
    return values;
  }

  /** The gradient of one input of a node. */
  gradientOf(node: Node, values: Values, input: number): Tensor | null {
    const formula = this.formula(input);
    if (formula === null) return null;
    values.input = input;
    return formula.of(values as never, node.parameters as never);
  }

  /** Empties the values, so that they keep nothing alive, for the next node. */
  hide(node: Node, values: Values): void {
    values.g = null;
    values.gradients = NO_GRADIENTS;
    if (values.shared !== null) forget(values);
    for (let slot = node.saved.length - 1; slot >= 0; slot--) values[this.names[slot] as string] = undefined;
    this.shown = values;
  }

  /** Values with a place for each name, so that all that formulas of an operation see looks alike to the engine. */
  private emptyValues(): Values {
    const values: Values = { g: null, gradients: NO_GRADIENTS, input: 0, shared: null };
    for (const name of this.names) if (!(name in values)) values[name] = undefined;
    return values;
  }

  /** The formula for an input on given values, with `g` in the place of the gradient: also how tangents are pushed. */
  partial(
    input: number,
    inputs: readonly Operand[],
    outputs: readonly Tensor[],
    gradients: readonly (Tensor | null)[],
    parameters: unknown,
  ): Tensor | null {
    const formula = this.formula(input);
    if (formula === null) return null;
    const values: Record<string, unknown> = { g: gradients[0] ?? null, gradients, input, shared: undefined };
    for (const slot of formula.slots) {
      values[this.names[slot] as string] = slot < inputs.length ? inputs[slot] : outputs[slot - inputs.length];
    }
    return formula.of(values as never, parameters as never);
  }
}

/** A list of exactly so many saved values, as one that grows takes room for more. */
function lengthened(saved: readonly Saved[], length: number): Saved[] {
  const longer = new Array<Saved>(length).fill(null);
  for (let i = 0; i < saved.length; i++) longer[i] = saved[i] as Saved;
  return longer;
}

const NO_GRADIENTS: readonly (Tensor | null)[] = [];

/** Frees the gradients that were made along with others, but that nobody asked for. */
function forget(values: Values): void {
  for (const gradient of values.shared ?? []) gradient?.dispose();
  values.shared = null;
}

/** What the tape keeps of an operand that a formula reads. */
function savedOf(value: Operand): Saved {
  return typeof value === "object" ? new SavedValue(value, -1) : value;
}

const differentiable = (x: Tensor): boolean => isFloat(x.dtype);

/** Throws if what is written stands for several examples, and what it is written into does not. */
function refuseNarrow(name: string, self: Tensor, inputs: readonly Operand[]): void {
  for (const input of inputs) {
    const missing = typeof input === "object" && hiddenDims(input).some(({ level }) => !hides(self, level));
    if (!missing) continue;
    throw new GraphError(
      `${name}: vmap: in-place arithmetic ${name}(self, *extra_args) is not possible because there exists a Tensor \`other\` in ` +
        "extra_args that has more elements than `self`. This happened due to `other` being vmapped over but `self` not being " +
        "vmapped over in a vmap. Please use the form without the underscore, or make self from a mapped tensor, as zerosLike(x) does.",
    );
  }
}

/** The value that a write in place is about to replace: a copy with the same place on the tape and the same tangents. */
function before(self: Tensor, copy: (x: Tensor) => Tensor): Tensor {
  const old = copy(self);
  old.setHistory(self.history);
  if (self.tangents !== null) {
    old.tangents = self.tangents.map((tangent) => (tangent === null ? null : before(tangent, copy).claim()));
    for (const tangent of old.tangents) if (tangent !== null) tangent.temporary = tangent.kept = true;
  }
  return old;
}

/** Throws because an operation has no derivative where one is asked for. */
export function notDifferentiable(name: string): never {
  throw new GraphError(`${name}: the derivative is not implemented`);
}

/** Names of inputs and formulas, resolved to slots. */
export function resolve(
  formulas: Readonly<Record<string, { readonly reads: readonly string[]; readonly of: unknown } | null>>,
  outputs: readonly string[],
): { readonly names: string[]; readonly resolved: (ResolvedFormula | null)[] } {
  const names = [...Object.keys(formulas), ...outputs];
  const resolved = Object.values(formulas).map((formula) =>
    formula === null
      ? null
      : { slots: formula.reads.map((name) => names.indexOf(name)), of: formula.of as ResolvedFormula["of"] },
  );
  return { names, resolved };
}
