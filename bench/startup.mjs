// Process start to import and to the first training step, and the bytes that a program ships: node bench/startup.mjs
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { sizes } from "../scripts/sizes.mjs";
import { libraries as all } from "./libraries.mjs";
import { environment } from "./peers/pytorch.mjs";
import { startupTable } from "./table.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const peers = `${here}peers`;
const ROUNDS = 5;
/** Above this size brotli's best quality takes too long. */
const LARGE = 3_000_000;

const ourStep = `
  const x = w.randn([8, 4]);
  const weight = w.zeros([1, 4], { requiresGrad: true });
  const optimizer = new w.optim.SGD([weight], { lr: 0.1 });
  w.F.linear(x, weight).square().mean().backward();
  optimizer.step();`;

const tf = `import * as tf from "@tensorflow/tfjs";
  import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
  setWasmPaths("${peers}/node_modules/@tensorflow/tfjs-backend-wasm/dist/");
  await tf.setBackend("wasm");`;

const tfStep = `
  const x = tf.randomNormal([8, 4]);
  const weight = tf.variable(tf.zeros([4, 1]));
  tf.train.sgd(0.1).minimize(() => tf.mean(tf.square(tf.matMul(x, weight))));`;

const jaxStep = `
  const x = jax.numpy.array(new Float32Array(32).fill(0.5)).reshape([8, 4]);
  const loss = (w, x) => jax.numpy.mean(jax.numpy.square(jax.numpy.matmul(x, w)));
  const weight = jax.numpy.zeros([4, 1]);
  const g = jax.grad(loss)(weight.ref, x);
  await jax.numpy.subtract(weight, jax.numpy.multiply(g, jax.numpy.array(0.1))).data();`;

const deepboxStep = `
  const x = GradTensor.fromTensor(tensor(Array.from({ length: 8 }, () => [1, 2, 3, 4])));
  const weight = parameter([[0], [0], [0], [0]]);
  const optimizer = new SGD([weight], { lr: 0.1 });
  x.matmul(weight).square().mean().backward();
  optimizer.step();`;

const torchStep = `
x = torch.randn(8, 4)
weight = torch.zeros(1, 4, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.1)
torch.nn.functional.linear(x, weight).square().mean().backward()
optimizer.step()`;

/** Programs: the library's key, a title, the folder in which their imports are found, the text. */
const programs = [
  { key: "wengert", name: "bare Node", folder: here, text: "" },
  { key: "wengert", name: "wengert, import alone", folder: here, text: `import * as w from "wengert";` },
  {
    key: "wengert",
    name: "wengert, first training step",
    folder: here,
    text: `import * as w from "wengert";${ourStep}`,
  },
  { key: "tfjs", name: "tfjs-wasm, import and backend", folder: peers, text: tf },
  { key: "tfjs", name: "tfjs-wasm, first training step", folder: peers, text: tf + tfStep },
  { key: "jax", name: "jax-js, import and init", folder: peers, text: `${jaxImport()}` },
  { key: "jax", name: "jax-js, first training step", folder: peers, text: `${jaxImport()}${jaxStep}` },
  { key: "deepbox", name: "deepbox, first training step", folder: peers, text: `${deepboxImport()}${deepboxStep}` },
  { key: "ort", name: "onnxruntime-web, import alone", folder: peers, text: `import * as ort from "onnxruntime-web";` },
  { key: "torch", name: "PyTorch, import alone", python: true, text: "import torch" },
  { key: "torch", name: "PyTorch, first training step", python: true, text: `import torch\n${torchStep}` },
];

function jaxImport() {
  return `import * as jax from "@jax-js/jax"; await jax.init("wasm"); jax.defaultDevice("wasm");`;
}

function deepboxImport() {
  return `import { GradTensor, parameter, tensor } from "deepbox/ndarray"; import { SGD } from "deepbox/optim";`;
}

/** Milliseconds of one run of a program, or a message why it failed. */
function once({ python, folder, text }) {
  const command = python ? (process.env.PYTHON ?? "/usr/bin/python3") : process.execPath;
  const settings = { cwd: folder ?? here, env: python ? environment().env : process.env, encoding: "utf8" };
  const start = performance.now();
  const { status, stderr } = spawnSync(command, python ? ["-c", text] : ["--input-type=module", "-e", text], settings);
  const ms = performance.now() - start;
  return status === 0 ? { ms } : { message: String(stderr).trim().split("\n").at(-1).slice(0, 80) };
}

/** Peers in one bundle; `files` are shipped beside the JavaScript. */
const bundles = [
  {
    key: "tfjs",
    name: "tfjs-core and its wasm backend",
    folder: peers,
    text: `export * from "@tensorflow/tfjs-core"; export * from "@tensorflow/tfjs-backend-wasm";`,
    files: ["node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm"],
  },
  {
    key: "jax",
    name: "jax-js, without its GPU parts",
    folder: peers,
    text: `export * from "@jax-js/jax";`,
    without: /webg/,
  },
  { key: "deepbox", name: "deepbox: ndarray, nn, optim", folder: peers, text: `${deepboxAll()}` },
  {
    key: "ort",
    name: "onnxruntime-web and its wasm",
    folder: peers,
    text: `export * from "onnxruntime-web/wasm";`,
    files: ["node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"],
  },
];

function deepboxAll() {
  return ["ndarray", "nn", "optim"].map((part) => `export * as ${part} from "deepbox/${part}";`).join("\n");
}

/** The bytes of a bundle for browsers, minified, with the files beside it: raw, gzip, brotli. */
async function sized({ name, folder, text, files = [], without }) {
  const parts = files.map((file) => readFileSync(`${folder}/${file}`));
  if (text !== undefined) {
    const stdin = { contents: text, resolveDir: folder };
    const settings = {
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      write: false,
      logLevel: "silent",
    };
    const external = ["fs", "path", "crypto", "os", "util", "worker_threads", "perf_hooks", "node:*", "module"];
    const { outputFiles } = await build({ stdin, external, splitting: true, outdir: "out", ...settings });
    const kept = outputFiles.filter(({ path }) => without === undefined || !without.test(path));
    parts.push(...kept.map(({ contents }) => Buffer.from(contents)));
  }
  const total = (compress) => parts.reduce((sum, bytes) => sum + compress(bytes).length, 0);
  const raw = total((bytes) => bytes);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  const brotli = raw > LARGE ? null : total((bytes) => brotliCompressSync(bytes, quality));
  return { name, raw, gzip: total((bytes) => gzipSync(bytes, { level: 9 })), brotli };
}

/** Times of processes (medians, all programs in turn in each round) and bytes, of the libraries that are asked for. */
export async function startup(libraries) {
  const wanted = ({ key }) => libraries.some((library) => library.key === key);
  const used = programs.filter(wanted);
  const runs = used.map(() => []);
  for (let round = 0; round <= ROUNDS; round++) {
    used.forEach((program, i) => {
      const result = runs[i].at(-1)?.message === undefined ? once(program) : runs[i].at(-1);
      // The first round fills the disk's caches.
      if (round > 0 || result.message !== undefined) runs[i].push(result);
    });
  }
  const processes = used.map(({ name }, i) => {
    const failed = runs[i].find(({ message }) => message !== undefined);
    if (failed !== undefined) return { name, message: failed.message };
    const sorted = runs[i].map(({ ms }) => ms).toSorted((a, b) => a - b);
    return { name, ms: sorted[sorted.length >> 1], best: sorted[0] };
  });
  const bytes = wanted({ key: "wengert" })
    ? Object.entries(await sizes()).map(([name, packed]) => ({ name: `wengert: ${name}`, ...packed }))
    : [];
  for (const bundle of bundles.filter(wanted)) bytes.push(await sized(bundle));
  return { date: new Date().toISOString(), processes, bytes };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const peersThere = existsSync(`${peers}/node_modules`);
  console.log(startupTable(await startup(all.filter(({ package: name }) => name === undefined || peersThere))));
}
