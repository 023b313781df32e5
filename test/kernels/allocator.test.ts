// The allocator over linear memory: no overlap, alignment, counters, merging, the far half of memory, the limit.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const MIB = 2 ** 20;
const PAGE = 65536;
/** A block's header, and what block sizes are multiples of. */
const HEADER = 16;
const GRANULE = 64;

const module = new WebAssembly.Module(readFileSync(new URL("../../dist/wengert.wasm", import.meta.url)));

interface Exports {
  initialise(): void;
  allocate(bytes: number): number;
  release(address: number): void;
  liveBytes(): number;
  peakBytes(): number;
  pooledBytes(): number;
  resetPeak(): void;
}

/** A fresh instance on fresh memory of at most `maximum` pages. */
function start(maximum = 65536, initial = 64) {
  const memory = new WebAssembly.Memory({ initial, maximum });
  const env = { memory, abort: () => {} };
  const kernels = new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
  kernels.initialise();
  return { ...kernels, memory, allocate: (bytes: number) => kernels.allocate(bytes) >>> 0 };
}

/** Numbers below `bound`, the same in every run (a xorshift generator). */
function numbers(seed: number) {
  let state = seed;
  return (bound: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

describe("blocks", () => {
  it("do not overlap, are aligned and keep their contents, in any order of calls", () => {
    for (let seed = 1; seed <= 4; seed++) {
      const heap = start();
      const below = numbers(seed * 7919);
      const held: { address: number; bytes: number; tag: number }[] = [];
      let live = 0;
      let peak = 0;
      for (let turn = 0; turn < 3000; turn++) {
        // Alternating tides, so that memory fills and empties again.
        const grows = below(100) < (Math.floor(turn / 500) % 2 === 0 ? 65 : 35);
        if (grows || held.length === 0) {
          const bytes = below(2 ** (1 + below(18)));
          const address = heap.allocate(bytes);
          expect(address % GRANULE).toBe(0);
          expect(address).toBeGreaterThan(2 * MIB);
          const tag = 1 + below(255);
          const view = new Uint8Array(heap.memory.buffer, address, bytes);
          view.fill(tag);
          held.push({ address, bytes, tag });
          live += bytes;
          peak = Math.max(peak, live);
        } else {
          const [{ address, bytes, tag }] = held.splice(below(held.length), 1);
          const view = new Uint8Array(heap.memory.buffer, address, bytes);
          expect(view.every((byte) => byte === tag)).toBe(true);
          heap.release(address);
          live -= bytes;
        }
      }
      expect(heap.liveBytes()).toBe(live);
      expect(heap.peakBytes()).toBe(peak);
      const ordered = held.toSorted((a, b) => a.address - b.address);
      for (let i = 1; i < ordered.length; i++) {
        expect(ordered[i].address).toBeGreaterThanOrEqual(ordered[i - 1].address + ordered[i - 1].bytes + HEADER);
      }
      for (const { address } of held) heap.release(address);
      expect(heap.liveBytes()).toBe(0);
      heap.resetPeak();
      expect(heap.peakBytes()).toBe(0);
    }
  });

  it("merge with their neighbours until one block is left", () => {
    const heap = start();
    const before = heap.memory.buffer.byteLength;
    const whole = heap.pooledBytes();
    const below = numbers(99);
    const held = Array.from({ length: 300 }, () => heap.allocate(below(5000)));
    while (held.length > 0) heap.release(held.splice(below(held.length), 1)[0]);
    expect(heap.pooledBytes()).toBe(whole + heap.memory.buffer.byteLength - before);
    const pages = heap.memory.buffer.byteLength;
    const all = heap.allocate(heap.pooledBytes() - HEADER);
    expect(all).not.toBe(0);
    expect(heap.pooledBytes()).toBe(0);
    expect(heap.memory.buffer.byteLength).toBe(pages);
  });

  it("are used again while warm, also where the sizes of a bin differ", () => {
    const heap = start();
    const sizes = [48, 4000, 4_000_000, 4_001_000, 4_100_000];
    const first = sizes.map((bytes) => heap.allocate(bytes));
    const walls = sizes.map((_, i) => {
      heap.release(first[i]);
      const address = heap.allocate(sizes[i]);
      expect(address).toBe(first[i]);
      return heap.allocate(0);
    });
    expect(new Set(walls).size).toBe(sizes.length);
  });

  it("of no bytes are valid and distinct", () => {
    const heap = start();
    const [a, b] = [heap.allocate(0), heap.allocate(0)];
    expect(a).not.toBe(0);
    expect(b).not.toBe(a);
    expect(heap.liveBytes()).toBe(0);
    heap.release(a);
    heap.release(b);
    expect(heap.allocate(0), "the one last released, which is warm").toBe(b);
  });
});

describe("release", () => {
  it("ignores what is not in use", () => {
    const heap = start();
    const [a, b, c] = [heap.allocate(100), heap.allocate(100), heap.allocate(100)];
    heap.release(b);
    const [live, pooled] = [heap.liveBytes(), heap.pooledBytes()];
    for (const address of [0, b, a + 4, a + GRANULE, GRANULE, 2 ** 32 - GRANULE, heap.memory.buffer.byteLength]) {
      heap.release(address);
    }
    expect([heap.liveBytes(), heap.pooledBytes()]).toEqual([live, pooled]);
    expect(heap.allocate(100)).toBe(b);
    heap.release(a);
    heap.release(c);
    heap.release(c);
    expect(heap.liveBytes()).toBe(100);
  });
});

describe("memory", () => {
  it("filled with small tensors and freed holds a tensor of 2 GiB", () => {
    const heap = start();
    const held: number[] = [];
    for (;;) {
      const address = heap.allocate(MIB);
      if (address === 0) break;
      held.push(address);
    }
    expect(held.length).toBeGreaterThan(4080);
    expect(Math.max(...held)).toBeGreaterThan(2 ** 32 - 3 * MIB);
    expect(heap.memory.buffer.byteLength).toBe(2 ** 32 - PAGE);
    expect(heap.liveBytes()).toBe(held.length * MIB);
    expect(heap.allocate(2 ** 31)).toBe(0);
    for (const address of held) heap.release(address);
    expect(heap.pooledBytes()).toBeGreaterThan(2 ** 31);
    const huge = heap.allocate(2 ** 31);
    const other = heap.allocate(1.9 * 2 ** 30);
    expect(huge).not.toBe(0);
    expect(other).toBeGreaterThan(2 ** 31);
    const bytes = new Uint8Array(heap.memory.buffer, other, 1.9 * 2 ** 30);
    bytes[bytes.length - 1] = 7;
    expect(heap.liveBytes()).toBe(2 ** 31 + Math.floor(1.9 * 2 ** 30));
    heap.release(huge);
    heap.release(other);
    expect(heap.allocate(3.9 * 2 ** 30)).not.toBe(0);
  });

  it("refuses what does not fit and works on", () => {
    const heap = start(256);
    for (const bytes of [2 ** 32 - 1, 2 ** 32 - PAGE, 2 ** 32 - PAGE - 1, 2 ** 31, 16 * MIB]) {
      expect(heap.allocate(bytes)).toBe(0);
    }
    const held: number[] = [];
    for (let address = heap.allocate(100_000); address !== 0; address = heap.allocate(100_000)) held.push(address);
    expect(held.length).toBeGreaterThan(135);
    expect(heap.memory.buffer.byteLength).toBeGreaterThanOrEqual(255 * PAGE);
    const live = heap.liveBytes();
    expect(heap.allocate(100_000)).toBe(0);
    expect(heap.liveBytes()).toBe(live);
    heap.release(held[70]);
    expect(heap.allocate(100_000)).toBe(held[70]);
    heap.release(held[70]);
    heap.release(held[71]);
    expect(heap.allocate(190_000)).toBe(held[70]);
  });

  it("gives the last bytes there are when a large step is refused", () => {
    const heap = start(80, 70);
    const free = heap.pooledBytes() + 10 * PAGE;
    const address = heap.allocate(free - HEADER);
    expect(address).not.toBe(0);
    expect(heap.memory.buffer.byteLength).toBe(80 * PAGE);
    expect(heap.pooledBytes()).toBe(0);
  });

  it("leaves pages alone that someone else has added", () => {
    const heap = start(400);
    const page = heap.memory.grow(3) * PAGE;
    new Uint8Array(heap.memory.buffer, page, 3 * PAGE).fill(9);
    const held = Array.from({ length: 150 }, () => heap.allocate(100_000));
    for (const address of held) {
      expect(address).not.toBe(0);
      expect(address + 100_000 <= page || address >= page + 3 * PAGE).toBe(true);
      new Uint8Array(heap.memory.buffer, address, 100_000).fill(1);
    }
    for (const address of held) heap.release(address);
    expect(new Uint8Array(heap.memory.buffer, page, 3 * PAGE).every((byte) => byte === 9)).toBe(true);
    expect(heap.liveBytes()).toBe(0);
  });

  it("works from an engine that starts with the most pages there are", () => {
    const heap = start(65536, 65536);
    expect(heap.allocate(2 ** 32 - PAGE)).toBe(0);
    const address = heap.allocate(heap.pooledBytes() - HEADER);
    expect(address).not.toBe(0);
    heap.release(address);
  });
});

it("an instance that does not initialise has no heap and touches nothing", () => {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  const env = { memory, abort: () => {} };
  const worker = new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
  expect(worker.allocate(100)).toBe(0);
  worker.release(128);
  expect(memory.buffer.byteLength).toBe(64 * PAGE);
});
