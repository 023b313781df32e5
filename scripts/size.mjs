// Prints the size of the artifact by family of kernels: node scripts/size.mjs
//
// The artifact is compiled once more with the names of its functions, which tell the file that each comes from. Of each family
// the table has the bytes of its code, and what they come to compressed by themselves.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const LIMITS = { raw: 400_000, gzip: 130_000 };

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
const line = (family, count, raw, gzip, brotli) =>
  console.log(
    `| ${family.padEnd(20)} | ${String(count).padStart(9)} | ${[raw, gzip, brotli].map((n) => String(n).padStart(7)).join(" | ")} |`,
  );
line("family", "functions", "raw", "gzip", "brotli");
console.log("| --- | --: | --: | --: | --: |");
for (const [family, count, code] of rows) {
  line(family, count, code.length, gzipSync(code, { level: 9 }).length, brotliCompressSync(code).length);
}
const whole = readFileSync("dist/wengert.wasm");
const packed = {
  raw: whole.length,
  gzip: gzipSync(whole, { level: 9 }).length,
  brotli: brotliCompressSync(whole).length,
};
line("the whole artifact", bodies.length, packed.raw, packed.gzip, packed.brotli);
for (const [kind, limit] of Object.entries(LIMITS)) {
  if (packed[kind] <= limit) continue;
  console.error(`size: ${packed[kind]} bytes ${kind}, more than ${limit}`);
  process.exitCode = 1;
}
