// From the calls of one run to the nodes of a graph.

import { GraphError } from "../../errors.js";
import { arrangeTable } from "./arrange.js";
import { Builder, type Table, Untranslatable } from "./builder.js";
import { elementwiseTable } from "./elementwise.js";
import { layersTable } from "./layers.js";
import type { Constant, OnnxNode } from "./proto.js";
import type { Recorder, Value } from "./record.js";
import { reduceTable } from "./reduce.js";

const table: Table = { ...elementwiseTable, ...arrangeTable, ...reduceTable, ...layersTable };

/** Whether there is a translation for an operation of this name. */
export function isTranslated(name: string): boolean {
  return Object.hasOwn(table, name);
}

/** A graph of one run: nodes in order, constants by name, and the names of the results. */
export interface Built {
  readonly nodes: OnnxNode[];
  readonly constants: Map<string, Constant>;
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
}

const ADVICE =
  "Say it in operations that have one (docs/files.md lists them), or leave this part out of the exported module and run it in JavaScript";

/** Throws because an operation has no translation. */
function untranslated(op: string, operation: string, why = ""): never {
  const reason = why === "" ? "" : `: ${why}`;
  throw new GraphError(
    `${op}: the operator "${operation}" has no translation to ONNX as it was called${reason}. ${ADVICE}.`,
  );
}

/** Translates all calls of a run whose results are `outputs`. */
export function translate(op: string, recorder: Recorder, outputs: readonly Value[], opset: number): Built {
  const builder = new Builder(recorder.constants, opset);
  const check = (value: Value): void => {
    if (value.untranslated !== null) untranslated(op, value.untranslated);
    if (value.name === "") untranslated(op, "maxPool", "its indices are not given for adaptive windows");
  };
  for (const call of recorder.calls) {
    builder.operation = call.name;
    for (const input of call.inputs) if (typeof input === "object") check(input);
    let names: string | readonly string[];
    try {
      const translation = table[call.name];
      if (translation === undefined) untranslated(op, call.name);
      names = translation(builder, call);
    } catch (error) {
      if (error instanceof Untranslatable) untranslated(op, call.name, error.message);
      throw error;
    }
    const all = typeof names === "string" ? [names] : names;
    call.outputs.forEach((output, i) => {
      output.name = all[i] ?? "";
    });
  }
  for (const output of outputs) check(output);
  return {
    nodes: builder.nodes,
    constants: builder.constants,
    outputs: outputs.map((value) => ({ name: value.name, value })),
  };
}

/** Drops nodes and constants that no output needs. */
export function prune(built: Built): Built {
  const needed = new Set(built.outputs.map(({ name }) => name));
  const nodes: OnnxNode[] = [];
  for (const node of built.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    const trimmed = node.op === "MaxPool" && !needed.has(node.outputs[1] ?? "");
    nodes.unshift(trimmed ? { ...node, outputs: node.outputs.slice(0, 1) } : node);
  }
  return { ...built, nodes, constants: new Map([...built.constants].filter(([name]) => needed.has(name))) };
}
