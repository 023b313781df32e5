// Where data that is read piece by piece comes from: streams, answers of `fetch`, files, text.

import { ArgumentError } from "../../errors.js";
import { describe } from "../../op/args.js";
import { IterableDataset } from "./dataset.js";

/** Bytes or text, in pieces or whole. */
type Pieces = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/**
 * What can be read: a path or URL, a `Blob` or `File`, bytes, a `ReadableStream`, an answer of `fetch`, pieces from anything
 * iterable, or a function that gives one of these anew each time.
 */
export type StreamSource =
  | string
  | URL
  | Blob
  | Uint8Array
  | ArrayBuffer
  | ReadableStream<Uint8Array | string>
  | Response
  | Pieces
  | (() => StreamSource | Promise<StreamSource>);

interface FileSystem {
  createReadStream(path: string | URL): AsyncIterable<Uint8Array>;
}

function fileSystem(): FileSystem | null {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  return (process?.getBuiltinModule?.("node:fs") as FileSystem | undefined) ?? null;
}

/** Whether a text names something to fetch; a letter and a colon are a drive. */
const isUrl = (text: string): boolean => /^[a-z][a-z\d+.-]+:/i.test(text) && !text.startsWith("file:");

async function answered(response: Response): Promise<ReadableStream<Uint8Array>> {
  if (!response.ok) throw new ArgumentError(`stream: cannot fetch ${response.url}: status ${response.status}`);
  if (response.body === null) throw new ArgumentError(`stream: the answer from ${response.url} has no body`);
  if (response.bodyUsed || response.body.locked) throw new ArgumentError(ONCE);
  return response.body;
}

const ONCE = "stream: it was read already; give a function that opens it anew for each epoch";

/** Streams and generators that were read: another epoch would silently be empty. */
const finished = /* @__PURE__ */ new WeakSet<object>();

function onlyOnce(source: object): void {
  if (finished.has(source)) throw new ArgumentError(ONCE);
  finished.add(source);
}

/** Chunks of a stream; Safari's streams cannot be iterated. */
async function* chunksOf(
  stream: ReadableStream<Uint8Array | string>,
): AsyncGenerator<Uint8Array | string, void, undefined> {
  if (stream.locked) throw new ArgumentError(ONCE);
  onlyOnce(stream);
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever stops early lets the rest of the stream go.
    await reader.cancel();
    reader.releaseLock();
  }
}

/** The pieces of a source, as they come. */
export async function* piecesOf(source: StreamSource): AsyncGenerator<Uint8Array | string, void, undefined> {
  if (typeof source === "function") yield* piecesOf(await source());
  else if (typeof source === "string" || source instanceof URL) {
    const text = String(source);
    const system = fileSystem();
    if (isUrl(text) || system === null) yield* chunksOf(await answered(await fetch(source)));
    else {
      try {
        yield* system.createReadStream(text.startsWith("file:") ? new URL(text) : text);
      } catch (cause) {
        throw new ArgumentError(`stream: cannot read ${text} (${(cause as Error).message})`, { cause });
      }
    }
  } else if (source instanceof Uint8Array) yield source;
  else if (source instanceof ArrayBuffer) yield new Uint8Array(source);
  else if (source instanceof Blob) yield* chunksOf(source.stream());
  else if (source instanceof Response) yield* chunksOf(await answered(source));
  else if (source instanceof ReadableStream) yield* chunksOf(source);
  else if (
    source !== null &&
    typeof source === "object" &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  ) {
    const isIterator = typeof (source as unknown as Iterator<unknown>).next === "function";
    if (isIterator) onlyOnce(source);
    yield* source;
  } else throw new ArgumentError(`stream: expected a path, a URL, a stream, bytes or pieces, got ${describe(source)}`);
}

/** The text of a source, as it comes; bytes are UTF-8. */
export async function* textOf(source: StreamSource): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  for await (const piece of piecesOf(source)) {
    const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
    if (text !== "") yield text;
  }
  const end = decoder.decode();
  if (end !== "") yield end;
}

/** The lines of a source, as they come, without their ends. */
export async function* linesOf(source: StreamSource): AsyncGenerator<string, void, undefined> {
  let rest = "";
  for await (const text of textOf(source)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
  if (rest !== "") yield rest;
}

/** Base of datasets that read a source from its start in each epoch. */
abstract class SourceDataset<T> extends IterableDataset<T> {
  constructor(protected readonly source: StreamSource) {
    super();
  }

  abstract [Symbol.asyncIterator](): AsyncIterator<T>;
}

/**
 * The lines of a source, each made a sample by a function: `JSON.parse` for lines of JSON.
 *
 * ```js
 * const dataset = new utils.data.LineDataset("train.jsonl", JSON.parse);
 * for await (const batch of new utils.data.DataLoader(dataset, { batchSize: 32 })) train(batch);
 * ```
 * Empty lines are left out.
 */
export class LineDataset<T = string> extends SourceDataset<T> {
  private readonly make: (line: string) => T;

  constructor(source: StreamSource, make: (line: string) => T = (line) => line as T) {
    super(source);
    this.make = make;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for await (const line of linesOf(this.source)) if (line !== "") yield this.make(line);
  }
}

/** The pieces of a source as they come, each made a sample by a function. */
export class StreamDataset<T = Uint8Array | string> extends SourceDataset<T> {
  private readonly make: (piece: Uint8Array | string) => T;

  constructor(source: StreamSource, make: (piece: Uint8Array | string) => T = (piece) => piece as T) {
    super(source);
    this.make = make;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for await (const piece of piecesOf(this.source)) yield this.make(piece);
  }
}
