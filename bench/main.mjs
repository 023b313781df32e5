// The bench: workloads, libraries, a table, a file of results. npm run bench [-- --only conv --peers tfjs --rounds 7]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compileRoof } from "./compile.mjs";
import { install } from "./install.mjs";
import { judge } from "./judge.mjs";
import { chosen, libraries } from "./libraries.mjs";
import { described, merged, read, write } from "./results.mjs";
import { run } from "./run.mjs";
import { goalLines, growthRow, heading, memoryTable, row, startupTable, summaryLines } from "./table.mjs";
import { series, workloads } from "./workloads/index.mjs";

const help = `npm run bench [-- options]

  --only TEXT     workloads whose name or group has this text (a regular expression): conv, mlp, "matmul 256", …
  --peers LIST    libraries beside wengert: ${libraries.map(({ key }) => key).join(",")}
                  (naming one of wengert's own leaves out the others of its own)
  --parts LIST    workloads, growth (series of growing sizes), startup (process start, import, bytes);
                  all without --only, else workloads
  --rounds N      rounds of a measurement, 7; its figure is their median
  --round MS      how long a round lasts, 30
  --warmup MS     how long a library warms up at least, 150: it goes on while runs become faster
  --retries N     how often a measurement is repeated at most when the machine was slow meanwhile, 2
  --out FILE      where results are written, bench/results/latest.json; a partial run is merged into it
  --list          the workloads, and nothing is run
  --help          this text

Each measurement has a process of its own. A result that differs from PyTorch's (or wengert's, where PyTorch is not
measured) is marked ≠. PyTorch is found as the module torch of /usr/bin/python3, or of the Python named by PYTHON.`;

/** Ends the program with a message where what it was given is wrong. */
function refuse(message) {
  console.error(`bench: ${message}; see npm run bench -- --help`);
  process.exit(2);
}

function given(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

const values = given({
  only: { type: "string" },
  peers: { type: "string" },
  parts: { type: "string" },
  rounds: { type: "string", default: "7" },
  round: { type: "string", default: "30" },
  warmup: { type: "string", default: "150" },
  retries: { type: "string", default: "2" },
  out: { type: "string", default: "bench/results/latest.json" },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});

const PARTS = ["workloads", "growth", "startup"];
/** A process that saw less than this part of the best rate of the roof so far ran while the machine was slow. */
const SLOW = 0.75;
/** How cost grows is measured on these. */
const GROWING = ["wengert", "captured", "tfjs", "jit", "torch"];

function wholeNumber(name, least = 1) {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < least) refuse(`--${name}: expected a whole number, got ${values[name]}`);
  return number;
}

async function bench() {
  const timing = {
    rounds: wholeNumber("rounds"),
    round: wholeNumber("round"),
    warmup: wholeNumber("warmup"),
    limit: 2500,
  };
  const parts = values.parts?.split(",") ?? (values.only === undefined ? PARTS : ["workloads"]);
  for (const part of parts)
    if (!PARTS.includes(part)) refuse(`--parts: no part "${part}", there are ${PARTS.join(", ")}`);
  const pattern = new RegExp(values.only ?? ".", "i");
  const taken = workloads.filter(({ name, group }) => pattern.test(name) || pattern.test(group));
  if (taken.length === 0) refuse(`--only: no workload has "${values.only}"; --list has them`);
  const used = asked();
  await install(used);

  const folder = mkdtempSync(join(tmpdir(), "wengert-bench-"));
  const roof = join(folder, "roof.wasm");
  try {
    writeFileSync(roof, await compileRoof());
    const whole = values.only === undefined && values.peers === undefined && values.parts === undefined;
    const results = merged(whole ? null : read(values.out), described(timing));
    const save = () => {
      mkdirSync("bench/results", { recursive: true });
      write(values.out, results);
    };
    if (parts.includes("workloads")) await measureWorkloads(taken, used, { timing, roof, results, save });
    if (parts.includes("growth")) await measureGrowth(used, { timing, roof, results, save });
    if (parts.includes("startup")) {
      const { startup } = await import("./startup.mjs");
      results.startup = await startup(used);
      console.log(startupTable(results.startup));
      save();
    }
    const minutes = (performance.now() / 60_000).toFixed(1);
    console.log(`\n${values.out} has all figures; this took ${minutes} minutes.`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The best rate of the roof that any process has seen. */
let best = 0;
const retries = wholeNumber("retries", 0);

async function measured(library, workload, settings) {
  let record = await run(library, workload, settings);
  for (let i = 0; i < retries && record.rate !== null && record.rate < SLOW * best; i++) {
    const again = await run(library, workload, settings);
    if (again.status === "ok" && again.rate > record.rate) record = again;
  }
  best = Math.max(best, record.rate ?? 0);
  return { workload: workload.name, library: library.key, date: new Date().toISOString(), ...record };
}

async function measureWorkloads(taken, used, { timing, roof, results, save }) {
  console.log(heading(used));
  for (const workload of taken) {
    const records = [];
    for (const library of used) records.push(await measured(library, workload, { timing, roof }));
    judge(records, workload);
    results.put("records", records);
    console.log(row(workload, records, used));
    save();
  }
  console.log(memoryTable(taken, results.records, used));
  console.log(summaryLines(results.records));
  console.log(goalLines(taken, results.records));
}

async function measureGrowth(used, { timing, roof, results, save }) {
  const grown = used.filter(({ key }) => GROWING.includes(key));
  for (const { key, title, axis, points } of series) {
    console.log(`\n${title}: ms by ${axis}`);
    for (const point of points) {
      const records = [];
      for (const library of grown) records.push(await measured(library, point, { timing, roof }));
      judge(records, point);
      results.put(
        "growth",
        records.map((record) => ({ ...record, series: key, size: point.size })),
      );
      console.log(growthRow(point, records));
      save();
    }
  }
  const { plots } = await import("./peers/plot.mjs");
  for (const file of plots(results.growth)) console.log(file);
}

function asked() {
  try {
    return chosen(values.peers);
  } catch (error) {
    return refuse(error.message);
  }
}

if (values.help) {
  console.log(help);
} else if (values.list) {
  for (const { name, group } of workloads) console.log(`${group.padEnd(12)} ${name}`);
} else {
  await bench();
}
