// Runs the worker on this machine, in workerd by Miniflare: node examples/edge/serve.mjs [port]
//
//     curl -d '{"points": [[-1, 1], [-0.5, 0], [0, 0], [0.5, 1], [1, 3]]}' http://127.0.0.1:8787
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const here = fileURLToPath(new URL(".", import.meta.url));

/** The worker as one module beside the compiled artifact, running; `port` 0 takes a free one. */
export async function serve(port) {
  const { outputFiles } = await build({
    entryPoints: [`${here}worker.mjs`],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    conditions: ["workerd"],
    // Compiled code cannot be part of a script here: it is a module of its own, imported by the script.
    plugins: [
      {
        name: "artifact",
        setup: ({ onResolve }) => {
          onResolve({ filter: /\.wasm$/ }, () => ({ path: "./wengert.wasm", external: true }));
        },
      },
    ],
  });
  const artifact = readFileSync(createRequire(import.meta.url).resolve("wengert/wengert.wasm"));
  return new Miniflare({
    host: "127.0.0.1",
    port,
    compatibilityDate: "2026-04-01",
    modulesRoot: here,
    modules: [
      { type: "ESModule", path: `${here}bundle.mjs`, contents: outputFiles[0].text },
      { type: "CompiledWasm", path: `${here}wengert.wasm`, contents: artifact },
    ],
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.argv[2] ?? 8787);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    console.error(`edge: the port must be a whole number from 0 to 65535, got "${process.argv[2]}"`);
    process.exit(1);
  }
  const miniflare = await serve(port);
  console.log(`listening on ${await miniflare.ready}`);
}
