// NumPy's files: .npy, one array, and .npz, a zip archive of them. Format: numpy/lib/format.py, versions 1 to 3.

import { ArgumentError, DTypeError, FormatError } from "../errors.js";
import { bytesOf, type DType } from "../tensor/dtype.js";
import { contiguousStrides, type Layout } from "../tensor/layout.js";
import { Tensor } from "../tensor/tensor.js";
import { allOrNone, countOf, dtypeNamed, swapped, tensorFrom, withBytes } from "./elements.js";
import { setField } from "./plain.js";
import { type Entry, type Part, writeZip } from "./zip.js";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's names of dtypes. */
const CODES: Readonly<Record<string, string>> = {
  f4: "float32",
  f8: "float64",
  f2: "float16",
  i8: "int64",
  i4: "int32",
  u1: "uint8",
  b1: "bool",
};

/** Whether the bytes start as an .npy file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

interface Header {
  readonly dtype: DType;
  readonly big: boolean;
  readonly layout: Layout;
  readonly start: number;
  readonly size: number;
}

/** Reads the header: a Python dict of three fields, in a fixed form. */
function headerOf(op: string, bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  if (!isNpy(bytes) || bytes.length < 12 || version === undefined || version < 1 || version > 3) {
    throw new FormatError(`${op}: expected an .npy file of version 1 to 3; the file is damaged or of another format`);
  }
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const from = version === 1 ? 10 : 12;
  if (from + length > bytes.length) throw new FormatError(`${op}: the header of the .npy file is cut`);
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(from, from + length));
  const field = (name: string, value: string) =>
    new RegExp(`['"]${name}['"]\\s*:\\s*${value}\\s*[,}]`).exec(text)?.[1] ?? null;
  const code = field("descr", `['"]([^'"]+)['"]`);
  const fortran = field("fortran_order", "(True|False)");
  const sizes = field("shape", "\\(([\\d,\\sL]*)\\)");
  if (!/^\s*\{.*\}\s*$/s.test(text) || fortran === null || sizes === null) {
    throw new FormatError(`${op}: the header of the .npy file is malformed`);
  }
  if (code === null) throw new DTypeError(`${op}: the file holds records, which no tensor can`);
  const known = CODES[code.slice(1)];
  if (known === undefined || !/^[<>|=]/.test(code)) {
    throw new DTypeError(
      `${op}: the file holds elements of NumPy's type ${code}; read are ${Object.keys(CODES).join(", ")}`,
    );
  }
  const shape = sizes
    .split(",")
    .map((size) => size.trim().replace(/L$/, ""))
    .filter((size) => size !== "")
    .map(Number);
  if (shape.length > 64) throw new FormatError(`${op}: the file has ${shape.length} dims; tensors have at most 64`);
  const dtype = dtypeNamed(op, known);
  const size = countOf(op, shape) * bytesOf(dtype);
  const strides =
    fortran === "True"
      ? contiguousStrides([...shape].reverse())
          .slice()
          .reverse()
      : contiguousStrides(shape);
  return { dtype, big: code.startsWith(">"), layout: { shape, strides, offset: 0 }, start: from + length, size };
}

/** The tensor in an .npy file; Fortran's order of dims stays as strides. */
export function readNpy(op: string, bytes: Uint8Array): Tensor {
  const { dtype, big, layout, start, size } = headerOf(op, bytes);
  if (bytes.length - start !== size) {
    throw new FormatError(
      `${op}: expected ${size} bytes for shape [${layout.shape.join(", ")}] of ${dtype}, got ${bytes.length - start}; the file is damaged`,
    );
  }
  const data = bytes.subarray(start);
  return tensorFrom(op, big ? swapped(data, bytesOf(dtype)) : data, dtype, layout);
}

/** Whether an archive holds .npy files and nothing else. */
export function isNpz(entries: ReadonlyMap<string, Entry>): boolean {
  return [...entries.keys()].every((name) => name.endsWith(".npy"));
}

/** The tensors in an .npz archive, by name. */
export function readNpz(op: string, entries: ReadonlyMap<string, Entry>): Record<string, Tensor> {
  if (!isNpz(entries)) throw new FormatError(`${op}: expected an archive of .npy files, got ${[...entries.keys()]}`);
  return allOrNone((made) => {
    const tensors = {};
    for (const [name, entry] of entries) {
      const tensor = readNpy(op, entry.read());
      made.push(tensor);
      setField(tensors, name.slice(0, -".npy".length), tensor);
    }
    return tensors;
  });
}

/** Bytes of an .npy file of version 1.0, row-major. */
export function writeNpy(op: string, x: Tensor): Uint8Array<ArrayBuffer> {
  if (!(x instanceof Tensor)) throw new ArgumentError(`${op}: expected a tensor, got ${typeof x}`);
  const code = Object.keys(CODES).find((each) => CODES[each] === x.dtype);
  if (code === undefined) throw new DTypeError(`${op}: NumPy has no dtype ${x.dtype}; cast it, such as to float32`);
  const shape = x.shape.length === 1 ? `${x.shape[0]},` : x.shape.join(", ");
  const order = bytesOf(x.dtype) === 1 ? "|" : "<";
  const fields = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${shape}), }`;
  const header = `${fields.padEnd(Math.ceil((10 + fields.length + 1) / 64) * 64 - 11)}\n`;
  return withBytes(op, x, (data) => {
    const out = new Uint8Array(10 + header.length + data.length);
    out.set(MAGIC);
    out.set([1, 0, header.length & 255, header.length >> 8], 6);
    out.set(new TextEncoder().encode(header), 10);
    out.set(data, 10 + header.length);
    return out;
  });
}

/** Bytes of an .npz archive of tensors by name, not compressed. */
export function writeNpz(op: string, tensors: Readonly<Record<string, Tensor>>): Uint8Array<ArrayBuffer> {
  const parts: Part[] = Object.entries(tensors).map(([name, x]) => ({ name: `${name}.npy`, data: writeNpy(op, x) }));
  return writeZip(op, parts);
}
