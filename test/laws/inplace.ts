// The forms in place that go with a sample's function: methods and functions with an underscore at the end of the name.

import { scope, Tensor } from "../../src/entries/node.js";
import type { Sample } from "../samples/samples.js";
import { type Callable, functions, operatorOf } from "./tools.js";

/** Writes in place that change the shape, so that their result need not have the argument's. */
const RESHAPING = /^(transpose|t|squeeze|unsqueeze|swapaxes|swapdims|asStrided)_$/;

/** A form in place: its name as reported by coverage, and the call. */
export interface Form {
  readonly name: string;
  readonly call: Callable;
}

const methods = Tensor.prototype as unknown as Readonly<Record<string, Callable | undefined>>;
const known = functions();

/** The names of all methods that write in place. */
export const writingMethods: readonly string[] = Object.getOwnPropertyNames(Tensor.prototype).filter((name) =>
  /[^_]_$/.test(name),
);

/** The paths under which a function is exported. */
export function pathsOf(f: unknown): string[] {
  return [...known].filter(([, value]) => value === f).map(([path]) => path);
}

/** The forms in place of a sample; none where its result does not fit into its first argument. */
export function formsOf(sample: Sample): Form[] {
  const [self] = sample.args;
  if (!(self instanceof Tensor)) return [];
  const paths = sample.writes ?? pathsOf(sample.call).map((path) => `${path}_`);
  const given = sample.inplace === undefined ? [] : [{ name: `${operatorOf(sample)}_ (given)`, call: sample.inplace }];
  const found = paths.flatMap((path): Form[] => {
    const exported = known.get(path) as Callable | undefined;
    const method = path.includes(".") ? undefined : methods[path];
    return [
      ...(exported ? [{ name: path, call: exported }] : []),
      ...(method ? [{ name: `Tensor.${path}`, call: (x: unknown, ...rest: unknown[]) => method.apply(x, rest) }] : []),
    ];
  });
  const forms = [...given, ...found];
  if (forms.length === 0) return [];
  const fits = scope(() => {
    const out = sample.call(...sample.args);
    if (!(out instanceof Tensor)) return false;
    const castable = out.dtype === self.dtype || out.dtype === "bool";
    return castable && (`${out.shape}` === `${self.shape}` || RESHAPING.test(paths[0] ?? ""));
  });
  return fits ? forms : [];
}
