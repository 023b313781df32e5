// The namespace `nn.utils.parametrize`: parameters that are computed from others.

import { requiresGrad, requiresGrad_, setData } from "../../autograd/properties.js";
import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { describe, parse } from "../../op/args.js";
import { unrecorded } from "../../tape/mode.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
import { refuseAsync } from "../../tensor/scope.js";
import { Tensor } from "../../tensor/tensor.js";
import { ModuleDict, ModuleList } from "../containers.js";
import { forgetBuffer, HIDDEN, nameOf } from "../hidden.js";
import { Module } from "../module.js";
import { Parameter } from "../parameter.js";
import { placeOf } from "./place.js";

/** A module that computes a parameter: `forward` from what is learnt, `rightInverse`, where it has one, the other way. */
export interface Parametrization extends Module {
  /** What to learn so that `forward` gives `value`: one tensor, or several. */
  rightInverse?(value: Tensor): Tensor | readonly Tensor[];
}

/** How many `cached` blocks are open, and what was computed in them. */
const cache = { depth: 0, values: new Map<ParametrizationList, Tensor>() };

function checkLike(what: string, got: unknown, like: Tensor): Tensor {
  const op = "registerParametrization";
  if (!(got instanceof Tensor)) throw new ArgumentError(`${op}: ${what} must return a tensor. Got ${describe(got)}.`);
  if (got.dtype !== like.dtype) {
    throw new DTypeError(
      `${op}: ${what} may not change the dtype of the tensor, unless \`unsafe\` flag is enabled: ${like.dtype} became ${got.dtype}`,
    );
  }
  if (!sameShape(got.shape, like.shape)) {
    throw new ShapeError(
      `${op}: ${what} may not change the shape of the tensor, unless \`unsafe\` flag is enabled: ` +
        `${formatShape(like.shape)} became ${formatShape(got.shape)}`,
    );
  }
  return got;
}

/** What a parametrised tensor is learnt as, `original` or `original0`, `original1`, …, and the modules that compute it. */
export class ParametrizationList extends ModuleList<Parametrization> {
  static readonly name: string = "ParametrizationList";

  [original: `original${string}`]: Tensor;

  unsafe: boolean;
  /** How many tensors are learnt; 0 says one that is named `original`. */
  readonly parts: number;

  constructor(modules: Iterable<Parametrization>, original: Tensor, unsafe = false) {
    super(modules);
    this.unsafe = unsafe;
    const found = unrecorded(() => {
      let value: Tensor | readonly Tensor[] = original;
      for (const module of [...this].reverse()) {
        if (module.rightInverse !== undefined && value instanceof Tensor) value = module.rightInverse(value);
      }
      return value;
    });
    if (found instanceof Tensor) {
      this.parts = 0;
      if (found.dtype !== original.dtype)
        throw new DTypeError(`registerParametrization: \`rightInverse\` may not change the dtype, got ${found.dtype}`);
      if (found !== original) setData(original, found);
      this.learn("original", original);
    } else {
      if (!Array.isArray(found) || !found.every((part) => part instanceof Tensor))
        throw new ArgumentError("registerParametrization: `rightInverse` must return a tensor or an array of tensors");
      this.parts = found.length;
      found.forEach((part: Tensor, i) => {
        const own = original instanceof Parameter ? new Parameter(part, requiresGrad(original)) : part;
        if (!(own instanceof Parameter)) requiresGrad_(own, requiresGrad(original));
        this.learn(`original${i}`, own);
      });
    }
    if (!unsafe) checkLike("A parametrization", this.forward(), original);
  }

  private learn(name: string, value: Tensor): void {
    if (value instanceof Parameter) this.registerParameter(name, value);
    else this.registerBuffer(name, value);
  }

  /** @internal */
  get learnt(): Tensor[] {
    if (this.parts === 0) return [this.original];
    return Array.from({ length: this.parts }, (_, i) => this[`original${i}`] as Tensor);
  }

  override forward(): Tensor {
    const [first, ...others] = this.values();
    let x: Tensor = (first as Module).call(...this.learnt);
    for (const module of others) x = module.call(x);
    return x;
  }

  /** Changes what is learnt so that the parametrised tensor becomes `value`. */
  rightInverse(value: Tensor): void {
    unrecorded(() => {
      let at: Tensor | readonly Tensor[] = value;
      for (const module of [...this].reverse()) {
        if (module.rightInverse === undefined)
          throw new ArgumentError(`parametrize: parametrization ${nameOf(module)} does not implement rightInverse.`);
        at = module.rightInverse(at as Tensor);
      }
      const parts = at instanceof Tensor ? [at] : at;
      const originals = this.learnt;
      if (parts.length !== originals.length) {
        throw new ArgumentError(
          `parametrize: 'rightInverse' must return a sequence of tensors of length ${originals.length}. Got ${parts.length}.`,
        );
      }
      for (const [i, original] of originals.entries()) {
        const part = parts[i] as Tensor;
        if (part.dtype !== original.dtype) {
          throw new DTypeError(
            `parametrize: The tensor returned by \`rightInverse\` has dtype ${part.dtype} while \`original\` has dtype ${original.dtype}`,
          );
        }
        setData(original, part);
      }
    });
  }
}

interface Parametrized {
  parametrizations?: ModuleDict<Record<string, ParametrizationList>>;
}

const listsOf = (module: Module): ModuleDict<Record<string, ParametrizationList>> | null => {
  const found = (module as Module & Parametrized).parametrizations;
  return found instanceof ModuleDict ? found : null;
};

/** Whether a module, or one tensor of it, is parametrised. */
export function isParametrized(module: Module, tensorName: string | null = null): boolean {
  const lists = listsOf(module);
  return lists !== null && (tensorName === null ? lists.length > 0 : lists.has(tensorName));
}

/** Options of `registerParametrization`. */
export interface RegisterOptions {
  /** Whether shape and dtype may change; the parametrisation is not tried then. */
  readonly unsafe?: boolean;
}

/**
 * Makes a parameter or buffer of a module what `parametrization.forward` gives, computed at each use; what is learnt is then
 * `parametrizations.<name>.original`. Assigning to the tensor goes through `rightInverse`. Returns the module.
 *
 * ```js
 * nn.utils.parametrize.registerParametrization(layer, "weight", new Symmetric());
 * ```
 */
export function registerParametrization<M extends Module>(
  module: M,
  tensorName: string,
  parametrization: Parametrization,
  ...rest: [options?: RegisterOptions]
): M {
  const op = "registerParametrization";
  const { unsafe } = parse(op, rest, { unsafe: false });
  if (!(parametrization instanceof Module))
    throw new ArgumentError(`${op}: expected a module, got ${describe(parametrization)}`);
  parametrization.train(module.training);
  const known = isParametrized(module, tensorName) ? listsOf(module)?.get(tensorName) : undefined;
  if (known !== undefined) {
    if (!unsafe) {
      const value = known.call();
      const made = checkLike("A parametrization", parametrization.call(value), value);
      if (parametrization.rightInverse !== undefined)
        checkLike("rightInverse", parametrization.rightInverse(made), value);
    }
    known.append(parametrization);
    known.unsafe ||= unsafe;
    return module;
  }
  const { key, field, value } = placeOf(op, module, tensorName);
  const list = new ParametrizationList([parametrization], value, unsafe);
  const fields = module as unknown as Record<string, unknown> & Parametrized;
  delete fields[field];
  forgetBuffer(module, field);
  if (fields.parametrizations === undefined) {
    module[HIDDEN].shownName = `Parametrized${nameOf(module)}`;
    fields.parametrizations = new ModuleDict<Record<string, ParametrizationList>>();
  }
  fields.parametrizations.set(key, list);
  Object.defineProperty(module, field, {
    get(this: Module) {
      return computed(listsOf(this)?.get(key) as ParametrizationList);
    },
    set(this: Module, next: Tensor) {
      listsOf(this)?.get(key)?.rightInverse(next);
    },
    configurable: true,
  });
  return module;
}

function computed(list: ParametrizationList): Tensor {
  if (cache.depth === 0) return list.call();
  const value = cache.values.get(list) ?? list.call();
  cache.values.set(list, value);
  return value;
}

/** Options of `removeParametrizations`. */
export interface RemoveOptions {
  /** Whether the tensor keeps the value that it was computed to have, rather than what was learnt: true. */
  readonly leaveParametrized?: boolean;
}

/** Makes a parametrised tensor a parameter or buffer again. Returns the module. */
export function removeParametrizations<M extends Module>(
  module: M,
  tensorName: string,
  ...rest: [leaveParametrized?: boolean | RemoveOptions]
): M {
  const op = "removeParametrizations";
  const { leaveParametrized } = parse(op, rest, { leaveParametrized: true }, ["leaveParametrized"]);
  const lists = listsOf(module);
  if (lists === null || !lists.has(tensorName))
    throw new ArgumentError(`${op}: Module ${nameOf(module)} does not have a parametrization on ${tensorName}`);
  const list = lists.get(tensorName);
  if (list.parts > 0 && !leaveParametrized) {
    throw new ArgumentError(
      `${op}: Cannot leave unparametrized (\`leaveParametrized: false\`) a tensor that is parametrized in terms of a sequence of tensors.`,
    );
  }
  let original = list.learnt[0] as Tensor;
  if (leaveParametrized) {
    const value = unrecorded(() => list.call());
    if (list.parts === 0) setData(original, value);
    else original = original instanceof Parameter ? new Parameter(value) : value;
  }
  const field = fieldOf(module, tensorName);
  const fields = module as unknown as Record<string, unknown> & Parametrized;
  delete fields[field];
  lists.delete(tensorName);
  if (original instanceof Parameter) module.registerParameter(field, original);
  else module.registerBuffer(field, original);
  if (lists.length === 0) {
    delete fields.parametrizations;
    module[HIDDEN].shownName = null;
  }
  return module;
}

/** The field of a module that computes a tensor of this name. */
function fieldOf(module: Module, name: string): string {
  const fields = Object.entries(Object.getOwnPropertyDescriptors(module));
  const found = fields.find(([field, { get }]) => get !== undefined && module.keyOf(field) === name);
  return found?.[0] ?? name;
}

/** Computes each parametrised tensor at most once while a function runs. */
export function cached<T>(body: () => T): T {
  cache.depth++;
  try {
    const result = body();
    refuseAsync("cached", result);
    return result;
  } finally {
    if (--cache.depth === 0) cache.values.clear();
  }
}
