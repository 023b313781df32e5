// Python's pickles, written: protocol 2, as `torch.save` writes them, of plain data and tensors.

import { ArgumentError } from "../errors.js";
import { Tensor } from "../tensor/tensor.js";
import { DEEPEST, Global, latin1 } from "./plain.js";

/** How a tensor is written: the name that rebuilds it and its arguments; `Persistent` stands for its storage. */
export interface TensorPickle {
  readonly rebuild: readonly [module: string, name: string];
  readonly args: readonly unknown[];
}

/** An object that is kept outside the pickle, by the id that finds it. */
export class Persistent {
  readonly id: readonly unknown[];
  constructor(id: readonly unknown[]) {
    this.id = id;
  }
}

/** A tuple, where a list would not do. */
export class Tuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** An empty `collections.OrderedDict`, which stands for hooks that are not saved. */
export const NO_HOOKS: unique symbol = Symbol("no hooks");

const encoder = /* @__PURE__ */ new TextEncoder();

/** Writes values into one pickle. */
export class Pickler {
  private bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  private view = new DataView(this.bytes.buffer);
  private at = 0;
  private readonly memo = new Map<unknown, number>();
  private readonly op: string;
  private readonly tensor: (x: Tensor) => TensorPickle;

  constructor(op: string, tensor: (x: Tensor) => TensorPickle) {
    this.op = op;
    this.tensor = tensor;
  }

  /** The pickle of a value. */
  write(value: unknown): Uint8Array<ArrayBuffer> {
    this.byte(0x80);
    this.byte(2);
    this.value(value, "the value", 0);
    this.code(".");
    return this.bytes.slice(0, this.at);
  }

  private room(count: number): number {
    const { at } = this;
    if (at + count > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, at + count));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.at = at + count;
    return at;
  }

  private byte(value: number): void {
    const at = this.room(1);
    this.bytes[at] = value;
  }

  private code(letter: string): void {
    this.byte(letter.charCodeAt(0));
  }

  private u32(value: number): void {
    const at = this.room(4);
    this.view.setUint32(at, value, true);
  }

  private raw(data: Uint8Array): void {
    const at = this.room(data.length);
    this.bytes.set(data, at);
  }

  private text(value: string): void {
    const data = encoder.encode(value);
    this.code("X");
    this.u32(data.length);
    this.raw(data);
  }

  private global(module: string, name: string): void {
    this.code("c");
    this.raw(encoder.encode(`${module}\n${name}\n`));
  }

  private number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      if (value === (value | 0)) {
        this.code("J");
        this.u32(value >>> 0);
      } else this.big(BigInt(value));
      return;
    }
    this.code("G");
    const at = this.room(8);
    this.view.setFloat64(at, value, false);
  }

  private big(value: bigint): void {
    let count = 1;
    while (BigInt.asIntN(count * 8, value) !== value) count++;
    if (count > 255) throw new ArgumentError(`${this.op}: an integer of ${count} bytes is too large`);
    this.byte(0x8a);
    this.byte(count);
    for (let i = 0, rest = value; i < count; i++, rest >>= 8n) this.byte(Number(rest & 255n));
  }

  private remember(value: unknown): void {
    this.code("r");
    this.u32(this.memo.size);
    this.memo.set(value, this.memo.size);
  }

  private tuple(items: readonly unknown[], path: string, depth: number): void {
    this.code("(");
    for (const item of items) this.value(item, path, depth + 1);
    this.code("t");
  }

  private value(value: unknown, path: string, depth: number): void {
    if (value === null) this.code("N");
    else if (typeof value === "boolean") this.byte(value ? 0x88 : 0x89);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "bigint") this.big(value);
    else if (typeof value === "string") this.text(value);
    else if (value === NO_HOOKS) {
      this.global("collections", "OrderedDict");
      this.code(")");
      this.code("R");
    } else if (typeof value === "object") this.object(value, path, depth);
    else {
      throw new ArgumentError(
        `${this.op}: expected tensors, numbers, texts, arrays and objects, got a ${typeof value} in ${path}`,
      );
    }
  }

  private object(value: object, path: string, depth: number): void {
    const known = this.memo.get(value);
    if (depth > DEEPEST) throw new ArgumentError(`${this.op}: values nest more than ${DEEPEST} deep in ${path}`);
    if (known !== undefined) {
      this.code("j");
      this.u32(known);
    } else if (value instanceof Global) this.global(value.module, value.name);
    else if (value instanceof Tuple) this.tuple(value.items, path, depth);
    else if (value instanceof Persistent) {
      this.tuple(value.id, path, depth);
      this.code("Q");
    } else if (value instanceof Tensor) {
      const { rebuild, args } = this.tensor(value);
      this.made(value, ...rebuild, args, path, depth);
    } else if (value instanceof Uint8Array) {
      // What protocol 2 writes for bytes, and what PyTorch's restricted reader takes.
      this.made(value, "_codecs", "encode", [latin1(value), "latin1"], path, depth);
    } else if (value instanceof Set) this.made(value, "__builtin__", "set", [[...value]], path, depth);
    else if (Array.isArray(value)) {
      this.code("]");
      this.remember(value);
      this.code("(");
      value.forEach((item, i) => {
        this.value(item, `${path}[${i}]`, depth + 1);
      });
      this.code("e");
    } else if (value instanceof Map) this.dict(value, [...value], path, depth);
    else {
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
        throw new ArgumentError(
          `${this.op}: expected tensors, numbers, texts, arrays and plain objects, got a ${value.constructor.name} in ` +
            `${path}; save what its stateDict() gives`,
        );
      }
      this.dict(value, Object.entries(value), path, depth);
    }
  }

  /** An object that calling a name makes. */
  private made(
    value: object,
    module: string,
    name: string,
    args: readonly unknown[],
    path: string,
    depth: number,
  ): void {
    this.global(module, name);
    this.tuple(args, path, depth);
    this.code("R");
    this.remember(value);
  }

  private dict(value: object, entries: readonly (readonly [unknown, unknown])[], path: string, depth: number): void {
    this.code("}");
    this.remember(value);
    this.code("(");
    const ofOptimizer = Object.hasOwn(value, "state") && Object.hasOwn(value, "param_groups");
    for (const [key, item] of entries) {
      if (item === undefined) continue;
      this.value(key, path, depth + 1);
      const written = ofOptimizer && key === "state" ? numbered(item) : item;
      this.value(written, `${path}.${String(key)}`, depth + 1);
    }
    this.code("u");
  }
}

/** The state of an optimiser: PyTorch finds it by numbers, while the keys of JavaScript's objects are texts. */
function numbered(state: unknown): unknown {
  if (state === null || typeof state !== "object" || state instanceof Map) return state;
  return new Map(Object.entries(state).map(([key, value]) => [/^\d+$/.test(key) ? Number(key) : key, value]));
}
