// A profile as a trace file: JSON in Chrome's Trace Event Format, which chrome://tracing and Perfetto open.

import type { FunctionEvent } from "./profiler-events.js";

const PROCESS = 1;
const THREAD = 1;

interface TraceEvent {
  readonly ph: "X" | "M" | "s" | "f" | "C";
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly bp?: "e";
  readonly args?: Readonly<Record<string, unknown>>;
}

const CATEGORIES = { operation: "cpu_op", backward: "cpu_op", user: "user_annotation" } as const;

/** Slices for all events, arrows from the operations to their backward, and a counter of live bytes. */
export function chromeTrace(events: readonly FunctionEvent[]): string {
  const at = { pid: PROCESS, tid: THREAD };
  const trace: TraceEvent[] = [
    { ph: "M", name: "process_name", ...at, args: { name: "wengert" } },
    { ph: "M", name: "thread_name", ...at, args: { name: "CPU functions" } },
  ];
  const forward = new Map<number, FunctionEvent>();
  for (const event of events)
    if (event.kind === "operation" && event.sequenceNr >= 0) forward.set(event.sequenceNr, event);
  for (const event of events) {
    const { name, kind, start, sequenceNr } = event;
    const args: Record<string, unknown> = {};
    if (sequenceNr >= 0) args["Sequence number"] = sequenceNr;
    if (event.inputShapes.length > 0) args["Input Dims"] = event.inputShapes;
    if (event.stack.length > 0) args["Call stack"] = event.stack.join(";");
    if (event.cpuMemoryUsage !== 0) args.Bytes = event.cpuMemoryUsage;
    if (event.flops !== 0) args.FLOPs = event.flops;
    trace.push({ ph: "X", name, cat: CATEGORIES[kind], ...at, ts: start, dur: event.cpuTimeTotal, args });
    const origin = kind === "backward" ? forward.get(sequenceNr) : undefined;
    if (origin !== undefined) {
      const arrow = { name: "fwd_bwd", cat: "fwd_bwd", id: sequenceNr, ...at };
      trace.push({ ph: "s", ...arrow, ts: origin.start }, { ph: "f", bp: "e", ...arrow, ts: start });
    }
    if (event.liveBytes > 0)
      trace.push({ ph: "C", name: "live bytes", ...at, ts: start, args: { bytes: event.liveBytes } });
  }
  return JSON.stringify({ displayTimeUnit: "ms", traceEvents: trace });
}
