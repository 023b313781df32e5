// Recording one run of a module: which operations it calls on which values, told by the trace that profiles use.

import { mode, type Trace } from "../../tape/mode.js";
import type { Node } from "../../tape/node.js";
import type { DType } from "../../tensor/dtype.js";
import { isContiguous, type Layout, sameLayout } from "../../tensor/layout.js";
import { readers } from "../../tensor/read.js";
import type { Storage } from "../../tensor/storage.js";
import { Tensor } from "../../tensor/tensor.js";
import { withBytes } from "../elements.js";
import type { Constant } from "./proto.js";

/** What a value comes from: constants only, parameters too, or inputs of the graph. */
type Rank = "constant" | "parameter" | "input";

/** A tensor at a moment of the run. */
export interface Value {
  /** Name in the graph; results get theirs when they are translated. */
  name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly rank: Rank;
  /** The operation without a translation that made it. */
  readonly untranslated: string | null;
}

/** An operand of a call. */
export type Argument = Value | number | boolean | bigint;

/** A call of an operation. */
export interface Call {
  readonly name: string;
  readonly inputs: readonly Argument[];
  readonly outputs: readonly Value[];
  readonly parameters: unknown;
}

/** Parameters of the call that stands for a handle which no operation made: where its elements lie in the input. */
export interface Located {
  readonly layout: Layout;
}

/** Where a value was seen: in this layout of this storage, before or after writes that count. */
interface Binding {
  readonly value: Value;
  readonly layout: Layout;
  readonly dtype: DType;
  readonly writes: number;
}

interface Opened {
  readonly name: string;
  readonly inputs: readonly Argument[];
  /** Whether what runs inside is left to the translation of this operation. */
  readonly covers: boolean;
}

/** Operations that write one number into all of a tensor. */
const FILLS: readonly string[] = ["zero_", "fill_"];

/** A name without the underscore of what writes in place. */
const plainName = (name: string): string => (name.length > 1 && name.endsWith("_") ? name.slice(0, -1) : name);

/** The elements of a tensor as they are now. */
export function bytesNow(x: Tensor): Uint8Array {
  return withBytes("exportOnnx", x, (bytes) => bytes.slice());
}

/** Runs `body` while operations are told to `trace` and reading to `told`. */
function listening<T>(trace: Trace | null, told: typeof readers.told, body: () => T): T {
  const before = [mode.trace, readers.told] as const;
  mode.trace = trace;
  readers.told = told;
  try {
    return body();
  } finally {
    [mode.trace, readers.told] = before;
  }
}

/** Takes the notes of one run. */
export class Recorder implements Trace {
  readonly calls: Call[] = [];
  readonly constants = new Map<string, Constant>();
  /** What cannot be exported, told when the run is over. */
  failure: string | null = null;
  /** Whether JavaScript read elements that depend on the inputs. */
  reads = false;
  private readonly seen = new Map<Storage, Binding[]>();
  private readonly writes = new Map<Storage, number>();
  private readonly open: Opened[] = [];

  /** @param translated whether there is a translation for an operation of this name */
  constructor(private readonly translated: (name: string) => boolean) {}

  /** Runs `body` with every operation told to this recorder. */
  during<T>(body: () => T): T {
    return listening(
      this,
      (x) => {
        if (this.open.length > 0 || this.quietly(() => this.valueOf(x)).rank !== "input") return;
        this.reads = true;
      },
      body,
    );
  }

  private quietly<T>(body: () => T): T {
    return listening(null, null, body);
  }

  /** Names a tensor that the graph gets from outside, or that is a parameter or buffer. */
  name(x: Tensor, name: string, rank: "input" | "parameter"): void {
    this.bind(x, { name, shape: [...x.shape], dtype: x.dtype, rank, untranslated: null });
    if (rank === "parameter") this.constants.set(name, { dtype: x.dtype, dims: [...x.shape], bytes: bytesNow(x) });
  }

  private bind(x: Tensor, value: Value): void {
    const bindings = this.seen.get(x.storage) ?? [];
    // Constants change by writes that nobody tells; all others by those that are told.
    const writes = value.rank === "constant" ? x.storage.version : (this.writes.get(x.storage) ?? 0);
    bindings.unshift({ value, layout: x.layout, dtype: x.dtype, writes });
    this.seen.set(x.storage, bindings);
  }

  /** The value that a tensor holds now. */
  valueOf(x: Tensor): Value {
    const bindings = this.seen.get(x.storage) ?? [];
    const writes = this.writes.get(x.storage) ?? 0;
    const current = bindings.filter(({ value, writes: at }) =>
      value.rank === "constant" ? writes === 0 && at === x.storage.version : at === writes,
    );
    const known = current.find(({ layout, dtype }) => dtype === x.dtype && sameLayout(layout, x.layout));
    if (known !== undefined) return known.value;
    const whole = current.find(
      ({ value, layout, dtype }) => value.rank === "input" && dtype === x.dtype && isContiguous(layout),
    );
    if (whole !== undefined) return this.located(x, whole);
    if (writes > 0 || bindings.some(({ value }) => value.rank === "input")) {
      this.failure ??=
        "a tensor is read after a view that shares its memory was written; the file has values only: write the whole tensor, " +
        "or put it together with cat, stack or where";
    }
    return this.constant(x);
  }

  /** A handle on part of a value's memory that no operation made. */
  private located(x: Tensor, { value, layout }: Binding): Value {
    const { shape, strides, offset } = x.layout;
    const made: Value = { name: "", shape: [...shape], dtype: x.dtype, rank: "input", untranslated: null };
    const inside: Located = { layout: { shape, strides, offset: offset - layout.offset } };
    this.calls.push({ name: "located", inputs: [value], outputs: [made], parameters: inside });
    this.bind(x, made);
    return made;
  }

  private constant(x: Tensor): Value {
    const name = `/constant_${this.constants.size}`;
    this.constants.set(name, { dtype: x.dtype, dims: [...x.shape], bytes: bytesNow(x) });
    const value: Value = { name, shape: [...x.shape], dtype: x.dtype, rank: "constant", untranslated: null };
    this.bind(x, value);
    return value;
  }

  begin(name: string, operands: readonly unknown[], node: Node | null): number {
    if (node !== null || this.open.at(-1)?.covers === true) return -1;
    const inputs = operands.map((operand) =>
      operand instanceof Tensor ? this.quietly(() => this.valueOf(operand)) : (operand as Argument),
    );
    this.open.push({ name, inputs, covers: this.translated(name) || this.translated(plainName(name)) });
    return this.open.length - 1;
  }

  end(token: number, outputs: readonly Tensor[] = [], parameters?: unknown): void {
    const call = this.open[token];
    if (call === undefined) return;
    this.open.length = token;
    const ranks = call.inputs.map((input) => (typeof input === "object" ? input.rank : "constant"));
    const rank: Rank = ranks.includes("input") ? "input" : ranks.includes("parameter") ? "parameter" : "constant";
    const inPlace = call.name.endsWith("_");
    const untranslated = call.inputs
      .map((input) => (typeof input === "object" ? input.untranslated : null))
      .find(Boolean);
    if (inPlace) {
      const storage = (outputs[0] as Tensor).storage;
      const dependent = (this.seen.get(storage) ?? []).some(({ value }) => value.rank !== "constant");
      if (rank !== "constant" || dependent) this.writes.set(storage, (this.writes.get(storage) ?? 0) + 1);
    }
    if (rank === "constant") return;
    if (FILLS.includes(call.name) && call.inputs.length === 1) {
      // What one number fills is a constant from then on.
      const x = outputs[0] as Tensor;
      this.bind(x, { ...this.quietly(() => this.constant(x)), rank: "parameter" });
      return;
    }
    if (!call.covers) {
      // What ran inside has given the results already, or nobody can.
      if (rank === "input") for (const out of outputs) if (inPlace || !this.isKnown(out)) this.poison(out, call.name);
      return;
    }
    if (untranslated) {
      for (const out of outputs) this.poison(out, untranslated);
      return;
    }
    const name = this.translated(call.name) ? call.name : plainName(call.name);
    const results = outputs.map(
      (out): Value => ({ name: "", shape: [...out.shape], dtype: out.dtype, rank, untranslated: null }),
    );
    this.calls.push({ name, inputs: call.inputs, outputs: results, parameters });
    outputs.forEach((out, i) => {
      this.bind(out, results[i] as Value);
    });
  }

  private isKnown(x: Tensor): boolean {
    return (this.seen.get(x.storage) ?? []).some(({ layout }) => sameLayout(layout, x.layout));
  }

  private poison(x: Tensor, untranslated: string): void {
    this.bind(x, { name: "", shape: [...x.shape], dtype: x.dtype, rank: "input", untranslated });
  }
}
