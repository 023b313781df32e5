// The form: which workloads and libraries are to be run; the page's address may choose them too.
import { workloads } from "../../workloads/index.mjs";
import { librariesFor } from "./libraries.mjs";
import { noThreads } from "./machine.mjs";

/** What is run without a choice: some of each kind that take seconds together. */
export const FEW = [
  "matmul 256",
  "1000 adds of 4 elements and backward",
  "tanh, exp, mul, add, sigmoid of 1 M and backward",
  "softmax 1000 × 1000 and backward",
  "MLP 784-128-10, batch 64, step",
  "conv net 28×28, batch 32, step",
  "transformer block, d 128, 4 heads, 64 tokens, batch 8, step",
  "GRU cell, 50 steps, hidden 64, batch 16, step",
];

const CARE = {
  quick: { rounds: 3, round: 20, warmup: 60, limit: 2500 },
  usual: { rounds: 7, round: 30, warmup: 120, limit: 4000 },
};

const byId = (id) => document.getElementById(id);
const boxes = (name) => [...document.querySelectorAll(`input[name="${name}"]`)];
const radio = (name) => boxes(name).find(({ checked }) => checked).value;
const pick = (name, value) => {
  for (const box of boxes(name)) box.checked = box.value === value;
};

function drawWorkloads() {
  const groups = new Map();
  for (const { name, group } of workloads) groups.set(group, [...(groups.get(group) ?? []), name]);
  for (const [group, names] of groups) {
    const field = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.append(group);
    field.append(
      legend,
      ...names.map((name) => {
        const label = document.createElement("label");
        const box = document.createElement("input");
        Object.assign(box, { type: "checkbox", name: "workload", value: name });
        label.append(box, ` ${name}`);
        return label;
      }),
    );
    byId("workloads").append(field);
  }
}

function tick(names) {
  for (const box of boxes("workload")) box.checked = names.includes(box.value);
}

const sets = { few: () => FEW, all: () => workloads.map(({ name }) => name) };

function count() {
  const number = boxes("workload").filter(({ checked }) => checked).length;
  byId("count").value = `${number} of ${workloads.length}`;
}

/** `?only=REGEX` ticks workloads, `?libraries=eager,tfjs` libraries, `?sizes=tiny` takes the smallest sizes. */
function fromAddress() {
  const query = new URLSearchParams(location.search);
  const only = query.get("only");
  if (only !== null) {
    const pattern = new RegExp(only, "i");
    pick("which", "own");
    tick(workloads.filter(({ name, group }) => pattern.test(name) || pattern.test(group)).map(({ name }) => name));
    byId("single").open = true;
  }
  const libraries = query.get("libraries")?.split(",");
  if (libraries !== undefined) for (const box of boxes("library")) box.checked = libraries.includes(box.value);
  return query.get("sizes") === "tiny" ? "tiny" : "full";
}

/** Fills the form; gives `chosen()`, which reads it, or throws what is wrong with the choice. */
export function prepareForm() {
  drawWorkloads();
  tick(FEW);
  const sizes = fromAddress();
  const threads = byId("threads");
  const many = byId("thread-count");
  many.value = Math.max(2, Math.min(8, navigator.hardwareConcurrency ?? 2));
  const obstacle = noThreads();
  if (obstacle !== null) {
    threads.disabled = true;
    threads.setAttribute("aria-describedby", "threads-note");
    byId("threads-note").textContent = obstacle;
    byId("threads-note").hidden = false;
  }
  const follow = () => {
    many.disabled = !threads.checked || threads.disabled;
    count();
  };
  byId("choice").addEventListener("change", ({ target }) => {
    if (target.name === "which" && target.value in sets) tick(sets[target.value]());
    if (target.name === "which" && target.value === "own") byId("single").open = true;
    if (target.name === "workload") pick("which", "own");
    follow();
  });
  follow();
  return () => chosen(sizes);
}

function chosen(sizes) {
  const threads = byId("threads").checked && !byId("threads").disabled;
  const many = byId("thread-count").valueAsNumber;
  if (threads && !(Number.isInteger(many) && many >= 2 && many <= 64)) {
    throw new Error("The number of threads is a whole number from 2 to 64.");
  }
  const wanted = new Set(boxes("library").flatMap(({ checked, value }) => (checked ? [value] : [])));
  const names = new Set(boxes("workload").flatMap(({ checked, value }) => (checked ? [value] : [])));
  const libraries = librariesFor(many).filter(({ choice, threaded }) => wanted.has(choice) && (threads || !threaded));
  if (libraries.length === 0) throw new Error("Choose at least one library.");
  if (names.size === 0) throw new Error("Choose at least one workload.");
  const timing = CARE[radio("care")];
  return { workloads: workloads.filter(({ name }) => names.has(name)), libraries, sizes, timing };
}
