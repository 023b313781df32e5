// One measurement in a worker of its own: a library runs a workload, or the machine's roof is measured.
import { measure } from "../../measure.mjs";
import { loadRoof } from "../../roof.mjs";
import { summary } from "../../workloads/data.mjs";
import { workload as find } from "../../workloads/index.mjs";

const beside = (path) => new URL(path, import.meta.url);
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const say = (stage) => postMessage({ stage });

/** Loads the adapters; each library's code comes only into workers that run it. */
const adapters = {
  wengert: () => import("../../adapters/wengert.mjs"),
  tfjs: () => import("../../peers/tfjs.mjs"),
  jax: async () => import("../../peers/jax.mjs"),
};

/** This library takes as many workers as there are cores whenever memory can be shared: it gets as many as are asked for. */
function limitThreads(threads) {
  if (threads === undefined) Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
  else Object.defineProperty(navigator, "hardwareConcurrency", { value: threads });
}

async function record({ adapter, options, workload: name, sizes, timing }) {
  say("loading");
  const roof = await roofHere();
  if (adapter === "jax") limitThreads(options.threads);
  const { load } = await adapters[adapter]();
  const library = await load({ ...options, wasmPath: beside("../tfjs/").href });
  const entry = find(name);
  const workload = entry.build(sizes === "tiny" ? entry.tiny : entry.sizes);
  say("checking results");
  const task = await library.prepare(workload);
  const results = (await task.check()).map(([title, array]) => [title, summary(array)]);
  const limits = [];
  const rates = [];
  const before = (round) => {
    say(`round ${round + 1}`);
    rates.push(roof.flops());
    limits.push(roof.limit(workload));
  };
  say("warming up");
  const times = await measure(task.run, { ...timing, before });
  const peak = (await library.peak(task.run)) ?? null;
  const threads = options.threads ?? 1;
  return { status: "ok", results, times, limit: median(limits), rate: median(rates), peak, threads };
}

async function roofHere() {
  const response = await fetch(beside("../roof.wasm"));
  return loadRoof(await response.arrayBuffer());
}

const KIB = 1024;
const STREAMS = [48 * KIB, 768 * KIB, 48 * KIB * KIB];

/** Multiplications and additions a second, and bytes a second of streams that caches hold and of one that they do not. */
async function machine() {
  const roof = await roofHere();
  const flops = Math.max(...Array.from({ length: 10 }, () => roof.flops()));
  return { flops, streams: STREAMS.map((bytes) => ({ bytes, rate: roof.bytes(bytes) })) };
}

addEventListener("message", async ({ data }) => {
  try {
    postMessage({ answer: await (data.task === "machine" ? machine() : record(data)) });
  } catch (error) {
    const status = error?.name === "Unsupported" ? "unsupported" : "failed";
    postMessage({ answer: { status, message: String(error?.message ?? error).slice(0, 300) } });
  }
});
