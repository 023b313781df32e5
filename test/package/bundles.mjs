// Bundles small programs against the installed package: they run, and hold what they name and little more.
import { copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { run } from "./install.mjs";

/** What each program is, and what it prints. */
const PROGRAMS = {
  full: [`import { tensor } from "wengert"; console.log(tensor([1, 2]).mul(3).sum().item());`, "9"],
  slim: [
    `import { mul, sum, tensor } from "wengert/slim";
     const x = tensor([1, 2]);
     console.log(sum(mul(x, 3)).shape.length, "mul" in x, "sum" in x);`,
    "0 false false",
  ],
  family: [
    `import { tensor } from "wengert/slim";
     import "wengert/methods/arithmetic";
     const x = tensor([1, 2]);
     console.log("mul" in x.mul(3), "sum" in x);`,
    "true false",
  ],
};

/** Bundles a program for Node, minified, runs it beside the artifact, and returns its size in bytes. */
async function bundle(folder, name) {
  const [contents, expected] = PROGRAMS[name];
  const outfile = join(folder, `bundle-${name}.mjs`);
  const stdin = { contents, resolveDir: folder };
  await build({ stdin, bundle: true, minify: true, format: "esm", platform: "node", outfile, logLevel: "error" });
  const printed = run(process.execPath, [outfile], { cwd: folder }).trim();
  if (printed !== expected) throw new Error(`${name} printed ${printed}, not ${expected}`);
  return statSync(outfile).size;
}

/** Bundles all programs; throws unless the parts are smaller than the whole. */
export async function bundles(folder) {
  copyFileSync(join(folder, "node_modules/wengert/dist/wengert.wasm"), join(folder, "wengert.wasm"));
  const sizes = {};
  for (const name of Object.keys(PROGRAMS)) sizes[name] = await bundle(folder, name);
  const text = Object.entries(sizes)
    .map(([name, size]) => `${name} ${(size / 1024).toFixed(1)} KiB`)
    .join(", ");
  if (!(sizes.slim < sizes.full / 2) || !(sizes.family < sizes.full * 0.7))
    throw new Error(`too much is kept: ${text}`);
  return text;
}
