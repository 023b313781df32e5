// Prints the sizes of what is shipped, and of the artifact by family of kernels.
//
//     node scripts/size.mjs
//     node scripts/size.mjs --shipped [--json]    without the families
//
// The artifact is compiled once more with the names of its functions, which tell the file that each comes from. Of each family
// the table has the bytes of its code, and what they come to compressed by themselves.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { BUDGETS, overBudget, sizes } from "./sizes.mjs";

const { values } = parseArgs({ options: { shipped: { type: "boolean" }, json: { type: "boolean" } } });
const line = (family, count, raw, gzip, brotli) =>
  console.log(
    `| ${family.padEnd(44)} | ${String(count).padStart(9)} | ${[raw, gzip, brotli].map((n) => String(n).padStart(7)).join(" | ")} |`,
  );

const shipped = await sizes();
if (values.json) console.log(JSON.stringify(shipped));
else {
  line("what", "", "raw", "gzip", "brotli");
  console.log("| --- | --: | --: | --: | --: |");
  for (const [name, { raw, gzip, brotli }] of Object.entries(shipped)) line(name, "", raw, gzip, brotli);
}
for (const fault of overBudget(shipped, BUDGETS)) {
  console.error(`size: ${fault}`);
  process.exitCode = 1;
}
if (values.shipped || values.json) process.exit();
console.log();

const folder = mkdtempSync(join(tmpdir(), "wengert-size-"));
const named = join(folder, "named.wasm");
const asc = "node_modules/assemblyscript/bin/asc.js";
const out = ["--debug", "--outFile", named, "--bindings", "none"];
execFileSync(process.execPath, [asc, "assembly/index.ts", "--target", "release", ...out], { stdio: "inherit" });
const bytes = readFileSync(named);
rmSync(folder, { recursive: true });

let at = 8;
/** An unsigned number in LEB128. */
function number() {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
}
function word() {
  const length = number();
  at += length;
  return bytes.toString("utf8", at - length, at);
}

let imported = 0;
let data = Buffer.alloc(0);
const bodies = [];
const names = new Map();
const sections = {
  2: () => {
    for (let left = number(); left > 0; left--) {
      word();
      word();
      const kind = bytes[at++];
      if (kind === 0) {
        number();
        imported++;
      } else if (kind === 2) {
        const flags = number();
        number();
        if ((flags & 1) !== 0) number();
      } else throw new Error(`an import of kind ${kind}`);
    }
  },
  10: () => {
    for (let left = number(); left > 0; left--) {
      const size = number();
      bodies.push(bytes.subarray(at, at + size));
      at += size;
    }
  },
  11: (end) => {
    data = bytes.subarray(at, end);
  },
  0: (end) => {
    if (word() !== "name") return;
    while (at < end) {
      const kind = bytes[at++];
      const next = number() + at;
      if (kind === 1) for (let left = number(); left > 0; left--) names.set(number(), word());
      at = next;
    }
  },
};
while (at < bytes.length) {
  const id = bytes[at++];
  const end = number() + at;
  sections[id]?.(end);
  at = end;
}

/** "assembly/loops/map/unary<f32,assembly/kernels/parts/Floor<f32>>" → "kernels/parts": of a loop around a rule the rule's file. */
function familyOf(name) {
  const rule = /assembly\/(kernels\/\w+)/.exec(name);
  return rule?.[1] ?? /^assembly\/(\w+)/.exec(name)?.[1] ?? "runtime";
}

const families = new Map();
bodies.forEach((body, i) => {
  const family = familyOf(names.get(imported + i) ?? "");
  const list = families.get(family) ?? [];
  list.push(body);
  families.set(family, list);
});

const rows = [...families].map(([family, list]) => [family, list.length, Buffer.concat(list)]);
rows.push(["constants", "", data]);
rows.sort((a, b) => b[2].length - a[2].length);
line("family", "functions", "raw", "gzip", "brotli");
console.log("| --- | --: | --: | --: | --: |");
for (const [family, count, code] of rows) {
  line(family, count, code.length, gzipSync(code, { level: 9 }).length, brotliCompressSync(code).length);
}
