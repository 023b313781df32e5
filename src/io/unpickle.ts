// Python's pickles, read as data: a stack machine that knows a fixed list of names and runs no code.
//
// Opcodes: Lib/pickletools.py of CPython, protocols 0 to 5.

import { FormatError } from "../errors.js";
import { Global, latin1, plain } from "./plain.js";

/** What the names in a pickle stand for, and where its persistent objects are. */
export interface Names {
  /** What calling a name gives, or null where it may not be called. */
  readonly call: (global: Global, args: readonly unknown[]) => unknown;
  /** An object that is kept outside the pickle. */
  readonly persistent: (id: unknown) => unknown;
}

/** What stands for a call that is not known. */
export const UNKNOWN: unique symbol = Symbol("unknown");

const MARK: unique symbol = Symbol("mark");

/** Reads one pickle from `bytes`, from `start` on; tells where it ended. */
export class Unpickler {
  private readonly view: DataView;
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();
  private readonly utf8 = new TextDecoder("utf-8", { fatal: true });
  /** The first byte that was not read. */
  at: number;

  private readonly op: string;
  private readonly bytes: Uint8Array;
  private readonly names: Names;

  constructor(op: string, bytes: Uint8Array, start: number, names: Names) {
    this.op = op;
    this.bytes = bytes;
    this.names = names;
    this.at = start;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private damaged(what: string): FormatError {
    return new FormatError(`${this.op}: expected a whole pickle, but ${what} at byte ${this.at}; the file is damaged`);
  }

  /** The place of the next `count` bytes, which are passed over. */
  private skip(count: number): number {
    const { at } = this;
    if (!(count <= this.bytes.length - at)) throw this.damaged(`it ends within ${count} bytes`);
    this.at = at + count;
    return at;
  }

  private take(count: number): Uint8Array {
    const at = this.skip(count);
    return this.bytes.subarray(at, at + count);
  }

  private u8 = (): number => this.bytes[this.skip(1)] as number;
  private u16 = (): number => this.view.getUint16(this.skip(2), true);
  private u32 = (): number => this.view.getUint32(this.skip(4), true);
  private u64 = (): number => this.u32() + this.u32() * 2 ** 32;

  private text(count: number): string {
    const bytes = this.take(count);
    try {
      return this.utf8.decode(bytes);
    } catch {
      throw this.damaged("a text is not UTF-8");
    }
  }

  private line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw this.damaged("a line does not end");
    const line = this.text(end - this.at);
    this.at++;
    return line;
  }

  private pop(): unknown {
    if (this.stack.length === 0) throw this.damaged("its stack is empty");
    const value = this.stack.pop();
    if (value === MARK) throw this.damaged("a value is missing");
    return value;
  }

  private top(): unknown {
    const value = this.stack.at(-1);
    if (value === undefined || value === MARK) throw this.damaged("a value is missing");
    return value;
  }

  /** Everything above the last mark. */
  private marked(): unknown[] {
    const from = this.stack.lastIndexOf(MARK);
    if (from < 0) throw this.damaged("a mark is missing");
    const values = this.stack.splice(from);
    values.shift();
    return values;
  }

  private integer(bytes: Uint8Array): number | bigint {
    if (bytes.length > 1024) throw this.damaged(`an integer has ${bytes.length} bytes`);
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    return narrowed(bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, value));
  }

  private decimal(text: string): number | bigint | boolean {
    if (text === "00" || text === "01") return text === "01";
    if (!/^[+-]?\d{1,1000}L?$/.test(text)) throw this.damaged(`"${text.slice(0, 20)}" is no integer`);
    return narrowed(BigInt(text.replace(/L$/, "")));
  }

  private remember(index: number): void {
    this.memo.set(index, this.top());
  }

  private recall(index: number): void {
    if (!this.memo.has(index)) throw this.damaged(`value ${index} is not there`);
    this.stack.push(this.memo.get(index));
  }

  private setItems(pairs: unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map) || pairs.length % 2 !== 0) throw this.damaged("a dict was expected");
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i], pairs[i + 1]);
  }

  private append(values: unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw this.damaged("a list was expected");
    for (const value of values) list.push(value);
  }

  private add(values: unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.damaged("a set was expected");
    for (const value of values) set.add(value);
  }

  private call(target: unknown, args: unknown): unknown {
    if (!(target instanceof Global) || !Array.isArray(args)) throw this.damaged("a name was expected");
    const value = this.names.call(target, args);
    if (value !== UNKNOWN) return value;
    throw new FormatError(
      `${this.op}: the file holds a ${target.module}.${target.name}, which only Python code can make; ` +
        "expected tensors, numbers, texts, lists and dicts, such as a state_dict()",
    );
  }

  /** State given to an object after it was made: metadata of dicts, which is left out. */
  private build(): void {
    this.pop();
    const target = this.top();
    if (target instanceof Map || target instanceof Global) return;
    throw this.damaged("an object has a state of its own, which only Python code can set");
  }

  /** Runs the pickle, and returns what it makes. Dicts with keys that are texts or whole numbers become objects. */
  read(): unknown {
    for (;;) {
      const code = this.u8();
      if (code === 0x2e) break;
      this.step(code);
    }
    const value = this.pop();
    if (this.stack.length > 0) throw this.damaged("values are left over");
    return plain(this.op, value, new Map(), 0);
  }

  private step(code: number): void {
    const { stack } = this;
    switch (String.fromCharCode(code)) {
      case "\x80": {
        const protocol = this.u8();
        if (protocol > 5) throw this.damaged(`its protocol is ${protocol}`);
        return;
      }
      case "\x95":
        this.skip(8);
        return;
      case "(":
        stack.push(MARK);
        return;
      case "0":
        if (stack.pop() === undefined) throw this.damaged("its stack is empty");
        return;
      case "1":
        this.marked();
        return;
      case "2":
        stack.push(this.top());
        return;
      case "N":
        stack.push(null);
        return;
      case "\x88":
      case "\x89":
        stack.push(code === 0x88);
        return;
      case "I":
      case "L":
        stack.push(this.decimal(this.line()));
        return;
      case "J":
        stack.push(this.u32() | 0);
        return;
      case "K":
        stack.push(this.u8());
        return;
      case "M":
        stack.push(this.u16());
        return;
      case "\x8a":
        stack.push(this.integer(this.take(this.u8())));
        return;
      case "\x8b":
        stack.push(this.integer(this.take(this.u32())));
        return;
      case "F": {
        const text = this.line();
        const named: Record<string, number> = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY };
        stack.push(named[text] ?? (text === "-inf" ? Number.NEGATIVE_INFINITY : Number(text)));
        return;
      }
      case "G":
        stack.push(this.view.getFloat64(this.skip(8), false));
        return;
      case "S": {
        const quoted = this.line();
        const inner = /^(['"])([^'"\\]*)\1$/.exec(quoted);
        if (inner === null) throw this.damaged("a quoted text is malformed");
        stack.push(inner[2]);
        return;
      }
      case "T":
        stack.push(latin1(this.take(this.u32())));
        return;
      case "U":
        stack.push(latin1(this.take(this.u8())));
        return;
      case "V":
        stack.push(
          this.line().replace(/\\u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
        );
        return;
      case "X":
        stack.push(this.text(this.u32()));
        return;
      case "\x8c":
        stack.push(this.text(this.u8()));
        return;
      case "\x8d":
        stack.push(this.text(this.u64()));
        return;
      case "B":
        stack.push(this.take(this.u32()).slice());
        return;
      case "C":
        stack.push(this.take(this.u8()).slice());
        return;
      case "\x8e":
      case "\x96":
        stack.push(this.take(this.u64()).slice());
        return;
      case "]":
      case ")":
        stack.push([]);
        return;
      case "l":
      case "t":
        stack.push(this.marked());
        return;
      case "\x85":
      case "\x86":
      case "\x87": {
        const items = Array.from({ length: code - 0x84 }, () => this.pop()).reverse();
        stack.push(items);
        return;
      }
      case "a":
        this.append([this.pop()]);
        return;
      case "e":
        this.append(this.marked());
        return;
      case "}":
        stack.push(new Map());
        return;
      case "d": {
        const pairs = this.marked();
        stack.push(new Map());
        this.setItems(pairs);
        return;
      }
      case "s": {
        const value = this.pop();
        this.setItems([this.pop(), value]);
        return;
      }
      case "u":
        this.setItems(this.marked());
        return;
      case "\x8f":
        stack.push(new Set());
        return;
      case "\x90":
        this.add(this.marked());
        return;
      case "\x91":
        stack.push(new Set(this.marked()));
        return;
      case "g":
        this.recall(Number(this.line()));
        return;
      case "h":
        this.recall(this.u8());
        return;
      case "j":
        this.recall(this.u32());
        return;
      case "p":
        this.remember(Number(this.line()));
        return;
      case "q":
        this.remember(this.u8());
        return;
      case "r":
        this.remember(this.u32());
        return;
      case "\x94":
        this.remember(this.memo.size);
        return;
      case "c": {
        const module = this.line();
        stack.push(new Global(module, this.line()));
        return;
      }
      case "\x93": {
        const name = this.pop();
        const module = this.pop();
        if (typeof name !== "string" || typeof module !== "string") throw this.damaged("a name is no text");
        stack.push(new Global(module, name));
        return;
      }
      case "R":
      case "\x81": {
        const args = this.pop();
        stack.push(this.call(this.pop(), args));
        return;
      }
      case "b":
        this.build();
        return;
      case "Q":
        stack.push(this.names.persistent(this.pop()));
        return;
      default:
        throw this.damaged(`opcode 0x${code.toString(16)} is not one that plain data needs`);
    }
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
