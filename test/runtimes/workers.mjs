// Runtimes that take a bundle and a compiled artifact: workerd by Miniflare, and the edge-light virtual machine.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { runtime } from "./commands.mjs";

/** Bundles a program under a condition; `artifact` says what becomes of the import of the artifact. */
async function bundle(folder, program, condition, format, artifact) {
  const result = await build({
    entryPoints: [join(folder, program)],
    bundle: true,
    write: false,
    format,
    target: "es2022",
    platform: "neutral",
    conditions: [condition],
    logLevel: "error",
    plugins: [{ name: "artifact", setup: artifact }],
  });
  return result.outputFiles[0].text;
}

async function workerd(folder, compatibilityDate) {
  const script = await bundle(folder, "worker.mjs", "workerd", "esm", ({ onResolve }) => {
    onResolve({ filter: /\.wasm$/ }, () => ({ path: "./wengert.wasm", external: true }));
  });
  const miniflare = new Miniflare({
    compatibilityDate,
    modulesRoot: folder,
    modules: [
      { type: "ESModule", path: join(folder, "bundle.mjs"), contents: script },
      {
        type: "CompiledWasm",
        path: join(folder, "wengert.wasm"),
        contents: readFileSync(join(folder, "node_modules/wengert/dist/wengert.wasm")),
      },
    ],
  });
  try {
    const response = await miniflare.dispatchFetch("http://localhost/");
    const text = await response.text();
    if (!response.ok) throw new Error(`answered ${response.status}: ${text}`);
    return JSON.parse(text);
  } finally {
    await miniflare.dispose();
  }
}

async function edgeLight(folder) {
  const script = await bundle(folder, "edge.mjs", "edge-light", "iife", ({ onResolve, onLoad }) => {
    onResolve({ filter: /\.wasm\?module$/ }, () => ({ path: "artifact", namespace: "given" }));
    onLoad({ filter: /.*/, namespace: "given" }, () => ({ contents: "export default wengertArtifact;" }));
  });
  const where = createRequire(join(runtime("edge-runtime@4.0.1"), "package.json")).resolve("edge-runtime");
  const { EdgeRuntime } = (await import(pathToFileURL(where).href)).default;
  const artifact = new WebAssembly.Module(readFileSync(join(folder, "node_modules/wengert/dist/wengert.wasm")));
  const edge = new EdgeRuntime({
    initialCode: script,
    codeGeneration: { strings: false, wasm: false },
    extend: (context) => Object.assign(context, { wengertArtifact: artifact }),
  });
  const response = await edge.dispatchFetch("http://localhost/");
  return response.json();
}

/** The checks of this file. */
export function workers(folder) {
  return [
    ["workerd by Miniflare, old date", () => workerd(folder, "2024-01-01")],
    ["workerd by Miniflare", () => workerd(folder, "2026-04-01")],
    ["edge-light", () => edgeLight(folder)],
  ];
}
