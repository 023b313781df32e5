// Builds the benchmark page into a folder of static files: scripts, artifacts, stored runs; nothing comes from elsewhere.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileRoof } from "../compile.mjs";
import { install } from "../install.mjs";
import { libraries } from "../libraries.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const json = (path) => JSON.parse(readFileSync(here(path), "utf8"));

/** Where the page is built unless said otherwise. */
export const OUT = here("dist");

/** Headers that isolate the page, so that threads may share memory: for hosts that read them from a file. */
const HEADERS = "/*\n  Cross-Origin-Opener-Policy: same-origin\n  Cross-Origin-Embedder-Policy: require-corp\n";

function commit() {
  try {
    const options = { cwd: here("."), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], options).trim();
  } catch {
    return null;
  }
}

/** The runs in bench/results, copied; each with a title that says where it was measured. */
function storedRuns(folder) {
  const from = here("../results");
  if (!existsSync(from)) return [];
  mkdirSync(join(folder, "runs"), { recursive: true });
  return readdirSync(from)
    .filter((name) => name.endsWith(".json"))
    .map((file) => ({ file, run: JSON.parse(readFileSync(join(from, file), "utf8")) }))
    .filter(({ run }) => Array.isArray(run.records) && run.records.length > 0)
    .map(({ file, run: { date, machine, versions } }) => {
      copyFileSync(join(from, file), join(folder, "runs", file));
      const where = machine.browser ?? `Node ${versions.node}`;
      const title = [machine.processor ?? machine.system, where, date.slice(0, 10)].join(", ");
      return { file: `runs/${file}`, title, browser: machine.browser !== undefined };
    })
    .sort((a, b) => Number(b.browser) - Number(a.browser));
}

/** Builds the page; the project must have been built before. */
export async function buildPage(folder = OUT) {
  const { build } = await import("esbuild");
  await install(libraries);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "tfjs"), { recursive: true });
  const { version } = json("../../package.json");
  const { devDependencies } = json("../peers/package.json");
  const named = ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@jax-js/jax"];
  const about = {
    versions: {
      wengert: version,
      commit: commit(),
      ...Object.fromEntries(named.map((name) => [name, devDependencies[name]])),
    },
    runs: storedRuns(folder),
  };
  await build({
    entryPoints: { page: here("client/page.mjs"), worker: here("client/worker.mjs") },
    outdir: join(folder, "scripts"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    legalComments: "linked",
    logLevel: "warning",
    nodePaths: [here("../peers/node_modules")],
    alias: { wengert: here("../../dist/entries/browser.js") },
    define: { ABOUT: JSON.stringify(about) },
  });
  const files = {
    "index.html": "client/index.html",
    "style.css": "client/style.css",
    "uplot.css": "../peers/node_modules/uplot/dist/uPlot.min.css",
    "wengert.wasm": "../../dist/wengert.wasm",
    "wengert-worker.js": "../../dist/wengert-worker.js",
  };
  for (const [to, from] of Object.entries(files)) copyFileSync(here(from), join(folder, to));
  for (const kind of ["", "-simd"]) {
    const name = `tfjs-backend-wasm${kind}.wasm`;
    copyFileSync(here(`../peers/node_modules/@tensorflow/tfjs-backend-wasm/dist/${name}`), join(folder, "tfjs", name));
  }
  writeFileSync(join(folder, "roof.wasm"), await compileRoof());
  writeFileSync(join(folder, "_headers"), HEADERS);
  return folder;
}
