// Files of PyTorch and NumPy, read and written: against what Python wrote into them.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  arange,
  DTypeError,
  FormatError,
  float64,
  int32,
  io,
  load,
  memory,
  OutOfMemoryError,
  rand,
  save,
  scope,
  type Tensor,
  tensor,
  WengertError,
  zeros,
} from "../../src/entries/node.js";
import { writeZip } from "../../src/io/zip.js";

const fixture = (name: string) => new URL(`../fixtures/files/${name}`, import.meta.url);
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(fixture(name)));
type Fields = Record<string, unknown>;
interface Expected {
  readonly shape: number[];
  readonly stride: number[];
  readonly values: number[];
  readonly requiresGrad: boolean;
}
const expected = JSON.parse(readFileSync(fixture("expected.json"), "utf8")) as {
  readonly values: Record<string, Expected>;
  readonly model: Record<string, number[]>;
  readonly exp_avg: number[];
};
const flat = (x: unknown): number[] => Array.from((x as Tensor).detach().contiguous().toTypedArray(), Number);

describe.each(["value.pt", "legacy.pt"])("load of %s", (name) => {
  const value = load(bytesOf(name)) as Fields;

  it("gives numbers, texts and containers", () => {
    const { epoch, big, negative, rate, whole, none, yes, text, tuple, infinite, lr, size, dtype } = value;
    expect({ epoch, big, negative, rate, whole, none, yes, text, tuple, infinite, lr, size, dtype }).toEqual({
      epoch: 7,
      big: 2n ** 70n,
      negative: -300,
      rate: 0.1,
      whole: 2,
      none: null,
      yes: true,
      text: "Grüße",
      tuple: [1, [2, 3]],
      infinite: Number.NEGATIVE_INFINITY,
      lr: [0.01],
      size: [2, 3],
      dtype: "float32",
    });
    expect(value.bytes).toEqual(new Uint8Array([0, 255, 97, 98]));
    expect(value.set).toEqual(new Set([1, 2]));
  });

  it("gives tensors with their values, strides and flags", () => {
    for (const [key, want] of Object.entries(expected.values)) {
      const got = value[key] as Tensor;
      expect([key, got.shape, got.stride(), got.requiresGrad, got.isLeaf, got.isView]).toEqual([
        key,
        want.shape,
        want.stride,
        want.requiresGrad,
        true,
        false,
      ]);
      expect(flat(got)).toEqual(want.values.map(Number));
    }
  });

  it("keeps tensors on one storage together", () => {
    const copy = load(bytesOf(name)) as Record<string, Tensor>;
    copy.base?.fill_(5);
    expect(flat(copy.column)).toEqual([5, 5, 5]);
    expect(flat(copy.transposed)).toEqual(new Array(12).fill(5));
  });

  it("gives state dicts in their order", () => {
    const model = value.model as Record<string, Tensor>;
    expect(Object.keys(model).sort()).toEqual(Object.keys(expected.model).sort());
    for (const [key, want] of Object.entries(expected.model)) expect(flat(model[key])).toEqual(want);
    const state = value.state as Record<string, Record<string, Tensor>>;
    expect(flat(state[0]?.exp_avg)).toEqual(expected.exp_avg);
  });
});

describe("load", () => {
  it("refuses what only code can make, naming it", () => {
    expect(() => load(bytesOf("module.pt"))).toThrow(/torch\.nn\.modules\.container\.Sequential.*state_dict/);
    expect(() => load(bytesOf("script.pt"))).toThrow(/TorchScript/);
    // What a hostile pickle looks like: os.system("true").
    const hostile = "\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03.";
    const pickle = Uint8Array.from(hostile, (letter) => letter.charCodeAt(0));
    const forged = save({});
    const archive = patched(forged, "data.pkl", pickle);
    expect(() => load(archive)).toThrow(/posix\.system/);
  });

  it("reads the counts that a MultiStepLR keeps of its milestones", () => {
    const counter = "\x80\x02ccollections\nCounter\n}(K\x02K\x01K\x04K\x02u\x85R.";
    const pickle = Uint8Array.from(counter, (letter) => letter.charCodeAt(0));
    expect(load(patched(save({}), "data.pkl", pickle))).toEqual({ 2: 1, 4: 2 });
  });

  it("quotes little of a long integer that is refused", () => {
    const digits = Uint8Array.from(`\x80\x02L${"9".repeat(5000)}L\n.`, (letter) => letter.charCodeAt(0));
    expect(() => load(patched(save({}), "data.pkl", digits))).toThrow(/"9{20}" is no integer/);
  });

  it("reads NumPy's files", () => {
    for (const name of ["v1.npy", "v2.npy", "v3.npy"]) {
      expect(String(load(bytesOf(name)))).toBe("tensor([[1.5000, 2.0000],\n        [3.0000, 4.0000]])");
    }
    for (const name of ["stored.npz", "packed.npz"]) {
      const arrays = load(bytesOf(name)) as Record<string, Tensor>;
      expect(Object.keys(arrays)).toEqual(["f4", "fortran", "big", "flags", "scalar", "none"]);
      expect([arrays.fortran?.tolist(), arrays.fortran?.stride()]).toEqual([
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
        [1, 2],
      ]);
      expect([arrays.big?.tolist(), arrays.big?.dtype]).toEqual([[1, -2, 3], "int32"]);
      expect([arrays.flags?.tolist(), arrays.scalar?.item(), arrays.none?.shape]).toEqual([[true, false], 2.5, [0, 2]]);
    }
    expect(() => load(bytesOf("records.npy"))).toThrow(DTypeError);
    expect(() => load(bytesOf("complex.npy"))).toThrow(DTypeError);
  });

  it("says what it expected of other bytes", async () => {
    for (const bytes of [new Uint8Array(0), new TextEncoder().encode("hello, this is no file"), new Uint8Array(64)]) {
      expect(() => load(bytes)).toThrow(FormatError);
    }
    await expect(load(null as never)).rejects.toThrow(ArgumentError);
  });
});

/** The archive with the contents of one entry replaced, by writing it anew with other bytes of the same name. */
function patched(archive: Uint8Array, suffix: string, contents: Uint8Array): Uint8Array {
  const names = ["archive/data.pkl", "archive/version"];
  const parts = names.map((name) => ({ name, data: name.endsWith(suffix) ? contents : new Uint8Array([51, 10]) }));
  expect(archive.length).toBeGreaterThan(0);
  return writeZip("test", parts);
}

describe("save", () => {
  const value = () => ({
    step: 3,
    rate: 0.1,
    list: [1, null, "é", true, 2 ** 40, -0],
    bytes: new Uint8Array([0, 200]),
    tensors: {
      a: tensor([[1, 2]]),
      b: arange(3, { dtype: int32 }),
      c: tensor([true]),
      d: tensor(1.5, { dtype: float64 }),
    },
    map: new Map<unknown, unknown>([[1, "one"]]),
  });

  it("gives what load reads back", () => {
    const back = load(save(value())) as ReturnType<typeof value> & { map: Record<string, unknown> };
    const { tensors, map, ...rest } = back;
    const { tensors: before, map: _, ...plain } = value();
    expect(rest).toEqual(plain);
    expect(map).toEqual({ 1: "one" });
    for (const [name, x] of Object.entries(before)) {
      const got = (tensors as Record<string, Tensor>)[name] as Tensor;
      expect([got.dtype, got.tolist()]).toEqual([x.dtype, x.tolist()]);
    }
  });

  it("keeps strides, shared storages, shared objects, cycles and requiresGrad", () => {
    const base = rand([3, 4]);
    const shared = [1];
    const cyclic: Fields = { base, t: base.t(), row: base.select(0, 1), again: base, shared, twice: shared };
    cyclic.self = cyclic;
    const back = load(save(cyclic)) as Record<string, Tensor> & { self: unknown; twice: unknown; shared: unknown };
    expect(back.again).toBe(back.base);
    expect(back.self).toBe(back);
    expect(back.twice).toBe(back.shared);
    expect(back.t.stride()).toEqual([1, 4]);
    back.base?.zero_();
    expect(flat(back.row)).toEqual([0, 0, 0, 0]);
    const leaf = load(save(zeros([2], { requiresGrad: true }))) as Tensor;
    expect([leaf.requiresGrad, leaf.isLeaf]).toEqual([true, true]);
  });

  it("gives the same bytes for the same value", () => {
    const one = { x: tensor([1, 2]), n: 3 };
    expect(save(one)).toEqual(save(one));
  });

  it("refuses functions and objects of classes, naming where", () => {
    class Thing {}
    expect(() => save({ a: [() => 1] })).toThrow(/function in the value\.a\[0\]/);
    expect(() => save({ a: { b: new Thing() } })).toThrow(/Thing in the value\.a\.b.*stateDict/);
    const gone = zeros([1]);
    gone.dispose();
    expect(() => save(gone)).toThrow(/disposed/);
  });

  it("takes odd names as they are", () => {
    const odd = JSON.parse('{"__proto__": 1, "constructor": 2, "": 3}');
    expect(Object.entries(load(save(odd)) as object)).toEqual(Object.entries(odd));
  });
});

describe("safetensors", () => {
  const tensors = () => ({
    b: tensor([[1, 2, 3]]).t(),
    a: tensor([true, false]),
    wide: tensor([0.1], { dtype: float64 }),
    ints: tensor([-5], { dtype: int32 }),
    none: zeros([0, 2]),
    scalar: tensor(7),
  });
  const written = (header: string, data = new Uint8Array(0)): Uint8Array => {
    const text = new TextEncoder().encode(header);
    const out = new Uint8Array(8 + text.length + data.length);
    new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
    out.set(text, 8);
    out.set(data, 8 + text.length);
    return out;
  };

  it("goes both ways", () => {
    const bytes = io.saveSafetensors(tensors(), { metadata: { format: "pt" } });
    const back = io.loadSafetensors(bytes);
    expect(Object.keys(back).sort()).toEqual(Object.keys(tensors()).sort());
    for (const [name, x] of Object.entries(tensors())) {
      expect([name, back[name]?.dtype, back[name]?.tolist()]).toEqual([name, x.dtype, x.tolist()]);
    }
    expect(Object.keys(load(bytes) as object)).toEqual(Object.keys(back));
  });

  it("reads the format's own example byte for byte", () => {
    const data = new Uint8Array(new Float32Array([1, -2]).buffer);
    const file = written('{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"k":"v"}}', data);
    expect(io.loadSafetensors(file).x?.tolist()).toEqual([1, -2]);
  });

  const entry = (name: string, from: number, to: number) =>
    `"${name}":{"dtype":"F32","shape":[${(to - from) / 4}],"data_offsets":[${from},${to}]}`;
  it.each([
    ["a name twice", `{${entry("x", 0, 4)},${entry("x", 4, 8)}}`, 8],
    ["a name twice by an escape", `{${entry("x", 0, 4)},${entry("\\u0078", 4, 8)}}`, 8],
    ["a hole", `{${entry("x", 0, 4)},${entry("y", 8, 12)}}`, 12],
    ["an overlap", `{${entry("x", 0, 8)},${entry("y", 4, 12)}}`, 12],
    ["bytes left over", `{${entry("x", 0, 4)}}`, 8],
    ["too few bytes", `{${entry("x", 0, 4)}}`, 3],
    ["blanks first", ` {${entry("x", 0, 4)}}`, 4],
    ["no object", "[1]", 0],
    ["sizes that do not fit", '{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', 8],
    ["negative sizes", '{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}', 0],
    ["huge sizes", '{"x":{"dtype":"F32","shape":[4503599627370496,4503599627370496],"data_offsets":[0,8]}}', 8],
    ["unknown fields", '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}', 4],
    ["metadata that is no text", '{"__metadata__":{"a":1}}', 0],
  ])("refuses %s", (_, header, bytes) => {
    expect(() => io.loadSafetensors(written(header, new Uint8Array(bytes)))).toThrow(FormatError);
  });

  it("says that a view of more elements than memory holds cannot be written", () => {
    const wide = zeros([1]).expand([1e6, 1e7]);
    expect(() => io.saveSafetensors({ wide })).toThrow(OutOfMemoryError);
  });

  it("refuses a header longer than the file before anything is read", () => {
    const file = written("{}");
    new DataView(file.buffer).setBigUint64(0, 2n ** 62n, true);
    expect(() => io.loadSafetensors(file)).toThrow(FormatError);
  });

  it("names a dtype that no tensor can have", () => {
    const file = written('{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', new Uint8Array(1));
    expect(() => io.loadSafetensors(file)).toThrow(DTypeError);
  });

  describe("opened", () => {
    const folder = mkdtempSync(join(tmpdir(), "wengert-"));
    const path = join(folder, "x.safetensors");
    const bytes = io.saveSafetensors({ m: arange(12, { dtype: float64 }).reshape([4, 3]), v: tensor([1, 2]) });
    const ranges: string[] = [];
    let whole = false;
    const server = createServer((request, response) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      if (range === null || whole) {
        response.end(bytes);
        return;
      }
      ranges.push(range[0]);
      const [from, to] = [Number(range[1]), Number(range[2])];
      response.writeHead(206, { "content-range": `bytes ${from}-${to}/${bytes.length}` });
      response.end(bytes.subarray(from, to + 1));
    });
    let url = "";
    beforeAll(async () => {
      writeFileSync(path, bytes);
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.safetensors`;
    });
    afterAll(() => {
      server.close();
      rmSync(folder, { recursive: true });
    });

    it.each(["bytes", "a Blob", "a path", "a file URL", "a URL with ranges", "a URL without"])(
      "from %s",
      async (kind) => {
        whole = kind === "a URL without";
        const from = {
          bytes,
          "a Blob": new Blob([bytes]),
          "a path": path,
          "a file URL": pathToFileURL(path),
          "a URL with ranges": url,
          "a URL without": new URL(url),
        }[kind];
        const file = await io.openSafetensors(from as string);
        expect(file.keys()).toEqual(["m", "v"]);
        expect(file.info("m")).toEqual({ shape: [4, 3], dtype: "float64" });
        expect((await file.get("v")).tolist()).toEqual([1, 2]);
        expect((await file.getRows("m", 1, 3)).tolist()).toEqual([
          [3, 4, 5],
          [6, 7, 8],
        ]);
        await expect(file.get("w")).rejects.toThrow(/no tensor "w"; it has m, v/);
        await expect(file.getRows("m", 3, 5)).rejects.toThrow(ArgumentError);
        await file.close();
        const all = (await load(from as string)) as Record<string, Tensor>;
        expect(all.v?.tolist()).toEqual([1, 2]);
      },
    );

    it("asks a server for no more than it needs", () => {
      const most = ranges.map((range) => /(\d+)-(\d+)/.exec(range) as RegExpExecArray);
      expect(most.length).toBeGreaterThan(3);
      const rows = most.map(([, from, to]) => Number(to) - Number(from) + 1);
      expect(rows).toContain(48); // two rows of three float64
    });

    it("says what cannot be opened", async () => {
      await expect(load(join(folder, "absent"))).rejects.toThrow(/cannot open .*absent/);
      await expect(load("http://127.0.0.1:9/x")).rejects.toThrow(/cannot fetch/);
    });
  });
});

describe("npy and npz", () => {
  it("go both ways", () => {
    const x = rand([2, 3]).t();
    expect(io.loadNpy(io.saveNpy(x)).tolist()).toEqual(x.tolist());
    const back = io.loadNpz(io.saveNpz({ x, "a/b": tensor([true]), s: tensor(1) }));
    expect([back.x?.tolist(), back["a/b"]?.tolist(), back.s?.item()]).toEqual([x.tolist(), [true], 1]);
  });

  it("writes the bytes that NumPy writes", () => {
    const x = tensor([
      [1.5, 2],
      [3, 4],
    ]);
    // NumPy leaves room for the number of rows to grow; the fields and the data are the same.
    const ours = io.saveNpy(x);
    const theirs = bytesOf("v1.npy");
    const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes.subarray(10, -17)).trimEnd();
    expect(text(ours)).toBe(text(theirs));
    expect(ours.slice(-16)).toEqual(theirs.slice(-16));
    expect(ours.length % 64).toBe(16);
  });
});

describe("damaged files", () => {
  const files: [string, Uint8Array][] = ["value.pt", "legacy.pt", "stored.npz", "packed.npz", "v1.npy"].map((name) => [
    name,
    bytesOf(name),
  ]);
  files.push(["safetensors", io.saveSafetensors({ x: rand([3, 3]), y: tensor([1], { dtype: int32 }) })]);
  const live = () => memory().live;
  const readable = (bytes: Uint8Array): boolean => {
    try {
      scope(() => void load(bytes));
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(WengertError);
      return false;
    }
  };

  it.each(files)("%s: cut anywhere it is refused, and nothing is left", (_, bytes) => {
    const before = live();
    for (let length = 0; length < bytes.length; length += Math.max(1, Math.floor(bytes.length / 400))) {
      expect(readable(bytes.slice(0, length))).toBe(false);
    }
    expect(live()).toBe(before);
  });

  it.each(files)("%s: with bytes changed it is read or refused, never anything else", (_, bytes) => {
    const before = live();
    let seed = 1;
    const next = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    for (let round = 0; round < 400; round++) {
      const changed = bytes.slice();
      for (let n = 0; n <= next(3); n++) changed[next(changed.length)] = next(256);
      readable(changed);
    }
    expect(live()).toBe(before);
  });

  it("an archive with a flipped bit in a tensor's bytes is refused by its checksum", () => {
    const bytes = save({ x: rand([64]) });
    const changed = bytes.slice();
    const at = bytes.length - 400;
    changed[at] = (changed[at] as number) ^ 1;
    expect(() => load(changed)).toThrow(/checksum/);
  });

  it("a failed load leaves no bytes", () => {
    const bytes = scope(() => io.saveSafetensors({ a: rand([1000]), b: tensor([true]) }));
    const before = live();
    bytes[bytes.length - 1] = 7; // no boolean
    expect(() => load(bytes)).toThrow(FormatError);
    expect(live()).toBe(before);
  });
});
