// One graph from several runs: what differs between runs on other sizes is worked out from the inputs' sizes, and what
// else differs is refused, for then the run did not show what the module computes.

import { GraphError } from "../../errors.js";
import type { Constant, OnnxNode } from "./proto.js";
import type { Built } from "./translate.js";

/** An axis of an input whose size may vary: its size in each run. */
export interface Axis {
  readonly name: string;
  readonly input: string;
  readonly dim: number;
  readonly sizes: readonly number[];
}

/** A size in each run, as a multiple of that of an axis; null where it is none. */
export function multipleOf(sizes: readonly number[], axes: readonly Axis[]): { axis: Axis; factor: number } | null {
  for (const axis of axes) {
    const factor = (sizes[0] as number) / (axis.sizes[0] as number);
    if (Number.isInteger(factor) && axis.sizes.every((size, r) => size * factor === sizes[r])) return { axis, factor };
  }
  return null;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

function integers({ bytes }: Constant): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

function vector(numbers: readonly number[]): Constant {
  return {
    dtype: "int64",
    dims: [numbers.length],
    bytes: new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer),
  };
}

/** The element that all elements of all runs equal, or null. */
function onlyElement(runs: readonly Constant[]): Uint8Array | null {
  const [first] = runs as readonly [Constant];
  const count = first.dims.reduce((all, size) => all * size, 1);
  if (count === 0) return null;
  const width = first.bytes.length / count;
  const element = first.bytes.slice(0, width);
  return runs.every(({ bytes }) => bytes.every((byte, i) => byte === element[i % width])) ? element : null;
}

/** "/add_3" → "add". */
const operationOf = (node: OnnxNode | undefined): string =>
  node === undefined ? "an output" : `"${(node.outputs[0] as string).replace(/^\/|_\d+$/g, "")}"`;

/** Puts the graphs of several runs together. */
class Merge {
  readonly added: OnnxNode[] = [];
  readonly constants: Map<string, Constant>;
  private made = 0;

  constructor(
    private readonly op: string,
    private readonly runs: readonly Built[],
    private readonly axes: readonly Axis[],
  ) {
    this.constants = new Map((runs[0] as Built).constants);
  }

  private refuse(node: OnnxNode | undefined): never {
    const named = this.axes.map(({ name, input, dim }) => `"${name}" (dim ${dim} of ${input})`).join(", ");
    throw new GraphError(
      this.axes.length === 0
        ? `${this.op}: what reaches ${operationOf(node)} as a constant differs from run to run: it was computed from the inputs ` +
            "outside of operators (by an operator that is not recorded, or in JavaScript), or drawn at random. Compute it by operators, or pass it as an input."
        : `${this.op}: dynamicAxes: ${operationOf(node)} depends on the size of ${named} in a way that the file cannot say, or on ` +
            "values that are computed outside of operators. Leave the axis out of dynamicAxes, or take the size from -1 in reshape and view.",
    );
  }

  private fresh(): string {
    return `/size_${this.made++}`;
  }

  private keep(constant: Constant): string {
    const name = this.fresh();
    this.constants.set(name, constant);
    return name;
  }

  private node(op: string, inputs: readonly string[], attributes: OnnxNode["attributes"] = {}): string {
    const name = this.fresh();
    this.added.push({ op, inputs, outputs: [name], attributes });
    return name;
  }

  /** Nodes that work out a vector of sizes. */
  private sizes(columns: readonly (readonly number[])[], user: OnnxNode | undefined): string {
    const parts = columns.map((column) => {
      const [first] = column as readonly [number];
      if (column.every((size) => size === first)) return this.keep(vector([first]));
      const found = multipleOf(column, this.axes);
      if (found === null) this.refuse(user);
      const { axis, factor } = found;
      const size = this.node("Shape", [axis.input], { start: axis.dim, end: axis.dim + 1 });
      return factor === 1 ? size : this.node("Mul", [size, this.keep(vector([factor]))]);
    });
    return parts.length === 1 ? (parts[0] as string) : this.node("Concat", parts, { axis: 0 });
  }

  /** What stands for a constant that differs between runs. */
  private varying(name: string, runs: readonly Constant[], users: readonly OnnxNode[]): string {
    const [first] = runs as readonly [Constant];
    const [user] = users;
    const sameRank = runs.every(({ dims, dtype }) => dims.length === first.dims.length && dtype === first.dtype);
    if (!sameRank) this.refuse(user);
    const oneDim = first.dtype === "int64" && first.dims.length === 1;
    if (oneDim && name.startsWith("/number") && runs.every(({ dims }) => dims[0] === first.dims[0])) {
      const each = runs.map(integers);
      const columns = integers(first).map((_, i) => each.map((numbers) => numbers[i] as number));
      const differing = columns.filter((column) => column.some((size) => size !== column[0]));
      const reshapes = users.every(({ op, inputs }) => op === "Reshape" && inputs[1] === name);
      if (reshapes && differing.length === 1 && !columns.some(([size]) => size === -1 || size === 0)) {
        return this.keep(vector(columns.map((column) => (column === differing[0] ? -1 : (column[0] as number)))));
      }
      return this.sizes(columns, user);
    }
    const element = onlyElement(runs);
    if (element === null || sameShapes(runs)) this.refuse(user);
    const columns = first.dims.map((_, d) => runs.map(({ dims }) => dims[d] as number));
    const value = this.keep({ dtype: first.dtype, dims: [], bytes: element });
    return this.node("Expand", [value, this.sizes(columns, user)]);
  }

  run(): Built {
    const [first, ...others] = this.runs as readonly [Built, ...Built[]];
    for (const other of others) {
      const at = first.nodes.findIndex((node, i) => JSON.stringify(node) !== JSON.stringify(other.nodes[i]));
      if (at >= 0) this.refuse(first.nodes[at]);
      if (other.nodes.length !== first.nodes.length) this.refuse(other.nodes[first.nodes.length]);
      if (!first.outputs.every(({ name }, i) => name === other.outputs[i]?.name)) this.refuse(undefined);
    }
    const renamed = new Map<string, string>();
    for (const [name, constant] of first.constants) {
      const all = this.runs.map(({ constants }) => constants.get(name) ?? constant);
      if (all.every(({ dims, bytes }) => sameNumbers(dims, constant.dims) && sameBytes(bytes, constant.bytes)))
        continue;
      const users = first.nodes.filter(({ inputs }) => inputs.includes(name));
      renamed.set(name, this.varying(name, all, users));
    }
    const nodes = first.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((name) => renamed.get(name) ?? name),
    }));
    const outputs = first.outputs.map(({ name, value }) => ({ name: renamed.get(name) ?? name, value }));
    return { nodes: [...this.added, ...nodes], constants: this.constants, outputs };
  }
}

const sameShapes = (runs: readonly Constant[]): boolean =>
  runs.every(({ dims }) => sameNumbers(dims, (runs[0] as Constant).dims));

/**
 * The one graph that all runs show.
 * @throws GraphError where they do not show one.
 */
export function merge(op: string, runs: readonly Built[], axes: readonly Axis[]): Built {
  return new Merge(op, runs, axes).run();
}
