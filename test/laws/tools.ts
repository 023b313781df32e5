// What the laws share: running a sample on changed arguments, and results to the last bit.

import { autograd, manualSeed, scope, Tensor, tensor, zeros } from "../../src/entries/node.js";
import { exported } from "../samples/recorded.js";
import type { Sample } from "../samples/samples.js";

export type Callable = (...args: unknown[]) => unknown;

export const isFloat = (x: Tensor): boolean => x.dtype === "float64" || x.dtype === "float32";

const isRecord = (x: unknown): x is Record<string, unknown> =>
  x !== null && typeof x === "object" && Object.getPrototypeOf(x) === Object.prototype;

/** The tensors in a value, in order, through lists and options. */
export function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  return isRecord(value) ? Object.values(value).flatMap(tensorsIn) : [];
}

/** A value with its tensors replaced, through lists and options. */
export function replaced<T>(value: T, change: (x: Tensor) => unknown): T {
  const walk = (at: unknown): unknown => {
    if (at instanceof Tensor) return change(at);
    if (Array.isArray(at)) return at.map(walk);
    return isRecord(at) ? Object.fromEntries(Object.entries(at).map(([name, each]) => [name, walk(each)])) : at;
  };
  return walk(value) as T;
}

/** The values of a tensor as numbers: signed zeros stay apart, all NaN are one. */
export const numbersOf = (x: Tensor): number[] => Array.from(x.detach().contiguous().toTypedArray(), Number);

/** A result in a form that equals another exactly if dtypes, shapes and bits do. */
export type Exact = readonly (readonly [what: string, values: readonly unknown[]])[];

/** What a call gives, tensor by tensor; anything else as it is. */
export function exact(value: unknown): Exact {
  if (value instanceof Tensor) return [[`${value.dtype} [${value.shape}]`, numbersOf(value)]];
  if (Array.isArray(value)) return value.flatMap(exact);
  if (isRecord(value)) return Object.values(value).flatMap(exact);
  return [[typeof value, [typeof value === "function" ? "" : value]]];
}

/** Weights for a backward pass: different for each element, the same every time, exact in binary. */
export function seedOf(x: Tensor): Tensor {
  const flat = Array.from({ length: x.numel() }, (_, i) => ((i * 37) % 64) / 32 - 0.984375);
  return tensor(flat, { dtype: x.dtype as "float64" }).reshape(x.shape);
}

/** Whether laws differentiate by a tensor of a sample. */
export function isLeaf({ leaves, differentiable }: Sample, x: Tensor): boolean {
  return differentiable !== false && (leaves?.includes(x) ?? isFloat(x));
}

/** Runs a sample on changed arguments: what it gives, and the gradients of the arguments. */
export function outcome(
  sample: Sample,
  change: (x: Tensor) => Tensor = (x) => x,
  around: <T>(run: () => T) => T = (run) => run(),
): Exact {
  return scope(() => {
    manualSeed(3);
    const leaves: Tensor[] = [];
    const args = replaced(sample.args, (x) => {
      const own = change(x).detach();
      if (isLeaf(sample, x)) leaves.push(own.requiresGrad_());
      return own;
    });
    return around(() => {
      const result = sample.call(...args);
      const found = [...exact(result)];
      const roots = tensorsIn(result).filter((x) => x.requiresGrad);
      if (roots.length === 0) return found;
      const gradients = autograd.grad(roots, leaves, { gradOutputs: roots.map(seedOf), allowUnused: true });
      for (const gradient of gradients) found.push(...exact(gradient));
      return found;
    });
  });
}

/**
 * The first place where two results differ, in words; null where they are the same to the last bit. With `slack` they
 * may be that far apart, measured in the largest value of all; in float32 by as much more as it is coarser.
 */
export function difference(got: Exact, wanted: Exact, slack = 0): string | null {
  if (got.length !== wanted.length) return `${got.length} results, not ${wanted.length}`;
  const all = slack === 0 ? [] : wanted.flatMap(([, values]) => values.map(Number)).filter(Number.isFinite);
  const room = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * slack;
  for (const [i, [what, values]] of got.entries()) {
    const [otherwise, others] = wanted[i] as Exact[number];
    if (what !== otherwise) return `result ${i} is ${what}, not ${otherwise}`;
    const own = what.startsWith("float32") ? room * 2 ** 29 : room;
    const at = values.findIndex((value, j) => {
      const other = others[j];
      return !Object.is(value, other) && !(slack > 0 && Math.abs(Number(value) - Number(other)) <= own);
    });
    if (at >= 0) return `result ${i}, element ${at}: ${values[at]}, not ${others[at]}`;
  }
  return null;
}

/** The same values in memory of the opposite order, with an offset and gaps. */
export function strided(x: Tensor): Tensor {
  const order = x.shape.map((_, d) => x.ndim - 1 - d);
  const wide = zeros([...order.map((d) => x.shape[d] as number), 2], { dtype: x.dtype });
  const inner = wide.select(x.ndim, 1);
  inner.copy_(x.permute(order));
  return inner.permute(order);
}

/** The name of a sample's operator, without what tells its samples apart. */
export const operatorOf = ({ name }: Sample): string => name.replace(/ [(#].*$/, "");

const spaces: Readonly<Record<string, object>> = Object.fromEntries(
  ["", "special.", "linalg.", "fft.", "signal.", "nn.functional."].map((path) => [
    path,
    exported(path.slice(0, -1)) as object,
  ]),
);

/** Every exported function that is no class, by its path. */
export function functions(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [path, space] of Object.entries(spaces)) {
    for (const [name, value] of Object.entries(space)) {
      if (typeof value === "function" && !/^[A-Z]/.test(name)) found.set(`${path}${name}`, value);
    }
  }
  return found;
}
