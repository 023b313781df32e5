// Turns of the event loop, so that a page stays alive and the garbage collector's callbacks run while training goes on.

interface Runtime {
  readonly scheduler?: { readonly yield?: () => Promise<void> };
  readonly setImmediate?: (f: () => void) => unknown;
}

/** Resolves in a later turn of the event loop; timers of browsers would wait four milliseconds. */
export function turn(): Promise<void> {
  const { scheduler, setImmediate } = globalThis as Runtime;
  if (setImmediate !== undefined) return new Promise((done) => void setImmediate(done));
  if (scheduler?.yield !== undefined) return scheduler.yield();
  return new Promise((done) => setTimeout(done));
}

/** A function that waits for a turn if the last one is `milliseconds` or more ago. */
export function pacer(milliseconds: number): () => Promise<void> | null {
  let last = performance.now();
  return () => {
    if (performance.now() - last < milliseconds) return null;
    return turn().then(() => {
      last = performance.now();
    });
  };
}
