// Tensors as bytes: how elements get from a file into linear memory and back.

import { DTypeError, FormatError } from "../errors.js";
import { contiguousCopy } from "../op/copy.js";
import { refuseHidden } from "../tensor/batch.js";
import { bytesOf, DTYPES, type DType } from "../tensor/dtype.js";
import { contiguous, isContiguous, type Layout, numel } from "../tensor/layout.js";
import { Storage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { views } from "../wasm/memory.js";
import { refuseWhileRecording } from "../wasm/recording.js";

/** Whether tensors can have a dtype of this name. */
export function isDtype(name: string): name is DType {
  return (DTYPES as readonly string[]).includes(name);
}

/**
 * The dtype of a name that a file gives.
 * @throws DTypeError where no tensor can have it.
 */
export function dtypeNamed(op: string, name: string): DType {
  if (isDtype(name)) return name;
  throw new DTypeError(`${op}: the file holds elements of dtype ${name}; tensors can be ${DTYPES.join(", ")}`);
}

/**
 * Checks sizes that a file gives, and returns the number of elements.
 * @throws FormatError for what is no size, or a number of elements that no file holds.
 */
export function countOf(op: string, shape: readonly unknown[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || (size as number) < 0) {
      throw new FormatError(`${op}: expected sizes of 0 or more, got [${shape.join(", ")}]`);
    }
    count *= size as number;
  }
  if (!Number.isSafeInteger(count)) throw new FormatError(`${op}: the shape [${shape.join(", ")}] is too large`);
  return count;
}

/** A storage filled with bytes of a file. */
export function storageFrom(op: string, bytes: Uint8Array, dtype: DType): Storage {
  if (dtype === "bool" && bytes.some((byte) => byte > 1)) {
    throw new FormatError(`${op}: expected bytes of 0 or 1 for dtype bool; the file is damaged`);
  }
  refuseWhileRecording(op, "loads values");
  const storage = new Storage(op, bytes.length);
  views.u8.set(bytes, storage.address);
  return storage;
}

/** A tensor of its own storage, filled with bytes of a file, little-endian. */
export function tensorFrom(op: string, bytes: Uint8Array, dtype: DType, layout: Layout): Tensor {
  const expected = numel(layout.shape) * bytesOf(dtype);
  if (bytes.length !== expected) {
    throw new FormatError(
      `${op}: expected ${expected} bytes for shape [${layout.shape.join(", ")}] of ${dtype}, got ${bytes.length}`,
    );
  }
  return new Tensor(storageFrom(op, bytes, dtype), layout, dtype);
}

/** A contiguous tensor, filled with bytes of a file, little-endian. */
export function contiguousFrom(op: string, bytes: Uint8Array, dtype: DType, shape: readonly number[]): Tensor {
  return tensorFrom(op, bytes, dtype, contiguous(shape));
}

/** Hands the elements' bytes, row-major, to `use`, which must copy them: they are linear memory itself. */
export function withBytes<T>(op: string, x: Tensor, use: (bytes: Uint8Array) => T): T {
  x.check(op);
  refuseHidden(op, x);
  refuseWhileRecording(op);
  const dense = isContiguous(x.layout) ? x : contiguousCopy(x);
  try {
    return use(views.u8.subarray(dense.address, dense.address + x.numel() * bytesOf(x.dtype)));
  } finally {
    if (dense !== x) dense.dispose();
  }
}

/** Turns the order of the bytes of each element around, in a copy. */
export function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = bytes.slice();
  for (let at = 0; at < out.length; at += size) out.subarray(at, at + size).reverse();
  return out;
}

/** Runs `make` with a list for the tensors it makes; frees them if it throws. */
export function allOrNone<T>(make: (made: Tensor[]) => T): T {
  const made: Tensor[] = [];
  try {
    return make(made);
  } catch (error) {
    for (const tensor of made) tensor.dispose();
    throw error;
  }
}
