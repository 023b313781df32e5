// Runtimes that are programs: Node in several versions, Deno and Bun, each from its npm package.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../package/install.mjs";

const home = fileURLToPath(new URL("../../build/runtimes", import.meta.url));

/** Installs a package into a folder of its own below build/runtimes/, unless it is there; returns the folder. */
export function runtime(specification) {
  const folder = join(home, specification.replace("@", "-"));
  const mark = join(folder, "installed.txt");
  if (existsSync(mark) && readFileSync(mark, "utf8") === specification) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  run("npm", ["install", "--no-audit", "--no-fund", "--no-save", specification], { cwd: folder });
  writeFileSync(mark, specification);
  return folder;
}

/** Where a version of Node is: the running one if it is of that line, else an installed one. */
export function node(version) {
  if (process.versions.node.split(".")[0] === version.split(".")[0]) return process.execPath;
  return join(runtime(`node@${version}`), "node_modules/node/bin/node");
}

/** The last line that a program prints, as JSON. */
export function answer(command, parameters, folder) {
  const lines = run(command, parameters, { cwd: folder, timeout: 120_000 }).trim().split("\n");
  return JSON.parse(lines[lines.length - 1]);
}

/** The checks of this file: `[name, () => result of the smoke program]`. */
export function commands(folder) {
  const checks = [];
  for (const version of ["20.20.2", "22.23.3", "24.21.0", "26.10.0"]) {
    const line = `Node ${version.split(".")[0]}`;
    checks.push(
      [`${line}, import`, () => answer(node(version), ["import.mjs"], folder)],
      [`${line}, threads`, () => answer(node(version), ["threads.mjs"], folder)],
      [`${line}, require`, () => answer(node(version), ["--no-warnings", "require.cjs"], folder)],
    );
  }
  const deno = () => join(runtime("deno@2.9.6"), "node_modules/.bin/deno");
  const bun = () => join(runtime("bun@1.4.5"), "node_modules/.bin/bun");
  checks.push(
    ["Node, wengert/inline", () => answer(process.execPath, ["inline.mjs"], folder)],
    ["Deno", () => answer(deno(), ["run", "--no-remote", "--allow-read=.", "import.mjs"], folder)],
    ["Node, wengert/inline, threads", () => answer(process.execPath, ["threads.mjs", "wengert/inline"], folder)],
    ["Deno, threads", () => answer(deno(), ["run", "--no-remote", "--allow-read=.", "threads.mjs"], folder)],
    [
      "Deno, wengert/inline, threads",
      () => answer(deno(), ["run", "--no-remote", "threads.mjs", "wengert/inline"], folder),
    ],
    ["Bun, threads", () => answer(bun(), ["threads.mjs"], folder)],
    ["Bun, wengert/inline, threads", () => answer(bun(), ["threads.mjs", "wengert/inline"], folder)],
    ["Deno, wengert/inline", () => answer(deno(), ["run", "--no-remote", "inline.mjs"], folder)],
    ["Bun", () => answer(bun(), ["import.mjs"], folder)],
    ["Bun, require", () => answer(bun(), ["require.cjs"], folder)],
    ["Bun, wengert/inline", () => answer(bun(), ["inline.mjs"], folder)],
  );
  return checks;
}
