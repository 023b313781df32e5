// What the machine can do at this moment, through the engine's code generator: arithmetic on registers, and streams.

/** The loops of roof.ts, from the bytes of their module (`compileRoof` of compile.mjs makes them). */
export async function loadRoof(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  return new Roof(instance.exports);
}

const KIB = 1024;
/** An array of a stream is at most this long, as longer ones cost no other rate. */
const LONGEST = 32 * KIB * KIB;

class Roof {
  constructor(exports) {
    this.exports = exports;
    // The first calls are made by the baseline compiler's code.
    for (let i = 0; i < 40; i++) this.flops(5000);
    for (let i = 0; i < 40; i++) this.bytes(16 * KIB, 1);
  }

  /** Float32 multiplications and additions, in operations a second; float64 has half of it. */
  flops(count = 60_000) {
    const start = performance.now();
    this.exports.roof_f32(count);
    return (96 * count * 1000) / (performance.now() - start);
  }

  /** Bytes a second, reads and writes counted, of c = a + b where the three arrays together have `size` bytes. */
  bytes(size, milliseconds = 4) {
    const { memory, stream_f32 } = this.exports;
    const each = Math.min(LONGEST, Math.max(4 * KIB, Math.ceil(size / 3 / 64) * 64));
    const base = 64 * KIB;
    const missing = base + 3 * each - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / (64 * KIB)));
    const run = () => stream_f32(base, base + each, base + 2 * each, each);
    run();
    const calls = Math.max(1, Math.ceil((200 * KIB) / each));
    const start = performance.now();
    let count = 0;
    do {
      for (let i = 0; i < calls; i++) run();
      count += calls;
    } while (performance.now() - start < milliseconds);
    return (3 * each * count * 1000) / (performance.now() - start);
  }

  /** The milliseconds that the machine needs at least for a workload's arithmetic and for its traffic. */
  limit(workload) {
    const rate = this.flops() * (workload.dtype === "float64" ? 0.5 : 1);
    const arithmetic = (workload.flops / rate) * 1000;
    const traffic = workload.bytes === 0 ? 0 : (workload.bytes / this.bytes(workload.bytes)) * 1000;
    return Math.max(arithmetic, traffic);
  }
}
