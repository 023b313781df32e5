// What is shown of a run: titles of its libraries, ratios to the best peer and to the roof, and beside another run.
import { milliseconds } from "../../table.mjs";
import { isOwn, isPeer, librariesFor } from "./libraries.mjs";

/** "1.23 ms", in µs below a tenth. */
export function timeText(ms) {
  return ms < 0.1 ? `${(ms * 1000).toPrecision(3)} µs` : `${milliseconds(ms)} ms`;
}

/** "2.3 ×" */
export function ratioText(ratio) {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toPrecision(2)} ×`;
}

/** "12 %" */
export function percentText(part) {
  return `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`;
}

/** Operations or bytes a second, in thousands of millions. */
export function rateText(rate, unit) {
  return `${(rate / 1e9).toPrecision(3)} ${unit}`;
}

/** The records of each workload, in their order: `{ name, records, of(key) }`. */
export function byWorkload({ records }) {
  const groups = new Map();
  for (const record of records) groups.set(record.workload, [...(groups.get(record.workload) ?? []), record]);
  return [...groups].map(([name, own]) => ({
    name,
    records: own,
    of: (key) => own.find(({ library }) => library === key),
  }));
}

/** The libraries of this page that a run has records of: `{ key, title, own }`. */
export function librariesOf({ records }) {
  const threads = records.find(({ threads: count }) => count > 1)?.threads ?? 2;
  return librariesFor(threads).filter(({ key }) => records.some(({ library }) => library === key));
}

/** The median of a correct record, else null. */
export function timeOf(record) {
  return record?.status === "ok" ? record.times.median : null;
}

/** How many times as fast as the best correct peer a record is, and which part of the roof it reaches; null if unknown. */
export function ratios(record, records) {
  const time = timeOf(record);
  const peers = records.filter(({ library, status }) => isPeer(library) && status === "ok");
  const best = peers.toSorted((a, b) => a.times.median - b.times.median)[0];
  return {
    best,
    peer: time === null || best === undefined ? null : best.times.median / time,
    roof: time === null || !record.limit ? null : record.limit / time,
  };
}

/** Sentences on how often each of wengert's ways is ahead of the best peer, with the geometric mean. */
export function summaries(run) {
  const groups = byWorkload(run);
  return librariesOf(run)
    .filter(({ key }) => isOwn(key))
    .flatMap(({ key, title }) => {
      const found = groups.flatMap(({ of, records }) => ratios(of(key), records).peer ?? []);
      if (found.length === 0) return [];
      const ahead = found.filter((ratio) => ratio > 1).length;
      const mean = Math.exp(found.reduce((sum, ratio) => sum + Math.log(ratio), 0) / found.length);
      return [
        `${title}: faster than the best other library in ${ahead} of ${found.length}, geometric mean ${ratioText(mean)}`,
      ];
    });
}

/** What did not give a time, or gave another result, in words. */
export function troubles(run) {
  const title = new Map(librariesOf(run).map((library) => [library.key, library.title]));
  return run.records.flatMap(({ status, workload, library, message, worst }) => {
    if (status === "ok") return [];
    const what =
      status === "mismatch"
        ? `gives other results (by ${worst.toExponential(1)}), so its time does not count`
        : `${status === "unsupported" ? "cannot run this" : "failed"}: ${message}`;
    return [`${title.get(library)}, ${workload}: ${what}`];
  });
}

/** Reads a run from the text of a file of results, of this page or of `npm run bench`; throws what is wrong with it. */
export function parseRun(text) {
  const run = parsed(text);
  const valid =
    Array.isArray(run?.records) &&
    run.records.every(
      (record) =>
        typeof record?.workload === "string" &&
        typeof record.library === "string" &&
        typeof record.status === "string" &&
        (record.status !== "ok" || record.times?.median > 0),
    );
  if (!valid) throw new Error("this is no file of results: it has no list of records with times");
  if (run.records.length === 0) throw new Error("this file of results has no records");
  return run;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("this is no file of results: it is not JSON");
  }
}

/** Where and when a run was measured, in a line. */
export function whereText({ date, machine = {}, versions = {} }) {
  const { processor, cores, system, browser } = machine;
  const runtime = browser ?? (versions.node ? `Node ${versions.node}` : undefined);
  const parts = [processor, cores && `${cores} cores`, system, runtime, date?.slice(0, 10)];
  return parts.filter(Boolean).join(", ") || "a machine that is not named";
}
