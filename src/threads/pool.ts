// The workers: starting and ending them, and sharing runs of kernels out. Loaded when threads are first asked for.

import { grainOf } from "../wasm/grain.js";
import type { Kernel } from "../wasm/kernels.js";
import { artifact } from "../wasm/memory.js";
import { runs } from "../wasm/run.js";
import { placeOf, weightOf } from "../wasm/table.js";
import { type Hired, hire, obstacle, type Way, ways } from "./hire.js";
import type { Threads } from "./index.js";
import { moveOver, type Shared, shared } from "./share.js";

/** What serves at the moment: the workers, and what they have of memory. */
interface Staff {
  readonly workers: readonly Hired[];
  readonly control: number;
  readonly arenas: readonly number[];
}

let staff: Staff | null = null;

/** Runs a kernel on all threads where that is worth it. */
function shareOut(kernel: Kernel, block: number, extent: number, whole: boolean): void {
  // No step weighs more than an operation on an element: most calls are done with here.
  let grain = grainOf(block, extent, whole);
  if (grain !== 0) grain = grainOf(block, extent, whole, weightOf(kernel));
  const place = grain === 0 ? -1 : placeOf(kernel);
  if (place < 0) kernel(block, 0, extent);
  else artifact().parallel(place, block, extent, grain);
}

/** Whether this thread may sleep until another wakes it: the main one of a page may not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends the workers, and gives back the memory of those that have ended. */
async function dismiss(): Promise<void> {
  if (staff === null) return;
  const { workers, control, arenas } = staff;
  staff = null;
  runs.taken = null;
  const exports = artifact();
  exports.dismiss(control);
  const ended = await Promise.all(workers.map((worker) => worker.end()));
  // Who did not answer may still be using its memory.
  arenas.forEach((arena, i) => {
    if (ended[i]) exports.release(arena);
  });
  if (ended.every(Boolean)) exports.release(control);
}

/** Gives each worker its part; null where memory does not suffice. */
async function employ(workers: readonly Hired[]): Promise<Staff | null> {
  const exports = artifact();
  const control = exports.openControl(workers.length) >>> 0;
  const arenas = workers.map(() => exports.reserve(exports.arenaBytes()) >>> 0);
  if (control === 0 || arenas.includes(0)) {
    for (const address of [control, ...arenas]) exports.release(address);
    return null;
  }
  await Promise.all(workers.map((worker, index) => worker.serve({ control, index, arena: arenas[index] as number })));
  return { workers, control, arenas };
}

async function start(count: number): Promise<void> {
  const found = await shared();
  let failure: unknown = null;
  for (const way of ways()) {
    try {
      await startBy(way, found, count);
      return;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

async function startBy(way: Way, found: Shared, count: number): Promise<void> {
  const workers: Hired[] = [];
  try {
    for (let i = 1; i < count; i++) workers.push(hire(way, found));
    await Promise.all(workers.map((worker) => worker.here));
    moveOver(found);
    staff = await employ(workers);
    if (staff === null) throw new Error("linear memory has no room for what workers need");
    artifact().share(staff.control, workers.length, maySleep());
    runs.taken = shareOut;
  } catch (error) {
    for (const worker of workers) worker.stop();
    throw error;
  }
}

/** Ends the workers there are, and starts as many as are asked for; where that fails there are none, and a reason. */
export async function resize(count: number): Promise<Threads> {
  await dismiss();
  if (count === 1) return { count, reason: null };
  const reason = obstacle();
  if (reason !== null) return { count: 1, reason };
  try {
    await start(count);
    return { count, reason: null };
  } catch (error) {
    return { count: 1, reason: error instanceof Error ? error.message : String(error) };
  }
}
