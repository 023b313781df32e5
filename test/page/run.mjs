// Runs the benchmark page in each browser as a visitor does: two tiny workloads, by the keyboard, cancelled, and read.
//
//     node test/page/run.mjs                  in all browsers
//     node test/page/run.mjs Firefox          in those with one of these words in their names
//     SHOTS=folder node test/page/run.mjs     with pictures of the page
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPage } from "../../bench/page/build.mjs";
import { servePage } from "../../bench/page/serve.mjs";
import { drivers } from "../runtimes/drivers.mjs";

const PATIENCE = 60_000;
const ONLY = "^(matmul 64|MLP 784-128-10, batch 64, step)$";
const SEARCH = `?sizes=tiny&libraries=eager,captured,tfjs,jit&only=${encodeURIComponent(ONLY)}`;
const shots = process.env.SHOTS;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until an expression of the page is true. */
async function until(driver, expression) {
  const end = performance.now() + PATIENCE;
  while (!(await driver.evaluate(`return Boolean(${expression})`))) {
    if (performance.now() > end) throw new Error(`not within ${PATIENCE / 1000} s: ${expression}`);
    await pause(100);
  }
}

const state = (name) => `document.body.dataset.state === "${name}"`;
const focused = (id) => `document.activeElement.id === "${id}"`;

/** Collects what the policy forbids and what goes wrong, from now on. */
const LISTEN = `
  window.wrong = [];
  addEventListener("securitypolicyviolation", (event) => wrong.push(event.violatedDirective + " " + event.blockedURI));
  addEventListener("error", (event) => wrong.push(event.message));
  addEventListener("unhandledrejection", (event) => wrong.push(String(event.reason)));`;

/** What a visitor sees of the results. */
const READ = `
  const rows = (id) => [...document.querySelectorAll("#" + id + " tbody tr")].map((row) =>
    [...row.cells].map((cell) => cell.textContent));
  return {
    wrong,
    status: document.getElementById("status").textContent,
    times: rows("times-table"),
    ratios: rows("ratios-table"),
    other: rows("other-table"),
    otherStatus: document.getElementById("other-status").textContent,
    charts: document.querySelectorAll(".chart canvas").length,
    troubles: [...document.querySelectorAll("#troubles li")].map((item) => item.textContent),
    unnamed: [...document.querySelectorAll("input, select, progress")].filter((one) => one.labels.length === 0).length,
    machine: document.getElementById("machine").textContent,
  };`;

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** A run started and cancelled by keys; the focus goes along. */
async function cancelled(driver) {
  await driver.evaluate(`document.getElementById("start").focus()`);
  await driver.press("Enter");
  await until(driver, `${state("running")} && ${focused("cancel")}`);
  await driver.press("Enter");
  await until(driver, `${state("ended")} && ${focused("start")}`);
  const text = await driver.evaluate(`return document.getElementById("status").textContent`);
  expect(/^Cancelled/.test(text), `after cancelling the page says: ${text}`);
}

/** A whole run, shown beside itself as read from a file. */
async function completed(driver, threads) {
  if (threads) await driver.evaluate(`document.getElementById("threads").click()`);
  await driver.evaluate(`document.getElementById("start").click()`);
  await until(driver, state("running"));
  await until(driver, state("ended"));
  const file = `{ records: [{ workload: "matmul 64", library: "wengert", status: "ok", times: { median: 1 } }] }`;
  await driver.evaluate(`
    const box = document.getElementById("file");
    const transfer = new DataTransfer();
    transfer.items.add(new File([JSON.stringify(${file})], "run.json"));
    box.files = transfer.files;
    box.dispatchEvent(new Event("change"));`);
  await until(driver, `document.getElementById("other-status").textContent.startsWith("Beside")`);
  return driver.evaluate(READ);
}

function judge({ wrong, status, times, ratios, other, charts, troubles, unnamed, machine }, threads) {
  expect(wrong.length === 0, `errors of the page: ${wrong.join("; ")}`);
  expect(status.startsWith("Done: 2 workloads"), `the page says: ${status}`);
  expect(troubles.length === 0, `no time for: ${troubles.join("; ")}`);
  const columns = threads ? 7 : 4;
  for (const row of times) {
    expect(row.length === columns + 2, `a row of times has ${row.length} cells: ${row.join(" | ")}`);
    expect(
      row.slice(1).every((text) => /^[\d.]+ (ms|µs)$/.test(text)),
      `a row of times: ${row.join(" | ")}`,
    );
  }
  expect(times.length === 2 && ratios.length === 2, `${times.length} rows of times, ${ratios.length} of ratios`);
  expect(other.length === 1 && other[0][2] === "1.00 ms", `beside the other run: ${JSON.stringify(other)}`);
  expect(charts === 2, `${charts} charts were drawn`);
  expect(unnamed === 0, `${unnamed} controls have no label`);
  expect(/GFLOP\/s/.test(machine), `the machine's roof: ${machine}`);
}

/** Nothing may be wider than a phone's window; what is, scrolls by itself. */
async function narrow(driver) {
  await driver.resize(360, 780);
  await pause(300);
  const [page, window] = await driver.evaluate(
    "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  );
  expect(page <= window, `the page is ${page} px wide in a window of ${window} px`);
  return window;
}

async function picture(driver, name, file) {
  if (shots === undefined) return;
  mkdirSync(shots, { recursive: true });
  await pause(500);
  await driver.screenshot(join(shots, `${name}-${file}.png`));
}

async function visited(name, address) {
  const driver = await drivers[name]();
  try {
    const threads = name !== "WebKitGTK";
    await driver.open(address + SEARCH);
    await driver.resize(1280, 900);
    await until(driver, state("ready"));
    await driver.evaluate(LISTEN);
    await cancelled(driver);
    const seen = await completed(driver, threads);
    judge(seen, threads);
    await picture(driver, name, "light");
    await driver.dark?.(true);
    await picture(driver, name, "dark");
    await driver.dark?.(false);
    const width = await narrow(driver);
    await picture(driver, name, "narrow");
    return `${seen.times.map((row) => row.join(" | ")).join("; ")}; ${width} px`;
  } finally {
    await driver.close();
  }
}

const words = process.argv.slice(2);
const names = Object.keys(drivers).filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
const folder = await buildPage(fileURLToPath(new URL("../../build/page", import.meta.url)));
const server = await servePage(folder);
const counts = { passed: 0, failed: 0 };
for (const name of names) {
  const start = performance.now();
  try {
    const seen = await visited(name, server.address);
    counts.passed++;
    console.log(`ok    ${name}: ${seen} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    if (/^SKIP: /.test(error.message)) {
      console.log(`skip  ${name}: ${error.message.slice(6)}`);
      continue;
    }
    counts.failed++;
    console.log(`FAIL  ${name}: ${error.message.split("\n").slice(0, 8).join("\n")}`);
  }
}
server.close();
if (process.env.COUNTS) appendFileSync(process.env.COUNTS, `${counts.passed} ${counts.failed}\n`);
console.log(`page: ${counts.passed} hold, ${counts.failed} do not`);
process.exit(counts.failed > 0 ? 1 : 0);
