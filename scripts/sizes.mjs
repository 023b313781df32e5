// Bytes of what is shipped: the artifact, and the JavaScript of programs as a bundler makes it for browsers.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Programs by what they are. */
export const PROGRAMS = {
  everything: `import * as wengert from "wengert"; globalThis.wengert = wengert;`,
  "a training program with methods": `
    import { init, nn, optim, randn, F } from "wengert";
    await init();
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
    optimizer.zeroGrad();
    F.mseLoss(model.call(randn([5, 4])), randn([5, 3])).backward();
    optimizer.step();`,
  "a training program of functions": `
    import { init, randn, scope } from "wengert/slim";
    import { backward } from "wengert/autograd";
    import { Linear, ReLU, Sequential } from "wengert/nn";
    import { Adam } from "wengert/optim";
    import { mseLoss } from "wengert/nn/functional";
    await init();
    const model = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 3));
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    scope(() => {
      optimizer.zeroGrad();
      backward(mseLoss(model.call(randn([5, 4])), randn([5, 3])));
      optimizer.step();
    });`,
  "ten operators": `
    import { add, exp, init, log, matmul, mul, relu, sub, sum, tanh, tensor, transpose } from "wengert/slim";
    await init();
    const x = tensor([[1, 2], [3, 4]], { requiresGrad: true });
    globalThis.result = sum(log(exp(tanh(sub(add(matmul(x, transpose(x, 0, 1)), mul(x, 2)), 1)))));`,
};

/** Raw, gzip and brotli bytes. */
export function packed(bytes) {
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, quality).length,
  };
}

/** The artifact's sizes. */
export function artifactSizes() {
  return packed(readFileSync(`${root}/dist/wengert.wasm`));
}

/** Sizes of a program's JavaScript, bundled and minified for browsers. */
export async function programSizes(text) {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "error",
  });
  return packed(outputFiles[0].contents);
}

/** All sizes by name. */
export async function sizes() {
  const all = { "the artifact": artifactSizes() };
  for (const [name, text] of Object.entries(PROGRAMS)) all[`JavaScript of ${name}`] = await programSizes(text);
  return all;
}

/** Most bytes: of one size, or of several together. */
export const BUDGETS = [
  [["the artifact"], "raw", 440_000],
  [["the artifact"], "gzip", 115_000],
  [["JavaScript of ten operators"], "gzip", 40_000],
  [["JavaScript of a training program of functions"], "gzip", 60_000],
  [["the artifact", "JavaScript of a training program of functions"], "gzip", 180_000],
  [["JavaScript of a training program with methods"], "gzip", 190_000],
  [["JavaScript of everything"], "gzip", 280_000],
];

/** What is larger than it may be, in words. */
export function overBudget(found, budgets) {
  return budgets.flatMap(([names, kind, most]) => {
    const bytes = names.reduce((sum, name) => sum + found[name][kind], 0);
    return bytes <= most ? [] : [`${names.join(" and ")}: ${bytes} bytes ${kind}, more than ${most}`];
  });
}
