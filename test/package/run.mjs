// Tests the package as published: what the tarball holds, import and require, declarations, publint and attw.
import { appendFileSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundles } from "./bundles.mjs";
import { install, pack, run } from "./install.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const bin = (name) => join(root, "node_modules/.bin", name);

const { tarball, files } = pack();
const folder = install(tarball, "consumer");
cpSync(join(here, "consumer"), folder, { recursive: true });

const PROGRAM = "console.log(String(wg.tensor([1, 2, 3]).mul(2).sum().item()), typeof wg.init);";

/** Writes a program into the consumer's folder and compares what it prints. */
function prints(name, text, expected, parameters = []) {
  writeFileSync(join(folder, name), text);
  const output = run(process.execPath, [...parameters, name], { cwd: folder }).trim();
  if (output !== expected) throw new Error(`printed ${JSON.stringify(output)}, not ${JSON.stringify(expected)}`);
}

/** Compiles the consumer with these settings, the library's declarations included. */
function compiles(settings, sources) {
  const compilerOptions = { strict: true, noEmit: true, skipLibCheck: false, target: "ES2022", types: [], ...settings };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: sources }));
  run(bin("tsc"), ["-p", "tsconfig.json"], { cwd: folder });
}

const checks = {
  "the tarball holds what belongs there and nothing else": () => {
    const strange = files.filter(
      (file) => !/^(dist|src)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(file),
    );
    const debug = files.filter((file) => /debug/.test(file));
    if (strange.length + debug.length > 0) throw new Error(`unexpected: ${[...strange, ...debug].join(", ")}`);
    for (const file of ["LICENSE", "dist/wengert.wasm", "dist/entries/inline-data.js", "dist/wasm/loader.LICENSE"]) {
      if (!files.includes(file)) throw new Error(`missing: ${file}`);
    }
  },
  import: () => prints("import.mjs", `import * as wg from "wengert";\n${PROGRAM}`, "12 function"),
  require: () => prints("require.cjs", `const wg = require("wengert");\n${PROGRAM}`, "12 function", ["--no-warnings"]),
  "import of wengert/inline": () =>
    prints("inline.mjs", `import * as wg from "wengert/inline";\n${PROGRAM}`, "12 function"),
  "the artifact has an address of its own": () =>
    prints(
      "artifact.mjs",
      `import { readFileSync } from "node:fs";
      const bytes = readFileSync(new URL(import.meta.resolve("wengert/wengert.wasm")));
      console.log(WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(({ kind }) => kind).join());`,
      "memory",
    ),
  "a bundle that left the artifact behind says so, and init helps": async () => {
    const source = `import * as wg from "wengert";
      try { wg.zeros([1]); } catch (error) { console.log(error.constructor.name, /init/.test(error.message)); }
      await wg.init().catch((error) => console.log(/not found/.test(error.message)));
      await wg.init({ url: new URL("./node_modules/wengert/dist/wengert.wasm", import.meta.url) });
      console.log(wg.zeros([2]).tolist().join());`;
    const stdin = { contents: source, resolveDir: folder };
    await build({ stdin, bundle: true, format: "esm", platform: "node", outfile: join(folder, "bundle.mjs") });
    const output = run(process.execPath, ["bundle.mjs"], { cwd: folder }).trim().split("\n").join(" ");
    if (output !== "WengertError true true 0,0") throw new Error(`printed ${output}`);
  },
  "bundles hold what they name and little more": () => bundles(folder),
  "declarations under NodeNext": () =>
    compiles({ module: "NodeNext", lib: ["ES2022", "DOM"] }, ["consumer.ts", "consumer.cts"]),
  "declarations under Bundler": () =>
    compiles({ module: "ESNext", moduleResolution: "Bundler", lib: ["ES2022", "DOM"] }, ["consumer.ts"]),
  publint: () => run(bin("publint"), ["run", "--strict", `${folder}/node_modules/wengert`]),
  attw: () =>
    run(bin("attw"), [
      tarball,
      "--profile",
      "esm-only",
      "--exclude-entrypoints",
      "wengert.wasm",
      "wengert-worker.js",
      "--no-emoji",
    ]),
};

let passed = 0;
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    const note = await check();
    passed++;
    console.log(`ok    ${name}${typeof note === "string" && !/\n./.test(note) && note ? `: ${note.trim()}` : ""}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error.message}`);
  }
}
if (process.env.COUNTS) appendFileSync(process.env.COUNTS, `${passed} ${failed}\n`);
console.log(`package: ${passed} hold, ${failed} do not`);
process.exit(failed > 0 ? 1 : 0);
