// Building the nodes of a graph: what translations of operations write with.

import { bytesOf, type DType, Promotion } from "../../tensor/dtype.js";
import { type Attribute, type Constant, ELEMENT_TYPES, type OnnxNode } from "./proto.js";
import type { Argument, Call, Value } from "./record.js";

/** An operation that cannot be said in ONNX as it was called. */
export class Untranslatable extends Error {}

/** Writes the nodes of one operation, and gives the names of its results. */
export type Translation = (g: Builder, call: Call) => string | readonly string[];

/** Translations by name of the operation. */
export type Table = Readonly<Record<string, Translation>>;

/** Numbers as elements of a dtype, little-endian. */
function elements(numbers: readonly (number | bigint)[], dtype: DType): Uint8Array {
  const size = bytesOf(dtype);
  const bytes = new Uint8Array(numbers.length * size);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => {
    const at = i * size;
    if (dtype === "float32") view.setFloat32(at, Number(number), true);
    else if (dtype === "float64") view.setFloat64(at, Number(number), true);
    else if (dtype === "int64") view.setBigInt64(at, BigInt(number), true);
    else if (dtype === "int32") view.setInt32(at, Number(number), true);
    else if (dtype === "int16") view.setInt16(at, Number(number), true);
    else if (dtype === "bool" || dtype === "uint8" || dtype === "int8") view.setUint8(at, Number(number));
    else throw new Untranslatable(`numbers of dtype ${dtype} are not written; convert the module with .to("float32")`);
  });
  return bytes;
}

/** The dtype that operands are promoted to. */
export function promotedOf(inputs: readonly Argument[]): DType {
  const promotion = new Promotion();
  for (const input of inputs) {
    if (typeof input === "object") promotion.tensor(input.dtype, input.shape.length);
    else promotion.number(input);
  }
  return promotion.result();
}

/** A tensor among the operands; a translation only asks where there must be one. */
export function valueAt(call: Call, i: number): Value {
  const input = call.inputs[i];
  if (typeof input !== "object") throw new Untranslatable("an operand is a number where a tensor was expected");
  return input;
}

/** The nodes and constants of one graph. */
export class Builder {
  readonly nodes: OnnxNode[] = [];
  readonly constants: Map<string, Constant>;
  /** The operation that is being translated: in names of values. */
  operation = "";

  constructor(
    constants: ReadonlyMap<string, Constant>,
    readonly opset: number,
  ) {
    this.constants = new Map(constants);
  }

  /** A node with several results. */
  several(
    op: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const outputs = Array.from(
      { length: count },
      (_, i) => `/${this.operation}_${this.nodes.length}${i === 0 ? "" : `_${i}`}`,
    );
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }

  /** A node with one result, whose name it gives. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.several(op, inputs, 1, attributes)[0] as string;
  }

  private constant(dtype: DType, dims: readonly number[], bytes: Uint8Array): string {
    const name = `/number_${this.constants.size}`;
    this.constants.set(name, { dtype, dims, bytes });
    return name;
  }

  /** A constant without dims. */
  scalar(value: number | boolean | bigint, dtype: DType): string {
    return this.constant(dtype, [], elements([typeof value === "boolean" ? Number(value) : value], dtype));
  }

  /** A constant of one dim. */
  list(numbers: readonly number[], dtype: DType = "int64"): string {
    return this.constant(dtype, [numbers.length], elements(numbers, dtype));
  }

  /** A constant matrix. */
  matrix(rows: readonly (readonly number[])[], dtype: DType): string {
    return this.constant(dtype, [rows.length, rows[0]?.length ?? 0], elements(rows.flat(), dtype));
  }

  /** A value in another dtype. */
  cast(name: string, from: DType, to: DType): string {
    return from === to ? name : this.node("Cast", [name], { to: ELEMENT_TYPES[to] });
  }

  /** An operand in a dtype: a number becomes a constant. */
  operand(input: Argument | undefined, dtype: DType): string {
    if (input === undefined) throw new Untranslatable("an operand is missing");
    return typeof input === "object" ? this.cast(input.name, input.dtype, dtype) : this.scalar(input, dtype);
  }

  /** A value in another shape. */
  reshape(name: string, shape: readonly number[]): string {
    return this.node("Reshape", [name, this.list(shape)]);
  }

  /** A reduction over dims; where they are named changed with opset 18. */
  reduce(op: string, name: string, dims: readonly number[], keepdims: boolean): string {
    if (dims.length === 0) return this.node("Identity", [name]);
    const keep = keepdims ? 1 : 0;
    if (op === "ReduceSum" || this.opset >= 18) return this.node(op, [name, this.list(dims)], { keepdims: keep });
    return this.node(op, [name], { axes: [...dims], keepdims: keep });
  }

  /** The node that makes a value, if one does. */
  maker(name: string): OnnxNode | undefined {
    return this.nodes.findLast((node) => node.outputs.includes(name));
  }
}
