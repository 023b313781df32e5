// Recorded calls whose arguments may be lists and words: running one, and what is wrong with what it gives.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import { isRecorded, made, type Recorded, type Value } from "./recorded.js";

type Argument = Recorded | Value | null | readonly Argument[];

/** One call and what PyTorch gave for it. */
export interface Call {
  readonly op: string;
  readonly args: readonly Argument[];
  readonly options: Readonly<Record<string, Argument>>;
  readonly refused?: boolean;
  readonly outs: readonly Recorded[];
  /** Name of the node; "" where it is not compared. */
  readonly label?: string;
  readonly gradients?: readonly (Recorded | null)[];
}

const library = wg as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** A short text that tells a call from others of its operation. */
export function textOf({ op, args, options }: Call): string {
  const short = (x: Argument): unknown =>
    Array.isArray(x) ? x.map(short) : isRecorded(x) ? `${x.dtype}[${x.shape}]` : x;
  return `${op}(${JSON.stringify(args.map(short))}, ${JSON.stringify(options, (key, x) => (key === "" ? x : short(x)))})`;
}

/** Tensors in a result, in order. */
export function listOf(value: unknown): wg.Tensor[] {
  if (value instanceof wg.Tensor) return [value];
  return Object.values(value as object).flatMap(listOf);
}

function difference(what: string, got: wg.Tensor, want: Recorded): string | null {
  if (got.dtype !== want.dtype) return `${what} has dtype ${got.dtype}, not ${want.dtype}`;
  if (got.shape.join() !== want.shape.join()) return `${what} has shape [${got.shape}], not [${want.shape}]`;
  const values = Array.from(got.detach().toTypedArray(), Number);
  const tolerance = want.dtype === "float64" ? 1e-12 : 1e-5;
  for (const [i, value] of want.values.entries()) {
    const w = Number(value);
    const g = values[i] as number;
    const near = Object.is(g, w) || g === w || Math.abs(g - w) <= tolerance * Math.max(Math.abs(w), 0.1);
    if (!near) return `${what}: element ${i} is ${g}, not ${w}`;
  }
  return null;
}

/** What is wrong with a call: values, dtypes, shapes, the name of the node, gradients. */
export function faults(call: Call): (string | null)[] {
  const leaves: wg.Tensor[] = [];
  const argument = (x: Argument): unknown => {
    if (Array.isArray(x)) return x.map(argument);
    if (!isRecorded(x)) return typeof x === "string" && !Number.isNaN(Number(x)) ? Number(x) : x === "NaN" ? NaN : x;
    const leaf = made(x);
    if (call.label !== undefined && leaf.dtype.startsWith("float")) leaves.push(leaf.requiresGrad_());
    return leaf;
  };
  const args = call.args.map(argument);
  const known = leaves.length;
  const options = Object.fromEntries(Object.entries(call.options).map(([key, x]) => [key, argument(x)]));
  const run = (): unknown =>
    (library[call.op] as (...args: unknown[]) => unknown)(
      ...args,
      ...(Object.keys(options).length > 0 ? [options] : []),
    );
  if (call.refused) {
    expect(run, textOf(call)).toThrow(wg.WengertError);
    return [];
  }
  const outs = listOf(run());
  if (outs.length !== call.outs.length) return [`${outs.length} results, not ${call.outs.length}`];
  const found = outs.map((out, i) => difference(`result ${i}`, out, call.outs[i] as Recorded));
  const tracked = outs.filter((out) => out.requiresGrad);
  const name = tracked[0]?.gradFn?.name().split("::").at(-1);
  if (call.label !== "" && name !== call.label) found.push(`the node is ${name}, not ${call.label}`);
  if (call.gradients === undefined || tracked.length === 0) return found;
  const gradients = wg.autograd.grad(tracked, leaves.slice(0, known), {
    gradOutputs: tracked.map((out) => wg.onesLike(out)),
    allowUnused: true,
  });
  for (const [i, want] of call.gradients.entries()) {
    const got = gradients[i] ?? null;
    if (want !== null && got !== null) found.push(difference(`gradient ${i}`, got, want));
    else if ((want === null) !== (got === null)) found.push(`gradient ${i}: ${got}, not ${JSON.stringify(want)}`);
  }
  return found;
}

const calls: readonly Call[] = JSON.parse(
  readFileSync(new URL("../fixtures/reduced/values.json", import.meta.url), "utf8"),
);

/** Checks all recorded calls of some operations, one test for each operation. */
export function checkRecorded(names: string): void {
  describe("gives what PyTorch gives", () => {
    test.each(names.split(" "))("%s", (name) => {
      const own = calls.filter((call) => call.op === name);
      expect(own.length).toBeGreaterThan(0);
      const wrong: string[] = [];
      wg.scope(() => {
        for (const call of own) {
          for (const fault of faults(call)) if (fault !== null) wrong.push(`${textOf(call)}: ${fault}`);
        }
      });
      expect(wrong).toEqual([]);
    });
  });
}
