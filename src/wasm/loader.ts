// AssemblyScript's loader, the one dependency: the build bundles it into this module.
import * as loader from "@assemblyscript/loader";

/** What instantiation gives: the module, its instance, and the exports with the loader's helpers. */
export interface Instantiated {
  readonly module: WebAssembly.Module;
  readonly instance: WebAssembly.Instance;
  readonly exports: object;
}

/** The loader's imports: two levels of names. */
export type Imports = Record<string, Record<string, WebAssembly.ImportValue>>;

/** Compiles if need be and instantiates at once. */
export const instantiateSync: (source: WebAssembly.Module | BufferSource, imports: Imports) => Instantiated =
  loader.instantiateSync;

/** Compiles if need be and instantiates without blocking. */
export const instantiate: (source: WebAssembly.Module | BufferSource, imports: Imports) => Promise<Instantiated> =
  loader.instantiate;

/** Compiles while the response arrives; it must carry the type application/wasm. */
export const instantiateStreaming: (response: Response, imports: Imports) => Promise<Instantiated> =
  loader.instantiateStreaming;
