// What all optimisers share: parameter groups, gradients cleared, the step around the update, state dictionaries, text.

import { ArgumentError, GraphError } from "../errors.js";
import { snake } from "../nn/hidden.js";
import { describe, isOptions, parse, type Trailing } from "../op/args.js";
import { zero_ } from "../ops/cast.js";
import { RemovableHandle } from "../tape/hooks.js";
import { recorded, unrecorded } from "../tape/mode.js";
import { installInspect } from "../tensor/inspect.js";
import { temporaries } from "../tensor/lifetime.js";
import { disposable, refuseAsync } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { anew, recording } from "../wasm/recording.js";
import { loadOptimizer, type OptimizerStateDict, writeOptimizer } from "./state.js";
import { filled } from "./table.js";
import { optionText } from "./text.js";

/** What every group of parameters has, beside the options of its optimiser. */
export interface GroupFields {
  /** The parameters that the group's options are for. */
  params: Tensor[];
  /** The learning rate; schedulers write it. */
  lr: number;
  /** The learning rate that a scheduler began with. */
  initialLr?: number;
  /** The parameters' names, if they were given as pairs of a name and a tensor. */
  paramNames?: string[];
}

/** A group of parameters with its own options. */
export type ParamGroup<O extends object = object> = GroupFields & { -readonly [K in keyof O]: O[K] };

/** Parameters: tensors, or pairs of a name and a tensor, as `namedParameters()` gives them. */
export type Params = Iterable<Tensor> | Iterable<readonly [name: string, parameter: Tensor]>;

/** A group as it is given: the parameters, and the options that differ from the optimiser's. */
export type GroupInput<O extends object = object> = Partial<Omit<GroupFields, "params">> &
  Partial<O> & { readonly params: Tensor | Params };

/** What an optimiser takes first: parameters, or groups of them. */
export type OptimizerParams<O extends object = object> = Params | Iterable<GroupInput<O>>;

/** What an optimiser remembers of a parameter, by PyTorch's names. */
export type ParamState = Record<string, unknown>;

/** A function that computes the loss anew, with its gradients. */
export type Closure<T> = () => T;

/** A hook around a step: gets the optimiser and the arguments of `step`. */
export type StepHook = (optimizer: Optimizer, args: readonly unknown[]) => void;

/**
 * Base of optimisers. A subclass gives its defaults to the constructor, and updates one group at a time, without recording and
 * in a scope of its own.
 *
 * ```js
 * class Plain extends optim.Optimizer {
 *   constructor(params, { lr = 0.1 } = {}) {
 *     super(params, { lr });
 *   }
 *   update({ params, lr }) {
 *     for (const p of params) if (p.grad !== null) p.add_(p.grad, { alpha: -lr });
 *   }
 * }
 * ```
 */
export abstract class Optimizer<O extends object = object> {
  /** The groups of parameters; options may be changed between steps: `o.paramGroups[0].lr = 0.01`. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What the optimiser remembers of each parameter. */
  readonly state: Map<Tensor, ParamState> = new Map();
  /** The options of groups that do not say otherwise. */
  readonly defaults: O;
  /** @internal Whole numbers among the defaults that Python has as floats. */
  protected readonly floats: Readonly<Record<string, number>> = {};
  /** @internal State that PyTorch holds in tensors of one element and this library in numbers. */
  readonly boxed: readonly string[] = ["step"];
  /** @internal Steps taken since a scheduler was put on the optimiser. */
  stepCount = 0;
  private readonly before = new Set<StepHook>();
  private readonly after = new Set<StepHook>();
  declare [Symbol.dispose]: () => void;

  /** `defaults` are the options of every group that does not say otherwise. */
  protected constructor(params: OptimizerParams<O>, defaults: O) {
    this.defaults = defaults;
    const name = this.constructor.name;
    if (params instanceof Tensor || typeof (params as Iterable<unknown> | null)?.[Symbol.iterator] !== "function") {
      throw new ArgumentError(
        `${name}: params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${describe(params)}`,
      );
    }
    const given = [...(params as Iterable<unknown>)];
    if (given.length === 0) throw new ArgumentError(`${name}: optimizer got an empty parameter list`);
    const groups = isOptions(given[0]) ? given : [{ params: given }];
    for (const group of groups) this.addParamGroup(group as GroupInput<O>);
  }

  /** Throws unless the options of a group make sense. */
  protected verify(_group: ParamGroup<O>): void {}

  /**
   * @internal For an update that a recorded step need not compute anew as long as the same numbers come back, and that leaves
   * no trace in JavaScript but written parameters: those numbers. Null where steps are counted, or state is made.
   */
  protected steady(): (() => readonly unknown[]) | null {
    return null;
  }

  /** Takes a step with the parameters of a group. */
  protected abstract update(group: ParamGroup<O>): void;

  /**
   * Adds parameters with options of their own; options that are left out are the optimiser's.
   * @throws ArgumentError for parameters that are in a group already, GraphError for such as were computed.
   */
  addParamGroup(group: GroupInput<O>): void {
    const name = this.constructor.name;
    if (!isOptions(group)) throw new ArgumentError(`${name}: param group must be a dict, got ${describe(group)}`);
    const { params: given, ...options } = group as GroupInput<O> & Record<string, unknown>;
    const { params, paramNames } = readParams(name, given);
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    if (params.some((p) => known.has(p))) {
      throw new ArgumentError(`${name}: some parameters appear in more than one parameter group`);
    }
    if (new Set(params).size !== params.length) {
      console.warn(`wengert: ${name}: optimizer contains a parameter group with duplicate parameters`);
    }
    const full = { ...this.defaults, ...definedOf(options), params } as ParamGroup<O>;
    if (paramNames !== null) full.paramNames = paramNames;
    if (!(full.lr >= 0)) throw new ArgumentError(`${name}: Invalid learning rate: ${String(full.lr)}`);
    this.verify(full);
    this.paramGroups.push(full);
  }

  /**
   * Clears the gradients of all parameters, or with `{ setToNone: false }` fills them with zeros.
   * Parameters without a gradient are left alone by a step, those with a gradient of zeros are not.
   */
  zeroGrad(...rest: Trailing<[setToNone: boolean | undefined], { readonly setToNone?: boolean }>): void {
    const { setToNone } = parse("zeroGrad", rest, { setToNone: true }, ["setToNone"]);
    for (const { params } of this.paramGroups) {
      for (const p of params) {
        if (setToNone) {
          p.dropGradient();
          continue;
        }
        if (recording.by !== null) recording.by.gradientRead(p);
        const { gradient } = p;
        if (gradient !== null) {
          if (gradient.history !== null) gradient.setHistory(null);
          unrecorded(() => zero_(gradient));
        }
      }
    }
  }

  /**
   * Updates the parameters by their gradients. A closure is called before, with recording on, and its result returned.
   * @throws ArgumentError if the closure is asynchronous.
   */
  step(): null;
  step<T>(closure: Closure<T>): T;
  step<T>(closure?: Closure<T>): T | null {
    return this.around(closure, () => {
      const loss = closure === undefined ? null : recorded(closure);
      refuseAsync("step", loss);
      if (recording.by !== null) {
        for (const { params } of this.paramGroups) for (const p of params) recording.by.gradientAsked(p);
      }
      anew(
        [this],
        () =>
          unrecorded(() =>
            temporaries(() => {
              for (const group of this.paramGroups) this.update(group);
              return null;
            }),
          ),
        this.steady(),
      );
      return loss;
    });
  }

  /** @internal Calls the hooks before and after. */
  protected around<T>(closure: unknown, body: () => T): T {
    const args = closure === undefined ? [] : [closure];
    anew([this], () => {
      this.stepCount++;
      for (const hook of this.before) hook(this as unknown as Optimizer, args);
    });
    const result = body();
    if (this.after.size > 0) {
      anew([this], () => {
        for (const hook of this.after) hook(this as unknown as Optimizer, args);
      });
    }
    return result;
  }

  /** Calls `hook(optimizer, args)` before every step. */
  registerStepPreHook(hook: StepHook): RemovableHandle {
    return register(this.before, hook);
  }

  /** Calls `hook(optimizer, args)` after every step. */
  registerStepPostHook(hook: StepHook): RemovableHandle {
    return register(this.after, hook);
  }

  /**
   * The state and the groups as PyTorch saves them: `{ state, param_groups }`, with its names. Tensors are the
   * optimiser's own, not copies.
   */
  stateDict(): OptimizerStateDict {
    return writeOptimizer(this as unknown as Optimizer);
  }

  /**
   * Loads what `stateDict` gave, or PyTorch saved; tensors are copied.
   * @throws ArgumentError if groups or their sizes differ, ShapeError if state does not fit its parameter.
   */
  loadStateDict(state: OptimizerStateDict | ReadonlyMap<string, unknown>): void {
    loadOptimizer(this as unknown as Optimizer, state);
  }

  /** Frees what the optimiser remembers; the parameters stay. */
  dispose(): void {
    const found = (value: unknown): Tensor[] =>
      value instanceof Tensor ? [value] : Array.isArray(value) ? value.flatMap(found) : [];
    for (const state of this.state.values()) for (const tensor of Object.values(state).flatMap(found)) tensor.dispose();
    this.state.clear();
  }

  /** PyTorch's text: the groups and their options. */
  toString(): string {
    let text = `${this.constructor.name} (`;
    this.paramGroups.forEach((group, i) => {
      const options = Object.entries(group)
        .filter(([key]) => key !== "params")
        .map(([key, value]): [string, string] => [snake(key), optionText(value, this.isFloat(key, value))]);
      options.sort(([a], [b]) => (a < b ? -1 : 1));
      text += `\nParameter Group ${i}\n${options.map(([key, value]) => `    ${key}: ${value}\n`).join("")}`;
    });
    return `${text})`;
  }

  /** Python keeps a whole number apart from a float, JavaScript does not: only a default is known to be a float. */
  private isFloat(key: string, value: unknown): boolean {
    return this.floats[key] === value;
  }

  /** What is remembered of a parameter; made by `make` on first use. */
  protected stateOf(p: Tensor, make: () => ParamState): ParamState {
    let state = this.state.get(p);
    if (state === undefined) {
      state = make();
      this.state.set(p, state);
    }
    return state;
  }

  /** @internal Whether this library holds a number where a state dictionary has a tensor. */
  isNumber(key: string, value: Tensor): boolean {
    return value.numel() === 1 && (key === "step" || this.boxed.includes(key));
  }

  /** @internal The shape that tensors in the state of a parameter must have; null if they may have any. */
  stateShape(p: Tensor): readonly number[] | null {
    return p.shape;
  }

  /** A tensor of the state, which outlives every scope; zeros, or another value, where there is none yet. */
  protected tensorIn(state: ParamState, name: string, p: Tensor, value = 0): Tensor {
    const known = state[name];
    if (known instanceof Tensor) return known;
    const made = filled(p, value);
    state[name] = made;
    return made;
  }
}
disposable(Optimizer.prototype);
installInspect(Optimizer.prototype, (optimizer) => optimizer.toString());

function register(hooks: Set<StepHook>, hook: StepHook): RemovableHandle {
  if (typeof hook !== "function") throw new ArgumentError(`hook: expected a function, got ${describe(hook)}`);
  const own: StepHook = (optimizer, args) => hook(optimizer, args);
  hooks.add(own);
  return new RemovableHandle(() => hooks.delete(own));
}

function definedOf(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The tensors of a group, and their names if all have one. */
function readParams(name: string, given: unknown): { params: Tensor[]; paramNames: string[] | null } {
  if (!(given instanceof Tensor) && typeof (given as Iterable<unknown> | null)?.[Symbol.iterator] !== "function") {
    throw new ArgumentError(
      `${name}: a group's params must be a tensor or an iterable of tensors, got ${describe(given)}`,
    );
  }
  const items: unknown[] = given instanceof Tensor ? [given] : [...(given as Iterable<unknown>)];
  const named = items.filter((each) => Array.isArray(each) && each.length === 2 && typeof each[0] === "string");
  if (named.length > 0 && named.length < items.length) {
    throw new ArgumentError(`${name}: all optimizer params should be with/without names. Some param names are missing`);
  }
  const params = named.length > 0 ? (items as [string, unknown][]).map(([, p]) => p) : items;
  for (const p of params) {
    if (!(p instanceof Tensor)) {
      throw new ArgumentError(`${name}: optimizer can only optimize Tensors, but one of the params is ${describe(p)}`);
    }
    p.check(name);
    if (p.history !== null && p.hooks?.retain !== p) throw new GraphError(`${name}: can't optimize a non-leaf Tensor`);
  }
  return {
    params: params as Tensor[],
    paramNames: named.length > 0 ? (items as [string, unknown][]).map(([each]) => each) : null,
  };
}
