// Loads the artifact from the file beside the library, while it is being imported: Node, Deno and Bun.
import { attempt, type InitOptions, load } from "../wasm/load.js";

// Not imported: a module for it would be made of all that the runtime's files can do, streams too, which takes 2 ms.
const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");

/** Beside a bundle, beside dist/entries/, and from src/entries/. */
const PLACES = ["./wengert.wasm", "../wengert.wasm", "../../dist/wengert.wasm"];

function bytes(): Uint8Array<ArrayBuffer> {
  const places = PLACES.map((place) => new URL(place, import.meta.url));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`no wengert.wasm at ${places.map(String).join(", ")}`);
  return readFileSync(found);
}

attempt(() => new WebAssembly.Module(bytes()), bytes);

/**
 * Loads the artifact. Here it was loaded by the import and this returns at once; options count only where the import
 * did not find it, as in a bundle that left the file behind.
 */
export async function init(options?: InitOptions): Promise<void> {
  const { url, ...others } = options ?? {};
  const isFile = url !== undefined && String(url).startsWith("file:");
  await load(isFile ? { ...others, bytes: readFileSync(new URL(url)) } : options, () => ({}));
}
