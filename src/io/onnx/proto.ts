// Protocol buffers of ONNX, written by hand: the package has no runtime dependencies. Numbers of fields and types are
// those of onnx.proto3 (ONNX 1.12, IR version 8); the wire format is that of protocol buffers.

import type { DType } from "../../tensor/dtype.js";

/** Numbers of element types in TensorProto. */
export const ELEMENT_TYPES: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

/** A constant of the graph: elements little-endian, row-major. */
export interface Constant {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

/** What an attribute can be: a whole number or fraction (`{ float }`), a text, a list of whole numbers. */
export type Attribute = number | { readonly float: number } | string | readonly number[];

/** A node of the graph. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A named value with its type; sizes that vary are names. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly (number | string)[];
}

/** A graph to write. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** Versions that a file names. */
export interface Versions {
  readonly opset: number;
  readonly ir: number;
  readonly producer: string;
}

/** Collects the fields of a message. */
class Message {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  private push(bytes: Uint8Array): void {
    this.parts.push(bytes);
    this.size += bytes.length;
  }

  /** A base-128 number; a negative one in two's complement of 64 bits. */
  private varint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    do {
      const low = Number(rest & 127n);
      rest >>= 7n;
      bytes.push(rest > 0n ? low | 128 : low);
    } while (rest > 0n);
    this.push(Uint8Array.from(bytes));
  }

  /** A whole number (wire type 0). */
  int(field: number, value: number): this {
    this.varint(field << 3);
    this.varint(value);
    return this;
  }

  /** A float32 (wire type 5). */
  float(field: number, value: number): this {
    this.varint((field << 3) | 5);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.push(bytes);
    return this;
  }

  /** Bytes, a text, or a message (wire type 2). */
  bytes(field: number, value: Uint8Array | string | Message): this {
    const bytes =
      typeof value === "string" ? new TextEncoder().encode(value) : value instanceof Message ? value.finish() : value;
    this.varint((field << 3) | 2);
    this.varint(bytes.length);
    this.push(bytes);
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().bytes(1, name);
  if (typeof value === "number") return message.int(3, value).int(20, 2);
  if (typeof value === "string") return message.bytes(4, value).int(20, 3);
  if ("float" in value) return message.float(2, value.float).int(20, 1);
  for (const each of value) message.int(8, each);
  return message.int(20, 7);
}

function nodeMessage(node: OnnxNode, name: string): Message {
  const message = new Message();
  for (const input of node.inputs) message.bytes(1, input);
  for (const output of node.outputs) message.bytes(2, output);
  message.bytes(3, name).bytes(4, node.op);
  for (const [key, value] of Object.entries(node.attributes)) message.bytes(5, attributeMessage(key, value));
  return message;
}

function constantMessage(name: string, { dtype, dims, bytes }: Constant): Message {
  const message = new Message();
  for (const dim of dims) message.int(1, dim);
  return message.int(2, ELEMENT_TYPES[dtype]).bytes(8, name).bytes(9, bytes);
}

function valueMessage({ name, dtype, dims }: ValueInfo): Message {
  const shape = new Message();
  for (const dim of dims) {
    shape.bytes(1, typeof dim === "number" ? new Message().int(1, dim) : new Message().bytes(2, dim));
  }
  const tensor = new Message().int(1, ELEMENT_TYPES[dtype]).bytes(2, shape);
  return new Message().bytes(1, name).bytes(2, new Message().bytes(1, tensor));
}

/** The bytes of a model file. */
export function encodeModel(graph: OnnxGraph, { opset, ir, producer }: Versions): Uint8Array<ArrayBuffer> {
  const message = new Message();
  graph.nodes.forEach((node, i) => {
    message.bytes(1, nodeMessage(node, `${node.op}_${i}`));
  });
  message.bytes(2, graph.name);
  for (const [name, constant] of graph.constants) message.bytes(5, constantMessage(name, constant));
  for (const input of graph.inputs) message.bytes(11, valueMessage(input));
  for (const output of graph.outputs) message.bytes(12, valueMessage(output));
  const versions = new Message().bytes(1, "").int(2, opset);
  return new Message().int(1, ir).bytes(2, producer).bytes(7, message).bytes(8, versions).finish();
}
