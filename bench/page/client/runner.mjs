// Runs measurements one after the other, each in a fresh worker, and ends the worker that takes too long or is cancelled.
import { judge } from "../../judge.mjs";
import { isOwn } from "./libraries.mjs";

/** A measurement that takes longer than this is given up. */
const SECONDS = 60;

/** Gives a worker its task; resolves to its answer. `stage` hears how far it is; `signal` ends it. */
function inWorker(task, { signal, stage = () => {} }) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    const end = (settle, value) => {
      clearTimeout(clock);
      signal.removeEventListener("abort", cancelled);
      worker.terminate();
      settle(value);
    };
    const cancelled = () => end(reject, signal.reason);
    const fail = (message) => end(resolve, { status: "failed", message });
    const clock = setTimeout(() => fail(`took more than ${SECONDS} seconds`), SECONDS * 1000);
    signal.addEventListener("abort", cancelled);
    worker.onmessage = ({ data }) => {
      if ("answer" in data) end(resolve, data.answer);
      else stage(data.stage);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message ?? "its script could not be loaded");
    };
    worker.postMessage(task);
  });
}

/** The machine's roof: `{ flops, streams }`. */
export function measureMachine(signal) {
  return inWorker({ task: "machine" }, { signal });
}

/**
 * Measures each workload with each library. `measured(records)` is called with the judged records of a workload so far,
 * `step({ workload, library, stage, done, total })` whenever something begins.
 */
export async function run({ workloads, libraries, sizes, timing }, { signal, step, measured }) {
  const total = workloads.length * libraries.length;
  let done = 0;
  for (const workload of workloads) {
    const raw = [];
    for (const library of libraries) {
      const { key, title, adapter, options } = library;
      const tell = (stage) => step({ workload: workload.name, library: title, stage, done, total });
      tell("starting");
      const task = { adapter, options, workload: workload.name, sizes, timing };
      const answer = await inWorker(task, { signal, stage: tell });
      done++;
      raw.push({ workload: workload.name, group: workload.group, library: key, ...answer });
      measured(judged(raw, workload));
    }
  }
}

/** Copies of the records, judged by wengert's first result, whichever of its ways gave it. */
function judged(raw, workload) {
  const records = structuredClone(raw);
  const reference = records.find(({ library, status }) => isOwn(library) && status === "ok");
  const key = reference?.library;
  if (reference !== undefined) reference.library = "wengert";
  judge(records, workload);
  if (reference !== undefined) reference.library = key;
  return records;
}
