// Moving the library over to an instance of the artifact on shared memory; addresses and contents stay what they are.

import { forgetKernels } from "../wasm/kernels.js";
import { type KernelExports, reserve, runtime } from "../wasm/load.js";
import { instantiate } from "../wasm/loader.js";
import { renew } from "../wasm/memory.js";

/** The artifact for shared memory, and what is to become of it or has: an instance on such a memory. */
export interface Shared {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly exports: KernelExports;
}

const PAGE = 65536;

/** The import of the memory: "env", "memory", a memory with a maximum. Its last byte is 3 where the memory is shared. */
const IMPORT = [3, ..."env".split(""), 6, ..."memory".split(""), 2, 1].map((x) =>
  typeof x === "string" ? x.charCodeAt(0) : x,
);

let moved: Shared | null = null;

/** The artifact's bytes with its memory declared as shared. */
function forSharedMemory(source: BufferSource): Uint8Array<ArrayBuffer> {
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  const bytes = new Uint8Array(view);
  const at = bytes.findIndex((_, i) => IMPORT.every((byte, j) => bytes[i + j] === byte));
  if (at < 0) throw new Error("the artifact does not import a memory that could be shared");
  bytes[at + IMPORT.length - 1] = 3;
  return bytes;
}

/** The artifact instantiated on a shared memory: the one that is in use, else a new one. */
export async function shared(): Promise<Shared> {
  if (moved !== null) return moved;
  if (runtime.bytes === null) {
    throw new Error(
      "the library was loaded from a compiled module; threads need its bytes: load it by { url } or { bytes }",
    );
  }
  const module = await WebAssembly.compile(forSharedMemory(await runtime.bytes()));
  const memory = reserve((runtime.memory as WebAssembly.Memory).buffer.byteLength / PAGE, true);
  const { instance } = await instantiate(module, { env: { memory } });
  return { module, memory, exports: instance.exports as unknown as KernelExports };
}

/** Goes on with the instance on shared memory, in place of the one so far. */
export function moveOver(to: Shared): void {
  if (moved === to) return;
  const at = (runtime.exports as KernelExports).suspend();
  const from = runtime.memory as WebAssembly.Memory;
  const { buffer } = from;
  const missing = (buffer.byteLength - to.memory.buffer.byteLength) / PAGE;
  if (missing > 0) to.memory.grow(missing);
  new Uint8Array(to.memory.buffer).set(new Uint8Array(buffer));
  to.exports.resume(at);
  runtime.exports = to.exports;
  runtime.memory = to.memory;
  moved = to;
  // Views over the old memory become empty, rather than show what is no longer true.
  from.grow(0);
  forgetKernels();
  renew();
}
