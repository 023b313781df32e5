// The page: starts and cancels runs, shows progress and results, reads and writes files of results.
import { Chart, markElement } from "./charts.mjs";
import {
  byWorkload,
  librariesOf,
  parseRun,
  percentText,
  rateText,
  ratios,
  ratioText,
  summaries,
  timeOf,
  timeText,
  troubles,
  whereText,
} from "./figures.mjs";
import { prepareForm } from "./form.mjs";
import { isOwn } from "./libraries.mjs";
import { machineHere } from "./machine.mjs";
import { measureMachine, run } from "./runner.mjs";
import { fill, list, reachable } from "./tables.mjs";

const byId = (id) => document.getElementById(id);
/** What the build knows: versions, and the runs that lie beside the page. */
const { versions, runs } = ABOUT;

/** The results of this page, and the run that they are shown beside. */
let here = null;
let other = null;
let running = null;

const chosen = prepareForm();
const charts = { times: new Chart(byId("times-chart")), ratios: new Chart(byId("ratios-chart")) };

function status(text) {
  byId("status").textContent = text;
}

function problem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = text === "";
}

async function start() {
  problem("");
  let plan;
  try {
    plan = chosen();
  } catch (error) {
    problem(error.message);
    return;
  }
  running = new AbortController();
  const { signal } = running;
  const { workloads, libraries, sizes, timing } = plan;
  here = { date: new Date().toISOString(), machine: machineHere(), versions, timing, sizes, records: [] };
  begin(workloads.length, libraries.length);
  try {
    here.roof = await measureMachine(signal);
    showMachine();
    await run(plan, { signal, step, measured });
    end(
      `Done: ${workloads.length} workloads, ${libraries.length} libraries${sizes === "tiny" ? ", smallest sizes" : ""}.`,
    );
  } catch (error) {
    end(signal.aborted ? "Cancelled; what was measured so far is shown." : `The run ended early: ${error.message}`);
  }
}

function begin(workloads, libraries) {
  byId("start").disabled = true;
  byId("cancel").disabled = false;
  byId("progress").hidden = false;
  byId("bar").value = 0;
  byId("detail").textContent = "measuring the machine";
  byId("cancel").focus();
  document.body.dataset.state = "running";
  status(`Started: ${workloads} workloads, ${libraries} libraries.`);
  show();
}

function end(text) {
  running = null;
  const focused = document.activeElement === byId("cancel");
  byId("start").disabled = false;
  byId("cancel").disabled = true;
  byId("progress").hidden = true;
  if (focused) byId("start").focus({ preventScroll: true });
  document.body.dataset.state = "ended";
  status(text);
  show();
}

/** The line of details changes often; only a new workload is announced. */
let announced = "";

function step({ workload, library, stage, done, total }) {
  byId("bar").max = total;
  byId("bar").value = done;
  byId("detail").textContent = `${done + 1} of ${total}: ${workload}, ${library}, ${stage}`;
  if (workload !== announced) status(`Measuring ${workload}.`);
  announced = workload;
}

function measured(records) {
  const [{ workload }] = records;
  here.records = [...here.records.filter((record) => record.workload !== workload), ...records];
  show();
}

function showMachine() {
  const { browser, system, cores, memory, isolated } = here?.machine ?? machineHere();
  const { flops, streams = [] } = here?.roof ?? {};
  const facts = [
    ["Browser", browser],
    ["System", [system, memory].filter(Boolean).join(", ")],
    ["Cores", String(cores)],
    ["Threads", isolated ? "the page is isolated" : "the page is not isolated"],
    ["Multiply and add", flops ? rateText(flops, "GFLOP/s, float32, one thread") : "measured when a run starts"],
    ...streams.map(({ bytes, rate }) => [`c = a + b of ${Math.round(bytes / 1024)} KiB`, rateText(rate, "GB/s")]),
  ];
  byId("machine").replaceChildren(
    ...facts.map(([name, value]) => {
      const group = document.createElement("div");
      const [term, description] = ["dt", "dd"].map((tag) => document.createElement(tag));
      term.append(name);
      description.append(value);
      group.append(term, description);
      return group;
    }),
  );
}

function legend(element, libraries, hollow) {
  const items = libraries.flatMap(({ key, title }) => [
    { key, title, hollow: false },
    ...(hollow.has(key) ? [{ key, title: `${title}, the other run`, hollow: true }] : []),
  ]);
  element.replaceChildren(
    ...items.map((item) => {
      const entry = document.createElement("li");
      entry.append(markElement(item.key, item.hollow), item.title);
      return entry;
    }),
  );
}

function show() {
  const some = here !== null && here.records.length > 0;
  byId("results").hidden = !some;
  if (some) {
    list(byId("summary"), summaries(here));
    list(byId("troubles"), troubles(here), byId("troubles-part"));
    showTimes();
    showRatios();
  }
  showOther();
}

const cellOf = (record) => {
  const time = timeOf(record);
  if (time !== null) return timeText(time);
  if (record?.status === "mismatch") return `≠ ${timeText(record.times.median)}`;
  return record === undefined ? "" : "–";
};

function showTimes() {
  const groups = byWorkload(here);
  const libraries = librariesOf(here);
  const names = groups.map(({ name }) => name);
  const series = libraries.map(({ key }) => ({ key, hollow: false, values: groups.map(({ of }) => timeOf(of(key))) }));
  legend(byId("times-legend"), libraries, new Set());
  const times = series.flatMap(({ values }) => values.filter((value) => value !== null));
  if (times.length > 0) {
    const least = [Math.min(...times), Math.max(...times)];
    charts.times.draw({ names, series, text: (ms) => (ms >= 1 ? `${ms} ms` : `${ms * 1000} µs`), least });
  }
  const rows = groups.map(({ name, records, of }) => {
    const best = Math.min(...records.map((record) => timeOf(record) ?? Number.POSITIVE_INFINITY));
    const limit = records.find(({ limit: ms }) => ms > 0)?.limit;
    const cells = libraries.map(({ key }) => ({ text: cellOf(of(key)), strong: timeOf(of(key)) === best }));
    return [name, ...cells, limit === undefined ? "" : timeText(limit)];
  });
  fill(byId("times-table"), ["Workload", ...libraries.map(({ title }) => title), "Least"], rows);
}

/** The other run's records by workload; none where it ran other sizes under the same names. */
function otherGroups() {
  const alike = other !== null && (here === null || (other.sizes ?? here.sizes) === here.sizes);
  return new Map((alike ? byWorkload(other) : []).map((group) => [group.name, group]));
}

function showRatios() {
  const groups = byWorkload(here);
  const own = librariesOf(here).filter(({ key }) => isOwn(key));
  const there = otherGroups();
  const of = (group, key) => (group === undefined ? null : ratios(group.of(key), group.records).peer);
  const shown = groups.filter((group) => own.some(({ key }) => of(group, key) !== null));
  const names = shown.map(({ name }) => name);
  const values = (hollow) =>
    own.map(({ key }) => ({
      key,
      hollow,
      values: shown.map((group) => of(hollow ? there.get(group.name) : group, key)),
    }));
  const others = values(true).filter((one) => one.values.some((value) => value !== null));
  legend(byId("ratios-legend"), own, new Set(others.map(({ key }) => key)));
  charts.ratios.draw({
    names,
    series: [...others, ...values(false)],
    text: (x) => `${x} ×`,
    least: [0.7, 1.4],
    line: 1,
  });
  const rows = groups.map((group) => {
    const found = own.map(({ key }) => ratios(group.of(key), group.records));
    const { best } = found[0] ?? {};
    const title = best === undefined ? "–" : librariesOf(here).find(({ key }) => key === best.library).title;
    return [
      group.name,
      title,
      ...found.flatMap(({ peer, roof }) => [
        { text: peer === null ? "" : ratioText(peer), strong: peer > 1 },
        roof === null ? "" : percentText(roof),
      ]),
    ];
  });
  const heads = own.flatMap(({ title }) => [title, "of the roof"]);
  fill(byId("ratios-table"), ["Workload", "Best other library", ...heads], rows);
}

function showOther() {
  const there = otherGroups();
  const rows = (here === null ? [] : byWorkload(here)).flatMap((group) =>
    librariesOf(here).flatMap(({ key, title }) => {
      const [mine, theirs] = [timeOf(group.of(key)), timeOf(there.get(group.name)?.of(key))];
      if (mine === null || theirs === null) return [];
      return [[`${group.name}, ${title}`, timeText(mine), timeText(theirs), ratioText(mine / theirs)]];
    }),
  );
  byId("other-part").hidden = rows.length === 0;
  fill(byId("other-table"), ["Workload and library", "Here", "There", "Here ÷ there"], rows);
}

/** Shows results beside a run, or says what is wrong with its file. */
async function beside(read) {
  try {
    other = await read();
    byId("other-status").textContent =
      other === null ? "" : `Beside: ${whereText(other)}, ${other.records.length} records.`;
  } catch (error) {
    other = null;
    byId("other-status").textContent = `Not read: ${error.message}.`;
  }
  show();
}

async function storedRun(file) {
  if (file === "") return null;
  const response = await fetch(new URL(`../${file}`, import.meta.url));
  if (!response.ok) throw new Error(`${file} answered ${response.status}`);
  return parseRun(await response.text());
}

function download() {
  const short = (_key, value) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(here, short, 1)}\n`], { type: "application/json" }));
  link.download = `wengert-${here.date.slice(0, 16).replaceAll(":", "-")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

byId("choice").addEventListener("submit", (event) => {
  event.preventDefault();
  if (running === null) start();
});
byId("cancel").addEventListener("click", () => running?.abort());
byId("download").addEventListener("click", download);
byId("stored").addEventListener("change", ({ target }) => {
  byId("file").value = "";
  beside(() => storedRun(target.value));
});
byId("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (file === undefined) return;
  byId("stored").value = "";
  beside(async () => parseRun(await file.text()));
});
// Marks are painted in the colours of the day.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
for (const { file, title } of runs) byId("stored").add(new Option(title, file));
if (runs.length > 0) {
  byId("stored").value = runs[0].file;
  beside(() => storedRun(runs[0].file));
}
byId("versions").textContent = Object.entries(versions)
  .flatMap(([name, version]) => (version === null ? [] : [`${name} ${version}`]))
  .join(", ");
showMachine();
reachable(document.querySelectorAll(".scroll"));
document.body.dataset.state = "ready";
