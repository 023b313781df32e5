// PyTorch's files (.pt, .pth): read without running code, written so that `torch.load` takes them.
//
// Formats: torch/serialization.py and caffe2/serialize/inline_container.cc. Since 1.6 a zip archive of a pickle
// (data.pkl) and one file for each storage (data/<key>); before that a row of pickles, and then the storages.

import { requiresGrad, requiresGrad_ } from "../autograd/properties.js";
import { ArgumentError, FormatError } from "../errors.js";
import { bytesOf, type DType, isFloat } from "../tensor/dtype.js";
import type { Storage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { views } from "../wasm/memory.js";
import { allOrNone, countOf, dtypeNamed, storageFrom, swapped } from "./elements.js";
import { NO_HOOKS, Persistent, Pickler, type TensorPickle, Tuple } from "./pickle.js";
import { Global } from "./plain.js";
import { UNKNOWN, Unpickler } from "./unpickle.js";
import { type Entry, type Part, writeZip } from "./zip.js";

/** The classes of PyTorch's storages by dtype. */
const STORAGES: readonly (readonly [storage: string, dtype: string])[] = [
  ["DoubleStorage", "float64"],
  ["FloatStorage", "float32"],
  ["HalfStorage", "float16"],
  ["BFloat16Storage", "bfloat16"],
  ["LongStorage", "int64"],
  ["IntStorage", "int32"],
  ["ShortStorage", "int16"],
  ["CharStorage", "int8"],
  ["ByteStorage", "uint8"],
  ["BoolStorage", "bool"],
  ["ComplexFloatStorage", "complex64"],
  ["ComplexDoubleStorage", "complex128"],
];

/** A storage that a pickle refers to: what it holds, and, once a tensor asks for it, where. */
class Stored {
  readonly key: string;
  readonly dtype: string;
  readonly count: number;
  /** Elements before the first: views of storages in old files. */
  readonly offset: number;
  storage: Storage | null = null;
  constructor(key: string, dtype: string, count: number, offset: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
    this.offset = offset;
  }
}

/** A tensor before its storage is read; old files keep storages behind the pickle. */
interface Pending {
  readonly stored: Stored;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly requiresGrad: boolean;
}

/** Reads the values of a pickle whose tensors `tensor` makes. */
class Reader {
  private readonly op: string;
  private readonly tensor: (pending: Pending) => unknown;
  readonly stored = new Map<string, Stored>();

  constructor(op: string, tensor: (pending: Pending) => unknown) {
    this.op = op;
    this.tensor = tensor;
  }

  wrong(what: string): FormatError {
    return new FormatError(`${this.op}: ${what}; the file is damaged or forged`);
  }

  readonly names = {
    persistent: (id: unknown): Stored => {
      if (!Array.isArray(id) || id[0] !== "storage" || !(id[1] instanceof Global) || typeof id[2] !== "string") {
        throw this.wrong("a storage's place is malformed");
      }
      const [, kind, key, , count, view] = id as [string, Global, string, unknown, unknown, unknown];
      const known = STORAGES.find(([name]) => name === kind.name && kind.module === "torch");
      const dtype = kind.name === "UntypedStorage" ? "bytes" : known?.[1];
      if (dtype === undefined)
        throw new FormatError(`${this.op}: the file holds a ${kind.module}.${kind.name}, which is not read`);
      let offset = 0;
      if (Array.isArray(view)) {
        offset = Number(view[1]);
        countOf(this.op, [offset]);
      }
      countOf(this.op, [count]);
      const before = this.stored.get(key);
      if (before !== undefined && before.offset === offset) {
        if (before.dtype !== dtype || before.count !== count) throw this.wrong(`storage ${key} has two sizes`);
        return before;
      }
      const stored = new Stored(key, dtype, count as number, offset);
      this.stored.set(key, stored);
      return stored;
    },
    call: ({ module, name }: Global, args: readonly unknown[]): unknown => {
      switch (`${module}.${name}`) {
        case "torch._utils._rebuild_tensor_v2":
        case "torch._utils._rebuild_tensor":
          return this.rebuild(args[0], args[1], args[2], args[3], args[4] === true);
        case "torch._utils._rebuild_tensor_v3": {
          const dtype = args[6];
          if (!(args[0] instanceof Stored) || !(dtype instanceof Global)) throw this.wrong("a tensor is malformed");
          const size = bytesOf(dtypeNamed(this.op, dtype.name));
          const { key, count, offset } = args[0];
          const typed = new Stored(key, dtype.name, Math.floor(count / size), offset);
          return this.rebuild(typed, args[1], args[2], args[3], args[4] === true);
        }
        case "torch._utils._rebuild_parameter":
        case "torch._utils._rebuild_parameter_with_state":
          if (args[0] instanceof Tensor && args[1] === true && isFloat(args[0].dtype)) requiresGrad_(args[0]);
          return args[0];
        case "collections.OrderedDict":
        case "collections.Counter":
        case "builtins.dict":
          return new Map(args.length > 0 ? this.pairs(args[0]) : []);
        case "builtins.set":
        case "__builtin__.set":
        case "builtins.frozenset":
          return new Set(args.length > 0 ? this.list(args[0]) : []);
        case "torch.Size":
          return [...this.list(args[0])];
        case "torch.device":
          return args.join(":");
        case "_codecs.encode":
          if (typeof args[0] !== "string" || args[1] !== "latin1") throw this.wrong("bytes are malformed");
          return Uint8Array.from(args[0], (letter) => letter.charCodeAt(0));
        default:
          return UNKNOWN;
      }
    },
  };

  private list(value: unknown): unknown[] {
    if (Array.isArray(value)) return value;
    throw this.wrong("a list was expected");
  }

  private pairs(value: unknown): [unknown, unknown][] {
    const pairs = value instanceof Map ? [...value] : this.list(value);
    if (pairs.some((pair) => !Array.isArray(pair) || pair.length !== 2)) throw this.wrong("pairs were expected");
    return pairs as [unknown, unknown][];
  }

  private rebuild(stored: unknown, offset: unknown, shape: unknown, strides: unknown, requires: boolean): unknown {
    if (!(stored instanceof Stored) || !Array.isArray(shape) || !Array.isArray(strides)) {
      throw this.wrong("a tensor is malformed");
    }
    const count = countOf(this.op, shape);
    countOf(this.op, [offset]);
    for (const stride of strides) countOf(this.op, [stride]);
    const last = shape.reduce((sum: number, size: number, d) => sum + (size - 1) * (strides[d] as number), 0);
    if (shape.length !== strides.length || shape.length > 64)
      throw this.wrong("a tensor's strides do not fit its shape");
    if (count > 0 && stored.offset + (offset as number) + last >= stored.count)
      throw this.wrong("a tensor reaches past its storage");
    return this.tensor({ stored, shape, strides, offset: offset as number, requiresGrad: requires });
  }
}

/** Makes tensors on shared storages, each storage filled by the first that asks for it. */
class Maker {
  private readonly op: string;
  private readonly made: Tensor[];
  private readonly contents: (stored: Stored, bytes: number) => Uint8Array;
  private readonly storages = new Map<string, { readonly storage: Storage; readonly dtype: DType }>();

  constructor(op: string, made: Tensor[], contents: (stored: Stored, bytes: number) => Uint8Array) {
    this.op = op;
    this.made = made;
    this.contents = contents;
  }

  tensor({ stored, shape, strides, offset, requiresGrad: requires }: Pending): Tensor {
    const dtype = dtypeNamed(this.op, stored.dtype);
    const layout = { shape, strides, offset: offset + stored.offset };
    const { key } = stored;
    const before = this.storages.get(key);
    if (before !== undefined && before.dtype !== dtype) {
      throw new FormatError(
        `${this.op}: storage ${key} is of two dtypes, ${before.dtype} and ${dtype}; that is not read`,
      );
    }
    let storage = before?.storage;
    if (storage === undefined) {
      storage = storageFrom(this.op, this.contents(stored, stored.count * bytesOf(dtype)), dtype);
      this.storages.set(key, { storage, dtype });
    } else storage.hold();
    const tensor = new Tensor(storage, layout, dtype);
    this.made.push(tensor);
    return requires && isFloat(dtype) ? requiresGrad_(tensor) : tensor;
  }
}

/** The value in an archive of PyTorch 1.6 or later. */
export function readArchive(op: string, entries: ReadonlyMap<string, Entry>): unknown {
  const pickles = [...entries.keys()].filter((name) => /(^|\/)data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw new FormatError(`${op}: expected one data.pkl in the archive, got ${pickles.length}`);
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw new FormatError(
      `${op}: the file is a TorchScript module, which holds code; save its state_dict() with torch.save`,
    );
  }
  const order = entries.get(`${folder}byteorder`);
  const big = order !== undefined && new TextDecoder().decode(order.read()).trim() === "big";
  return allOrNone((made) => {
    const maker: Maker = new Maker(op, made, ({ key }, bytes) => {
      const entry = entries.get(`${folder}data/${key}`);
      if (entry === undefined || entry.size !== bytes) {
        throw reader.wrong(`storage ${key} has ${entry?.size ?? "no"} bytes where ${bytes} were expected`);
      }
      const data = entry.read();
      return big ? swapped(data, bytesOf(dtypeNamed(op, (reader.stored.get(key) as Stored).dtype))) : data;
    });
    const reader: Reader = new Reader(op, (pending) => maker.tensor(pending));
    return new Unpickler(op, (entries.get(pickle) as Entry).read(), 0, reader.names).read();
  });
}

/** The number that files of PyTorch before 1.6 start with, as a pickled integer. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** Whether the bytes are a file of PyTorch before 1.6. */
export function isLegacy(bytes: Uint8Array): boolean {
  const start = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
  return start.every((byte, i) => bytes[i] === byte);
}

/** The value in a file of PyTorch before 1.6: pickles of a number, the version, the machine, the value, the keys. */
export function readLegacy(op: string, bytes: Uint8Array): unknown {
  let at = 0;
  const next = (reader: Reader): unknown => {
    const unpickler = new Unpickler(op, bytes, at, reader.names);
    const value = unpickler.read();
    at = unpickler.at;
    return value;
  };
  const nothing = new Reader(op, () => null);
  if (next(nothing) !== MAGIC || next(nothing) !== PROTOCOL) throw nothing.wrong("its first numbers are others");
  const machine = next(nothing) as { readonly little_endian?: unknown } | null;
  const big = machine?.little_endian === false;
  // Storages come last, so the value is read twice: first for what it refers to, then for the tensors.
  const from = at;
  const survey = new Reader(op, () => ({}));
  next(survey);
  const keys = next(nothing);
  if (!Array.isArray(keys)) throw nothing.wrong("its list of storages is missing");
  const data = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const stored = survey.stored.get(key);
    if (stored === undefined || data.has(key)) throw nothing.wrong(`storage ${String(key)} belongs to nothing`);
    const size = bytesOf(dtypeNamed(op, stored.dtype));
    if (at + 8 > bytes.length) throw nothing.wrong("it is cut within its storages");
    const count = Number(view.getBigUint64(at, !big));
    if (count !== stored.count || at + 8 + count * size > bytes.length) {
      throw nothing.wrong(`storage ${key} has ${count} elements where ${stored.count} were expected, or is cut`);
    }
    const raw = bytes.subarray(at + 8, at + 8 + count * size);
    data.set(key, big ? swapped(raw, size) : raw);
    at += 8 + count * size;
  }
  if (at !== bytes.length) throw nothing.wrong(`${bytes.length - at} bytes are left over`);
  return allOrNone((made) => {
    const maker = new Maker(op, made, ({ key }) => {
      const contents = data.get(key);
      if (contents === undefined) throw nothing.wrong(`storage ${key} is missing`);
      return contents;
    });
    return new Unpickler(op, bytes, from, new Reader(op, (pending) => maker.tensor(pending)).names).read();
  });
}

/** Bytes of a file that `torch.load` reads, with its restricted reader too. */
export function writeArchive(op: string, value: unknown): Uint8Array<ArrayBuffer> {
  // By address, since `x.data` has a storage of its own over the same memory.
  const storages = new Map<number, { readonly key: string; readonly storage: Storage }>();
  const pickled = (x: Tensor): TensorPickle => {
    x.check(op);
    const name = STORAGES.find(([, dtype]) => dtype === x.dtype);
    if (name === undefined) throw new ArgumentError(`${op}: PyTorch has no storage of dtype ${x.dtype}`);
    let known = storages.get(x.storage.address);
    if (known === undefined) {
      known = { key: String(storages.size), storage: x.storage };
      storages.set(x.storage.address, known);
    }
    const { shape, strides, offset } = x.layout;
    const count = x.storage.bytes / bytesOf(x.dtype);
    const storage = new Persistent(["storage", new Global("torch", name[0]), known.key, "cpu", count]);
    return {
      rebuild: ["torch._utils", "_rebuild_tensor_v2"],
      args: [storage, offset, new Tuple(shape), new Tuple(strides), requiresGrad(x), NO_HOOKS],
    };
  };
  const pickle = new Pickler(op, pickled).write(value);
  const encoder = new TextEncoder();
  const parts: Part[] = [
    { name: "archive/data.pkl", data: pickle },
    { name: "archive/byteorder", data: encoder.encode("little") },
  ];
  for (const { key, storage } of storages.values()) {
    parts.push({
      name: `archive/data/${key}`,
      data: views.u8.subarray(storage.address, storage.address + storage.bytes),
    });
  }
  parts.push({ name: "archive/version", data: encoder.encode("3\n") });
  return writeZip(op, parts);
}
