// Writes docs/operators.md, the table of all operators: node scripts/operators.mjs (--check only compares).
//
// Nothing in it is written by hand: each exported operator is called with its sample for the laws, in every dtype, recorded, with
// a tangent, and under vmap, and the table says what came of it.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Operators that take no tensors, and so have no samples: what they are called with. */
const MAKERS = {
  arange: [3],
  empty: [[2]],
  emptyStrided: [[2], [1]],
  eye: [2],
  full: [[2], 1],
  linspace: [0, 1, 3],
  logspace: [0, 1, 3],
  normal: [0, 1, [2]],
  ones: [[2]],
  rand: [[2]],
  randint: [3, [2]],
  randn: [[2]],
  randperm: [3],
  scalarTensor: [1],
  tensor: [[1, 0]],
  trilIndices: [2, 2],
  triuIndices: [2, 2],
  zeros: [[2]],
};

/** Random operators have no samples, as their results differ from call to call: the tensors they are called with. */
const RANDOM =
  "bernoulli multinomial poisson randLike randnLike F.alphaDropout F.dropout F.dropout1d F.dropout2d F.dropout3d " +
  "F.featureAlphaDropout F.gumbelSoftmax F.rrelu";

/** Names that PyTorch writes with an underscore in front of a number, or otherwise than our rule has it. */
const SPELT = {
  atleast1d: "atleast_1d",
  atleast2d: "atleast_2d",
  atleast3d: "atleast_3d",
  gridSampler2d: "grid_sampler_2d",
  gridSampler3d: "grid_sampler_3d",
  index: "Tensor.__getitem__",
  setIndex: "Tensor.__setitem__",
  variance: "var",
};

const SPACES = {
  "": "torch.",
  F: "torch.nn.functional.",
  linalg: "torch.linalg.",
  special: "torch.special.",
  fft: "torch.fft.",
};

function pytorchName(space, name) {
  const spelt = SPELT[name] ?? name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (/^Tensor\./.test(spelt)) return `torch.${spelt}`;
  return `${SPACES[space] ?? `torch.${space}.`}${spelt}`;
}

/** The tensors in an argument or a result, in order. */
function tensorsIn(wg, value) {
  if (value instanceof wg.Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap((each) => tensorsIn(wg, each));
  if (value === null || typeof value !== "object" || value.constructor !== Object) return [];
  return Object.values(value).flatMap((each) => tensorsIn(wg, each));
}

/** An argument with its tensors replaced. */
function changed(wg, value, change) {
  if (value instanceof wg.Tensor) return change(value);
  if (Array.isArray(value)) return value.map((each) => changed(wg, each, change));
  if (value === null || typeof value !== "object" || value.constructor !== Object) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, changed(wg, each, change)]));
}

const FLOATS = ["float32", "float64", "float16", "bfloat16"];
const isFloat = (x) => FLOATS.includes(x.dtype);

/** Runs what may be refused, in a scope, and gives what it comes to, or null. */
function attempt(wg, f) {
  try {
    let result = null;
    wg.scope(() => {
      result = f();
    });
    return result;
  } catch {
    return null;
  }
}

/** A list of dtypes in as few words as say it. */
function inWords(taken, dtypes) {
  const lacking = dtypes.filter((dtype) => !taken.includes(dtype));
  if (lacking.length === 0) return "all";
  const floats = taken.filter((dtype) => FLOATS.includes(dtype));
  const others = taken.filter((dtype) => !FLOATS.includes(dtype));
  if (lacking.length <= 2) return `all but ${lacking.join(" ")}`;
  const allFloats = dtypes.filter((dtype) => FLOATS.includes(dtype)).length;
  return [...(floats.length === allFloats ? ["floats"] : floats), ...others].join(" ");
}

function dtypesOf(wg, call, samples, dtypes) {
  const taken = dtypes.filter((dtype) =>
    samples.some(({ args, options }) =>
      attempt(wg, () => {
        if (options) return call(...args, { dtype }) instanceof wg.Tensor;
        const all = tensorsIn(wg, args);
        // Where there are floating-point tensors they are what dtypes are about, else all are.
        const some = all.some(isFloat);
        const given = changed(wg, args, (x) => (isFloat(x) || !some ? x.detach().to(dtype) : x));
        call(...given);
        return all.length > 0;
      }),
    ),
  );
  return inWords(taken, dtypes);
}

function nodeOf(wg, call, { args }) {
  return attempt(wg, () => {
    const given = changed(wg, args, (x) => (isFloat(x) ? x.detach().clone().requiresGrad_() : x));
    const out = tensorsIn(wg, call(...given)).find((x) => x.requiresGrad);
    return out === undefined ? null : (out.gradFn?.name() ?? null);
  });
}

function hasTangents(wg, call, { args }) {
  const { forwardAd } = wg.autograd;
  return attempt(wg, () => {
    let found = false;
    forwardAd.dualLevel(() => {
      const given = changed(wg, args, (x) => (isFloat(x) ? forwardAd.makeDual(x.detach(), wg.onesLike(x)) : x));
      found = tensorsIn(wg, call(...given)).some((x) => forwardAd.unpackDual(x).tangent);
    });
    return found;
  });
}

function isBatched(wg, call, { args }) {
  return attempt(wg, () => {
    const floats = tensorsIn(wg, args).filter(isFloat);
    if (floats.length === 0) return false;
    const f = (...given) => {
      let next = 0;
      return tensorsIn(wg, call(...changed(wg, args, (x) => (isFloat(x) ? given[next++] : x))));
    };
    wg.func.vmap(f)(...floats.map((x) => wg.stack([x.detach(), x.detach()])));
    return true;
  });
}

/** The page, from the library and the samples of the laws. */
export function page(wg, samples) {
  const warn = console.warn;
  console.warn = () => {};
  const dtypes = [
    "float32",
    "float64",
    "int32",
    "bool",
    "int64",
    "uint8",
    "int8",
    "int16",
    "float16",
    "bfloat16",
  ].filter((each) => wg[each]);
  const byFunction = new Map();
  for (const sample of samples) byFunction.set(sample.call, [...(byFunction.get(sample.call) ?? []), sample]);
  const x = wg.full([2, 3, 4, 2], 0.5);
  const drawn = (name) => {
    if (name === "multinomial") return [x.select(0, 0).select(0, 0), 1];
    if (name === "dropout1d") return [x.select(0, 0)];
    return /Alpha|alpha|rrelu/.test(name) ? [x, { training: true }] : [x];
  };
  const rows = [];
  const add = (space, name, call, list, random = false) => {
    const path = space === "" ? name : `${space}.${name}`;
    const inplace = space === "" ? `${name}_` in wg.Tensor.prototype : typeof wg[space]?.[`${name}_`] === "function";
    const method = space === "" && name in wg.Tensor.prototype;
    const first = (f) => list.map((sample) => f(wg, call, sample)).find((result) => result) ?? null;
    const node = first(nodeOf);
    const forms = [method ? "method" : "", inplace ? "in place" : ""].filter(Boolean).join(", ");
    const mark = (yes) => (yes ? "yes" : "");
    const batched = wg.func?.vmap && !random ? [mark(first(isBatched))] : wg.func?.vmap ? [""] : [];
    const cells = [
      `\`${path}\``,
      `\`${pytorchName(space, name)}\``,
      forms,
      dtypesOf(wg, call, list, dtypes),
      node === null ? "" : `\`${node}\``,
      mark(node !== null && first(hasTangents)),
      ...batched,
    ];
    rows.push([space, path, `| ${cells.join(" | ")} |`]);
  };
  try {
    const walk = (space, from) => {
      for (const [name, call] of Object.entries(from)) {
        if (typeof call !== "function" || name.endsWith("_")) continue;
        const path = space === "" ? name : `${space}.${name}`;
        const list = byFunction.get(call);
        if (space === "" && MAKERS[name]) add(space, name, call, [{ args: MAKERS[name], options: true }]);
        else if (space === "signal.windows") {
          const given = name === "generalCosine" ? (M, options) => call(M, { a: [0.5, 0.5], ...options }) : call;
          add(space, name, given, [{ args: [3], options: true }]);
        } else if (list !== undefined) add(space, name, call, list.slice(0, 12));
        else if (RANDOM.split(" ").includes(path)) add(space, name, call, [{ args: drawn(name) }], true);
      }
    };
    walk("", wg);
    for (const space of ["F", "linalg", "special", "fft"]) walk(space, wg[space]);
    walk("signal.windows", wg.signal.windows);
  } finally {
    console.warn = warn;
  }
  rows.sort(([a, first], [b, second]) => (a === b ? (first < second ? -1 : 1) : a < b ? -1 : 1));
  const heads = ["operator", "PyTorch", "forms", "dtypes", "node on the tape", "forward mode"];
  if (wg.func?.vmap) heads.push("`vmap`");
  const titles = { "": "Functions of the package", F: "`F`, the same as `nn.functional`" };
  const parts = [...new Set(rows.map(([space]) => space))].map((space) => {
    const lines = rows.filter(([own]) => own === space).map(([, , line]) => line);
    return `## ${titles[space] ?? `\`${space}\``}\n\n| ${heads.join(" | ")} |\n|${heads.map(() => " --- |").join("")}\n${lines.join("\n")}\n`;
  });
  return `# Operators

Written by \`scripts/operators.mjs\`, which calls each operator to find out. Every function here is used as in PyTorch, with its
arguments in the same order; options go by name in one trailing object.

- *forms*: \`x.name(…)\` is the same as \`name(x, …)\` where it says method; \`name_\` writes into its first tensor where it says
  in place.
- *dtypes*: those that its floating-point tensors may also have (of operators on integers, all its tensors); all are
  ${dtypes.join(", ")}; floats the four of them with a point.
- *node on the tape*: the name of the node that a result is recorded as, the last one for operators made of others; none
  where there is no derivative.
- *forward mode*: whether tangents go through.
${wg.func?.vmap ? "- *`vmap`*: whether it takes tensors with a dim that `func.vmap` hides.\n" : ""}
${parts.join("\n")}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const { runnerImport } = await import("vite");
  const load = async (file) => (await runnerImport(resolve(file), { configFile: false, logLevel: "error" })).module;
  const { library, samples } = await load("test/samples/library.ts");
  await library.init?.();
  const text = page(library, samples());
  if (!process.argv.includes("--check")) writeFileSync("docs/operators.md", text);
  else if (readFileSync("docs/operators.md", "utf8") !== text) {
    console.error("docs/operators.md is stale: node scripts/operators.mjs");
    process.exit(1);
  }
}
