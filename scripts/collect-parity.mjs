// Collects recorded operator cases into test/parity/: node scripts/collect-parity.mjs FOLDER REPORT
//
// FOLDER has one file an operator; REPORT is what a run over them wrote: for each operator how many checks hold.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const [folder, report] = process.argv.slice(2);
if (!folder || !report) {
  console.error("usage: node scripts/collect-parity.mjs FOLDER REPORT");
  process.exit(1);
}
const whole = new Set(
  JSON.parse(readFileSync(report, "utf8"))
    .filter(({ result }) => Object.values(result).every(({ pass, total }) => pass === total))
    .map(({ op }) => op),
);
const documents = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")))
  .filter(({ op, variant }) => whole.has(variant ? `${op}.${variant}` : op));
writeFileSync("test/parity/cases.json.gz", gzipSync(JSON.stringify(documents), { level: 9 }));
console.log(`${documents.length} operators`);
