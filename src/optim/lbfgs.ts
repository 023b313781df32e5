// L-BFGS: a quasi-Newton method that remembers a few steps and changes of the gradient.

import { ArgumentError, DTypeError } from "../errors.js";
import { parse, type Trailing } from "../op/args.js";
import { copyInto } from "../op/copy.js";
import { add, mul, neg, sub } from "../ops/arithmetic.js";
import { amax } from "../ops/extremum.js";
import { dot } from "../ops/matmul.js";
import { abs } from "../ops/pointwise.js";
import { sum } from "../ops/reduce.js";
import { recorded, unrecorded } from "../tape/mode.js";
import { contiguous } from "../tensor/layout.js";
import { outsideScopes, temporaries } from "../tensor/lifetime.js";
import { item } from "../tensor/read.js";
import { refuseAsync, scope } from "../tensor/scope.js";
import { alias, empty, Tensor } from "../tensor/tensor.js";
import { type Closure, Optimizer, type OptimizerParams, type ParamGroup, type ParamState } from "./optimizer.js";
import { type Point, strongWolfe } from "./wolfe.js";

/** Options of `LBFGS`. */
export interface LBFGSOptions {
  /** The step along the direction, or the first that a line search tries; 1. */
  readonly lr?: number;
  /** Most iterations of a step, 20. */
  readonly maxIter?: number;
  /** Most evaluations of the closure in a step; maxIter · 5/4. */
  readonly maxEval?: number | null;
  /** Ends when no element of the gradient is larger, 1e-7. */
  readonly toleranceGrad?: number;
  /** Ends when parameters or loss change less, 1e-9. */
  readonly toleranceChange?: number;
  /** Steps that are remembered, 100. */
  readonly historySize?: number;
  /** "strong_wolfe" searches along each direction; null takes the step as it is. */
  readonly lineSearchFn?: "strong_wolfe" | null;
}

const defaults = {
  lr: 1,
  maxIter: 20,
  maxEval: null as number | null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null as "strong_wolfe" | null,
};
type Settings = Omit<typeof defaults, "maxEval"> & { maxEval: number };

/** What is remembered, under the first parameter, by PyTorch's names. */
interface Memory {
  func_evals: number;
  n_iter: number;
  al?: (number | null)[];
  d?: Tensor;
  t?: number;
  old_dirs?: Tensor[];
  old_stps?: Tensor[];
  ro?: number[];
  H_diag?: number;
  prev_flat_grad?: Tensor;
  prev_loss?: number;
}

/** f of a tensor that lives until it is disposed. */
const held = (f: () => Tensor): Tensor => outsideScopes(f);
const numberOf = (f: () => Tensor): number => {
  let value = 0;
  temporaries(() => {
    value = item(f()) as number;
    return null;
  });
  return value;
};
const product = (a: Tensor, b: Tensor): number => numberOf(() => dot(a, b));
const largest = (x: Tensor): number => numberOf(() => amax(abs(x)));

/**
 * L-BFGS (Nocedal 1980): the direction is −H g, with H the inverse Hessian that the last steps s and changes of the gradient
 * y tell of. `step` needs a closure that clears the gradients, computes the loss, calls `backward` and returns the loss; it
 * is called many times.
 *
 * ```js
 * const optimiser = new optim.LBFGS([x], { lineSearchFn: "strong_wolfe" });
 * optimiser.step(() => {
 *   optimiser.zeroGrad();
 *   const loss = f(x);
 *   loss.backward();
 *   return loss;
 * });
 * ```
 * All parameters are in one group and of one dtype.
 */
export class LBFGS extends Optimizer<Settings> {
  static readonly name: string = "LBFGS";
  constructor(params: OptimizerParams<LBFGSOptions>, ...rest: Trailing<[lr: number | undefined], LBFGSOptions>) {
    const options = parse("LBFGS", rest, defaults, ["lr"]);
    const { lineSearchFn, ...others } = options;
    const maxEval = options.maxEval ?? Math.floor((options.maxIter * 5) / 4);
    super(params as OptimizerParams<Settings>, { ...others, maxEval, lineSearchFn });
    if (this.paramGroups.length !== 1) {
      throw new ArgumentError("LBFGS: LBFGS doesn't support per-parameter options (parameter groups)");
    }
  }

  /** @internal */
  protected override verify({ lineSearchFn, params }: ParamGroup<Settings>): void {
    if (lineSearchFn !== null && lineSearchFn !== "strong_wolfe") {
      throw new ArgumentError(`LBFGS: only 'strong_wolfe' is supported, got ${String(lineSearchFn)}`);
    }
    for (const { dtype } of params) {
      if (dtype === params[0].dtype && (dtype === "float32" || dtype === "float64")) continue;
      throw new DTypeError(`LBFGS: expected all parameters to be float32 or all float64, got ${dtype}`);
    }
  }

  /** @internal Never called: a step needs a closure, so it is a whole of its own. */
  protected update(): void {}

  /** @internal */
  override stateShape(): null {
    return null;
  }

  /** @internal */
  override isNumber(_key: string, value: Tensor): boolean {
    return value.ndim === 0;
  }

  /** Takes up to `maxIter` steps; returns the closure's first result. */
  override step(): never;
  override step<T>(closure: Closure<T>): T;
  override step<T>(closure?: Closure<T>): T {
    if (closure === undefined) {
      throw new ArgumentError("LBFGS: step() needs a closure that computes the loss again, with its gradients");
    }
    return this.around(closure, () => {
      const result = recorded(closure);
      refuseAsync("step", result);
      unrecorded(() => this.iterate(lossOf(result), closure));
      return result;
    });
  }

  /** The gradients of all parameters in one vector. */
  private gather(): Tensor {
    return this.flat((p) => p.gradient ?? 0);
  }

  private flat(read: (p: Tensor) => Tensor | number): Tensor {
    const { params } = this.paramGroups[0];
    const count = params.reduce((total, p) => total + p.numel(), 0);
    const flat = held(() => empty("LBFGS", [count], params[0].dtype));
    this.eachPart(flat, (p, part) => copyInto(part, read(p)));
    return flat;
  }

  /** Calls f with each parameter and its part of a vector. */
  private eachPart(flat: Tensor, f: (p: Tensor, part: Tensor) => void): void {
    temporaries(() => {
      let offset = 0;
      for (const p of this.paramGroups[0].params) {
        f(p, alias(flat, { ...contiguous(p.shape), offset }));
        offset += p.numel();
      }
      return null;
    });
  }

  private move(t: number, direction: Tensor): void {
    this.eachPart(direction, (p, part) => add.inplace(p, part, { alpha: t }));
  }

  private restore(values: Tensor): void {
    this.eachPart(values, (p, part) => {
      copyInto(p, part);
      p.storage.version++;
    });
  }

  /** The loss, with its gradients; what the closure makes on the way is freed. */
  private evaluate(closure: Closure<unknown>): number {
    return scope(() => lossOf(recorded(closure)));
  }

  private iterate(firstLoss: number, closure: Closure<unknown>): void {
    const group = this.paramGroups[0];
    const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = group;
    const state = this.stateOf(group.params[0], () => ({ func_evals: 0, n_iter: 0 })) as unknown as Memory;
    let loss = firstLoss;
    let evaluations = 1;
    state.func_evals++;
    let gradient = this.gather();
    if (largest(gradient) <= toleranceGrad) {
      gradient.dispose();
      return;
    }
    for (let n = 1; n <= maxIter; n++) {
      state.n_iter++;
      const d = this.direct(state, gradient, group.historySize);
      state.prev_flat_grad?.dispose();
      state.prev_flat_grad = held(() => copyOf(gradient));
      state.prev_loss = loss;
      state.t = state.n_iter === 1 ? Math.min(1, 1 / numberOf(() => sum(abs(gradient)))) * lr : lr;
      const slope = product(gradient, d);
      if (slope > -toleranceChange) break;
      const previous = loss;
      let more = 0;
      if (lineSearchFn !== null) {
        const { found, evaluations: counted } = this.search({ t: 0, loss, gradient, slope }, state.t, d, closure);
        ({ loss, gradient, t: state.t } = found);
        more = counted;
        this.move(state.t, d);
      } else {
        this.move(state.t, d);
        if (n !== maxIter) {
          loss = this.evaluate(closure);
          gradient.dispose();
          gradient = this.gather();
          more = 1;
        }
      }
      evaluations += more;
      state.func_evals += more;
      if (n === maxIter || evaluations >= maxEval) break;
      if (largest(gradient) <= toleranceGrad) break;
      if (Math.abs(state.t) * largest(d) <= toleranceChange) break;
      if (Math.abs(loss - previous) < toleranceChange) break;
    }
    gradient.dispose();
    this.state.set(group.params[0], inOrder(state));
  }

  /** The direction at a gradient, which is remembered. */
  private direct(state: Memory, gradient: Tensor, historySize: number): Tensor {
    const { d: before, prev_flat_grad: old, t = 0 } = state;
    if (state.n_iter === 1 || before === undefined || old === undefined) {
      for (const each of [...(state.old_dirs ?? []), ...(state.old_stps ?? [])]) each.dispose();
      state.d = held(() => neg(gradient));
      state.old_dirs = [];
      state.old_stps = [];
      state.ro = [];
      state.H_diag = 1;
      before?.dispose();
      return state.d;
    }
    state.old_dirs ??= [];
    state.old_stps ??= [];
    state.ro ??= [];
    const { old_dirs: changes, old_stps: steps, ro: inverses } = state;
    const y = held(() => sub(gradient, old));
    const s = held(() => mul(before, t));
    const ys = product(y, s);
    if (ys > 1e-10) {
      if (changes.length === historySize) {
        changes.shift()?.dispose();
        steps.shift()?.dispose();
        inverses.shift();
      }
      changes.push(y);
      steps.push(s);
      inverses.push(1 / ys);
      state.H_diag = ys / product(y, y);
    } else {
      y.dispose();
      s.dispose();
    }
    state.al ??= new Array<number | null>(historySize).fill(null);
    const weights = state.al;
    const d = held(() => neg(gradient));
    for (let i = changes.length - 1; i >= 0; i--) {
      const weight = product(steps[i], d) * inverses[i];
      weights[i] = weight;
      add.inplace(d, changes[i], { alpha: -weight });
    }
    mul.inplace(d, state.H_diag ?? 1);
    for (let i = 0; i < changes.length; i++) {
      const beta = product(changes[i], d) * inverses[i];
      add.inplace(d, steps[i], { alpha: (weights[i] as number) - beta });
    }
    before.dispose();
    state.d = d;
    return d;
  }

  /** A line search from here; the parameters are put back, and only the gradient at the point found is kept. */
  private search(start: Point, t: number, d: Tensor, closure: Closure<unknown>): ReturnType<typeof strongWolfe> {
    const here = this.flat((p) => p);
    const gradients = [start.gradient];
    const at = (distance: number): Point => {
      this.move(distance, d);
      const loss = this.evaluate(closure);
      const gradient = this.gather();
      gradients.push(gradient);
      this.restore(here);
      return { t: distance, loss, gradient, slope: product(gradient, d) };
    };
    const result = strongWolfe(start, t, largest(d), at);
    for (const each of gradients) if (each !== result.found.gradient) each.dispose();
    here.dispose();
    return result;
  }
}

function lossOf(result: unknown): number {
  const loss = result instanceof Tensor ? Number(item(result)) : result;
  if (typeof loss === "number") return loss;
  throw new ArgumentError("LBFGS: the closure must return the loss, a tensor of one element or a number");
}

/** The keys in PyTorch's order. */
function inOrder(state: Memory): ParamState {
  const { func_evals, n_iter, al, d, t, old_dirs, old_stps, ro, H_diag, prev_flat_grad, prev_loss } = state;
  const known = { d, t, old_dirs, old_stps, ro, H_diag, prev_flat_grad, prev_loss };
  return { func_evals, n_iter, ...(al === undefined ? {} : { al }), ...known };
}

function copyOf(x: Tensor): Tensor {
  const copy = empty("LBFGS", x.shape, x.dtype);
  copyInto(copy, x);
  return copy;
}
