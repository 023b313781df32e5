// Loads the artifact by fetching it from beside the library, when `init` is called: browsers.
import { type InitOptions, load } from "../wasm/load.js";

/**
 * Fetches and compiles the artifact, streaming; to be awaited once before the first operation. Bundlers recognise the
 * address below and put the file where it leads; otherwise pass `{ url }`, `{ bytes }` or `{ module }`.
 */
export async function init(options?: InitOptions): Promise<void> {
  await load(options, () => ({ url: new URL("../wengert.wasm", import.meta.url) }));
}
