// Writes the figures of docs/performance.md and README.md from a file of results: npm run bench:docs [-- FILE]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { libraries } from "./libraries.mjs";
import { bestPeer, cell, mebibytes, milliseconds, ratios } from "./table.mjs";
import { series, workloads } from "./workloads/index.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const title = (key) => libraries.find((library) => library.key === key).title;

/** The workloads that README.md shows. */
const SHOWN = [
  "matmul 512",
  "1000 adds of 4 elements and backward",
  "MLP 784-128-10, batch 64, step",
  "MLP 784-512-512-10, batch 128, Adam, step",
  "conv net 28×28, batch 32, step",
  "transformer block, d 128, 4 heads, 64 tokens, batch 8, step",
  "softmax 1000 × 1000 and backward",
  "GRU cell, 50 steps, hidden 64, batch 16, step",
];

function table(head, rows) {
  const rule = head.map((_, i) => (i === 0 ? "---" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The records of each workload that has any, in the order of the definitions. */
function byWorkload({ records }) {
  return workloads.flatMap(({ name }) => {
    const own = records.filter(({ workload }) => workload === name);
    return own.length === 0 ? [] : [{ name, own, of: (key) => own.find(({ library }) => library === key) }];
  });
}

const times = (ratio) => (ratio === null ? "" : `${ratio.toFixed(ratio < 10 ? 1 : 0)}`);
const percent = (ratio) => (ratio === null ? "" : ratio < 0.005 ? "" : `${Math.round(100 * ratio)} %`);
const peerCell = (own) => {
  const peer = bestPeer(own);
  return peer === undefined ? "–" : `${milliseconds(peer.times.median)} (${title(peer.library)})`;
};

/** Where and with what the figures were measured, as a sentence. */
function source({ date, machine, versions, records }) {
  const { node, wengert, commit, ...rest } = versions;
  const names = libraries.map((library) => library.package).filter((name) => name in rest);
  const peers = [...new Set(names)].map((name) => `${name} ${rest[name]}`);
  const torch = records.find(({ version }) => version !== undefined);
  if (torch !== undefined) peers.push(`PyTorch ${torch.version} on one thread`);
  const { processor, cores, memory, system } = machine;
  return [
    `Measured ${date.slice(0, 10)} on ${processor}, ${cores} cores, ${memory}, ${system}, Node ${node}:`,
    `wengert ${wengert}${commit ? ` (${commit})` : ""}, ${peers.join(", ")}.`,
  ].join(" ");
}

function rates({ records }) {
  const seen = records.flatMap(({ rate }) => (rate ? [rate] : [])).sort((a, b) => a - b);
  if (seen.length === 0) return "";
  const giga = (value) => (value / 1e9).toFixed(0);
  const median = giga(seen[seen.length >> 1]);
  return ` The roof of float32 arithmetic was ${median} GFLOP/s in the median process, ${giga(seen.at(-1))} at best.`;
}

/** The parts of the pages, by the names of their marks. */
const parts = {
  source: (results) => source(results) + rates(results),
  own: (results) =>
    table(
      [
        "ms a run",
        "wengert",
        "captured",
        "2 threads",
        "best JavaScript peer",
        "times faster",
        "of the roof",
        "PyTorch",
      ],
      byWorkload(results).map(({ name, own, of }) => {
        const [eager, captured, threads, torch] = ["wengert", "captured", "threads", "torch"].map(of);
        const { peer, roof } = ratios(eager, own);
        return [
          name,
          cell(eager),
          cell(captured),
          cell(threads),
          peerCell(own),
          times(peer),
          percent(roof),
          cell(torch),
        ];
      }),
    ),
  peers: (results) => {
    const keys = libraries.filter(({ own, scale }) => !own && !scale).map(({ key }) => key);
    const rows = byWorkload(results).map(({ name, of }) => [name, ...keys.map((key) => cell(of(key)))]);
    return table(["ms a run", ...keys.map(title)], rows);
  },
  memory: (results) => {
    const keys = ["wengert", "captured", "tfjs", "jit", "torch"];
    const trained = byWorkload(results).filter(({ name }) => name.endsWith("step"));
    const rows = trained.map(({ name, of }) => [
      name,
      ...["wengert", "tfjs"].map((key) => mebibytes(of(key)?.peak)),
      ...keys.map((key) => mebibytes(of(key)?.rss)),
    ]);
    const counted = ["wengert", "tfjs"].map((key) => `${title(key)}, tensors`);
    return table(["MiB", ...counted, ...keys.map((key) => `${title(key)}, process`)], rows);
  },
  startup: ({ startup }) =>
    startup === null
      ? ""
      : [
          table(
            ["a process from start to end", "ms"],
            startup.processes.map(({ name, ms, message }) => [name, message ?? milliseconds(ms)]),
          ),
          table(
            ["what is shipped", "bytes", "gzip", "brotli"],
            startup.bytes.map(({ name, raw, gzip, brotli }) => [name, raw, gzip, brotli ?? ""]),
          ),
        ].join("\n\n"),
  start: ({ startup }) => {
    if (startup === null) return "";
    const ms = (name) => milliseconds(startup.processes.find((each) => each.name === name).ms);
    const kilo = (name) =>
      `${Math.round(startup.bytes.find((each) => each.name === `wengert: ${name}`).gzip / 1000)} KB`;
    return [
      `On a machine where a process that does nothing takes ${ms("bare Node")} ms, one that imports the library takes`,
      `${ms("wengert, import alone")}, and one that ends after a first training step ${ms("wengert, first training step")}`,
      `(medians). Bundles for browsers are, after gzip, ${kilo("the artifact")} of artifact and`,
      `${kilo("JavaScript of ten operators")} of JavaScript for ten operators,`,
      `${kilo("JavaScript of a training program of functions")} for a small training program,`,
      `${kilo("JavaScript of everything")} for everything.`,
    ].join("\n");
  },
  growth: ({ growth }) =>
    series
      .filter(({ key }) => growth.some((record) => record.series === key))
      .map(({ key, title: text }) => `![${text}](../bench/results/growth-${key}.svg)`)
      .join("\n\n"),
  readme: (results) => {
    const shown = byWorkload(results).filter(({ name }) => SHOWN.includes(name));
    const rows = shown.map(({ name, own, of }) => [
      name,
      cell(of("wengert")),
      cell(of("captured")),
      peerCell(own),
      cell(of("torch")),
    ]);
    return table(["ms a run", "wengert", "captured", "best JavaScript peer", "PyTorch"], rows);
  },
};

/** A page with what stands between `<!-- bench: NAME -->` and `<!-- /bench -->` made anew from results. */
export function filled(page, results) {
  return page.replace(/(<!-- bench: (\w+) -->\n)[\s\S]*?(<!-- \/bench -->)/g, (_all, open, name, close) => {
    if (parts[name] === undefined) throw new Error(`no part "${name}"; there are ${Object.keys(parts).join(", ")}`);
    return `${open}\n${parts[name](results)}\n\n${close}`;
  });
}

/** The pages that have such parts. */
export const pages = ["docs/performance.md", "README.md"];

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2] ?? `${root}bench/results/latest.json`;
  if (!existsSync(file)) throw new Error(`${file} is not there: npm run bench writes it`);
  const results = JSON.parse(readFileSync(file, "utf8"));
  for (const page of pages) {
    const text = readFileSync(root + page, "utf8");
    writeFileSync(root + page, filled(text, results));
  }
}
