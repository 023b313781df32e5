// Where a capture takes over: memory that is asked for and given back, storages that are used, values that are read.

import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { runs, type Taker } from "./run.js";

/** The text of the error for what a kernel found in the data, from the number that goes with it. */
export type About = (detail: number) => string;

/** Whoever records what runs, or runs it again from a record. */
export interface Recorder {
  /** Memory for a tensor of the step. */
  allocate(op: string, bytes: number): number;
  /** An address of `allocate` has this owner, whose field is to follow when the memory gets its place. */
  made(owner: { address: number }): void;
  /** Bytes are copied from one place to another, for a storage that gets a larger block. */
  copied(to: number, from: number, bytes: number): void;
  /** A storage's address was asked for: the run that comes next may read or write it. */
  touch(storage: Storage, address: number): void;
  /** A storage counted a write. */
  wrote(storage: Storage): void;
  /** What happens next depends on whether a tensor has a gradient, and which. */
  gradientRead(tensor: Tensor): void;
  /** The same for whether there is one: which it is, is looked up anew at every step. */
  gradientAsked(tensor: Tensor): void;
  /** A gradient is let go; true where the recorder has seen to it. */
  gradientDropped(tensor: Tensor): boolean;
  /** The run that comes next is elementwise. */
  elementwise(): void;
  /** Runs that may find fault with the data. */
  checked(op: string, about: About, start: () => void): void;
  /** A tensor that was made aside and belongs to the record. */
  constant(x: Tensor): void;
  /**
   * What JavaScript computes anew at every step; `owners` are whose fields it changes. Where `steady` gives the same as at the
   * last step, all it does is to count writes.
   */
  anew(owners: readonly object[], f: () => void, steady: (() => readonly unknown[]) | null): void;
  /** Throws because of what cannot be recorded. */
  refuse(op: string, what: string): never;
}

/** Who records at the moment, if anybody. */
export const recording = {
  by: null as Recorder | null,
  /** What takes runs over outside the record. */
  outer: null as Taker | null,
  /** Whether the memory at an address belongs to a capture, which then keeps it; null where there are no captures. */
  owns: null as ((address: number) => boolean) | null,
};

/** Runs `f` unrecorded, for what the library computes for itself while a step is recorded. */
export function aside<T>(f: () => T): T {
  const { by } = recording;
  if (by === null) return f();
  const { taken } = runs;
  recording.by = null;
  runs.taken = recording.outer;
  try {
    return f();
  } finally {
    recording.by = by;
    runs.taken = taken;
  }
}

/** Runs what JavaScript computes anew at every step, also at those that are replayed. `owners`: whose fields it changes. */
export function anew(owners: readonly object[], f: () => void, steady: (() => readonly unknown[]) | null = null): void {
  if (recording.by === null) f();
  else recording.by.anew(owners, f, steady);
}

/** Throws where a step is being recorded: values are not known then. */
export function refuseWhileRecording(op: string, what = "reads values"): void {
  if (recording.by !== null) recording.by.refuse(op, what);
}
