// One measurement in a process of its own: a library runs a workload; the record goes to the parent by message.
import { readFileSync } from "node:fs";
import { libraries } from "./libraries.mjs";
import { measure } from "./measure.mjs";
import { loadRoof } from "./roof.mjs";
import { summary } from "./workloads/data.mjs";
import { workload as find } from "./workloads/index.mjs";

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

/** Gives the record of a measurement, without what only the parent knows. */
async function record({ library: key, workload: name, timing, roof: roofFile }) {
  const roof = await loadRoof(readFileSync(roofFile));
  const { module, options } = libraries.find((library) => library.key === key);
  const { load } = await import(module);
  const library = await load(options);
  const workload = find(name).build();
  // What the roof's loops need is there before the process's memory is looked at.
  roof.limit(workload);
  const start = process.memoryUsage.rss();
  let most = start;
  const task = await library.prepare(workload);
  const results = (await task.check()).map(([title, array]) => [title, summary(array)]);
  const limits = [];
  const rates = [];
  const before = () => {
    most = Math.max(most, process.memoryUsage.rss());
    rates.push(roof.flops());
    limits.push(roof.limit(workload));
  };
  const times = await measure(task.run, { ...timing, before });
  const rss = Math.max(most, process.memoryUsage.rss()) - start;
  const peak = (await library.peak(task.run)) ?? null;
  task.dispose();
  await library.close();
  return {
    status: "ok",
    results,
    times,
    limit: median(limits),
    rate: median(rates),
    peak,
    rss,
    threads: library.threads,
  };
}

process.once("message", async (task) => {
  let answer;
  try {
    answer = await record(task);
  } catch (error) {
    const status = error?.name === "Unsupported" ? "unsupported" : "failed";
    answer = { status, message: String(error?.message ?? error).slice(0, 300) };
  }
  process.send(answer, () => process.exit(0));
});
