// One worker, whatever the runtime calls it: started, given its orders, ended.

import { runtime } from "../wasm/load.js";
import type { Shared } from "./share.js";
import type { Answer, Order } from "./worker.js";

/** A worker, as far as Node's and browsers' are alike. */
interface Thread {
  postMessage(order: Order): void;
  terminate(): unknown;
  unref?(): void;
  on?(name: string, listener: (value: unknown) => void): void;
  onmessage?: ((event: { readonly data: unknown }) => void) | null;
  onerror?: ((event: { readonly message?: string; preventDefault?(): void }) => void) | null;
}

/** Node's modules, which Deno and Bun have as well; nothing is imported, so that bundles for browsers need not have them. */
function builtin<T>(name: string): T | null {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return (process?.getBuiltinModule?.(name) as T | undefined) ?? null;
}

interface Threading {
  readonly Worker: new (url: URL, options: object) => Thread;
}

/** Beside a bundle, beside dist/threads/ and dist/entries/, and from src/threads/. */
const PLACES = ["./wengert-worker.js", "../wengert-worker.js", "../../dist/wengert-worker.js"];

/** How long a worker may take to answer. */
const PATIENCE = 20_000;

/** Why the runtime can have no workers that share memory; null where it may. */
export function obstacle(): string | null {
  if (builtin("node:worker_threads") !== null) return null;
  const { crossOriginIsolated, Worker } = globalThis as { crossOriginIsolated?: boolean; Worker?: unknown };
  if (typeof Worker !== "function") return "the runtime has no workers";
  if (crossOriginIsolated === true) {
    return typeof SharedArrayBuffer === "function" ? null : "the runtime shares no memory with workers";
  }
  return (
    "the page is not cross-origin isolated, so it may not share memory with workers: serve it with the headers " +
    "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp"
  );
}

/** A way to start a thread. */
export type Way = () => Thread;

/** From the file, which bundlers find by this form and put where it leads. */
function fromFile(): Thread {
  return new Worker(new URL("../wengert-worker.js", import.meta.url), { type: "module" }) as unknown as Thread;
}

function fromText(text: string): Thread {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  return new Worker(address, { type: "module" }) as unknown as Thread;
}

/** The ways to start a thread that the runtime may have, the best first. */
export function ways(): readonly Way[] {
  const text = runtime.worker;
  const threading = builtin<Threading>("node:worker_threads");
  if (threading === null) return text === null ? [fromFile] : [() => fromText(text), fromFile];
  const from = (url: URL): Way => {
    return () => new threading.Worker(url, { execArgv: [], name: "wengert" });
  };
  if (text !== null) return [from(new URL(`data:text/javascript,${encodeURIComponent(text)}`))];
  const { existsSync } = builtin("node:fs") as typeof import("node:fs");
  const places = PLACES.map((place) => new URL(place, import.meta.url));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`no wengert-worker.js at ${places.map(String).join(", ")}`);
  return [from(found)];
}

/** A worker that was started. */
export interface Hired {
  /** Settles when the worker has instantiated the artifact. */
  readonly here: Promise<void>;
  /** Gives the worker its part; settles when it has taken it up. From then on it keeps no program running. */
  serve(order: Order): Promise<void>;
  /** Waits for a worker that was told to quit; whether it has. */
  end(): Promise<boolean>;
  /** Ends the worker wherever it is. */
  stop(): void;
}

/** Starts a worker by a way, on the artifact and the memory. */
export function hire(way: Way, { module, memory }: Shared): Hired {
  const thread = way();
  let heard: (answer: Answer) => void = () => {};
  /** Waits for an answer; any other, an error and silence are failures. The clock keeps the program running meanwhile. */
  const expect = (expected: Answer): Promise<void> =>
    new Promise((resolve, reject) => {
      const clock = setTimeout(() => heard({ failure: `no answer within ${PATIENCE / 1000} s` }), PATIENCE);
      heard = (answer) => {
        clearTimeout(clock);
        heard = () => {};
        if (answer === expected) resolve();
        else reject(new Error(`a worker could not start: ${typeof answer === "string" ? answer : answer.failure}`));
      };
    });
  const failed = (failure: string): void => heard({ failure });
  if (thread.on) {
    thread.on("message", (answer) => heard(answer as Answer));
    thread.on("error", (error) => failed(error instanceof Error ? error.message : String(error)));
    thread.on("exit", (code) => failed(`it ended with code ${String(code)}`));
  } else {
    thread.onmessage = ({ data }) => heard(data as Answer);
    thread.onerror = (event) => {
      event.preventDefault?.();
      failed(event.message ?? "its script could not be loaded");
    };
  }
  const stop = (): void => {
    failed("it was stopped");
    thread.terminate();
  };
  const here = expect("here");
  // Whoever stops a worker does not wait for it.
  here.catch(() => {});
  try {
    thread.postMessage({ module, memory });
  } catch (error) {
    failed(`it may not be given shared memory (${error instanceof Error ? error.message : String(error)})`);
  }
  return {
    here,
    stop,
    async serve(order) {
      const serving = expect("serving");
      thread.postMessage(order);
      await serving;
      thread.unref?.();
    },
    async end() {
      const ended = await expect("ended").then(
        () => true,
        () => false,
      );
      thread.terminate();
      return ended;
    },
  };
}
