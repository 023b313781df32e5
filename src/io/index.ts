// Files: PyTorch's, safetensors, NumPy's, and ONNX. Exported as `io`, with `save` and `load` beside it.

import { ArgumentError, FormatError } from "../errors.js";
import { describe, parse } from "../op/args.js";
import { Tensor } from "../tensor/tensor.js";
import { isNpy, isNpz, readNpy, readNpz, writeNpy, writeNpz } from "./npy.js";
import { isLegacy, readArchive, readLegacy, writeArchive } from "./pt.js";
import { openFile, readSafetensors, type SafetensorsFile, writeSafetensors } from "./safetensors.js";
import { inMemory, open, type Readable, readAll } from "./source.js";
import { readZip } from "./zip.js";

export { type DynamicAxes, type ExampleInput, exportOnnx, type OnnxOptions } from "./onnx/export.js";
export type { SafetensorsFile } from "./safetensors.js";
export type { Readable } from "./source.js";

/**
 * Bytes of a file that `load` reads here and `torch.load` in Python: a tensor, or tensors, numbers, texts, bytes and null in
 * arrays, plain objects, maps and sets, such as state dicts. Tensors on one storage stay so; strides and `requiresGrad`
 * are kept, histories are not.
 *
 * ```js
 * writeFileSync("run.pt", save({ model: model.stateDict(), optimizer: optimizer.stateDict(), rng: getRngState() }));
 * ```
 * @throws ArgumentError for a function, or an object of a class, naming where it is.
 */
export function save(value: unknown): Uint8Array<ArrayBuffer> {
  return writeArchive("save", value);
}

function decode(op: string, bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new FormatError(`${op}: expected a file, got no bytes`);
  if (isNpy(bytes)) return readNpy(op, bytes);
  if (isLegacy(bytes)) return readLegacy(op, bytes);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const entries = readZip(op, bytes);
    return isNpz(entries) && entries.size > 0 ? readNpz(op, entries) : readArchive(op, entries);
  }
  if (bytes.length > 8 && bytes[8] === 0x7b) return readSafetensors(op, bytes);
  throw new FormatError(
    `${op}: expected a file of PyTorch (.pt), safetensors, .npy or .npz; the first bytes are those of none of them`,
  );
}

/**
 * What a file holds: PyTorch's `.pt` and `.pth` (also those before version 1.6), safetensors, `.npy` and `.npz`, told by
 * their first bytes. Dicts become objects, tuples arrays. No code in a file is run: what only Python code can make is
 * refused. Bytes give the value, a path, URL or `Blob` a promise of it.
 *
 * ```js
 * model.loadStateDict(await load("model.pt"));
 * ```
 * @throws FormatError for a damaged, cut or forged file, before memory is taken for what it claims to hold; DTypeError for
 *   elements that no tensor can hold.
 */
export function load(bytes: Uint8Array | ArrayBuffer): unknown;
export function load(from: Blob | string | URL): Promise<unknown>;
export function load(from: Readable): unknown {
  const bytes = inMemory(from);
  return bytes === null ? readAll("load", from).then((read) => decode("load", read)) : decode("load", bytes);
}

function bytesFor(op: string, from: unknown): Uint8Array {
  const bytes = inMemory(from);
  if (bytes === null) throw new ArgumentError(`${op}: expected bytes, got ${describe(from)}`);
  return bytes;
}

function tensorsFor(op: string, tensors: unknown): Record<string, Tensor> {
  if (tensors === null || typeof tensors !== "object" || tensors instanceof Tensor || Array.isArray(tensors)) {
    throw new ArgumentError(`${op}: expected an object of tensors by name, got ${describe(tensors)}`);
  }
  return tensors as Record<string, Tensor>;
}

/**
 * Bytes of a safetensors file of tensors by name.
 * @param options `metadata`: texts by name.
 */
export function saveSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  ...rest: [options?: { readonly metadata?: Readonly<Record<string, string>> | null }]
): Uint8Array<ArrayBuffer> {
  const { metadata } = parse("saveSafetensors", rest, { metadata: null as Readonly<Record<string, string>> | null });
  return writeSafetensors("saveSafetensors", tensorsFor("saveSafetensors", tensors), metadata);
}

/** The tensors in the bytes of a safetensors file, by name. */
export function loadSafetensors(bytes: Uint8Array | ArrayBuffer): Record<string, Tensor> {
  return readSafetensors("loadSafetensors", bytesFor("loadSafetensors", bytes));
}

/**
 * Opens a safetensors file to read single tensors, or rows of them: of a file, a `Blob`, or a URL whose server gives
 * ranges, only their bytes are read.
 *
 * ```js
 * const file = await io.openSafetensors("https://example.org/model.safetensors");
 * const weight = await file.get("embed.weight");
 * ```
 */
export async function openSafetensors(from: Readable): Promise<SafetensorsFile> {
  return openFile("openSafetensors", await open("openSafetensors", from));
}

/** Bytes of an .npy file of a tensor, row-major. */
export function saveNpy(x: Tensor): Uint8Array<ArrayBuffer> {
  return writeNpy("saveNpy", x);
}

/** The tensor in the bytes of an .npy file. */
export function loadNpy(bytes: Uint8Array | ArrayBuffer): Tensor {
  return readNpy("loadNpy", bytesFor("loadNpy", bytes));
}

/** Bytes of an .npz archive of tensors by name. */
export function saveNpz(tensors: Readonly<Record<string, Tensor>>): Uint8Array<ArrayBuffer> {
  return writeNpz("saveNpz", tensorsFor("saveNpz", tensors));
}

/** The tensors in the bytes of an .npz archive, by name. */
export function loadNpz(bytes: Uint8Array | ArrayBuffer): Record<string, Tensor> {
  return readNpz("loadNpz", readZip("loadNpz", bytesFor("loadNpz", bytes)));
}
