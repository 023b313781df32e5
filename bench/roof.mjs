// What the machine can do at this moment, through the engine's code generator: arithmetic on registers, and streams.

/** The loops of roof.ts, from the bytes of their module (`compileRoof` of compile.mjs makes them). */
export async function loadRoof(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  return new Roof(instance.exports);
}

const KIB = 1024;
/** An array of a stream is at most this long, as longer ones cost no other rate. */
const LONGEST = 32 * KIB * KIB;

/** The step of the clock in ms: browsers round theirs. */
function clockStep() {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    let passed = 0;
    while (passed === 0) passed = performance.now() - start;
    least = Math.min(least, passed);
  }
  return least;
}

/** A try lasts so many steps of the clock at least. */
const STEPS = 25;
const shortest = STEPS * clockStep();

/** The best rate a second of `amount` done by `run`, over some tries. */
function fastest(tries, amount, run) {
  let best = 0;
  for (let i = 0; i < tries; i++) {
    const start = performance.now();
    let runs = 0;
    let passed = 0;
    do {
      run();
      runs++;
      passed = performance.now() - start;
    } while (passed < shortest);
    best = Math.max(best, (runs * amount * 1000) / passed);
  }
  return best;
}

class Roof {
  constructor(exports) {
    this.exports = exports;
    // The first calls are made by the baseline compiler's code.
    for (let i = 0; i < 20; i++) this.flops(5000);
    for (let i = 0; i < 4; i++) this.bytes(16 * KIB);
  }

  /** Float32 multiplications and additions, in operations a second, the best of a few tries; float64 has half of it. */
  flops(count = 60_000) {
    return fastest(4, 96 * count, () => this.exports.roof_f32(count));
  }

  /** Bytes a second, reads and writes counted, of c = a + b where the three arrays together have `size` bytes; the best try. */
  bytes(size, tries = 8) {
    const { memory, stream_f32 } = this.exports;
    const each = Math.min(LONGEST, Math.max(4 * KIB, Math.ceil(size / 3 / 64) * 64));
    const base = 64 * KIB;
    const missing = base + 3 * each - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / (64 * KIB)));
    const calls = Math.max(1, Math.ceil((4 * KIB * KIB) / each));
    const run = () => {
      for (let i = 0; i < calls; i++) stream_f32(base, base + each, base + 2 * each, each);
    };
    run();
    return fastest(each > KIB * KIB ? 3 : tries, 3 * each * calls, run);
  }

  /** The milliseconds that the machine needs at least for a workload's arithmetic and for its traffic. */
  limit(workload) {
    const rate = this.flops() * (workload.dtype === "float64" ? 0.5 : 1);
    const arithmetic = (workload.flops / rate) * 1000;
    const traffic = workload.bytes === 0 ? 0 : (workload.bytes / this.bytes(workload.bytes)) * 1000;
    return Math.max(arithmetic, traffic);
  }
}
