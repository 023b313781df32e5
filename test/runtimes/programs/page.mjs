// Trains in a page and posts the result back; the address says which entry, and how the artifact is to be loaded.
import { onThreads, withoutThreads } from "./on-threads.mjs";
import { smoke } from "./smoke.mjs";

const query = new URLSearchParams(location.search);
const wg = await import(`/package/dist/entries/${query.get("entry")}.js`);

/** Ways to load the artifact, each of which must do. */
const loads = {
  none: () => {},
  default: () => wg.init(),
  url: () => wg.init({ url: "/package/dist/wengert.wasm" }),
  untyped: () => wg.init({ url: "/untyped/wengert.wasm" }),
  bytes: async () => wg.init({ bytes: await (await fetch("/untyped/wengert.wasm")).arrayBuffer() }),
  module: async () => wg.init({ module: await WebAssembly.compileStreaming(fetch("/package/dist/wengert.wasm")) }),
};

/** Using the library too early and loading it wrongly end in its own errors, after which loading works. */
async function failures() {
  const attempts = [
    () => wg.zeros([2]),
    () => wg.init({ adress: "x" }),
    () => wg.init({ url: "/missing.wasm" }),
    () => wg.init({ bytes: new Uint8Array(8) }),
  ];
  const errors = [];
  for (const attempt of attempts) {
    try {
      await attempt();
      errors.push("no error");
    } catch (error) {
      errors.push(error instanceof wg.WengertError ? error.message : `foreign ${error}`);
    }
  }
  return errors;
}

async function result() {
  const errors = query.get("load") === "none" ? [] : await failures();
  await loads[query.get("load")]();
  if (query.get("threads") === "2") await onThreads(wg, 2);
  if (query.has("alone")) await withoutThreads(wg, new RegExp(query.get("alone")));
  return { ...smoke(wg), errors };
}

const body = await result().catch((error) => ({ failure: `${error}\n${error.stack}` }));
await fetch(`/result${location.search}`, { method: "POST", body: JSON.stringify(body) });
