// The namespace `autograd.profiler`: what runs, how often, for how long, and with how many bytes.

import { ArgumentError, GraphError } from "../errors.js";
import { asBoolean, describe, parse } from "../op/args.js";
import { mode, type Trace } from "../tape/mode.js";
import type { Node } from "../tape/node.js";
import { stackText } from "../tape/stack.js";
import { disposable, refuseAsync } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { liveBytes } from "../wasm/memory.js";
import {
  type EventKind,
  EventList,
  FunctionEvent,
  type FunctionEventAvg,
  type KeyAveragesOptions,
} from "./profiler-events.js";
import { flopsOf, userFrames } from "./profiler-facts.js";
import type { TableOptions } from "./profiler-table.js";

export {
  EventList,
  FunctionEvent,
  FunctionEventAvg,
  type Interval,
  type KeyAveragesOptions,
} from "./profiler-events.js";
export { formatTime, type SortKey, type TableOptions } from "./profiler-table.js";

/** Options of `profile`. */
export interface ProfileOptions {
  /** False takes no profile and runs the function. */
  readonly enabled?: boolean;
  /** Remember the shapes of operands. */
  readonly recordShapes?: boolean;
  /** Remember how many bytes each event leaves behind or frees. */
  readonly profileMemory?: boolean;
  /** Remember the JavaScript stack of every call. */
  readonly withStack?: boolean;
  /** Count floating-point operations of products, convolutions, sums and elementwise products. */
  readonly withFlops?: boolean;
}

const defaults = { enabled: true, recordShapes: false, profileMemory: false, withStack: false, withFlops: false };
type Settings = typeof defaults;

/** The clock, in microseconds. */
function clock(): number {
  return performance.now() * 1000;
}

/** Takes the notes of one profile. */
class Recorder implements Trace {
  readonly events: FunctionEvent[] = [];
  private readonly origin = clock();
  private top: FunctionEvent | null = null;
  private readonly outer = mode.created;

  constructor(
    private readonly settings: Settings,
    private readonly timing: boolean,
  ) {
    mode.trace = this;
    // The node that an operation makes ties it to its backward.
    mode.created = (node) => {
      this.outer?.(node);
      if (node.variable === null && this.top !== null && this.top.kind !== "user") this.tie(this.top, node);
    };
  }

  private tie(event: FunctionEvent, node: Node): void {
    if (event.kind === "operation") event.sequenceNr = node.sequence;
  }

  begin(name: string, operands: readonly unknown[], node: Node | null): number {
    return this.open(name, node === null ? "operation" : "backward", operands, node);
  }

  open(name: string, kind: EventKind, operands: readonly unknown[], node: Node | null): number {
    const { recordShapes, profileMemory, withStack } = this.settings;
    const shapes = recordShapes ? operands.map((each) => (each instanceof Tensor ? each.shape : [])) : [];
    const stack = withStack ? userFrames(stackText()) : [];
    const live = profileMemory ? liveBytes() : 0;
    const event = new FunctionEvent(
      this.events.length,
      name,
      kind,
      clock() - this.origin,
      live,
      this.top,
      shapes,
      stack,
    );
    if (node !== null) event.sequenceNr = node.sequence;
    if (this.settings.withFlops && kind === "operation") this.operands.set(event.id, operands);
    this.events.push(event);
    this.top = event;
    return event.id;
  }

  private readonly operands = new Map<number, readonly unknown[]>();

  end(token: number, outputs?: readonly Tensor[], parameters?: unknown): void {
    const event = this.events[token];
    if (event === undefined || event.end > 0) return;
    const now = clock() - this.origin;
    const live = this.settings.profileMemory ? liveBytes() : 0;
    // What an error has left open inside ends here too.
    for (let at = this.top; at !== null; at = at.cpuParent) {
      at.end = now;
      at.cpuMemoryUsage = live - at.liveBytes;
      if (this.timing)
        performance.measure(at.name, { start: (this.origin + at.start) / 1000, end: (this.origin + now) / 1000 });
      this.top = at.cpuParent;
      if (at === event) break;
    }
    const operands = this.operands.get(token);
    if (operands === undefined) return;
    this.operands.delete(token);
    const out = outputs?.[0];
    if (out !== undefined) event.flops = flopsOf(event.name, operands, out, parameters);
  }

  stop(): void {
    while (this.top !== null) this.end(this.top.id);
    mode.trace = null;
    mode.created = this.outer;
  }
}

/** A profile: being taken until `stop()`, then what it found. */
export class Profile<T = undefined> implements Disposable {
  /** What the profiled function returned. */
  readonly result: T = undefined as T;
  private recorder: Recorder | null = null;
  private list: EventList | null = null;
  declare [Symbol.dispose]: () => void;

  /** @internal */
  constructor(
    private readonly settings: Settings,
    timing: boolean,
  ) {
    if (!settings.enabled) return;
    if (mode.trace !== null) throw new GraphError("profile: a profile is being taken already; profiles do not nest");
    this.recorder = new Recorder(settings, timing);
  }

  /** Ends the profile. */
  stop(): void {
    const { recorder, settings } = this;
    if (recorder === null) return;
    this.recorder = null;
    recorder.stop();
    const total = recorder.events.reduce((sum, event) => sum + event.selfCpuTimeTotal, 0);
    const recorded = {
      shapes: settings.recordShapes,
      memory: settings.profileMemory,
      stack: settings.withStack,
      flops: settings.withFlops,
    };
    this.list = new EventList(recorder.events, recorded, total);
  }

  dispose(): void {
    this.stop();
  }

  /** All events, in the order in which they began. */
  get functionEvents(): EventList {
    if (this.recorder !== null) throw new GraphError("profile: the profile is still being taken; call stop() first");
    this.list ??= new EventList([], { shapes: false, memory: false, stack: false, flops: false }, 0);
    return this.list;
  }

  /** Sums by name. */
  keyAverages(...rest: [options?: KeyAveragesOptions]): EventList<FunctionEventAvg> {
    return this.functionEvents.keyAverages(parse("keyAverages", rest, { groupByInputShape: false, groupByStackN: 0 }));
  }

  /** The sum of everything. */
  totalAverage(): FunctionEventAvg {
    return this.functionEvents.totalAverage();
  }

  /** Microseconds in all. */
  get selfCpuTimeTotal(): number {
    return this.functionEvents.selfCpuTimeTotal;
  }

  /** The table of single events; `keyAverages().table()` is that of sums. */
  table(options: TableOptions = {}): string {
    return this.functionEvents.table(options);
  }

  /** A trace for `chrome://tracing` and Perfetto. */
  exportChromeTrace(): string {
    return this.functionEvents.exportChromeTrace();
  }

  toString(): string {
    return this.recorder === null ? this.table() : "<a profile that is still being taken>";
  }
}
disposable(Profile.prototype);

/**
 * Takes a profile of `body`: every operation, every node's backward, and the ranges that `recordFunction` names.
 * `keyAverages().table()` shows it, `exportChromeTrace()` makes a file of it; what `body` returns is `result`. Without a
 * function: a profile to end by `stop()` or `using`. Profiles do not nest, and cost nothing while none is taken.
 *
 * ```js
 * const p = autograd.profiler.profile(() => loss().backward(), { profileMemory: true });
 * console.log(p.keyAverages().table({ sortBy: "selfCpuTimeTotal" }));
 * ```
 * @throws ArgumentError if `body` is asynchronous: take the profile with `profile()` and `stop()` around what it awaits.
 */
export function profile(...rest: [options?: ProfileOptions]): Profile;
export function profile<T>(body: () => T, ...rest: [options?: ProfileOptions]): Profile<T>;
export function profile(...args: unknown[]): Profile<unknown> {
  return taken("profile", args, false);
}

/**
 * Like `profile`, and puts every event on the runtime's own timeline too, by `performance.measure`: it shows in the
 * developer tools of browsers, Node and Deno.
 */
export function emitUserTiming(...rest: [options?: ProfileOptions]): Profile;
export function emitUserTiming<T>(body: () => T, ...rest: [options?: ProfileOptions]): Profile<T>;
export function emitUserTiming(...args: unknown[]): Profile<unknown> {
  return taken("emitUserTiming", args, true);
}

function taken(op: string, args: readonly unknown[], timing: boolean): Profile<unknown> {
  const [first, ...rest] = args;
  const given = typeof first === "function" ? rest : args;
  const settings = parse(op, given, defaults);
  for (const name of Object.keys(defaults)) asBoolean(op, settings[name as keyof Settings], name);
  const made = new Profile<unknown>(settings, timing);
  if (typeof first !== "function") return made;
  try {
    const result: unknown = first();
    refuseAsync(op, result);
    Object.assign(made, { result });
  } finally {
    made.stop();
  }
  return made;
}

/** A range that was opened without a function: close it by `using` or by `dispose()`. */
export class RecordedRange implements Disposable {
  private token: number;
  private readonly trace: Trace | null = mode.trace;
  declare [Symbol.dispose]: () => void;

  constructor(name: string) {
    this.token = this.trace instanceof Recorder ? this.trace.open(name, "user", [], null) : -1;
  }

  dispose(): void {
    if (this.token >= 0) this.trace?.end(this.token);
    this.token = -1;
  }
}
disposable(RecordedRange.prototype);

/**
 * Names what runs inside `body` in a profile, and returns what `body` returns; without a function, a range to close.
 * `recordFunction.wrap(name, f)` gives a function all of whose calls are named.
 */
export function recordFunction(name: string): RecordedRange;
export function recordFunction<T>(name: string, body: () => T): T;
export function recordFunction<T>(name: string, body?: () => T): T | RecordedRange {
  if (typeof name !== "string") throw new ArgumentError(`recordFunction: name must be a string, got ${describe(name)}`);
  const range = new RecordedRange(name);
  if (body === undefined) return range;
  try {
    const result = body();
    refuseAsync("recordFunction", result);
    return result;
  } finally {
    range.dispose();
  }
}

recordFunction.wrap = <A extends readonly unknown[], R>(name: string, f: (...args: A) => R): ((...args: A) => R) =>
  function (this: unknown, ...args: A): R {
    return recordFunction(name, () => f.apply(this, args as never));
  };
