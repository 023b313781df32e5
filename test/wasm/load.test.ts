// Loading the artifact: once, from a module, bytes or an address, with errors of our own.
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const bytes = readFileSync(new URL("../../dist/wengert.wasm", import.meta.url));
const module = new WebAssembly.Module(bytes);
const nothing = () => ({});

type Load = typeof import("../../src/wasm/load.js");
type Errors = typeof import("../../src/errors.js");
let wasm: Load;
let errors: Errors;

beforeEach(async () => {
  vi.resetModules();
  wasm = await import("../../src/wasm/load.js");
  errors = await import("../../src/errors.js");
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** The error that a promise ends in. */
async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error("nothing was thrown")),
    (error) => error as Error,
  );
}

describe("install", () => {
  test("publishes exports and memory, and the second time does nothing", () => {
    wasm.install(module);
    const { exports, memory } = wasm.runtime;
    expect(exports?.liveBytes()).toBe(0);
    expect(memory?.buffer.byteLength).toBeGreaterThanOrEqual(64 * 65536);
    wasm.install(module);
    expect(wasm.runtime.exports).toBe(exports);
  });

  test("tells who waits for it, at once where it is done", () => {
    const action = vi.fn();
    wasm.onInstall(action);
    expect(action).not.toHaveBeenCalled();
    wasm.install(module);
    wasm.onInstall(action);
    expect(action).toHaveBeenCalledTimes(2);
  });

  test("takes a lower limit where the engine refuses 4 GiB", () => {
    const Memory = WebAssembly.Memory;
    const limits: (number | undefined)[] = [];
    vi.stubGlobal("WebAssembly", {
      ...Object.fromEntries(
        Object.getOwnPropertyNames(WebAssembly).map((name) => [name, Reflect.get(WebAssembly, name)]),
      ),
      Memory: class extends Memory {
        constructor(descriptor: WebAssembly.MemoryDescriptor) {
          limits.push(descriptor.maximum);
          if ((descriptor.maximum as number) > 16384) throw new RangeError("no");
          super(descriptor);
        }
      },
    });
    wasm.install(module);
    expect(limits).toEqual([65536, 32768, 16384]);
    expect(wasm.runtime.exports?.liveBytes()).toBe(0);
  });

  test("says so when the engine gives no memory at all", () => {
    vi.spyOn(WebAssembly, "Memory").mockImplementation(function refuse() {
      throw new RangeError("no room");
    });
    expect(() => wasm.install(module)).toThrow(errors.OutOfMemoryError);
    expect(() => wasm.install(module)).toThrow("no room");
  });
});

describe("attempt", () => {
  test("keeps the failure for whoever asks next", async () => {
    wasm.attempt(() => {
      throw new Error("no file");
    });
    expect(wasm.notLoaded("add")).toBe(
      "add: wengert is not loaded yet (loading while importing failed: no file); call `await init()` once before the first operation",
    );
    const error = await failure(wasm.load(undefined, nothing));
    expect(error).toBeInstanceOf(errors.WengertError);
    expect(error.message).toContain("no file");
    await wasm.load({ bytes }, nothing);
    expect(wasm.runtime.exports?.liveBytes()).toBe(0);
    expect(wasm.notLoaded("add")).not.toContain("no file");
  });
});

describe("load", () => {
  test.each<[string, unknown, RegExp]>([
    ["an unknown option", { adress: "x" }, /unknown option "adress"; known are module, url and bytes/],
    ["two sources", { module, bytes }, /one of module, url and bytes, not several/],
    ["no object", "x", /expected an object of options, got String/],
    ["null", null, /got Null/],
    ["a module that is none", { module: {} }, /module must be a WebAssembly\.Module, got Object/],
    ["bytes that are none", { bytes: [0, 97] }, /bytes must be an ArrayBuffer or a view of one, got Array/],
    ["an address that is none", { url: 7 }, /url must be a string or a URL, got Number/],
    ["no module", { module: null }, /module must be a WebAssembly\.Module, got Null/],
    ["an empty module", { module: 0 }, /module must be a WebAssembly\.Module, got Number/],
    ["empty bytes", { bytes: false }, /bytes must be an ArrayBuffer or a view of one, got Boolean/],
  ])("refuses %s, also when loaded", async (_, options, message) => {
    for (const round of [1, 2]) {
      const error = await failure(wasm.load(options as never, nothing));
      expect(error).toBeInstanceOf(errors.ArgumentError);
      expect(error.message).toMatch(message);
      if (round === 1) wasm.install(module);
    }
  });

  test.each([
    ["a module", { module }],
    ["bytes", { bytes }],
    ["a buffer", { bytes: new Uint8Array(bytes).buffer }],
  ])("takes %s", async (_, options) => {
    await wasm.load(options, nothing);
    expect(wasm.runtime.exports?.liveBytes()).toBe(0);
  });

  test("takes the preset when nothing is named", async () => {
    for (const options of [undefined, {}, { url: undefined }]) await wasm.load(options, () => ({ module }));
    expect(wasm.runtime.exports?.liveBytes()).toBe(0);
  });

  test("loads once however often it is called", async () => {
    const preset = vi.fn(() => ({ bytes }));
    await Promise.all([wasm.load(undefined, preset), wasm.load(undefined, preset), wasm.load({ bytes }, preset)]);
    const { exports } = wasm.runtime;
    await wasm.load(undefined, preset);
    expect(preset).toHaveBeenCalledTimes(1);
    expect(wasm.runtime.exports).toBe(exports);
  });

  test("can be tried again after it failed", async () => {
    const error = await failure(wasm.load({ bytes: new Uint8Array(8) }, nothing));
    expect(error).toBeInstanceOf(errors.WengertError);
    expect(error.cause).toBeInstanceOf(WebAssembly.CompileError);
    await wasm.load({ bytes }, nothing);
    expect(wasm.runtime.exports?.liveBytes()).toBe(0);
  });

  test.each(["application/wasm", "application/octet-stream"])("fetches what is served as %s", async (type) => {
    const streaming = vi.spyOn(WebAssembly, "instantiateStreaming");
    vi.stubGlobal("fetch", async () => new Response(bytes, { headers: { "content-type": type } }));
    await wasm.load({ url: "http://localhost/wengert.wasm" }, nothing);
    expect(wasm.runtime.exports?.liveBytes()).toBe(0);
    expect(streaming).toHaveBeenCalledTimes(type === "application/wasm" ? 1 : 0);
  });

  test("names an address that has nothing", async () => {
    vi.stubGlobal("fetch", async () => new Response("not found", { status: 404 }));
    const error = await failure(wasm.load({ url: new URL("http://localhost/w.wasm") }, nothing));
    expect(error).toBeInstanceOf(errors.WengertError);
    expect(error.message).toMatch(/http:\/\/localhost\/w\.wasm answered 404/);
  });
});
