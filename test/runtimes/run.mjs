// Runs the smoke program in every supported runtime and compares the bits of the weights.
//
//     node test/runtimes/run.mjs             everything
//     node test/runtimes/run.mjs Deno WebKit what has one of these words in its name
import { appendFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { install, pack } from "../package/install.mjs";
import { browsers } from "./browsers.mjs";
import { commands } from "./commands.mjs";
import { workers } from "./workers.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const words = process.argv.slice(2);

const folder = install(pack().tarball, "runtimes");
cpSync(join(here, "programs"), folder, { recursive: true });
cpSync(join(here, "smoke.mjs"), join(folder, "smoke.mjs"));

const inBrowsers = await browsers(folder);
const checks = [...commands(folder), ...workers(folder), ...inBrowsers.checks].filter(
  ([name]) => words.length === 0 || words.some((word) => name.includes(word)),
);

let passed = 0;
let failed = 0;
let first = null;
for (const [name, check] of checks) {
  const start = performance.now();
  try {
    const result = await check();
    first ??= result;
    if (result.leaked !== 0) throw new Error(`${result.leaked} bytes were left`);
    if (!(result.losses[1] < result.losses[0])) throw new Error(`learned nothing: ${result.losses}`);
    const differing = Object.keys(first).filter((key) => JSON.stringify(result[key]) !== JSON.stringify(first[key]));
    if (differing.length > 0) {
      throw new Error(`differs in ${differing.join(", ")}:\n${JSON.stringify(result)}\n${JSON.stringify(first)}`);
    }
    passed++;
    console.log(`ok    ${name}: ${result.hash} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    if (/^SKIP: /.test(error.message)) {
      console.log(`skip  ${name}: ${error.message.slice(6)}`);
      continue;
    }
    failed++;
    console.log(`FAIL  ${name}: ${error.message.split("\n").slice(0, 8).join("\n")}`);
  }
}
await inBrowsers.close();
if (process.env.COUNTS) appendFileSync(process.env.COUNTS, `${passed} ${failed}\n`);
console.log(`runtimes: ${passed} hold, ${failed} do not`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
