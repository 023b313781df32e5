// Linear memory: typed views that survive growth, allocation, and the counters.

import { OutOfMemoryError, WengertError } from "../errors.js";
import { notLoaded, runtime } from "./load.js";
import { recording } from "./recording.js";

/** Views over all of linear memory; renewed when it grows. Index by address divided by the element's bytes. */
export const views = {
  u8: new Uint8Array(0),
  i8: new Int8Array(0),
  i16: new Int16Array(0),
  u16: new Uint16Array(0),
  i32: new Int32Array(0),
  u32: new Uint32Array(0),
  f32: new Float32Array(0),
  f64: new Float64Array(0),
  i64: new BigInt64Array(0),
};

/** Makes the views anew: after memory has grown, or another took its place. */
export function renew(): void {
  const buffer = (runtime.memory as WebAssembly.Memory).buffer;
  views.u8 = new Uint8Array(buffer);
  views.i8 = new Int8Array(buffer);
  views.i16 = new Int16Array(buffer);
  views.u16 = new Uint16Array(buffer);
  views.i32 = new Int32Array(buffer);
  views.u32 = new Uint32Array(buffer);
  views.f32 = new Float32Array(buffer);
  views.f64 = new Float64Array(buffer);
  views.i64 = new BigInt64Array(buffer);
}

/** The artifact's exports. Before it is loaded, throws an error that names the operation and says what to call. */
export function artifact(op = "wengert"): NonNullable<typeof runtime.exports> {
  if (runtime.exports === null) {
    throw new WengertError(notLoaded(op));
  }
  return runtime.exports;
}

/** Renews the views where memory has grown beyond or away from them; `end` is an address that they must reach. */
export function renewed(end: number): void {
  if (end > views.u8.length || views.u8.length === 0) renew();
}

/**
 * Memory for `bytes` bytes, its contents unspecified; returns the address.
 * @throws OutOfMemoryError naming the bytes asked and live, when linear memory cannot grow.
 */
export function allocate(op: string, bytes: number): number {
  if (recording.by !== null) return recording.by.allocate(op, bytes);
  const exports = artifact(op);
  const address = bytes > 0xfff00000 ? 0 : exports.allocate(bytes) >>> 0;
  renewed(address + bytes);
  if (address === 0) {
    throw new OutOfMemoryError(
      `${op}: out of memory: ${bytes} bytes asked, ${exports.liveBytes()} live; free tensors with scope() or dispose()`,
    );
  }
  return address;
}

/** Gives memory back. */
export function release(address: number): void {
  if (recording.owns?.(address)) return;
  (runtime.exports as NonNullable<typeof runtime.exports>).release(address);
}

/** Bytes of linear memory in use, held for reuse, and the most that were in use at once. */
export interface MemoryUse {
  readonly live: number;
  readonly pooled: number;
  readonly peak: number;
}

/**
 * Bytes of tensors in linear memory: `live` in use, `pooled` held for reuse, `peak` the most in use at once.
 *
 * ```js
 * memory() // { live: 1024, pooled: 1047552, peak: 8192 }
 * ```
 */
export function memory(): MemoryUse {
  const exports = artifact();
  return { live: exports.liveBytes(), pooled: exports.pooledBytes(), peak: exports.peakBytes() };
}

/** Bytes in use. */
export function liveBytes(): number {
  return artifact().liveBytes();
}

/** Bytes of linear memory, whether in use or not. */
export function linearBytes(): number {
  return views.u8.length;
}
