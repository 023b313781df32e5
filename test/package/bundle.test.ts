// dist/bundle/ is the library in a few files: the same names, one Tensor, and nothing loaded that is not asked for.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const folder = new URL("../../dist/bundle/", import.meta.url);

/** What a program prints in a process of its own, as JSON; files of the bundle are "bundle/…", those of modules "dist/…". */
function printed(program: string): unknown {
  const dist = new URL("..", folder).href;
  const text = program.replaceAll('"bundle/', `"${folder.href}`).replaceAll('"dist/', `"${dist}`);
  const options = ["--no-warnings", "--input-type=module", "--eval", text];
  return JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8" }));
}

/** The files that are loaded with one, itself included. */
function loadedWith(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(new URL(file, folder), "utf8");
  for (const [, other] of text.matchAll(/(?:^|[;}])(?:import|export)\b[^"'()]*"\.\/([^"]+)"/g))
    loadedWith(other!, seen);
  return [...seen].sort();
}

describe("the bundle", () => {
  it("loads two files for an import, and one more to train", () => {
    expect(loadedWith("index.js")).toEqual(["core.js", "index.js"]);
    expect(loadedWith("slim.js")).toEqual(["core.js", "slim.js"]);
    const program = `
      import Module from "node:module";
      const load = Module._load;
      const required = [];
      Module._load = function (request) { required.push(request); return load.apply(this, arguments); };
      const { F, nn, optim, randn } = await import("bundle/index.js");
      const atImport = required.length;
      const model = new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1));
      const optimizer = new optim.Adam(model.parameters());
      F.mseLoss(model.call(randn([8, 2])), randn([8, 1])).backward();
      optimizer.step();
      const trained = [...new Set(required)];
      required.length = 0;
      new nn.GRU(2, 2);
      console.log(JSON.stringify({ atImport, trained, later: required }));`;
    expect(printed(program)).toEqual({ atImport: 0, trained: ["./train.js"], later: ["./part-nn.js"] });
  });

  it("looks no kernel up at import", () => {
    const program = `
      let names = [];
      const { Instance } = WebAssembly;
      WebAssembly.Instance = function (...given) {
        const { exports } = new Instance(...given);
        return { exports: new Proxy(exports, { get: (_, name) => (names.push(name), exports[name]) }) };
      };
      const { ones } = await import("bundle/index.js");
      const atImport = names;
      names = [];
      ones([2]).add(1);
      console.log(JSON.stringify([atImport, names.includes("table")]));`;
    expect(printed(program)).toEqual([["initialise"], true]);
  });

  it("has one Tensor, one Module, one memory for all entries", () => {
    const program = `
      import * as whole from "bundle/index.js";
      import * as slim from "bundle/slim.js";
      import * as inline from "bundle/inline.js";
      import * as nn from "bundle/nn.js";
      import { relu } from "bundle/functional.js";
      import { SGD } from "bundle/optim.js";
      import { backward } from "bundle/autograd.js";
      import "bundle/methods/arithmetic.js";
      const x = slim.ones([4]);
      console.log(JSON.stringify([
        whole.Tensor === slim.Tensor, whole.Tensor === inline.Tensor, nn.Linear === whole.nn.Linear,
        nn.Module === slim.nn.Module, whole.nn.functional === whole.F, whole.memory().live === inline.memory().live,
        x instanceof inline.Tensor, x.add(1).tolist(), new nn.LSTM(1, 1) instanceof whole.nn.Module,
        relu === whole.F.relu && SGD === slim.optim.SGD && backward === whole.autograd.backward,
      ]));`;
    expect(printed(program)).toEqual([true, true, true, true, true, true, true, [2, 2, 2, 2], true, true]);
  });

  it("has every name of the modules, and of classes and functions the same names", () => {
    const program = `
      import * as modules from "dist/entries/node.js";
      import * as bundle from "bundle/index.js";
      const differing = [];
      const isSpace = (value) => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
      function compare(a, b, path) {
        for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
          const [x, y] = [a[name], b[name]];
          if (typeof x !== typeof y || !(name in a && name in b)) differing.push(path + name);
          else if (isSpace(x)) compare(x, y, path + name + ".");
          else if (typeof x === "function" && /^[A-Z]/.test(name) && x.name !== y.name) differing.push(path + name + ": " + y.name);
        }
      }
      compare(modules, bundle, "");
      const methods = (library) => Object.getOwnPropertyNames(library.Tensor.prototype).sort().join();
      if (methods(modules) !== methods(bundle)) differing.push("methods");
      console.log(JSON.stringify(differing));`;
    expect(printed(program)).toEqual([]);
  });

  it("leads back to the sources", () => {
    const map = JSON.parse(readFileSync(new URL("core.js.map", folder), "utf8")) as { sources: string[] };
    const paths = map.sources.map((source) => new URL(source, folder).pathname);
    expect(paths.filter((path) => path.endsWith("src/tensor/tensor.ts")).length).toBe(1);
    const program = `
      import { add } from "bundle/index.js";
      try { add("x", 1); } catch (error) { console.log(JSON.stringify(error.stack)); }`;
    const text = program.replace("bundle/", folder.href);
    const options = ["--enable-source-maps", "--input-type=module", "--eval", text];
    const stack = JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8" })) as string;
    const [, file, line] = /\/(src\/op\/\w+\.ts):(\d+)/.exec(stack) as unknown as [string, string, string];
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8").split("\n");
    expect(source[Number(line) - 1]).toMatch(/throw new ArgumentError/);
  });
});
