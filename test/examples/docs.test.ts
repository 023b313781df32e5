// What README.md, CONTRIBUTING.md and docs/ say: their programs print what stands below them, and their excerpts are true.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
// Inside the project, so that the programs import "wengert" as its users do.
const folder = join(root, `build/docs-${process.pid}`);
const MARK = "-- next program --";

const guide = readdirSync(join(root, "docs")).map((name) => `docs/${name}`);
const read = (file: string) => readFileSync(join(root, file), "utf8");

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a page, in order. */
function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, text]) => ({
    language: language as string,
    text: text as string,
  }));
}

/** The programs of a page, each with the output that stands directly below. */
function programsOf(file: string): { readonly code: string; readonly output: string }[] {
  const blocks = blocksOf(read(file));
  return blocks.flatMap(({ language, text }, i) => {
    if (language !== "js" && language !== "ts") return [];
    const next = blocks[i + 1];
    return [{ code: text, output: next?.language === "text" ? next.text : "" }];
  });
}

/** Runs programs one after the other in one process; returns what each printed. */
function run(file: string, programs: readonly string[]): string[] {
  const home = join(folder, file);
  mkdirSync(home, { recursive: true });
  programs.forEach((code, i) => {
    // `using` is younger than the oldest Node.
    const plain = transformSync(code, { loader: "ts", target: "es2022", tsconfigRaw: {} }).code;
    writeFileSync(join(home, `${i}.mjs`), plain);
  });
  const steps = programs.map((_, i) => `await import("./${i}.mjs");\nconsole.log(${JSON.stringify(MARK)});\n`);
  writeFileSync(join(home, "all.mjs"), steps.join(""));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(home, "all.mjs")], {
    cwd: home,
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split(`${MARK}\n`).slice(0, -1);
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("programs", () => {
  it.each(["README.md", ...guide])("in %s print what stands below them", (file) => {
    const programs = programsOf(file);
    if (programs.length === 0) return;
    const printed = run(
      file,
      programs.map(({ code }) => code),
    );
    expect(printed).toEqual(programs.map(({ output }) => output));
  });

  it("are there, at least one on each page but the lists", () => {
    const lists = ["docs/README.md", "docs/operators.md", "docs/performance.md"];
    const empty = guide.filter((file) => !lists.includes(file) && programsOf(file).length === 0);
    expect(empty).toEqual([]);
    // The README's has ten lines between its imports and its output.
    const [first] = programsOf("README.md");
    expect(first?.code.split("\n").filter((line) => line !== "" && !line.startsWith("import")).length).toBe(10);
  });
});

describe("links and excerpts", () => {
  it.each(["README.md", "CONTRIBUTING.md", ...guide])("of %s lead to what is there", (file) => {
    const links = [...read(file).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target]) => target as string);
    const gone = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(file), link)));
    expect(gone).toEqual([]);
  });

  it("of CONTRIBUTING.md name files and commands that are there", () => {
    const text = read("CONTRIBUTING.md");
    const paths = [...text.matchAll(/`((?:assembly|src|test|bench|scripts|examples)\/[\w./-]*)`/g)].map(
      ([, path]) => path as string,
    );
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const commands = [...text.matchAll(/npm (?:run ([\w:]+)|(test|start)\b)/g)].map(([, a, b]) => (a ?? b) as string);
    expect(commands.filter((command) => scripts[command] === undefined)).toEqual([]);
  });

  it("of CONTRIBUTING.md stand in the source as they are shown", () => {
    const excerpts = blocksOf(read("CONTRIBUTING.md")).filter(({ language }) => language === "ts");
    expect(excerpts.length).toBeGreaterThan(1);
    for (const { text } of excerpts) {
      const [first, ...lines] = text.split("\n");
      const source = read((first as string).replace(/^\/\/ /, ""));
      for (const part of lines.join("\n").split("\n\n")) expect(source).toContain(part.trim());
    }
  });
});
