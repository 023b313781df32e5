// Samples from the recorded PyTorch cases: every case that is small enough for laws to run on it often.

import * as wengert from "../../src/entries/node.js";
import { type Case, camel, decode, documents, invoke } from "../parity/cases.js";
import type { Sample } from "./samples.js";

/** Most elements of all arguments together. */
const MOST = 200;

/** In how many elements a recorded value holds numbers. */
function elements(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  if ("tensor" in value) return (value.tensor as readonly unknown[]).length;
  return Object.values(value).reduce((sum: number, each) => sum + elements(each), 0);
}

/** What an exported path names. */
export function exported(path: string): unknown {
  if (path === "") return wengert;
  return path
    .split(".")
    .reduce((from: unknown, part) => (from as Readonly<Record<string, unknown>> | undefined)?.[part], wengert);
}

/** The arguments of a case; tensors to differentiate by are collected in `leaves`. */
function argumentsOf({ args, opts }: Case, leaves: wengert.Tensor[]): unknown[] {
  const same = (x: wengert.Tensor): wengert.Tensor => x;
  const given = decode(args, "float64", leaves, same) as unknown[];
  const names = Object.keys(opts);
  if (names.length === 0) return given;
  const values = decode(Object.values(opts), "float64", leaves, same) as unknown[];
  return [...given, Object.fromEntries(names.map((name, i) => [name, values[i]]))];
}

/** The recorded cases as samples; operators that are only methods or properties are called as such. */
export function recorded(): Sample[] {
  const list: Sample[] = [];
  for (const { op, variant, cases } of documents) {
    // Writing in place has a law of its own.
    if (/[^_]_$/.test(op)) continue;
    const path = op.split(".").map(camel).join(".");
    const found = exported(path);
    const call = typeof found === "function" ? found : (...args: unknown[]) => invoke(op, args, {});
    for (const each of cases) {
      if (elements([each.args, each.opts]) > MOST) continue;
      const leaves: wengert.Tensor[] = [];
      list.push({
        name: `${path}${variant ? ` (${variant})` : ""} #${each.sample}`,
        call: call as Sample["call"],
        args: argumentsOf(each, leaves),
        leaves,
        differentiable: each.grads !== undefined,
      });
    }
  }
  return list;
}
