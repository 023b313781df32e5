// Runs one measurement in a fresh process, Node's or Python's, with a time limit.
import { fork, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { environment, taskOf } from "./peers/pytorch.mjs";
import { workload as find } from "./workloads/index.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** The Python that has PyTorch: `PYTHON`, or Debian's. */
const python = process.env.PYTHON ?? "/usr/bin/python3";

/** The record of a workload run by a library; `seconds` is the most that it may take. */
export function run(library, workload, { timing, roof, seconds = 40 }) {
  const started = library.python ? inPython(workload, timing) : inNode(library, workload, timing, roof);
  const { child, answer } = started;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve({ status: "failed", message: `took more than ${seconds} seconds` });
    }, seconds * 1000);
    answer.then((record) => {
      clearTimeout(timer);
      resolve(record);
    });
  });
}

function inNode(library, workload, timing, roof) {
  const child = fork(here("child.mjs"), { execArgv: library.node ?? [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let errors = "";
  child.stderr.on("data", (data) => {
    errors = (errors + data).slice(-2000);
  });
  const answer = new Promise((resolve) => {
    child.once("message", resolve);
    child.once("exit", (code, signal) => {
      resolve({ status: "failed", message: `ended with ${signal ?? code}: ${errors.trim().slice(-300)}` });
    });
  });
  child.send({ library: library.key, workload: workload.name, timing, roof });
  return { child, answer };
}

function inPython(workload, timing) {
  const { env } = environment();
  const child = spawn(python, [here("peers/pytorch.py")], { env });
  const output = { out: "", err: "" };
  child.stdout.on("data", (data) => {
    output.out += data;
  });
  child.stderr.on("data", (data) => {
    output.err += data;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify({ ...taskOf(find(workload.name).build()), timing }));
  const answer = new Promise((resolve) => {
    child.once("error", ({ code, message }) => {
      resolve({ status: code === "ENOENT" ? "unsupported" : "failed", message });
    });
    child.once("close", (code) => {
      if (code !== 0) {
        const missing = /No module named '(?:torch|numpy)'/.test(output.err);
        const message = missing ? "no PyTorch (Debian's python3-torch)" : output.err.trim().slice(-300);
        resolve({ status: missing ? "unsupported" : "failed", message });
        return;
      }
      const { results, times, rss, version } = JSON.parse(output.out);
      resolve({ status: "ok", results, times, rss, version, peak: null, limit: null, rate: null, threads: 1 });
    });
  });
  return { child, answer };
}
