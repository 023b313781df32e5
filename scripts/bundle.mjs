// Builds dist/bundle/: the library in a few files, for runtimes that load files from a disk, where each costs time.
//
// Three storeys, each knowing only those below:
//   core.js     tensors, operations, autograd, and namespaces whose contents are loaded when they are asked for
//   train.js    what training an ordinary network takes
//   part-*.js   what else a namespace has, and shared-*.js what parts share
// and above them the entries: index.js with the methods, slim.js, inline.js, nn.js and its like, methods/*.js. A name that crosses
// storeys is exported under its module's name, so that no two collide. What is loaded later is required, not imported: it
// is there when the call returns, whatever else is being imported meanwhile.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, transform } from "esbuild";

const OUT = "dist/bundle";

/** Modules of the second storey; what they import is there or below. */
const TRAINING = [
  "nn/containers",
  "nn/init",
  "nn/module",
  "nn/parameter",
  "nn/layers/activation",
  "nn/layers/dropout",
  "nn/layers/embedding",
  "nn/layers/linear",
  "nn/layers/loss",
  "nn/functional/activation",
  "nn/functional/classification",
  "nn/functional/dropout",
  "nn/functional/embedding",
  "nn/functional/linear",
  "nn/functional/regression",
  "optim/adam",
  "optim/optimizer",
  "optim/sgd",
];

/** Namespaces that are loaded by parts, which have their names: their modules. */
const NAMESPACES = {
  autograd: "autograd/index",
  fft: "ops/fft",
  linalg: "ops/linalg/index",
  signal: "ops/signal/index",
  special: "ops/special",
  F: "nn/functional",
  nn: "nn/index",
  optim: "optim/index",
  utils: "utils/index",
  func: "func/index",
  io: "io/index",
};

/** Functions at the top of the library that parts have: their modules. Operators are none: they have properties. */
const FUNCTIONS = {
  capture: "capture/capture",
  fit: "fit/index",
  load: "io/index",
  save: "io/index",
  gridSampler: "nn/functional/grid",
  gridSampler2d: "nn/functional/grid",
  gridSampler3d: "nn/functional/grid",
  constantPadNd: "nn/functional/pad",
};

const ENTRY = /^(entries|methods)\/|^(index|slim)$/;
const CROSSING = /^(import|export) (\{[^}]*\}|\* as [\w$]+) from "storey:(\w+):([^"]+)";$/gm;

/** The name under which what a module exports crosses storeys; without a name, all that it exports. */
const crossing = (module, name = "") => `${module.replace(/\W/g, "_")}$${name}`;
const partOf = (module) => `part-${module.replace(/^ops\//, "").replace(/\/.*/, "")}`;
const awaitedOf = (module) => `part-${module.replace("/", "-")}`;
/** The module that a statement imports or exports from. */
const imported = (statement) => /"\.\/(.*)\.js";/.exec(statement)?.[1];
const moduleAt = (path) => relative("src", path).replace(/\.[jt]s$/, "");
const valuesOf = (module) => import(pathToFileURL(`dist/${module}.js`));

/** Adds to the list that a map has for a key. */
function add(map, key, value) {
  if (!map.has(key)) map.set(key, new Set());
  map.get(key).add(value);
}

/** The modules of the library, each with those that it imports, and those that are imported when they are awaited. */
async function graph() {
  const options = { entryPoints: ["src/entries/node.ts"], outdir: OUT, write: false, logLevel: "error" };
  const { metafile } = await build({ ...options, bundle: true, metafile: true, format: "esm", platform: "node" });
  const found = { imports: new Map(), awaited: new Set() };
  for (const [file, { imports }] of Object.entries(metafile.inputs)) {
    found.imports.set(moduleAt(file), []);
    for (const { path, kind, external } of imports) {
      if (external) continue;
      if (kind === "dynamic-import") found.awaited.add(moduleAt(path));
      else found.imports.get(moduleAt(file)).push(moduleAt(path));
    }
  }
  return found;
}

/** Modules with all that they import, but for those that `known` has. */
function closure(imports, modules, known) {
  const found = new Set();
  const left = [...modules];
  for (let module = left.pop(); module !== undefined; module = left.pop()) {
    if (known.has(module) || found.has(module)) continue;
    found.add(module);
    left.push(...imports.get(module));
  }
  return found;
}

/** Addresses of files beside a source, as they are from the bundle: workers stay files of their own. */
function fromBundle(text, path) {
  return text.replace(/new URL\("(\.\.?\/[^"]+\.js)", import\.meta\.url\)/g, (_, address) => {
    const target = relative(OUT, join("dist", dirname(relative("src", path)), address));
    return `new URL(${JSON.stringify(target)}, import.meta.url)`;
  });
}

/** What a file of the bundle exports of modules: lines of the text it is made from. */
const exporting = (needed) =>
  [...needed].flatMap(([module, names]) =>
    [...names].map((name) =>
      name === "*"
        ? `export * as ${crossing(module)} from "./${module}.js";`
        : `export { ${name} as ${crossing(module, name)} } from "./${module}.js";`,
    ),
  );

/** Writes dist/bundle/ from the sources, each changed by `stamped`. */
export async function bundle(stamped) {
  rmSync(OUT, { recursive: true, force: true });
  const { imports, awaited } = await graph();
  const storeys = new Map();
  const statements = readFileSync("src/slim.ts", "utf8").split(/(?<=;)\n/);
  const later = new Set([...Object.values(NAMESPACES), ...Object.values(FUNCTIONS)]);
  const early = statements.filter((statement) => !later.has(imported(statement)));
  const methods = readFileSync("src/index.ts", "utf8").match(/^import "\.\/methods\/.*;$/gm);
  const roots = [...early, ...methods].map(imported).filter((module) => module !== undefined);
  for (const module of closure(imports, roots, new Set())) if (!ENTRY.test(module)) storeys.set(module, "core");
  for (const module of closure(imports, TRAINING, storeys)) storeys.set(module, "train");

  /** What is used of each module from above its storey. */
  const needed = { core: new Map(), train: new Map() };

  /** The text of a file with its imports from lower storeys as the bundle has them, all in the lines where they were. */
  function joined(text, file) {
    const up = file.includes("/") ? "../" : "./";
    return (
      text
        .replace(CROSSING, (statement, kind, what, storey, module) => {
          const names = what.startsWith("*") ? [`* as ${what.slice(5)}`] : what.slice(1, -1).split(",");
          const list = names.map((each) => {
            const [name, local = name] = each.trim().split(" as ");
            if (name !== "") add(needed[storey], module, name);
            return name === "" ? "" : `${crossing(module, name === "*" ? "" : name)} as ${local}`;
          });
          const lines = "\n".repeat(statement.split("\n").length - 1);
          return `${kind} {${list.join(", ")}} from "${up}${storey}.js";${lines}`;
        })
        // A class that mentions itself has another name inside; users see its name.
        .replace(/^var (\w+) = class _\1\b.*\{$/gm, (start, name) => {
          return `${start} static { Object.defineProperty(this, "name", { value: "${name}" }); }`;
        })
    );
  }

  /** Builds files from texts by name; what lies in the storeys `below` is imported from there. */
  async function write(texts, below, splitting = false) {
    const plugin = {
      name: "storeys",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^text:/ }, ({ path }) => ({ path: path.slice(5), namespace: "text" }));
        onResolve({ filter: /^bundle:/ }, ({ path }) => ({ path: `./${path.slice(7)}.js`, external: true }));
        onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
          if (path.endsWith("/inline-data.js")) return { path: "../entries/inline-data.js", external: true };
          const module = moduleAt(join(resolveDir, path));
          if (kind === "dynamic-import") return { path: `./${awaitedOf(module)}.js`, external: true };
          const storey = storeys.get(module);
          return below.includes(storey)
            ? { path: `storey:${storey}:${module}`, external: true, sideEffects: false }
            : { path: resolve("src", `${module}.ts`) };
        });
        onLoad({ filter: /.*/, namespace: "text" }, ({ path }) => ({
          contents: texts[path],
          resolveDir: resolve("src"),
          loader: "ts",
        }));
        onLoad({ filter: /\.ts$/ }, ({ path }) => ({
          contents: fromBundle(stamped(readFileSync(path, "utf8")), path),
          loader: "ts",
        }));
      },
    };
    const common = { format: "esm", target: "es2022", sourcesContent: false, logLevel: "warning" };
    const { outputFiles } = await build({
      ...common,
      entryPoints: Object.keys(texts).map((name) => ({ in: `text:${name}`, out: name })),
      outdir: OUT,
      bundle: true,
      splitting,
      chunkNames: "shared-[hash]",
      write: false,
      platform: "node",
      sourcemap: "inline",
      plugins: [plugin],
    });
    for (const { path, text } of outputFiles) {
      const file = relative(resolve(OUT), path);
      const packed = await transform(joined(text, file), {
        ...common,
        sourcefile: path,
        minifySyntax: true,
        minifyWhitespace: true,
        sourcemap: "external",
      });
      if (packed.code.includes('"storey:')) throw new Error(`bundle: ${file} keeps an import of another storey`);
      mkdirSync(dirname(path), { recursive: true });
      const name = path.slice(path.lastIndexOf("/") + 1);
      writeFileSync(path, `${packed.code}//# sourceMappingURL=${name}.map\n`);
      writeFileSync(`${path}.map`, packed.map);
    }
  }

  // Where the lower storeys have the values that namespaces show.
  const homes = new Map();
  for (const module of storeys.keys()) {
    const values = await valuesOf(module);
    for (const [name, value] of Object.entries(values))
      if (typeof value === "function") homes.set(value, [module, name]);
    if (storeys.get(module) === "train") homes.set(values, [module, "*"]);
  }
  const spaces = new Map();
  const own = new Set();
  const parts = new Map();
  for (const [space, module] of Object.entries(NAMESPACES)) {
    const lists = { core: [], train: [], [partOf(module)]: [] };
    for (const [name, value] of Object.entries(await valuesOf(module))) {
      if (space === "nn" && name === "functional") continue;
      const home = homes.get(value);
      const storey = home === undefined ? partOf(module) : storeys.get(home[0]);
      const [from, inner] = home ?? [module, name];
      if (storey === "core") {
        lists.core.push([name, crossing(from, inner)]);
        own.add(`import { ${inner} as own_${crossing(from, inner)} } from "./${from}.js";`);
        continue;
      }
      if (home !== undefined) add(needed[storey], from, inner);
      else if (parts.has(storey)) add(parts.get(storey), module, name);
      else parts.set(storey, new Map([[module, new Set([name])]]));
      lists[storey].push(`${name}=${crossing(from, inner === "*" ? "" : inner)}`);
    }
    spaces.set(space, lists);
  }
  for (const [name, module] of Object.entries(FUNCTIONS)) {
    if (!parts.has(partOf(module))) parts.set(partOf(module), new Map());
    add(parts.get(partOf(module)), module, name);
  }
  const texts = [...parts].map(([part, names]) => [part, exporting(names).join("\n")]);
  for (const module of awaited) texts.push([awaitedOf(module), `export * from "./${module}.js";`]);
  await write(Object.fromEntries(texts), ["core", "train"], true);
  await write({ train: exporting(needed.train).join("\n") }, ["core"]);

  const all = `export { ${Object.keys(await valuesOf("slim")).join(", ")} } from "bundle:core";`;
  const spaceText = async (space, module) =>
    `import { ${space} } from "bundle:core";\nexport const { ${Object.keys(await valuesOf(module)).join(", ")} } = ${space};`;
  const families = methods.map((line) => /methods\/(.*)\.js/.exec(line)[1]);
  const init = (from) => `export { init } from "./entries/${from}.js";`;
  await write(
    {
      index: [all, ...methods, init("from-file")].join("\n"),
      slim: [all, init("from-file")].join("\n"),
      inline: [all, ...methods, init("from-text")].join("\n"),
      nn: await spaceText("nn", "nn/index"),
      functional: await spaceText("F", "nn/functional"),
      optim: await spaceText("optim", "optim/index"),
      autograd: await spaceText("autograd", "autograd/index"),
      ...Object.fromEntries(families.map((family, i) => [`methods/${family}`, methods[i]])),
    },
    ["core"],
  );

  const loads = new Set();
  const loading = (file) => {
    loads.add(file);
    return `load_${file.replace("-", "_")}`;
  };
  const lazy = [...spaces].map(([space, { core, ...lists }]) => {
    const given = Object.entries(lists)
      .filter(([, names]) => names.length > 0)
      .map(([file, names]) => `[${loading(file)}, ${JSON.stringify(names.join(" "))}]`);
    if (core.length > 0) {
      const values = core.map(([name, inner]) => `${name}: own_${inner}`);
      given.push(`[() => ({ ${values.join(", ")} }), "${core.map(([name]) => name).join(" ")}"]`);
    }
    if (space === "nn") given.push(`[() => ({ functional: F }), "functional"]`);
    return `export const ${space} = /* @__PURE__ */ namespaceOf(${given.join(", ")});`;
  });
  for (const [name, module] of Object.entries(FUNCTIONS)) {
    const inner = JSON.stringify(crossing(module, name));
    lazy.push(`export const ${name} = /* @__PURE__ */ functionOf(${loading(partOf(module))}, "${name}", ${inner});`);
  }
  const text = [
    `import { functionOf, namespaceOf } from "./entries/parts.js";`,
    ...early,
    ...own,
    ...exporting(needed.core),
    `const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);`,
    ...[...loads].map((file) => `const ${loading(file)} = () => require("./${file}.js");`),
    ...lazy,
  ];
  await write({ core: text.join("\n") }, []);
}
