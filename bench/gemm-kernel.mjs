// GFLOP/s of the matrix multiplication kernels by size, form and dtype, beside a roof loop in the same process.
//
// node bench/gemm-kernel.mjs [rounds]
//
// Compiles the kernels and the roof by themselves. The machine's clock wanders, so every round measures the roof right
// before a kernel; the table gives the median speed, the best, and the median ratio to the roof's rate for that dtype.

import { compile } from "./compile.mjs";

const rounds = Number(process.argv[2] ?? 15);
const { exports, memory } = await instantiated();
const base = memory.grow(1024) * 65536;
const SCRATCH_BYTES = 2 << 20;
const BLOCK = base + SCRATCH_BYTES;
const OPERANDS = BLOCK + 4096;
exports.setScratch(base);

const types = {
  f32: { size: 4, array: Float32Array, roof: 1 },
  f64: { size: 8, array: Float64Array, roof: 0.5 },
};

for (let i = 0; i < 100; i++) roof(20000);

console.log(`rows of a unit: ${exports.gemm_rows()}`);
row("", "dtype", "form", "GFLOP/s", "best", "of roof");
for (const dtype of ["f32", "f64"]) {
  for (const n of [16, 32, 48, 64, 96, 128, 256, 512, 1024]) {
    for (const form of ["ab", "aTb", "abT", "aTbT"]) measure(`${n}`, dtype, form, { m: n, n, k: n, form });
  }
}
for (const dtype of ["f32", "f64"]) {
  measure("32 x 64", dtype, "ab", { batch: 32, m: 64, n: 64, k: 64, form: "ab" });
  for (const [m, n, k] of [
    [64, 128, 784],
    [64, 10, 128],
    [10, 128, 64],
    [128, 784, 64],
    [16, 192, 64],
    [2, 128, 784],
    [300, 300, 300],
    [127, 129, 130],
    [8, 576, 25],
  ]) {
    for (const form of ["ab", "aTb", "abT"]) measure(`${m}x${n}x${k}`, dtype, form, { m, n, k, form });
  }
  for (const form of ["ab", "aTb", "abT"]) {
    measure("mv 512", dtype, form, { m: 512, n: 1, k: 512, form });
    measure("vm 512", dtype, form, { m: 1, n: 512, k: 512, form });
  }
  measure("dot 4096", dtype, "ab", { m: 1, n: 1, k: 4096, form: "ab" });
}
for (const [m, n, k] of [
  [2, 1, 2],
  [2, 2, 2],
  [4, 4, 4],
  [8, 8, 8],
]) {
  const calls = 20000;
  const call = prepare("f32", { m, n, k, form: "ab" });
  const times = [];
  for (let r = 0; r < rounds + 3; r++) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    times.push(((performance.now() - start) / calls) * 1e6);
  }
  console.log(`${m}x${k} @ ${k}x${n} f32: ${median(times).toFixed(0)} ns a call`);
}

/** Runs one case for `rounds` rounds and prints its line. */
function measure(name, dtype, form, shape) {
  const flop = 2 * (shape.batch ?? 1) * shape.m * shape.n * shape.k;
  const call = prepare(dtype, shape);
  const calls = Math.max(1, Math.round(2e7 / flop));
  const speeds = [];
  const ratios = [];
  for (let r = -3; r < rounds; r++) {
    const limit = roof(40000) * types[dtype].roof;
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    const speed = (flop * calls) / (performance.now() - start) / 1e6;
    if (r < 0) continue;
    speeds.push(speed);
    ratios.push(speed / limit);
  }
  const best = Math.max(...speeds);
  row(name, dtype, form, median(speeds).toFixed(1), best.toFixed(1), median(ratios).toFixed(2));
}

/** Writes operands and block of a product; returns the call that computes all of it. */
function prepare(dtype, { batch = 1, m, n, k, form }) {
  const { size, array } = types[dtype];
  const a = OPERANDS;
  const b = a + batch * m * k * size + 64;
  const out = b + batch * k * n * size + 64;
  const values = new array(memory.buffer, OPERANDS, (out - OPERANDS) / size);
  for (let i = 0; i < values.length; i++) values[i] = ((i * 7919) % 1009) / 1009 - 0.5;
  const aStrides = form.startsWith("aT") ? [size, 0, m * size] : [k * size, 0, size];
  const bStrides = form.endsWith("bT") ? [0, k * size, size] : [0, size, n * size];
  const words = new Int32Array(memory.buffer, BLOCK, 64);
  words.fill(0);
  words[1] = 4;
  words[2] = 3;
  new Float64Array(memory.buffer, BLOCK + 16, 2).set([1, 1]);
  words.set([batch, m, n, k], 36);
  words.set([out, m * n * size, n * size, size, 0], 40);
  words.set([a, m * k * size, ...aStrides], 45);
  words.set([b, k * n * size, ...bStrides], 50);
  const units = batch * Math.ceil(m / exports.gemm_rows());
  const kernel = exports[`gemm_${dtype}`];
  return () => kernel(BLOCK, 0, units);
}

/** The rate of float32 multiply and add on registers, in GFLOP/s. */
function roof(count) {
  const start = performance.now();
  exports.roof_f32(count);
  return (96 * count) / (performance.now() - start) / 1e6;
}

function median(values) {
  return values.sort((x, y) => x - y)[values.length >> 1];
}

function row(...cells) {
  console.log(cells.map((cell, i) => (i < 3 ? cell.padEnd(i ? 6 : 12) : cell.padStart(9))).join(""));
}

/** The kernels and the roof, compiled to an instance of their own. */
async function instantiated() {
  const sources = ["assembly/kernels/gemm.ts", "assembly/memory/scratch.ts", "bench/roof.ts"];
  const options = ["--importMemory", "--initialMemory", "64", "--maximumMemory", "65536"];
  const bytes = await compile(sources, options);
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  console.log(`${bytes.length} bytes with the roof`);
  return { exports: instance.exports, memory };
}
