// Loads the artifact from text inside the library, while it is being imported: anywhere that compiles bytes.
import { attempt, type InitOptions, load, runtime } from "../wasm/load.js";
import { base64, worker } from "./inline-data.js";

function decoded(): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

attempt(() => new WebAssembly.Module(decoded()), decoded);
runtime.worker = worker;

/**
 * Loads the artifact. It was loaded by the import and this returns at once, but in browsers that compile large modules
 * on the main thread only without blocking it; there it has to be awaited.
 */
export async function init(options?: InitOptions): Promise<void> {
  await load(options, () => ({ bytes: decoded() }));
}
