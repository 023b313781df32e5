// The file of results: machine, versions, and a record for each measurement.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";

const json = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));

/** Machine, versions and settings of this run. */
export function described(timing) {
  const { devDependencies } = json("peers/package.json");
  const [{ model }] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return {
    date: new Date().toISOString(),
    machine: { processor: model.trim(), cores: cpus().length, memory, system: `${platform()} ${arch()}` },
    versions: {
      node: process.versions.node,
      wengert: json("../package.json").version,
      commit: commit(),
      ...devDependencies,
    },
    timing,
  };
}

function commit() {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return null;
  }
}

/** The results in a file, or null. */
export function read(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}

/** Old results under the description of a new run; `put` replaces records of the same workload and library. */
export function merged(old, description) {
  const results = {
    ...description,
    records: old?.records ?? [],
    growth: old?.growth ?? [],
    startup: old?.startup ?? null,
  };
  const put = (list, records) => {
    const same = (a, b) => a.workload === b.workload && a.library === b.library && a.series === b.series;
    results[list] = [...results[list].filter((one) => !records.some((record) => same(one, record))), ...records];
  };
  Object.defineProperty(results, "put", { value: put, enumerable: false });
  return results;
}

const short = (_key, value) =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;

/** Writes results with a record a line. */
export function write(file, { records, growth, startup, ...rest }) {
  const list = (items) => `[\n${items.map((item) => `  ${JSON.stringify(item, short)}`).join(",\n")}\n]`;
  const head = Object.entries(rest).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  const tail = [
    `"records": ${list(records)}`,
    `"growth": ${list(growth)}`,
    `"startup": ${JSON.stringify(startup, short)}`,
  ];
  writeFileSync(file, `{\n${[...head, ...tail].join(",\n")}\n}\n`);
}
