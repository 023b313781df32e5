// The tables in the terminal.
import { libraries } from "./libraries.mjs";

const NAME = 50;
const CELL = 10;

/** Milliseconds with three digits. */
export function milliseconds(ms) {
  if (ms >= 100) return ms.toFixed(0);
  if (ms >= 10) return ms.toFixed(1);
  if (ms >= 1) return ms.toFixed(2);
  return ms >= 0.1 ? ms.toFixed(3) : ms.toFixed(4);
}

/** Bytes in MiB. */
export function mebibytes(bytes) {
  return bytes === null || bytes === undefined ? "" : (bytes / 2 ** 20).toFixed(1);
}

/** What is said of a measurement in a cell. */
export function cell(record) {
  if (record === undefined) return "";
  if (record.status === "unsupported") return "–";
  if (record.status === "failed") return "failed";
  return `${record.status === "mismatch" ? "≠ " : ""}${milliseconds(record.times.median)}`;
}

const title = (key) => libraries.find((library) => library.key === key).title;
const isPeer = ({ library }) => !libraries.some(({ key, own, scale }) => key === library && (own || scale));

/** The fastest correct record of a JavaScript library that is not wengert. */
export function bestPeer(records) {
  const correct = records.filter((record) => record.status === "ok" && isPeer(record));
  return correct.toSorted((a, b) => a.times.median - b.times.median)[0];
}

/** How a record stands beside the best peer (times faster) and the roof (part of what the machine allows). */
export function ratios(record, records) {
  if (record?.times === undefined) return { peer: null, roof: null };
  const peer = bestPeer(records);
  return {
    peer: peer === undefined ? null : peer.times.median / record.times.median,
    roof: record.limit ? record.limit / record.times.median : null,
  };
}

const part = (ratio) => (ratio === null ? "" : `${(100 * ratio).toFixed(ratio < 0.1 ? 1 : 0)} %`);
const times = (ratio) => (ratio === null ? "" : `${ratio.toFixed(ratio < 10 ? 2 : 0)}×`);

function line(name, cells) {
  const fitted = name.length > NAME - 1 ? `${name.slice(0, NAME - 2)}…` : name;
  return fitted.padEnd(NAME) + cells.map((text) => String(text).padStart(CELL)).join("");
}

const shorter = {
  wengert: "wengert",
  captured: "captured",
  threads: "2 threads",
  tfjs: "tfjs",
  jax: "jax",
  jit: "jax jit",
};

/** The head of the table of workloads. */
export function heading(used) {
  const names = used.map(({ key, title: text }) => shorter[key] ?? text);
  return `${line("ms a run", [...names, "best peer", "of roof", "goal"])}\n${"─".repeat(NAME + CELL * (used.length + 3))}`;
}

/** A row: the libraries' times; the best peer's time as a multiple of wengert's; wengert's part of the roof; the goal. */
export function row(workload, records, used) {
  const of = (key) => records.find(({ library }) => library === key);
  const own = ["wengert", "captured", "threads"].map(of).find((record) => record !== undefined);
  const { peer, roof } = ratios(own, records);
  const cells = used.map(({ key }) => cell(of(key)));
  const reached = own?.times?.median <= workload.goal ? "✓" : "";
  const text = line(workload.name, [...cells, times(peer), part(roof), `${workload.goal ?? ""}${reached}`]);
  const trouble = records
    .filter(({ status }) => status === "failed" || status === "mismatch")
    .map((record) => {
      const said = record.message ?? `differs from ${title(record.compared)} by ${record.worst.toExponential(1)}`;
      return `\n    ${title(record.library)}: ${said.split("\n")[0]}`;
    });
  return text + trouble.join("");
}

/** A row of a growing series. */
export function growthRow(point, records) {
  return `${String(point.size).padStart(10)}  ${records.map((r) => `${title(r.library)} ${cell(r)}`).join("   ")}`;
}

/** Peak bytes of the training workloads: by the library's own counter where it has one, and what the process grew by. */
export function memoryTable(taken, records, used) {
  const trained = taken.filter(({ name }) => /step$|backward$/.test(name));
  if (trained.length === 0) return "";
  const names = used.map(({ key, title: text }) => shorter[key] ?? text);
  const lines = trained.map(({ name }) => {
    const cells = used.map(({ key }) => {
      const record = records.find((one) => one.workload === name && one.library === key);
      if (record?.times === undefined) return "";
      const grown = mebibytes(record.rss);
      return record.peak === null ? grown : `${mebibytes(record.peak)}/${grown}`;
    });
    return line(name, cells);
  });
  const head = line("peak MiB: library's own count / growth of the process", names);
  return `\n${head}\n${"─".repeat(NAME + CELL * used.length)}\n${lines.join("\n")}`;
}

/** How often wengert is ahead of the best peer, and the geometric means. */
export function summaryLines(records) {
  const byWorkload = grouped(records);
  const lines = ["wengert", "captured", "threads"].flatMap((key) => {
    const found = [...byWorkload.values()].flatMap((list) => {
      const { peer } = ratios(
        list.find(({ library, status }) => library === key && status === "ok"),
        list,
      );
      return peer === null ? [] : [peer];
    });
    if (found.length === 0) return [];
    const ahead = found.filter((ratio) => ratio > 1).length;
    const mean = Math.exp(found.reduce((sum, ratio) => sum + Math.log(ratio), 0) / found.length);
    return [`${title(key)}: ahead of the best peer in ${ahead} of ${found.length}; geometric mean ${times(mean)}`];
  });
  return `\n${lines.join("\n")}`;
}

function grouped(records) {
  const groups = new Map();
  for (const record of records) groups.set(record.workload, [...(groups.get(record.workload) ?? []), record]);
  return groups;
}

/** Which of wengert's ways of running has which goal. */
const GOALS = { wengert: "goal", captured: "replayed", threads: "shared" };

/** The project's goals: how many are reached, and which are not, with how far away they are. */
export function goalLines(taken, records) {
  return Object.entries(GOALS)
    .flatMap(([key, goal]) => {
      const measured = taken.flatMap((workload) => {
        const record = records.find((one) => one.workload === workload.name && one.library === key);
        if (workload[goal] === undefined || record?.times === undefined) return [];
        return [{ name: workload.name, over: record.times.median / workload[goal] }];
      });
      if (measured.length === 0) return [];
      const missed = measured.filter(({ over }) => over > 1).toSorted((a, b) => b.over - a.over);
      const list = missed.map(({ name, over }) => `\n    ${over.toFixed(2)} times the goal: ${name}`).join("");
      return [`${title(key)}: ${measured.length - missed.length} of ${measured.length} goals reached${list}`];
    })
    .join("\n");
}

/** Process start, import and bytes. */
export function startupTable({ processes, bytes }) {
  const started = processes.map(({ name, ms, message }) => line(name, [message ?? milliseconds(ms)]));
  const sized = bytes.map(({ name, raw, gzip, brotli }) => line(name, [raw, gzip, brotli ?? ""]));
  return [
    `\n${line("a process from start to end", ["ms"])}\n${"─".repeat(NAME + CELL)}`,
    ...started,
    `\n${line("what is shipped", ["bytes", "gzip", "brotli"])}\n${"─".repeat(NAME + 3 * CELL)}`,
    ...sized,
  ].join("\n");
}
