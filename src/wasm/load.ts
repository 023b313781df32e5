// Instantiates the artifact, once: from a compiled module, from bytes, or from an address, streaming.
import { ArgumentError, OutOfMemoryError, WengertError } from "../errors.js";
import type { instantiate as declared } from "./artifact.js";
import { type Imports, type Instantiated, instantiate, instantiateStreaming } from "./loader.js";

/** What the artifact exports, as the compiler declares it. */
export type KernelExports = Awaited<ReturnType<typeof declared>>;

/** Where `init` takes the artifact from; one of the three, or none for the runtime's usual place. */
export interface InitOptions {
  /** The compiled artifact. */
  readonly module?: WebAssembly.Module | undefined;
  /** Its address; compiled while it arrives. */
  readonly url?: string | URL | undefined;
  /** Its bytes. */
  readonly bytes?: BufferSource | undefined;
}

/** A way to the artifact's bytes. */
export type Bytes = () => BufferSource | Promise<BufferSource>;

/** The one instance of the artifact and its linear memory; null before it is installed. */
export const runtime: {
  exports: KernelExports | null;
  memory: WebAssembly.Memory | null;
  /** The module, which has the names of kernels. */
  module: WebAssembly.Module | null;
  /** Gives the artifact's bytes once more, for threads; null where only a compiled module is at hand. */
  bytes: Bytes | null;
  /** The text of the worker's file, where the library carries it inside. */
  worker: string | null;
  /** Why loading while importing failed, if it did. */
  failure: unknown;
} = { exports: null, memory: null, module: null, bytes: null, worker: null, failure: null };

const INITIAL_PAGES = 64;
const MAXIMUM_PAGES = 65536;
const LEAST_PAGES = 4096;

const waiting: (() => void)[] = [];
let loading: Promise<void> | null = null;

/** Calls `action` as soon as the artifact is installed: at once if it is. */
export function onInstall(action: () => void): void {
  if (runtime.exports) action();
  else waiting.push(action);
}

/** Instantiates the compiled artifact, whose bytes are those; does nothing when one is installed. */
export function install(source: WebAssembly.Module, bytes: Bytes | null = null): void {
  if (runtime.exports) return;
  const memory = reserve();
  // Without the loader, which wraps every export, and would take a module of another realm, as edge-light runtimes hand
  // over, for bytes.
  adopt({ module: source, instance: new WebAssembly.Instance(source, importsOf(memory)) }, memory);
  runtime.bytes = bytes;
}

/** Installs while a module is being imported: a failure is kept for `notLoaded` and `load`, so that `init` can help. */
export function attempt(compile: () => WebAssembly.Module, bytes: Bytes | null = null): void {
  if (runtime.exports) return;
  try {
    install(compile(), bytes);
  } catch (error) {
    runtime.failure = error;
  }
}

/**
 * Installs the artifact from what `options` name, else from what the runtime's entry presets.
 * Returns at once when one is installed; calls at the same time share one loading.
 */
export async function load(options: InitOptions | undefined, preset: () => InitOptions): Promise<void> {
  const named = checked(options);
  if (runtime.exports) return;
  loading ??= instantiated(named ?? preset()).finally(() => {
    loading = null;
  });
  return loading;
}

/** The text of the error for an operation before the artifact is installed. */
export function notLoaded(operation: string): string {
  const reason = runtime.failure === null ? "" : ` (loading while importing failed: ${textOf(runtime.failure)})`;
  return `${operation}: wengert is not loaded yet${reason}; call \`await init()\` once before the first operation`;
}

async function instantiated(source: InitOptions): Promise<void> {
  const memory = reserve();
  try {
    adopt(await from(source, importsOf(memory)), memory);
    runtime.bytes = bytesOf(source);
  } catch (error) {
    if (error instanceof WengertError) throw error;
    throw new WengertError(`init: the artifact could not be loaded: ${textOf(error)}`, { cause: error });
  }
}

function bytesOf({ bytes, url }: InitOptions): Bytes | null {
  if (bytes !== undefined) return () => bytes;
  return url === undefined ? null : async () => (await answered(url)).arrayBuffer();
}

async function from(source: InitOptions, imports: Imports): Promise<Made> {
  const { module } = source;
  if (module !== undefined) return { module, instance: await WebAssembly.instantiate(module, imports) };
  if (source.bytes !== undefined) return instantiate(source.bytes, imports);
  if (source.url !== undefined) return fetched(source.url, imports);
  const reason = runtime.failure === null ? "" : ` where it was expected: ${textOf(runtime.failure)}`;
  throw new WengertError(`init: the artifact was not found${reason}; pass { module }, { url } or { bytes }`, {
    cause: runtime.failure ?? undefined,
  });
}

async function answered(url: string | URL): Promise<Response> {
  const response = await fetch(url);
  if (response.ok) return response;
  throw new WengertError(`init: ${url} answered ${response.status}; pass the address of wengert.wasm as { url }`);
}

async function fetched(url: string | URL, imports: Imports): Promise<Instantiated> {
  const response = await answered(url);
  // Streaming insists on the type, and not every server knows it.
  const streams = /^application\/wasm\b/i.test(response.headers.get("content-type") ?? "");
  return streams ? instantiateStreaming(response, imports) : instantiate(await response.arrayBuffer(), imports);
}

/** What each option of `init` takes, in words and as the tags of values. */
const ACCEPTED: Record<keyof InitOptions, readonly [words: string, tags: RegExp]> = {
  // By tag, since a module from another realm is no instance of this realm's class.
  module: ["a WebAssembly.Module", /^(WebAssembly\.)?Module$/],
  url: ["a string or a URL", /^(String|URL)$/],
  bytes: ["an ArrayBuffer or a view of one", /^(ArrayBuffer|SharedArrayBuffer|DataView|[A-Z]\w+Array)$/],
};

/** The options if they name a source; throws an ArgumentError for what they must not hold. */
function checked(options: InitOptions | undefined): InitOptions | null {
  if (options === undefined) return null;
  if (tagOf(options) !== "Object")
    throw new ArgumentError(`init: expected an object of options, got ${tagOf(options)}`);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(ACCEPTED, name)) {
      throw new ArgumentError(`init: unknown option "${name}"; known are module, url and bytes`);
    }
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const [words, tags] = ACCEPTED[name as keyof InitOptions];
    const tag = tagOf(value);
    if (!tags.test(tag)) throw new ArgumentError(`init: ${name} must be ${words}, got ${tag}`);
  }
  if (given.length > 1) throw new ArgumentError("init: give one of module, url and bytes, not several");
  return given.length === 0 ? null : options;
}

/** The name of a value's kind, whatever realm it comes from. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** A linear memory with the highest limit that the engine grants. */
export function reserve(initial = INITIAL_PAGES, shared = false): WebAssembly.Memory {
  for (let maximum = MAXIMUM_PAGES; ; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared });
    } catch (error) {
      if (maximum > LEAST_PAGES && maximum / 2 > initial) continue;
      const what = shared ? "the runtime gives no shared memory" : "init: the runtime gives no linear memory";
      throw new OutOfMemoryError(`${what}: ${textOf(error)}`, { cause: error });
    }
  }
}

function importsOf(memory: WebAssembly.Memory): Imports {
  return { env: { memory, abort } };
}

/** What the artifact with assertions calls when one fails; the one that is shipped has none. */
function abort(_message: number, _file: number, line: number, column: number): never {
  throw new WebAssembly.RuntimeError(`an assertion of the artifact failed at ${line}:${column} of some source`);
}

/** What instantiation makes. The loader wraps every export as well; they are called without the wrapper. */
type Made = Pick<Instantiated, "module" | "instance">;

function adopt({ module, instance }: Made, memory: WebAssembly.Memory): void {
  if (runtime.exports) return;
  const exports = instance.exports as unknown as KernelExports;
  exports.initialise();
  runtime.exports = exports;
  runtime.memory = memory;
  runtime.module = module;
  runtime.failure = null;
  for (const action of waiting.splice(0)) action();
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
