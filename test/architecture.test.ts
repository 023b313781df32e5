// Guards of the house: layers, file sizes, first lines, dead kernels, foreign mathematics, what is published.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { kernelPlaces } from "./helpers/kernels.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folders and files of `src/`, lowest layer first; those of one row do not know each other. */
const LAYERS = [
  ["errors.ts"],
  ["wasm"],
  ["threads"],
  ["tensor"],
  ["tape"],
  ["op"],
  ["ops"],
  ["autograd"],
  ["func"],
  ["capture"],
  ["nn", "data", "io", "utils"],
  ["optim"],
  ["fit"],
  ["methods"],
  ["slim.ts"],
  ["index.ts"],
  ["entries"],
];

/** Families of declarations may be longer than other files, and their formulas may name each other. */
const FAMILIES = "src/ops/";
const LONGEST = 400;

/** What engines compute with different last bits, or what is random. */
const INEXACT = new Set(
  "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 pow random sin sinh tan tanh".split(
    " ",
  ),
);

function filesOf(folder: string, pattern: RegExp): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes("node_modules"))
    .sort();
}

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, /* setParentNodes */ true);

const sources = filesOf("src", /\.ts$/).filter((file) => !file.endsWith(".d.ts"));
const parsed = new Map(sources.map((file) => [file, parse(file)]));

/** The files of `src/` that a file imports when it runs. */
function importsOf(file: string): string[] {
  const found: string[] = [];
  for (const statement of (parsed.get(file) as ts.SourceFile).statements) {
    const imports = ts.isImportDeclaration(statement);
    if (!imports && !ts.isExportDeclaration(statement)) continue;
    const typeOnly = imports
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    const specifier = statement.moduleSpecifier;
    if (typeOnly || specifier === undefined || !ts.isStringLiteral(specifier)) continue;
    const target = join(dirname(file), specifier.text.replace(/\.js$/, ".ts"));
    if (parsed.has(target)) found.push(target);
  }
  return found;
}

const graph = new Map(sources.map((file) => [file, importsOf(file)]));
const placeOf = (file: string): string => file.split("/")[1];
const layerOf = (file: string): number => LAYERS.findIndex((row) => row.includes(placeOf(file)));

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}

const lineOf = (node: ts.Node): string => {
  const file = node.getSourceFile();
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText()}`;
};

describe("layers", () => {
  test("every file of src/ belongs to one", () => {
    expect(sources.filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  test("a runtime import goes to a lower layer or stays in its own folder", () => {
    const breaches = sources.flatMap((file) =>
      (graph.get(file) as string[])
        .filter((target) => placeOf(target) !== placeOf(file) && layerOf(target) >= layerOf(file))
        .map((target) => `${file} imports ${target}`),
    );
    expect(breaches).toEqual([]);
  });

  test("files import each other in a circle only between families", () => {
    const circles: string[] = [];
    const state = new Map<string, "open" | "done">();
    const visit = (file: string, path: string[]): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        const circle = path.slice(path.indexOf(file));
        if (!circle.every((member) => member.startsWith(FAMILIES))) circles.push([...circle, file].join(" → "));
        return;
      }
      state.set(file, "open");
      for (const target of graph.get(file) as string[]) visit(target, [...path, file]);
      state.set(file, "done");
    };
    for (const file of sources) visit(file, []);
    expect(circles).toEqual([]);
  });
});

describe("files", () => {
  const all = [
    ...filesOf("src", /\.ts$/),
    ...filesOf("assembly", /\.ts$/),
    ...filesOf("test", /\.(ts|mjs|cjs|cts)$/),
    ...filesOf("scripts", /\.mjs$/),
    ...filesOf("bench", /\.(ts|mjs)$/),
    ...filesOf("examples", /\.(ts|mjs)$/),
  ];

  test(`have ${LONGEST} lines at most, but for families and tests`, () => {
    const exempt = (file: string): boolean => file.startsWith(FAMILIES) || file.startsWith("test/");
    const long = all
      .filter((file) => !exempt(file))
      .map((file) => [file, read(file).trimEnd().split("\n").length] as const)
      .filter(([, lines]) => lines > LONGEST);
    expect(long).toEqual([]);
  });

  test("say in their first line what they are for", () => {
    const silent = all.filter((file) => !/^\/(\/ |\*\* )\S/.test(read(file).replace(/^#!.*\n/, "")));
    expect(silent).toEqual([]);
  });

  test("have no default exports where the library is", () => {
    const exported = sources.filter((file) =>
      (parsed.get(file) as ts.SourceFile).statements.some((statement) => ts.isExportAssignment(statement)),
    );
    expect(exported).toEqual([]);
  });
});

describe("results", () => {
  test("never come from the engine's own mathematics", () => {
    const uses = sources.flatMap((file) =>
      [...nodesOf(parsed.get(file) as ts.SourceFile)].filter(
        (node) =>
          ts.isPropertyAccessExpression(node) && node.expression.getText() === "Math" && INEXACT.has(node.name.text),
      ),
    );
    expect(uses.map(lineOf)).toEqual([]);
  });

  test("never come from code made at run time", () => {
    const makes = (node: ts.Node): boolean =>
      (ts.isCallExpression(node) || ts.isNewExpression(node)) &&
      /^(globalThis\.)?(eval|Function)$/.test(node.expression.getText());
    const uses = filesOf("dist", /\.js$/)
      .filter((file) => !file.endsWith("inline-data.js"))
      .flatMap((file) => [...nodesOf(parse(file))].filter(makes));
    expect(uses.map(lineOf)).toEqual([]);
  });
});

describe("the artifact", () => {
  const module = new WebAssembly.Module(readFileSync(join(root, "dist/wengert.wasm")));

  test("imports nothing but its memory", () => {
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  });

  test("has no kernel that nothing in src/ names", () => {
    const words = new Set<string>();
    for (const file of sources) {
      for (const node of nodesOf(parsed.get(file) as ts.SourceFile)) {
        if (ts.isStringLiteralLike(node) || ts.isIdentifier(node)) words.add(node.text);
        if (ts.isTemplateHead(node)) words.add(node.text.replace(/_$/, ""));
      }
    }
    const dead = kernelPlaces(module).filter(
      ([name]) =>
        !words.has(name) &&
        !words.has(name.replace(/(_(f32|f64|f16|bf16|i8|i16|b16|i32|i64|u8|b8|w1|w2|w4|w8))+$/, "")),
    );
    expect(dead.map(([name]) => name)).toEqual([]);
  });

  test("exports no kernel: they are in its table", () => {
    expect(WebAssembly.Module.exports(module).length).toBeLessThan(40);
    expect(kernelPlaces(module).length).toBeGreaterThan(600);
  });
});

describe("the package", () => {
  const manifest = JSON.parse(read("package.json"));

  test("depends on nothing when it runs", () => {
    expect(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })).toEqual([]);
    const leaks = filesOf("dist", /\.(d\.ts|js)$/).filter((file) => /from "@|import\("@|import "@/.test(read(file)));
    expect(leaks).toEqual([]);
  });

  test("names development tools by exact version, and its lock file no addresses", () => {
    const versions = Object.values(manifest.devDependencies as Record<string, string>);
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    expect(read("package-lock.json")).not.toContain('"resolved"');
  });

  test("exports files that the build makes", () => {
    const paths = (value: unknown): string[] =>
      typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(paths);
    const missing = paths(manifest.exports).filter((path) => !path.includes("*") && !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });

  test("has types first and default last in its conditions", () => {
    for (const conditions of Object.values(manifest.exports)) {
      if (typeof conditions !== "object" || conditions === null) continue;
      const names = Object.keys(conditions);
      expect([names[0], names[names.length - 1]]).toEqual(["types", "default"]);
    }
  });

  test("marks what its modules make when they load as free of effects", () => {
    const unmarked = filesOf("dist", /\.js$/)
      // What others wrote and the build bundles.
      .filter((file) => file !== "dist/wasm/loader.js" && file !== "dist/io/inflate.js")
      .flatMap((file) =>
        (read(file).match(/^(export )?(const|let|var) \w+ = (new )?[\w.]+\(/gm) ?? []).map(
          (line) => `${file}: ${line}`,
        ),
      );
    expect(unmarked).toEqual([]);
  });

  test("offers without methods what it offers with them", async () => {
    const [full, slim] = await Promise.all([import("../src/index.js"), import("../src/slim.js")]);
    expect(Object.keys(slim).sort()).toEqual(Object.keys(full).sort());
  });

  test("names its errors also where a bundler shortened the names of classes", async () => {
    const { code } = transformSync(read("src/errors.ts"), { loader: "ts", minify: true, format: "esm" });
    expect(code).not.toMatch(/class ShapeError/);
    const errors = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Record<string, typeof Error>;
    expect(Object.keys(errors).length).toBeGreaterThan(8);
    for (const [name, Class] of Object.entries(errors)) expect(String(new Class("why"))).toBe(`${name}: why`);
  });

  test("lists its entries and methods as what has effects", () => {
    expect(manifest.sideEffects).toContain("./dist/entries/*.js");
    expect(manifest.sideEffects).toContain("./dist/methods/*.js");
  });
});
