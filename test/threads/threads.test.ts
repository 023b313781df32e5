// Threads: started, counted and ended; the same bits, memory and failures as with one.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import * as wg from "../../src/entries/node.js";
import { grains } from "../../src/wasm/grain.js";
import { runtime } from "../../src/wasm/load.js";
import { runs } from "../../src/wasm/run.js";

const usual = { ...grains };
const finely = { least: 2, waking: 0, piece: 1, pieces: 1 << 20 };

afterEach(async () => {
  Object.assign(grains, usual);
  await wg.setNumThreads(1);
});

const entry = new URL("../../dist/entries/node.js", import.meta.url);

/** What a program prints that has the library as `wg`. */
function program(text: string): string {
  const whole = `import * as wg from ${JSON.stringify(entry.href)};\n${text}`;
  return execFileSync(process.execPath, ["--input-type=module", "-e", whole], {
    encoding: "utf8",
    timeout: 20_000,
    stdio: "pipe",
  });
}

describe("setNumThreads", () => {
  it("starts with one thread and counts those that were asked for", async () => {
    expect(wg.threads()).toEqual({ count: 1, reason: null });
    expect(await wg.setNumThreads(3)).toEqual({ count: 3, reason: null });
    expect(wg.threads()).toEqual({ count: 3, reason: null });
    expect(await wg.setNumThreads(2)).toEqual({ count: 2, reason: null });
    expect(await wg.setNumThreads(1)).toEqual({ count: 1, reason: null });
    expect(runs.taken).toBe(null);
  });

  it.each([0, -1, 1.5, Number.NaN, 257, Number.POSITIVE_INFINITY, "2", null, undefined])("refuses %s", async (n) => {
    const error = await wg.setNumThreads(n as number).catch((reason) => reason);
    expect(error).toBeInstanceOf(wg.ArgumentError);
    expect(error.message).toMatch(/setNumThreads: expected a whole number of threads from 1 to 256, got/);
    expect(wg.threads().count).toBe(1);
  });

  it("carries calls at the same time out one after the other", async () => {
    const found = await Promise.all([2, 1, 3, 2].map((n) => wg.setNumThreads(n)));
    expect(found.map(({ count }) => count)).toEqual([2, 1, 3, 2]);
    expect(wg.threads().count).toBe(2);
  });

  it("keeps tensors, views, gradients and the counters", async () => {
    const before = wg.memory();
    const x = wg.tensor([1, 2, 3, 4], { requiresGrad: true });
    const loss = x.mul(x).sum();
    const { live, peak } = wg.memory();
    await wg.setNumThreads(2);
    expect(runtime.memory?.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(wg.memory()).toMatchObject({ live, peak });
    loss.backward();
    expect(x.grad?.tolist()).toEqual([2, 4, 6, 8]);
    await wg.setNumThreads(1);
    expect(x.tolist()).toEqual([1, 2, 3, 4]);
    for (const each of [x, loss, x.grad as wg.Tensor]) each.dispose();
    wg.scope(() => void wg.rand([8]));
    expect(wg.memory().live).toBeGreaterThanOrEqual(before.live);
    expect(wg.memory().live).toBeLessThan(live + 4096);
  });

  it("empties views of the memory that was left", () => {
    expect(
      program(`
        const x = wg.tensor([1, 2, 3]);
        const view = x.dataView();
        await wg.setNumThreads(2);
        console.log(view.length, [...x.dataView()].join());
      `),
    ).toBe("0 1,2,3\n");
  });

  it("gives back all that workers had", async () => {
    await wg.setNumThreads(2);
    await wg.setNumThreads(1);
    const { live, pooled } = wg.memory();
    for (let i = 0; i < 4; i++) {
      await wg.setNumThreads(2 + i);
      expect(wg.memory().live).toBe(live);
    }
    await wg.setNumThreads(1);
    const now = wg.memory();
    expect(now.live).toBe(live);
    // Memory has grown by what the workers needed at most, and is free again.
    expect(now.pooled).toBeGreaterThanOrEqual(pooled);
    await wg.setNumThreads(5);
    await wg.setNumThreads(1);
    expect(wg.memory()).toEqual(now);
  });

  it("lets memory grow while workers wait", async () => {
    await wg.setNumThreads(2);
    wg.scope(() => {
      const bytes = runtime.memory?.buffer.byteLength as number;
      const large = wg.full([bytes / 4 + 1_000_000], 0.5);
      expect(runtime.memory?.buffer.byteLength).toBeGreaterThan(bytes);
      const parts = large.reshape([-1, 4]).sum({ dim: 1 });
      expect(parts.min().item()).toBe(2);
      expect(parts.max().item()).toBe(2);
    });
  });

  it("may be called while a scope is open", async () => {
    const open = new wg.Scope();
    const x = wg.ones([300, 300]);
    await wg.setNumThreads(2);
    const product = x.matmul(x);
    expect(product.sum().item()).toBe(300 ** 3);
    open.dispose();
    expect([x.isDisposed, product.isDisposed]).toEqual([true, true]);
  });
});

describe("with several threads", () => {
  const losses = (): number[] =>
    wg.scope(() => {
      wg.manualSeed(5);
      const model = new wg.nn.Sequential(new wg.nn.Linear(60, 300), new wg.nn.GELU(), new wg.nn.Linear(300, 10));
      const optimizer = new wg.optim.Adam(model.parameters(), { lr: 0.01 });
      const x = wg.randn([500, 60]);
      const labels = wg.randint(0, 10, [500]);
      return Array.from({ length: 5 }, () =>
        wg.scope(() => {
          optimizer.zeroGrad();
          const loss = wg.F.crossEntropy(model.call(x), labels);
          loss.backward();
          optimizer.step();
          return loss.item() as number;
        }),
      );
    });

  it("trains to the same bits, whatever the number and the grain", async () => {
    const wanted = losses();
    for (const n of [2, 3, 5]) {
      await wg.setNumThreads(n);
      expect(losses()).toEqual(wanted);
      Object.assign(grains, finely);
      expect(losses()).toEqual(wanted);
      Object.assign(grains, usual);
    }
  });

  it("replays captured steps to the same bits", async () => {
    const found = (): number[] =>
      wg.scope(() => {
        wg.manualSeed(5);
        const model = new wg.nn.Sequential(new wg.nn.Linear(60, 300), new wg.nn.Tanh(), new wg.nn.Linear(300, 10));
        const optimizer = new wg.optim.Adam(model.parameters(), { lr: 0.01 });
        const x = wg.randn([500, 60]);
        const labels = wg.randint(0, 10, [500]);
        const step = wg.capture(() => {
          optimizer.zeroGrad();
          const loss = wg.F.crossEntropy(model.call(x), labels);
          loss.backward();
          optimizer.step();
          return loss;
        });
        return Array.from({ length: 6 }, () => step().item() as number);
      });
    const wanted = found();
    await wg.setNumThreads(3);
    expect(found()).toEqual(wanted);
    Object.assign(grains, finely);
    expect(found()).toEqual(wanted);
  });

  it("runs a step on that was captured before", async () => {
    const { step, sums } = wg.scope(() => {
      const x = wg.randn([400, 400]);
      const captured = wg.capture(() => x.matmul(x).tanh().add(1).sum());
      return { step: captured, sums: [wg.keep(x)] };
    });
    const wanted = step().item();
    for (const n of [2, 1, 3]) {
      await wg.setNumThreads(n);
      expect(step().item()).toBe(wanted);
    }
    for (const each of sums) each.dispose();
  });

  it("draws the same random numbers", async () => {
    const drawn = () =>
      wg.scope(() => {
        wg.manualSeed(1);
        return [wg.randn([200_000]), wg.randperm(100_000), wg.poisson(wg.rand([200_000]).mul(20))].map((x) =>
          x.sum({ dtype: "float64" }).item(),
        );
      });
    const wanted = drawn();
    await wg.setNumThreads(2);
    expect(drawn()).toEqual(wanted);
  });

  it("names the first of several faults, as one thread does", async () => {
    await wg.setNumThreads(3);
    const index = wg.arange(0, 400_000, 1, { dtype: "int32" });
    const table = wg.arange(0, 200_000, 1);
    const message = () => {
      try {
        table.gather(0, index);
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
      return "nothing was thrown";
    };
    const found = new Set(Array.from({ length: 20 }, message));
    await wg.setNumThreads(1);
    expect([...found]).toEqual([message()]);
    expect(message()).toMatch(/^ArgumentError: gather: index 200000 is out of bounds/);
    index.dispose();
    table.dispose();
  });

  it("leaves narrow dtypes and kernels on temporaries right", async () => {
    const run = () =>
      wg.scope(() => {
        const x = wg.arange(0, 200_000, 1, { dtype: "int32" }).remainder(120).to("int8");
        return [x.add(x).to("int32").sum().item(), x.to("float16").mul(0.1).to("float32").sum().item()];
      });
    const wanted = run();
    await wg.setNumThreads(2);
    expect(run()).toEqual(wanted);
  });
});

describe("workers", () => {
  it("keep no program running, and none that awaits them stops", () => {
    expect(
      program(`
        const x = wg.ones([400, 400]);
        await wg.setNumThreads(3);
        console.log(wg.threads().count, x.matmul(x).sum().item());
        await wg.setNumThreads(1);
        await wg.setNumThreads(2);
        console.log(wg.threads().count, x.matmul(x).sum().item());
      `),
    ).toBe("3 64000000\n2 64000000\n");
  });

  it("let a program end by process.exit and by an error", () => {
    expect(program(`await wg.setNumThreads(2); console.log("out"); process.exit(0);`)).toBe("out\n");
    expect(() => program(`await wg.setNumThreads(2); throw new TypeError("mine");`)).toThrow(/mine/);
  });

  it("end with the one call that does without them", () => {
    expect(
      program(`
        const { Worker } = await import("node:worker_threads");
        const seen = [];
        process.on("worker", (worker) => worker.on("exit", (code) => seen.push(code)));
        await wg.setNumThreads(3);
        await wg.setNumThreads(1);
        await new Promise((resolve) => setTimeout(resolve, 200));
        console.log(seen.length);
      `),
    ).toBe("2\n");
  });
});

describe("where there can be no threads", () => {
  it("says that a compiled module has no bytes", () => {
    const load = new URL("../../dist/wasm/load.js", import.meta.url).href;
    const artifact = fileURLToPath(new URL("../../dist/wengert.wasm", import.meta.url));
    expect(
      program(`
        const { runtime } = await import(${JSON.stringify(load)});
        runtime.bytes = null;
        console.log((await wg.setNumThreads(2)).reason);
        console.log(wg.threads().count);
        runtime.bytes = () => (${JSON.stringify(artifact)}, new Uint8Array(8));
        console.log((await wg.setNumThreads(2)).reason);
        console.log((await wg.setNumThreads(1)).reason, wg.ones([3]).sum().item());
      `).split("\n"),
    ).toEqual([
      expect.stringMatching(/^the library was loaded from a compiled module/),
      "1",
      expect.stringMatching(/does not import a memory/),
      "null 3",
      "",
    ]);
  });
});

describe("the artifact", () => {
  it("has no global that a move to shared memory forgets", () => {
    // In the binary format a global is a type, 1 where it changes, and an expression that ends with 0x0b.
    const bytes = readFileSync(new URL("../../dist/wengert.wasm", import.meta.url));
    let at = 8;
    const number = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++] as number;
        value += (byte & 127) * 2 ** shift;
        if (byte < 128) return value;
      }
    };
    let changing = 0;
    while (at < bytes.length) {
      const id = bytes[at++];
      const end = number() + at;
      if (id === 6) {
        for (let left = number(); left > 0; left--) {
          at++;
          changing += bytes[at++] as number;
          while (bytes[at++] !== 0x0b);
        }
      }
      at = end;
    }
    // The allocator's six and the scratch arena go along by `suspend` and `resume`; three belong to `parallel`.
    expect(changing).toBe(10);
  });
});
