// Speed and code size of the vector mathematics, beside the engine's own functions in the same process.
//
// node bench/math.mjs [rounds]
//
// Compiles assembly/math by itself, each function in a loop of four vectors an iteration and, for its size, in one of
// one vector. The table gives elements per nanosecond, the best of the rounds (the machine's clock wanders), and the
// bytes of the loop of one vector; where a function is called and not inlined, that is the call only.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const rounds = Number(process.argv[2] ?? 15);
const COUNT = 4096;
const types = { f32: Float32Array, f64: Float64Array };
/** Where the functions are, and from where to where they are measured. */
const families = {
  exp: { exp: [-20, 20], expm1: [-5, 5], exp2: [-20, 20] },
  log: { log: [0.001, 100], log1p: [-0.9, 100], log2: [0.001, 100], log10: [0.001, 100] },
  trig: { sin: [-10, 10], cos: [-10, 10], tan: [-10, 10] },
  arc: { asin: [-1, 1], acos: [-1, 1], atan: [-10, 10], atan2: [-10, 10] },
  hyperbolic: { sinh: [-10, 10], cosh: [-10, 10], asinh: [-100, 100], acosh: [1, 100], atanh: [-1, 1] },
  tanh: { tanh: [-5, 5] },
  sigmoid: { sigmoid: [-10, 10] },
  erf: { erf: [-3, 3], erfc: [-3, 3] },
  pow: { pow: [0.01, 10] },
};
const binary = new Set(["atan2", "pow"]);

const { exports, sizes, bytes } = await compile();
console.log(`${bytes} bytes of wasm for all, loops included; elements/ns and bytes of a loop of one vector`);
console.log(["", "float32", "float64", "Math", "bytes", "bytes"].map((c, i) => c.padStart(i ? 9 : 10)).join(""));
for (const functions of Object.values(families)) {
  for (const [name, [low, high]] of Object.entries(functions)) {
    const cells = [
      ...Object.keys(types).map((dtype) => speed(name, dtype, low, high).toFixed(3)),
      Math[name] ? engine(Math[name], low, high).toFixed(3) : "",
      ...Object.keys(types).map((dtype) => sizes.get(`${name}_${dtype}_one`)),
    ];
    console.log(name.padStart(10) + cells.map((cell) => `${cell}`.padStart(9)).join(""));
  }
}

/** Elements per nanosecond of a kernel. */
function speed(name, dtype, low, high) {
  const array = types[dtype];
  const [x, y, out] = [0, 1, 2].map((k) => 65536 + k * COUNT * 8);
  new array(exports.memory.buffer, x, COUNT).set(inputs(low, high));
  new array(exports.memory.buffer, y, COUNT).set(inputs(-3, 3).reverse());
  return best(() => exports[`${name}_${dtype}`](x, y, out, COUNT));
}

/** Elements per nanosecond of a function of the engine. */
function engine(f, low, high) {
  const x = Float64Array.from(inputs(low, high));
  const y = Float64Array.from(inputs(-3, 3).reverse());
  const out = new Float64Array(COUNT);
  return best(() => {
    for (let i = 0; i < COUNT; i++) out[i] = f(x[i], y[i]);
  });
}

function inputs(low, high) {
  return Array.from({ length: COUNT }, (_, i) => low + ((high - low) * ((i * 2657) % COUNT)) / COUNT);
}

function best(run) {
  for (let i = 0; i < 200; i++) run();
  let least = Number.POSITIVE_INFINITY;
  for (let r = 0; r < rounds; r++) {
    const start = performance.now();
    for (let i = 0; i < 20; i++) run();
    least = Math.min(least, performance.now() - start);
  }
  return (COUNT * 20) / (least * 1e6);
}

/** The loops as AssemblyScript. */
function source() {
  const lines = [];
  for (const [file, functions] of Object.entries(families)) {
    const names = Object.keys(functions);
    lines.push(`import { ${names.join(", ")} } from "./assembly/math/${file}";`);
    for (const name of names) {
      for (const dtype of Object.keys(types)) {
        const call = (at) => `${name}<${dtype}>(v128.load(x, ${at})${binary.has(name) ? `, v128.load(y, ${at})` : ""})`;
        const loop = (
          suffix,
          step,
        ) => `export function ${name}_${dtype}${suffix}(x: usize, y: usize, out: usize, n: u32): void {
          for (const end = x + n * sizeof<${dtype}>(); x < end; x += ${step}, y += ${step}, out += ${step}) {`;
        lines.push(loop("", 64), `const a = ${call(0)}, b = ${call(16)}, c = ${call(32)}, d = ${call(48)};`);
        lines.push("v128.store(out, a); v128.store(out, b, 16); v128.store(out, c, 32); v128.store(out, d, 48); } }");
        lines.push(loop("_one", 16), `v128.store(out, ${call(0)}); } }`);
      }
    }
  }
  return lines.join("\n");
}

/** The loops compiled: their exports, the size of each, and of all. */
async function compile() {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const entry = "math-bench.ts";
  let bytes;
  // The entry is never a file, and the project's own settings are not for it.
  const readFile = (name) => {
    if (name === entry) return source();
    if (name.endsWith("asconfig.json")) return null;
    const path = join(root, name);
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  };
  const writeFile = (_name, contents) => {
    bytes = contents;
  };
  const options = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--initialMemory", "8"];
  const { error, stderr } = await main([entry, "--outFile", "math.wasm", ...options], { readFile, writeFile });
  if (error) throw new Error(stderr.toString());
  const { instance } = await WebAssembly.instantiate(bytes);
  return { exports: instance.exports, sizes: bodySizes(Buffer.from(bytes)), bytes: bytes.length };
}

/** Bytes of the body of every exported function of a module without imports. */
function bodySizes(bytes) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const names = [];
  const result = new Map();
  while (at < bytes.length) {
    const section = bytes[at++];
    const end = number() + at;
    if (section === 7) {
      for (let k = number(); k > 0; k--) {
        const length = number();
        const name = bytes.toString("utf8", at, at + length);
        at += length;
        const kind = bytes[at++];
        const index = number();
        if (kind === 0) names[index] = name;
      }
    }
    if (section === 10) {
      const count = number();
      for (let index = 0; index < count; index++) {
        const size = number();
        if (names[index]) result.set(names[index], size);
        at += size;
      }
    }
    at = end;
  }
  return result;
}
