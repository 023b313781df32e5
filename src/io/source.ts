// Where bytes come from: memory, a file by its path, or a URL; read whole or by range.

import { ArgumentError, FormatError } from "../errors.js";

/** Something that bytes can be read from at any place. */
export interface Source {
  /** Bytes in all. */
  readonly size: number;
  /** The bytes from `start` up to `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What functions that read take. */
export type Readable = Uint8Array | ArrayBuffer | Blob | string | URL;

/** The bytes of what holds them already, or null. */
export function inMemory(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null;
}

interface FileHandle {
  stat(): Promise<{ readonly size: number }>;
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

interface FileSystem {
  readonly promises: { open(path: string | URL, flags: string): Promise<FileHandle> };
}

/** The file system, where there is one: Node, Deno and Bun have it without an import. */
function fileSystem(): FileSystem | null {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return (process?.getBuiltinModule?.("node:fs") as FileSystem | undefined) ?? null;
}

function bufferOf(op: string, size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch {
    throw new FormatError(`${op}: ${size} bytes are too many to read at once`);
  }
}

async function openPath(op: string, path: string | URL, system: FileSystem): Promise<Source> {
  let handle: FileHandle;
  try {
    handle = await system.promises.open(path, "r");
  } catch (cause) {
    throw new ArgumentError(`${op}: cannot open ${String(path)} (${(cause as Error).message})`, { cause });
  }
  const { size } = await handle.stat();
  return {
    size,
    close: () => handle.close(),
    async read(start, end) {
      const bytes = bufferOf(op, end - start);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw new FormatError(`${op}: ${String(path)} ended while it was read`);
        at += bytesRead;
      }
      return bytes;
    },
  };
}

/** A server that gives ranges is asked for them; from others the whole is fetched once. */
async function openUrl(op: string, url: string | URL): Promise<Source> {
  const get = async (headers: Record<string, string>): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(url, { headers });
    } catch (cause) {
      throw new ArgumentError(`${op}: cannot fetch ${String(url)} (${(cause as Error).message})`, { cause });
    }
    if (!response.ok) throw new ArgumentError(`${op}: cannot fetch ${String(url)}: status ${response.status}`);
    return response;
  };
  const first = await get({ range: "bytes=0-7" });
  const total = /^bytes 0-\d+\/(\d+)$/.exec(first.headers.get("content-range") ?? "")?.[1];
  if (first.status !== 206 || total === undefined) {
    const whole = first.status === 206 ? await get({}) : first;
    return fromBytes(new Uint8Array(await whole.arrayBuffer()));
  }
  await first.arrayBuffer();
  return {
    size: Number(total),
    close: async () => {},
    async read(start, end) {
      if (end === start) return new Uint8Array(0);
      const response = await get({ range: `bytes=${start}-${end - 1}` });
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (response.status !== 206 || bytes.length !== end - start) {
        throw new FormatError(`${op}: ${String(url)} gave ${bytes.length} bytes where ${end - start} were asked for`);
      }
      return bytes;
    },
  };
}

/** Bytes in memory as a source. */
export function fromBytes(bytes: Uint8Array): Source {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end), close: async () => {} };
}

/**
 * Opens a path, a URL, a `Blob` or bytes.
 * @throws ArgumentError for what cannot be opened.
 */
export async function open(op: string, from: Readable): Promise<Source> {
  const bytes = inMemory(from);
  if (bytes !== null) return fromBytes(bytes);
  if (typeof Blob !== "undefined" && from instanceof Blob) {
    const read = async (start: number, end: number) => new Uint8Array(await from.slice(start, end).arrayBuffer());
    return { size: from.size, read, close: async () => {} };
  }
  if (typeof from !== "string" && !(from instanceof URL)) {
    throw new ArgumentError(`${op}: expected bytes, a Blob, a path or a URL, got ${typeof from}`);
  }
  const scheme = /^([a-z][a-z\d+.-]+):/i.exec(String(from))?.[1]?.toLowerCase();
  const system = fileSystem();
  if (system !== null && (scheme === undefined || scheme === "file")) {
    return openPath(op, scheme === "file" ? new URL(from) : from, system);
  }
  return openUrl(op, from);
}

/** All bytes of a source that is opened and closed for it. */
export async function readAll(op: string, from: Readable): Promise<Uint8Array> {
  const source = await open(op, from);
  try {
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}
