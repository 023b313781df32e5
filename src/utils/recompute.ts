// A checkpointed call: what it keeps, and how what it had saved is made again.

import { currentPass, onPassEnd } from "../autograd/engine.js";
import { CheckpointError, GraphError } from "../errors.js";
import { asBoolean } from "../op/args.js";
import { pushSavedHooks, type SavedHooks } from "../tape/hooks.js";
import { ModeBlock, mode, recorded, under } from "../tape/mode.js";
import { type Backward, Node } from "../tape/node.js";
import { SavedValue } from "../tape/saved.js";
import type { DType } from "../tensor/dtype.js";
import { getRngState, setRngState } from "../tensor/generator.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { adopt, outsideScopes } from "../tensor/lifetime.js";
import { scope } from "../tensor/scope.js";
import { alias, Tensor } from "../tensor/tensor.js";

const switches = { earlyStop: true, debug: null as boolean | null };

/** Whether second runs stop when they can. */
export function earlyStopping(): boolean {
  return switches.earlyStop;
}

function switched<T>(key: "earlyStop" | "debug", flag: boolean | null, body: () => T): T {
  const before = switches[key];
  Object.assign(switches, { [key]: flag });
  try {
    return under(key, {}, body);
  } finally {
    Object.assign(switches, { [key]: before });
  }
}

/** Runs `body` with the default of `earlyStop` set: whether second runs of checkpoints made inside stop when they can. */
export function setCheckpointEarlyStop<T>(enable: boolean, body: () => T): T {
  return switched("earlyStop", asBoolean("setCheckpointEarlyStop", enable, "enable"), body);
}

/** Runs `body` with the `debug` of checkpoints made inside overridden, or not any more (null). */
export function setCheckpointDebugEnabled<T>(enabled: boolean | null, body: () => T): T {
  return switched("debug", enabled, body);
}

/** What was saved in one place, as far as it is remembered. */
interface Slot {
  readonly place: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  released: boolean;
}

interface Manner {
  readonly preserveRngState: boolean;
  /** Compare what both runs save. */
  readonly compares: boolean;
  /** Remember the operations of both runs for messages. */
  readonly traces: boolean;
  readonly stops: boolean;
}

/** Ends a second run that has made all that is needed. */
class Enough extends Error {}

const nothing: Backward = { run: () => [] };

/** One checkpointed call. It lives until the graph has let go of all that the call saved. */
export class Frame {
  private readonly slots: Slot[] = [];
  private readonly inputs: (SavedValue | null)[];
  private readonly rng: ReturnType<typeof getRngState> | null;
  private readonly manner: Manner;
  /** Stands for the call in messages. */
  private readonly node = new Node("CheckpointBackward", nothing, [], [], [], null);
  private readonly firstTrace: string[] = [];
  private secondTrace: string[] = [];
  private running = true;
  private alive = 0;
  /** What second runs have made and nobody has asked for yet, by backward pass. */
  private readonly stocks = new Map<object, Map<number, Tensor>>();

  constructor(
    private readonly again: (...args: unknown[]) => unknown,
    private readonly args: readonly unknown[],
    manner: Manner,
  ) {
    this.manner = { ...manner, traces: switches.debug ?? manner.traces };
    this.inputs = args.map((arg) => (arg instanceof Tensor ? new SavedValue(arg, -1) : null));
    this.rng = manner.preserveRngState ? getRngState() : null;
  }

  /** The first run. */
  run<T>(body: () => T): T {
    const pop = pushSavedHooks({
      pack: (x) => this.packed(x),
      unpack: (value) => this.remade(value as Slot),
      release: (value) => this.released(value as Slot),
    });
    try {
      return scope(() => this.traced(this.firstTrace, body));
    } finally {
      pop();
      this.running = false;
      this.endIfUnused();
    }
  }

  private packed(x: Tensor): Slot {
    const slot: Slot = { place: this.slots.length, shape: x.shape, dtype: x.dtype, released: false };
    this.slots.push(slot);
    this.alive++;
    return slot;
  }

  private released(slot: Slot): void {
    slot.released = true;
    this.alive--;
    this.endIfUnused();
  }

  private endIfUnused(): void {
    if (this.running || this.alive > 0) return;
    for (const input of this.inputs) input?.free();
    for (const stock of this.stocks.values()) for (const value of stock.values()) value.dispose();
    this.stocks.clear();
  }

  /** The value of a slot, made again unless this pass has it already. Whoever is running now answers for it. */
  private remade(slot: Slot): Tensor {
    const pass = currentPass();
    let stock = pass === null ? undefined : this.stocks.get(pass);
    let value = stock?.get(slot.place);
    if (value === undefined) {
      this.drop(pass);
      stock = this.secondRun();
      value = stock.get(slot.place);
      if (value === undefined) throw this.disagreement("it saved fewer tensors the second time");
      if (pass === null) {
        for (const other of stock.values()) if (other !== value) other.dispose();
      } else {
        this.stocks.set(pass, stock);
        onPassEnd(() => this.drop(pass));
      }
    }
    stock?.delete(slot.place);
    adopt(value);
    return value;
  }

  private drop(pass: object | null): void {
    if (pass === null) return;
    for (const value of this.stocks.get(pass)?.values() ?? []) value.dispose();
    this.stocks.delete(pass);
  }

  private secondRun(): Map<number, Tensor> {
    const stock = new Map<number, Tensor>();
    const last = this.slots.findLastIndex((slot) => !slot.released);
    let place = 0;
    const hooks: SavedHooks = {
      pack: (x) => {
        const at = place++;
        const slot = this.slots[at];
        if (slot === undefined) throw this.disagreement("it saved more tensors the second time");
        if (slot.released) return null;
        if (this.manner.compares) this.compare(slot, x);
        stock.set(
          at,
          outsideScopes(() => alias(x, x.layout)),
        );
        if (this.manner.stops && at === last) throw new Enough();
        return null;
      },
      unpack: () => {
        throw new GraphError(
          "checkpoint: a backward pass inside the checkpointed function over what it recorded itself is not possible",
        );
      },
    };
    const state = this.rng === null ? null : getRngState();
    if (this.rng !== null) setRngState(this.rng);
    // What the second run records is thrown away, so no forward mode and nothing of a pass around it.
    const block = new ModeBlock({ levels: 0, inference: false });
    const pop = pushSavedHooks(hooks);
    this.secondTrace = [];
    let whole = false;
    try {
      scope(() => {
        recorded(() => this.traced(this.secondTrace, () => this.again(...this.arguments())));
        return null;
      });
      if (place < this.slots.length) throw this.disagreement("it saved fewer tensors the second time");
      whole = true;
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
      whole = true;
    } finally {
      pop();
      block.dispose();
      if (state !== null) setRngState(state);
      if (!whole) for (const value of stock.values()) value.dispose();
    }
    return stock;
  }

  /** The arguments as they were, on handles of their own. */
  private arguments(): unknown[] {
    return this.args.map((arg, i) => {
      const input = this.inputs[i];
      if (input === null || input === undefined) return arg;
      const value = input.read(this.node);
      const own = alias(value, value.layout);
      own.collects = value.collects;
      own.accumulator = value.accumulator;
      if (value.history !== null) own.setHistory(value.history);
      return own;
    });
  }

  private traced<T>(trace: string[], body: () => T): T {
    if (!this.manner.traces) return body();
    const outer = mode.created;
    const block = new ModeBlock({
      created: (node) => {
        outer?.(node);
        trace.push(node.label);
      },
    });
    try {
      return body();
    } finally {
      block.dispose();
    }
  }

  private compare(slot: Slot, x: Tensor): void {
    if (sameShape(slot.shape, x.shape) && slot.dtype === x.dtype) return;
    throw this.disagreement(
      `Recomputed values for the following tensors have different metadata than during the forward pass: saved tensor ` +
        `${slot.place} was ${formatShape(slot.shape)} ${slot.dtype}, now ${formatShape(x.shape)} ${x.dtype}`,
    );
  }

  private disagreement(what: string): CheckpointError {
    const head =
      "checkpoint: A different number of tensors was saved during the original forward and recomputation, or other ones: ";
    const traces = this.manner.traces
      ? `\nOperations of the first run:\n  ${this.firstTrace.join("\n  ")}\nOf the second:\n  ${this.secondTrace.join("\n  ")}`
      : " Tip: { debug: true } tells the operations of both runs.";
    return new CheckpointError(`${head}${what}.${traces}`);
  }
}
