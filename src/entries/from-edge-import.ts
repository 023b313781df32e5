// Loads the artifact by importing it as a compiled module, in the spelling that edge-light bundlers know.
import { attempt, type InitOptions, load } from "../wasm/load.js";
import module from "../wengert.wasm?module";

attempt(() => module);

/** Loads the artifact. Here it was loaded by the import and this returns at once. */
export async function init(options?: InitOptions): Promise<void> {
  await load(options, () => ({ module }));
}
