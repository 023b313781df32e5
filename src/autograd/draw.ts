// Seeing a graph: as a Graphviz or Mermaid drawing, and as a table.

import { GraphError } from "../errors.js";
import { asTensor } from "../op/args.js";
import type { Node } from "../tape/node.js";
import { edgeOf } from "../tape/record.js";
import { SavedValue } from "../tape/saved.js";
import { formatShape } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";

interface Drawn {
  readonly node: Node;
  readonly id: string;
  readonly title: string;
  readonly shape: string;
  /** Saved tensors: how many, and their bytes. */
  readonly saved: number;
  readonly bytes: number;
}

/** All nodes a tensor was computed by, newest first. */
function nodesOf(op: string, x: Tensor): Drawn[] {
  asTensor(op, x);
  const root = edgeOf(x);
  if (root === null) throw new GraphError(`${op}: the tensor does not require grad, so it has no graph`);
  const found = new Set<Node>([root.node]);
  const pending = [root.node];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const next of node.nodes) {
      if (next === null || found.has(next)) continue;
      found.add(next);
      pending.push(next);
    }
  }
  return [...found]
    .sort((a, b) => b.sequence - a.sequence)
    .map((node, i) => {
      const saved = node.saved.filter((value): value is SavedValue => value instanceof SavedValue);
      return {
        node,
        id: `n${i}`,
        title: node.variable === null ? (node.label.split("::").at(-1) as string) : "leaf",
        shape: node.outputs.map(({ shape, dtype }) => `${formatShape(shape)} ${dtype}`).join(", "),
        saved: saved.length,
        bytes: node.freed ? 0 : saved.reduce((sum, value) => sum + value.bytes, 0),
      };
    });
}

function linesOf({ title, shape, saved, bytes }: Drawn): string[] {
  return saved === 0 ? [title, shape] : [title, shape, `saves ${saved}: ${bytes} bytes`];
}

/** The graph of a result in Graphviz's language; leaves are boxes filled grey. */
export function toDot(x: Tensor): string {
  const drawn = nodesOf("toDot", x);
  const ids = new Map(drawn.map(({ node, id }) => [node, id]));
  const nodes = drawn.map((each) => {
    const style = each.node.variable === null ? "shape=ellipse" : 'shape=box, style=filled, fillcolor="#dddddd"';
    return `  ${each.id} [label="${linesOf(each).join("\\n")}", ${style}];`;
  });
  const edges = drawn.flatMap(({ node, id }) =>
    node.nodes.flatMap((next) => (next === null ? [] : [`  ${ids.get(next)} -> ${id};`])),
  );
  return ["digraph tape {", "  rankdir=TB;", ...nodes, ...edges, "}"].join("\n");
}

/** The graph of a result in Mermaid's language; leaves are marked by the class `leaf`. */
export function toMermaid(x: Tensor): string {
  const drawn = nodesOf("toMermaid", x);
  const ids = new Map(drawn.map(({ node, id }) => [node, id]));
  const nodes = drawn.map((each) => {
    const text = `"${linesOf(each).join("<br/>")}"`;
    return each.node.variable === null ? `  ${each.id}(${text})` : `  ${each.id}[${text}]:::leaf`;
  });
  const edges = drawn.flatMap(({ node, id }) =>
    node.nodes.flatMap((next) => (next === null ? [] : [`  ${ids.get(next)} --> ${id}`])),
  );
  return ["flowchart TB", ...nodes, ...edges, "  classDef leaf fill:#dddddd,stroke:#888888"].join("\n");
}

/** The graph of a result as a table: operation, shapes, saved tensors and their bytes, newest first; and totals. */
export function summary(x: Tensor): string {
  const drawn = nodesOf("summary", x);
  const rows = [
    ["operation", "shape", "saved", "bytes"],
    ...drawn.map(({ title, shape, saved, bytes }) => [title, shape, String(saved), String(bytes)]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const text = rows.map((row) =>
    row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join("  "),
  );
  const leaves = drawn.filter(({ node }) => node.variable !== null).length;
  const bytes = drawn.reduce((sum, each) => sum + each.bytes, 0);
  return [...text, `${drawn.length - leaves} operations, ${leaves} leaves, ${bytes} bytes saved`]
    .map((line) => line.trimEnd())
    .join("\n");
}
