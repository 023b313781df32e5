// Safetensors: a header in JSON that says where each tensor's bytes are, and the bytes.
//
// Format: the README of huggingface/safetensors. A file is refused unless its tensors fill it without gaps or overlaps.

import { ArgumentError, DTypeError, FormatError, OutOfMemoryError } from "../errors.js";
import { bytesOf, type DType } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { allOrNone, contiguousFrom, countOf, dtypeNamed, isDtype, withBytes } from "./elements.js";
import { setField } from "./plain.js";
import type { Source } from "./source.js";

/** The format's names of dtypes. */
const CODES: Readonly<Record<string, string>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};

/** Bytes of an element of dtypes that the format has and tensors have not. */
const FOREIGN: Readonly<Record<string, number>> = { U64: 8, U32: 4, U16: 2, C64: 8, F8_E4M3: 1, F8_E5M2: 1 };

/** Bytes of the largest header that the format allows. */
const LARGEST_HEADER = 100_000_000;

/** One tensor in a file. */
export interface TensorInfo {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Bytes from the end of the header. */
  readonly start: number;
  readonly end: number;
}

/** What a header says. */
export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Bytes before the first tensor. */
  readonly start: number;
}

const malformed = (op: string, what: string): FormatError =>
  new FormatError(`${op}: expected a safetensors file, but ${what}; the file is damaged, cut, or forged`);

/** Bytes of the header, by the first eight bytes of a file. */
export function headerLength(op: string, first: Uint8Array, fileSize: number): number {
  if (first.length < 8) throw malformed(op, "it has no header");
  const view = new DataView(first.buffer, first.byteOffset, 8);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > LARGEST_HEADER || length < 2 || 8 + length > fileSize) {
    throw malformed(op, `its header has ${length} bytes in a file of ${fileSize}`);
  }
  return length;
}

/** Refuses an object that names a field twice, of which `JSON.parse` would keep the last. */
function refuseDuplicates(op: string, text: string): void {
  const open: (Set<string> | null)[] = [];
  // Strings, and the brackets around them; a string before a colon is a name.
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token.endsWith(":")) {
      const name = JSON.parse(token.slice(0, -1).trimEnd()) as string;
      const names = open.at(-1);
      if (names?.has(name)) throw malformed(op, `its header has "${name}" twice`);
      names?.add(name);
    }
  }
}

function infoOf(op: string, name: string, value: unknown): TensorInfo {
  const wrong = () => malformed(op, `the entry of "${name}" is malformed`);
  if (value === null || typeof value !== "object") throw wrong();
  const { dtype: code, shape, data_offsets: offsets, ...rest } = value as Record<string, unknown>;
  if (typeof code !== "string" || !Array.isArray(shape) || !Array.isArray(offsets)) throw wrong();
  if (Object.keys(rest).length > 0 || offsets.length !== 2 || shape.length > 64) throw wrong();
  const [start, end] = offsets as [number, number];
  countOf(op, [start, end]);
  const count = countOf(op, shape);
  const dtype = Object.hasOwn(CODES, code) ? (CODES[code] as string) : code;
  // What no tensor can be is refused when it is read, so that the rest of the file can be.
  const size = isDtype(dtype) ? bytesOf(dtype) : (FOREIGN[code] ?? null);
  if (end < start || (size !== null && end - start !== count * size)) {
    throw malformed(op, `"${name}" has ${end - start} bytes for shape [${shape.join(", ")}] of ${dtype}`);
  }
  return { shape, dtype, start, end };
}

/** Reads a header of `length` bytes in a file of `fileSize`. */
export function parseHeader(op: string, bytes: Uint8Array, fileSize: number): Header {
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith("{")) throw new Error("it does not start with {");
    parsed = JSON.parse(text);
  } catch (cause) {
    throw malformed(op, `its header is no JSON (${(cause as Error).message})`);
  }
  refuseDuplicates(op, text);
  const metadata: Record<string, string> = {};
  const tensors = new Map<string, TensorInfo>();
  for (const [name, value] of Object.entries(parsed as object)) {
    if (name !== "__metadata__") {
      tensors.set(name, infoOf(op, name, value));
      continue;
    }
    if (value === null || typeof value !== "object") throw malformed(op, "its metadata is malformed");
    for (const [key, item] of Object.entries(value)) {
      if (typeof item !== "string") throw malformed(op, `its metadata "${key}" is no text`);
      setField(metadata, key, item);
    }
  }
  const start = 8 + bytes.length;
  let reached = 0;
  for (const [name, info] of [...tensors].sort((a, b) => a[1].start - b[1].start || a[1].end - b[1].end)) {
    if (info.start !== reached) throw malformed(op, `the bytes of "${name}" leave a gap or overlap`);
    reached = info.end;
  }
  if (start + reached !== fileSize)
    throw malformed(op, `it has ${fileSize} bytes where ${start + reached} are described`);
  return { metadata, tensors, start };
}

function made(op: string, name: string, { dtype, shape }: TensorInfo, bytes: Uint8Array): Tensor {
  let known: DType;
  try {
    known = dtypeNamed(op, dtype);
  } catch (error) {
    throw new DTypeError(`${(error as Error).message} ("${name}")`);
  }
  return contiguousFrom(op, bytes, known, shape);
}

/** All tensors of a file, by name, in the order of their bytes. */
export function readSafetensors(op: string, bytes: Uint8Array): Record<string, Tensor> {
  const length = headerLength(op, bytes.subarray(0, 8), bytes.length);
  const { tensors, start } = parseHeader(op, bytes.subarray(8, 8 + length), bytes.length);
  return allOrNone((list) => {
    const result = {};
    for (const [name, info] of tensors) {
      const tensor = made(op, name, info, bytes.subarray(start + info.start, start + info.end));
      list.push(tensor);
      setField(result, name, tensor);
    }
    return result;
  });
}

/** A safetensors file that is open: single tensors are read when they are asked for. */
export class SafetensorsFile {
  /** What the file says about itself. */
  readonly metadata: Readonly<Record<string, string>>;
  private readonly source: Source;
  private readonly header: Header;

  /** @internal */
  constructor(source: Source, header: Header) {
    this.source = source;
    this.header = header;
    this.metadata = header.metadata;
  }

  /** Names of the tensors, in the file's order. */
  keys(): string[] {
    return [...this.header.tensors.keys()];
  }

  /** Whether the file has a tensor of this name. */
  has(name: string): boolean {
    return this.header.tensors.has(name);
  }

  /** Shape and dtype of a tensor, without reading it. */
  info(name: string): { readonly shape: readonly number[]; readonly dtype: string } {
    const { shape, dtype } = this.found("info", name);
    return { shape, dtype };
  }

  private found(op: string, name: string): TensorInfo {
    const info = this.header.tensors.get(name);
    if (info !== undefined) return info;
    const some = this.keys().slice(0, 10).join(", ");
    throw new ArgumentError(
      `${op}: the file has no tensor "${name}"; it has ${some}${this.keys().length > 10 ? ", …" : ""}`,
    );
  }

  /** Reads one tensor: of the file only its bytes. */
  async get(name: string): Promise<Tensor> {
    const info = this.found("get", name);
    dtypeNamed("get", info.dtype);
    const bytes = await this.source.read(this.header.start + info.start, this.header.start + info.end);
    return made("get", name, info, bytes);
  }

  /** Reads rows `start` up to `stop` of a tensor along its first dim: of the file only their bytes. */
  async getRows(name: string, start: number, stop: number): Promise<Tensor> {
    const info = this.found("getRows", name);
    const dtype = dtypeNamed("getRows", info.dtype);
    const [rows, ...rest] = info.shape;
    if (
      rows === undefined ||
      !Number.isInteger(start) ||
      !Number.isInteger(stop) ||
      !(0 <= start && start <= stop && stop <= rows)
    ) {
      throw new ArgumentError(`getRows: expected rows within 0 and ${rows ?? 0} of "${name}", got ${start} to ${stop}`);
    }
    const row = rest.reduce((size, each) => size * each, bytesOf(dtype));
    const from = this.header.start + info.start;
    const bytes = await this.source.read(from + start * row, from + stop * row);
    return contiguousFrom("getRows", bytes, dtype, [stop - start, ...rest]);
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.source.close();
  }

  /** Closes the file at the end of a block with `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Opens a file whose tensors are read one by one. */
export async function openFile(op: string, source: Source): Promise<SafetensorsFile> {
  try {
    const length = headerLength(op, await source.read(0, Math.min(8, source.size)), source.size);
    const header = parseHeader(op, await source.read(8, 8 + length), source.size);
    return new SafetensorsFile(source, header);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Bytes for a file: a view can have many more elements than its storage. */
function buffer(op: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch (error) {
    throw new OutOfMemoryError(`${op}: JavaScript has no memory for a file of ${size} bytes`, { cause: error });
  }
}

/** Bytes of a file of tensors by name. The widest dtypes come first, so that all are aligned, then by name. */
export function writeSafetensors(
  op: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> | null,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  if (metadata !== null) {
    for (const [key, value] of Object.entries(metadata)) {
      if (typeof value !== "string")
        throw new ArgumentError(`${op}: expected texts as metadata, got ${typeof value} for "${key}"`);
    }
    setField(header, "__metadata__", metadata);
  }
  const list = Object.entries(tensors).map(([name, x]) => {
    if (!(x instanceof Tensor))
      throw new ArgumentError(`${op}: expected tensors by name, got ${typeof x} for "${name}"`);
    x.check(op);
    const code = Object.keys(CODES).find((each) => CODES[each] === x.dtype);
    if (code === undefined) throw new DTypeError(`${op}: the format has no dtype ${x.dtype} ("${name}")`);
    if (name === "__metadata__") throw new ArgumentError(`${op}: a tensor cannot be named "__metadata__"`);
    return { name, x, code, size: x.numel() * bytesOf(x.dtype) };
  });
  list.sort((a, b) => bytesOf(b.x.dtype) - bytesOf(a.x.dtype) || (a.name < b.name ? -1 : 1));
  let at = 0;
  for (const { name, x, code, size } of list) {
    setField(header, name, { dtype: code, shape: x.shape, data_offsets: [at, at + size] });
    at += size;
  }
  const encoded = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(encoded.length / 8) * 8;
  const out = buffer(op, 8 + length + at);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.fill(0x20, 8, 8 + length);
  out.set(encoded, 8);
  let to = 8 + length;
  for (const { x, size } of list) {
    withBytes(op, x, (bytes) => out.set(bytes, to));
    to += size;
  }
  return out;
}
