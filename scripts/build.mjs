// Builds dist/: the artifact (asc), one JavaScript module per source file (esbuild), the same in a few files
// (`bundle.mjs`), declarations with maps (tsc).
//
//     node scripts/build.mjs            what is out of date
//     node scripts/build.mjs --debug    the artifact with assertions as well
//     node scripts/build.mjs --force    everything
//
// A step is skipped when nothing it reads has changed since it last ran; build/stamps/ keeps one hash a step.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { packKernels } from "./kernels.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
const options = new Set(process.argv.slice(2));
for (const option of options) {
  if (option !== "--debug" && option !== "--force") {
    console.error(`build: unknown option ${option}; known are --debug and --force`);
    process.exit(1);
  }
}

// npm runs this after an install as well, also after one without development tools.
if (process.env.npm_lifecycle_event === "prepare" && !existsSync("node_modules/assemblyscript")) {
  console.log("build: skipped, the development tools are not installed");
  process.exit(0);
}

/** All files below a folder, sorted. */
function filesOf(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Runs a step unless its inputs are unchanged and its outputs there. */
async function step(name, inputs, outputs, work) {
  const hash = createHash("sha256");
  for (const file of ["scripts/build.mjs", "package-lock.json", ...inputs]) {
    hash.update(`${file}\0`).update(readFileSync(file)).update("\0");
  }
  const digest = hash.digest("hex");
  const stamp = `build/stamps/${name}`;
  const fresh =
    existsSync(stamp) && readFileSync(stamp, "utf8") === digest && outputs().every((file) => existsSync(file));
  if (fresh && !options.has("--force")) return;
  const start = performance.now();
  rmSync(stamp, { force: true });
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  console.log(`build: ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}

/** Runs one of the development tools; its failure is the build's. */
function run(script, ...parameters) {
  const { status } = spawnSync(process.execPath, [script, ...parameters], { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
}

/** Compiles the artifact of one target; it appears in dist/ whole or not at all. */
function compile(target, name) {
  const folder = `build/asc/${target}`;
  mkdirSync(folder, { recursive: true });
  run("node_modules/assemblyscript/bin/asc.js", "--target", target, "--outFile", `${folder}/${name}.wasm`);
  writeFileSync(`${folder}/${name}.wasm`, packKernels(readFileSync(`${folder}/${name}.wasm`)));
  return folder;
}

/** Moves a finished file to where it is used. */
function place(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}

const assembly = [
  ...filesOf("assembly").filter((file) => file.endsWith(".ts")),
  "asconfig.json",
  "scripts/kernels.mjs",
];
// Threads start from a file: it holds all that it needs, and no bundle of the library holds it.
const WORKER = "src/threads/worker.ts";
const sources = filesOf("src").filter((file) => file.endsWith(".ts"));
const modules = sources.filter((file) => !file.endsWith(".d.ts")).map((file) => relative("src", file).slice(0, -3));
const javascript = () => [
  "dist/wengert-worker.js",
  ...modules
    .filter((module) => module !== "threads/worker")
    .flatMap((module) => [`dist/${module}.js`, `dist/${module}.js.map`]),
];
const declarations = () => modules.flatMap((module) => [`dist/${module}.d.ts`, `dist/${module}.d.ts.map`]);

await step(
  "artifact",
  assembly,
  () => ["dist/wengert.wasm", "build/generated/wasm/artifact.d.ts"],
  () => {
    const folder = compile("release", "wengert");
    place(`${folder}/wengert.wasm`, "dist/wengert.wasm");
    // The compiler's own declaration of its exports; `src/wasm/` imports its types as "./artifact.js".
    const declaration = readFileSync(`${folder}/wengert.d.ts`, "utf8").replace(/ *\/\*\*[\s\S]*?\*\/\n/g, "");
    mkdirSync("build/generated/wasm", { recursive: true });
    writeFileSync(
      "build/generated/wasm/artifact.d.ts",
      `// What the artifact exports, by the compiler.\n${declaration}`,
    );
  },
);

if (options.has("--debug")) {
  await step(
    "debug-artifact",
    assembly,
    () => ["dist/wengert.debug.wasm"],
    () => {
      const folder = compile("debug", "wengert.debug");
      place(`${folder}/wengert.debug.wasm`, "dist/wengert.debug.wasm");
      place(`${folder}/wengert.debug.wasm.map`, "dist/wengert.debug.wasm.map");
    },
  );
}

const declared = /^((?:export )?const \w+(?:: (?:=>|[^=\n])+)? =)(?= (?:new )?[\w.]+(?:<[^(\n]*>)?\()/gm;
/**
 * A source whose declarations say that they have no effect but their result: what a module makes when it loads has none,
 * by rule, and some bundlers lose the mark of the function that is called across modules.
 */
const stamped = (text) => text.replace(declared, "$1 /* @__PURE__ */");

await step("javascript", sources, javascript, async () => {
  const { build } = await import("esbuild");
  const common = {
    outdir: "dist",
    outbase: "src",
    format: "esm",
    target: "es2022",
    sourcemap: true,
    logLevel: "warning",
  };
  const stamping = {
    name: "stamp",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        contents: stamped(readFileSync(path, "utf8")),
        loader: "ts",
      }));
    },
  };
  // The published package depends on nothing: what others wrote is bundled into the one module that imports it.
  const bundled = ["src/wasm/loader.ts", "src/io/inflate.ts"];
  await build({
    ...common,
    entryPoints: sources.filter((file) => !file.endsWith(".d.ts") && file !== WORKER && !bundled.includes(file)),
    sourcesContent: false,
    plugins: [stamping],
  });
  await build({
    ...common,
    entryPoints: bundled,
    bundle: true,
    treeShaking: true,
    banner: { js: "// Contains a library under a licence of its own, which is in the file of the same name." },
  });
  await build({
    ...common,
    entryPoints: { "wengert-worker": WORKER },
    bundle: true,
    minifyWhitespace: true,
    sourcemap: false,
    banner: { js: "// The file that wengert's threads start from." },
  });
  copyFileSync("node_modules/assemblyscript/LICENSE", "dist/wasm/loader.LICENSE");
  copyFileSync("node_modules/fflate/LICENSE", "dist/io/inflate.LICENSE");
});

await step(
  "inline",
  ["dist/wengert.wasm", "dist/wengert-worker.js"],
  () => ["dist/entries/inline-data.js"],
  () => {
    const text = readFileSync("dist/wengert.wasm").toString("base64");
    mkdirSync("dist/entries", { recursive: true });
    writeFileSync(
      "dist/entries/inline-data.js",
      `// The artifact and the worker as text, written by the build.\nexport const base64 =\n  "${text}";\n` +
        `export const worker = ${JSON.stringify(readFileSync("dist/wengert-worker.js", "utf8"))};\n`,
    );
  },
);

const bundled = () => filesOf("dist/bundle");
const mainOf = () => ["index", "slim", "inline", "nn", "core", "train"].map((name) => `dist/bundle/${name}.js`);

await step("bundle", [...sources, "scripts/bundle.mjs"], mainOf, async () => {
  const { bundle } = await import("./bundle.mjs");
  await bundle(stamped);
});

await step(
  "declarations",
  [...sources, "tsconfig.json", "tsconfig.build.json", "build/generated/wasm/artifact.d.ts"],
  declarations,
  () => {
    run("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json");
    mkdirSync("dist/wasm", { recursive: true });
    copyFileSync("build/generated/wasm/artifact.d.ts", "dist/wasm/artifact.d.ts");
  },
);

// What is left of sources that are gone would be published with the rest.
const expected = new Set([
  ...javascript(),
  ...bundled(),
  ...declarations(),
  "dist/entries/inline-data.js",
  "dist/wasm/artifact.d.ts",
]);
for (const file of filesOf("dist")) {
  if (/\.(js|d\.ts)(\.map)?$/.test(file) && !expected.has(file)) rmSync(file);
}
