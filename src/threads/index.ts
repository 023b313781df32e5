// Threads: kernels shared out among workers where the runtime lets them share memory.

import { ArgumentError } from "../errors.js";
import { artifact } from "../wasm/memory.js";

/** How many threads kernels run on. */
export interface Threads {
  /** Threads, the calling one among them. */
  readonly count: number;
  /** Why there is only one where more were asked for; null where there are as many as were asked for. */
  readonly reason: string | null;
}

/** Most threads that may be asked for. */
const MOST = 256;

let now: Threads = { count: 1, reason: null };
let last: Promise<unknown> | null = null;

/**
 * How many threads kernels run on, and why only one where `setNumThreads` could start no other.
 *
 * ```js
 * threads() // { count: 1, reason: "the page is not cross-origin isolated: …" }
 * ```
 */
export function threads(): Threads {
  return now;
}

/**
 * Makes kernels run on `n` threads: the calling one and n − 1 workers, which sleep until there is an operation large
 * enough to be shared out. Results have the same bits for any number. Where the runtime has no workers, or does not let
 * them share memory, everything stays on the calling thread, and what the promise gives says why. Workers never keep a
 * program running; `setNumThreads(1)` ends them. Calls one after the other are carried out one after the other.
 *
 * Tensors stay what they are. The first time that workers start, linear memory is copied into memory that they share:
 * best at the start of a program. Views from `dataView` become empty then, as they do when memory grows.
 *
 * ```js
 * const { count, reason } = await setNumThreads(4);
 * ```
 *
 * @throws ArgumentError unless `n` is a whole number from 1 to 256.
 */
export async function setNumThreads(n: number): Promise<Threads> {
  if (!Number.isInteger(n) || n < 1 || n > MOST) {
    throw new ArgumentError(`setNumThreads: expected a whole number of threads from 1 to ${MOST}, got ${String(n)}`);
  }
  artifact("setNumThreads");
  const change = changed(last, n);
  last = change.catch(() => {});
  return change;
}

async function changed(before: Promise<unknown> | null, n: number): Promise<Threads> {
  await before;
  if (n === 1 && now.count === 1) now = { count: 1, reason: null };
  else if (n !== now.count) now = await (await import("./pool.js")).resize(n);
  return now;
}
