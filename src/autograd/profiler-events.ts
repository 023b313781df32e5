// What a profile has recorded: events, their sums by name, and lists of either.

import { type TableOptions, tableOf } from "./profiler-table.js";
import { chromeTrace } from "./profiler-trace.js";

/** When something ran, in microseconds since the profile began. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** What kind of thing ran. */
export type EventKind = "operation" | "backward" | "user";

/** One run of an operation, of a node's backward, or of a range that the program named. */
export class FunctionEvent {
  readonly count = 1;
  end = 0;
  /** Place in the order of recording of the node that the operation made, or whose backward it is; -1 without one. */
  sequenceNr = -1;
  readonly cpuChildren: FunctionEvent[] = [];
  /** Bytes of tensors that were live when it ended, beyond those when it began. */
  cpuMemoryUsage = 0;
  /** Floating-point operations, where they are known. */
  flops = 0;

  constructor(
    readonly id: number,
    readonly name: string,
    readonly kind: EventKind,
    readonly start: number,
    /** Live bytes at the start. */
    readonly liveBytes: number,
    readonly cpuParent: FunctionEvent | null,
    /** Shapes of the tensors among the operands, `[]` in the place of others; empty unless recorded. */
    readonly inputShapes: readonly (readonly number[])[],
    /** Stack of the call, innermost first; empty unless recorded. */
    readonly stack: readonly string[],
  ) {
    cpuParent?.cpuChildren.push(this);
  }

  get timeRange(): Interval {
    return { start: this.start, end: this.end };
  }

  /** Microseconds with everything that ran inside. */
  get cpuTimeTotal(): number {
    return this.end - this.start;
  }

  get cpuTime(): number {
    return this.cpuTimeTotal;
  }

  /** Microseconds without what ran inside. */
  get selfCpuTimeTotal(): number {
    return this.cpuTimeTotal - this.cpuChildren.reduce((sum, child) => sum + child.cpuTimeTotal, 0);
  }

  /** Bytes without those of what ran inside. */
  get selfCpuMemoryUsage(): number {
    return this.cpuMemoryUsage - this.cpuChildren.reduce((sum, child) => sum + child.cpuMemoryUsage, 0);
  }
}

/** The sum of events that have a name, and shapes or a stack where they count, in common. */
export class FunctionEventAvg {
  count = 0;
  cpuTimeTotal = 0;
  selfCpuTimeTotal = 0;
  cpuMemoryUsage = 0;
  selfCpuMemoryUsage = 0;
  flops = 0;

  constructor(
    readonly key: string,
    readonly kind: EventKind,
    readonly inputShapes: readonly (readonly number[])[],
    readonly stack: readonly string[],
  ) {}

  get name(): string {
    return this.key;
  }

  /** Microseconds a call, on average. */
  get cpuTime(): number {
    return this.count === 0 ? 0 : this.cpuTimeTotal / this.count;
  }

  /** Adds an event. What runs inside one of the same name is in its total already. */
  add(event: FunctionEvent): void {
    this.count++;
    this.selfCpuTimeTotal += event.selfCpuTimeTotal;
    this.selfCpuMemoryUsage += event.selfCpuMemoryUsage;
    this.flops += event.flops;
    for (let at = event.cpuParent; at !== null; at = at.cpuParent) if (at.name === event.name) return;
    this.cpuTimeTotal += event.cpuTimeTotal;
    this.cpuMemoryUsage += event.cpuMemoryUsage;
  }
}

/** What `keyAverages` takes apart beside names. */
export interface KeyAveragesOptions {
  readonly groupByInputShape?: boolean;
  /** So many of the innermost frames of the stack. */
  readonly groupByStackN?: number;
}

/** Which columns a table has. */
export interface Recorded {
  readonly shapes: boolean;
  readonly memory: boolean;
  readonly stack: boolean;
  readonly flops: boolean;
}

/** A list of events or of their sums. */
export class EventList<E extends FunctionEvent | FunctionEventAvg = FunctionEvent> implements Iterable<E> {
  constructor(
    readonly events: readonly E[],
    private readonly recorded: Recorded,
    /** What the percentages are of: microseconds in all. */
    readonly selfCpuTimeTotal: number,
  ) {}

  get length(): number {
    return this.events.length;
  }

  [Symbol.iterator](): Iterator<E> {
    return this.events[Symbol.iterator]();
  }

  /** The event or sum of a name, the first where there are several. */
  find(name: string): E | undefined {
    return this.events.find((event) => event.name === name);
  }

  /** Sums by name, in the order of their first call. */
  keyAverages({ groupByInputShape = false, groupByStackN = 0 }: KeyAveragesOptions = {}): EventList<FunctionEventAvg> {
    const sums = new Map<string, FunctionEventAvg>();
    for (const event of this.events) {
      if (!(event instanceof FunctionEvent)) continue;
      const shapes = groupByInputShape ? event.inputShapes : [];
      const stack = event.stack.slice(0, groupByStackN);
      const key = JSON.stringify([event.name, shapes, stack]);
      let sum = sums.get(key);
      if (sum === undefined) {
        sum = new FunctionEventAvg(event.name, event.kind, shapes, stack);
        sums.set(key, sum);
      }
      sum.add(event);
    }
    const recorded = { ...this.recorded, shapes: groupByInputShape, stack: groupByStackN > 0 };
    return new EventList([...sums.values()], recorded, this.selfCpuTimeTotal);
  }

  /** The sum of all. */
  totalAverage(): FunctionEventAvg {
    const total = new FunctionEventAvg("Total", "user", [], []);
    for (const event of this.events) {
      if (event instanceof FunctionEvent) total.add(event);
    }
    return total;
  }

  /** A text table, as PyTorch prints it. */
  table(options: TableOptions = {}): string {
    return tableOf(this.events, this.recorded, this.selfCpuTimeTotal, options);
  }

  /** The events as a file for `chrome://tracing` and Perfetto: JSON in the Trace Event Format. */
  exportChromeTrace(): string {
    return chromeTrace(this.events.filter((event): event is FunctionEvent & E => event instanceof FunctionEvent));
  }

  toString(): string {
    return this.table();
  }
}
