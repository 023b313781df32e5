// Zip archives, as PyTorch and NumPy write them: a strict reader that copies nothing, and a writer that stores.
//
// Format: PKWARE's APPNOTE.TXT 6.3.10, with its 64-bit extension. General zip libraries read more, but check less: here
// names must be unique, entries apart from each other, sizes possible and checksums right before anything is handed out.

import { FormatError } from "../errors.js";
import { inflateSync } from "./inflate.js";

/** A file in an archive. */
export interface Entry {
  readonly name: string;
  /** Bytes once it is read. */
  readonly size: number;
  /** The contents: a view of the archive where they are stored, else a new array. */
  read(): Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
/** A run of 258 bytes takes two bits at the least. */
const MOST_DEFLATED = 1032;

let table: Int32Array | null = null;

/** CRC-32 with the polynomial 0xEDB88320 (reflected), as zip uses it. */
export function crc32(bytes: Uint8Array): number {
  if (table === null) {
    table = new Int32Array(256);
    for (let i = 0; i < 256; i++) {
      let value = i;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
      table[i] = value;
    }
  }
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] as number)) & 255] as number);
  return ~crc >>> 0;
}

interface Place {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

const damaged = (op: string, what: string): FormatError =>
  new FormatError(`${op}: expected a whole zip archive, but ${what}; the file is damaged, cut, or forged`);

/** A 64-bit number that a file may hold; what JavaScript cannot count exactly is impossible in one. */
function u64(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
}

/** Where the directory starts and ends, and how many entries it lists. */
function directoryOf(op: string, view: DataView): { start: number; end: number; count: number } {
  const length = view.byteLength;
  for (let at = length - 22; at >= 0 && at >= length - 22 - 0xffff; at--) {
    if (view.getUint32(at, true) !== END || at + 22 + view.getUint16(at + 20, true) !== length) continue;
    let count = view.getUint16(at + 10, true);
    let bytes = view.getUint32(at + 12, true);
    let start = view.getUint32(at + 16, true);
    let end = at;
    if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR64) {
      end = u64(view, at - 20 + 8);
      if (end > at - 76 || view.getUint32(end, true) !== END64) throw damaged(op, "its 64-bit end record is missing");
      count = u64(view, end + 32);
      bytes = u64(view, end + 40);
      start = u64(view, end + 48);
    }
    if (start + bytes !== end || count * 46 > bytes) throw damaged(op, "its directory is not where it is said to be");
    return { start, end, count };
  }
  throw damaged(op, "its end record is missing");
}

/** Sizes and offsets that do not fit into 32 bits stand in an extra field, in this order, only those that are needed. */
function widened(op: string, view: DataView, from: number, to: number, values: number[]): void {
  if (!values.includes(0xffffffff)) return;
  for (let at = from; at + 4 <= to; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    const end = at + 4 + view.getUint16(at + 2, true);
    let next = at + 4;
    for (let i = 0; i < values.length; i++) {
      if (values[i] !== 0xffffffff) continue;
      if (next + 8 > Math.min(end, to)) throw damaged(op, "a 64-bit size is missing");
      values[i] = u64(view, next);
      next += 8;
    }
    return;
  }
}

function places(op: string, view: DataView, bytes: Uint8Array): { list: Place[]; start: number } {
  const { start, end, count } = directoryOf(op, view);
  const text = new TextDecoder("utf-8", { fatal: true });
  const list: Place[] = [];
  const names = new Set<string>();
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) throw damaged(op, "its directory is cut");
    const nameLength = view.getUint16(at + 28, true);
    const extra = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extra + view.getUint16(at + 32, true);
    if (next > end) throw damaged(op, "its directory is cut");
    let name: string;
    try {
      name = text.decode(bytes.subarray(at + 46, at + 46 + nameLength));
    } catch {
      throw damaged(op, "a name is not UTF-8");
    }
    if (names.has(name)) throw new FormatError(`${op}: expected one entry of each name, got "${name}" twice`);
    names.add(name);
    const wide = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
    widened(op, view, at + 46 + nameLength, at + 46 + nameLength + extra, wide);
    const [size, packed, header] = wide as [number, number, number];
    list.push({
      name,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packed,
      size,
      header,
    });
    at = next;
  }
  if (at !== end) throw damaged(op, "its directory is longer than its entries");
  return { list, start };
}

/**
 * The files of an archive by name, in the order of its directory. Nothing is copied or unpacked before `read`.
 * @throws FormatError for a damaged or cut archive, duplicate names, overlapping entries, impossible sizes, encryption;
 *   `read` for a wrong checksum.
 */
export function readZip(op: string, bytes: Uint8Array): Map<string, Entry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { list, start } = places(op, view, bytes);
  let reached = 0;
  const entries = new Map<string, { entry: Entry; order: number }>();
  const byOffset = list.map((place, order) => ({ place, order })).sort((a, b) => a.place.header - b.place.header);
  for (const { place, order } of byOffset) {
    const { name, header, packed, size, method } = place;
    if (header < reached || header + 30 > start) throw damaged(op, `"${name}" is not where it is said to be`);
    if (view.getUint32(header, true) !== LOCAL) throw damaged(op, `"${name}" has no header`);
    const nameLength = view.getUint16(header + 26, true);
    const from = header + 30 + nameLength + view.getUint16(header + 28, true);
    reached = from + packed;
    if (reached > start) throw damaged(op, `"${name}" ends behind the directory`);
    const local = bytes.subarray(header + 30, header + 30 + nameLength);
    if (new TextDecoder().decode(local) !== name) throw damaged(op, `"${name}" has another name in its header`);
    if (place.flags & 1) throw new FormatError(`${op}: "${name}" is encrypted; save it without a password`);
    if (method !== 0 && method !== 8) {
      throw new FormatError(`${op}: "${name}" is compressed by method ${method}; stored and deflated entries are read`);
    }
    if (method === 0 ? size !== packed : size > packed * MOST_DEFLATED) {
      throw damaged(op, `"${name}" says it has ${size} bytes, from ${packed}`);
    }
    const packedBytes = bytes.subarray(from, reached);
    entries.set(name, { order, entry: { name, size, read: () => contents(op, place, packedBytes) } });
  }
  return new Map([...entries].sort((a, b) => a[1].order - b[1].order).map(([name, { entry }]) => [name, entry]));
}

function contents(op: string, { name, method, size, checksum }: Place, packed: Uint8Array): Uint8Array {
  let data = packed;
  if (method === 8) {
    try {
      data = inflateSync(packed, { out: new Uint8Array(size) });
    } catch (cause) {
      throw damaged(op, `"${name}" cannot be unpacked (${(cause as Error).message})`);
    }
  }
  if (data.length !== size || crc32(data) !== checksum) throw damaged(op, `the checksum of "${name}" is wrong`);
  return data;
}

/** A file to write: its parts follow each other. */
export interface Part {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Contents start at multiples of this, as in PyTorch's archives, so that they can be mapped into memory. */
const ALIGNMENT = 64;
/** 1 January 1980, the earliest date there is: the same contents give the same bytes. */
const DATE = 0x21;

/**
 * An archive of stored files. Contents are aligned to 64 bytes by padding in an extra field of the header.
 * @throws FormatError when the whole would be 4 GiB or more.
 */
export function writeZip(op: string, parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const names = parts.map(({ name }) => encoder.encode(name));
  const headers: number[] = [];
  const starts: number[] = [];
  let at = 0;
  parts.forEach(({ data }, i) => {
    const unpadded = at + 30 + (names[i] as Uint8Array).length + 4;
    headers.push(at);
    starts.push(Math.ceil(unpadded / ALIGNMENT) * ALIGNMENT);
    at = (starts[i] as number) + data.length;
  });
  const directory = at;
  for (const name of names) at += 46 + name.length;
  if (at + 22 >= 2 ** 32 || parts.length > 0xffff) {
    throw new FormatError(`${op}: an archive of ${at} bytes is too large; write several, or safetensors`);
  }
  const out = new Uint8Array(at + 22);
  const view = new DataView(out.buffer);
  let entry = directory;
  parts.forEach(({ data }, i) => {
    const name = names[i] as Uint8Array;
    const header = headers[i] as number;
    const start = starts[i] as number;
    const padding = start - header - 30 - name.length;
    const checksum = crc32(data);
    const common = (from: number) => {
      view.setUint16(from, 20, true); // version needed: 2.0
      view.setUint16(from + 2, 1 << 11, true); // names are UTF-8
      view.setUint16(from + 8, DATE, true);
      view.setUint32(from + 10, checksum, true);
      view.setUint32(from + 14, data.length, true);
      view.setUint32(from + 18, data.length, true);
      view.setUint16(from + 22, name.length, true);
    };
    view.setUint32(header, LOCAL, true);
    common(header + 4);
    view.setUint16(header + 28, padding, true);
    out.set(name, header + 30);
    view.setUint16(header + 30 + name.length, 0x4246, true); // "FB", PyTorch's mark for padding
    view.setUint16(header + 32 + name.length, padding - 4, true);
    out.set(data, start);
    view.setUint32(entry, CENTRAL, true);
    view.setUint16(entry + 4, 20, true);
    common(entry + 6);
    view.setUint32(entry + 42, header, true);
    out.set(name, entry + 46);
    entry += 46 + name.length;
  });
  view.setUint32(entry, END, true);
  view.setUint16(entry + 8, parts.length, true);
  view.setUint16(entry + 10, parts.length, true);
  view.setUint32(entry + 12, entry - directory, true);
  view.setUint32(entry + 16, directory, true);
  return out;
}
