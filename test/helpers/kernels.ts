// Kernels called directly, without the library: an instance of the artifact on its own memory, blocks written by hand.

import { readFileSync } from "node:fs";

const PAGE = 65536;
const SCRATCH_BYTES = 2 << 20;
const ALIGNMENT = 64;

const file = process.env.WENGERT_ARTIFACT === "debug" ? "wengert.debug.wasm" : "wengert.wasm";
let module: WebAssembly.Module | undefined;

/** How the elements of an array lie in memory; `u8` holds bools. */
const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const;

/** A dtype in the kernels' own words. */
export type Word = keyof typeof arrays;
export type Values = InstanceType<(typeof arrays)[Word]>;

/** An operand of a block; strides in bytes, one for each loop dim. */
export interface Operand {
  readonly pointer: number;
  readonly strides: readonly number[];
}

/** What a kernel is to work on: sizes of the loop dims, operands (the result first), parameters. */
export interface Call {
  readonly sizes: readonly number[];
  readonly operands: readonly Operand[];
  readonly parameters?: readonly number[];
}

/** Names of the artifact's kernels, with their places in its table. */
export function kernelPlaces(module: WebAssembly.Module): [name: string, place: number][] {
  const [section] = WebAssembly.Module.customSections(module, "kernels");
  const [first, ...names] = new TextDecoder().decode(section).split(" ");
  return names.map((name, i) => [name, Number(first) + i]);
}

/** All functions of an instance of the artifact by name, kernels too. */
export function exportsOf(module: WebAssembly.Module, instance: WebAssembly.Instance): Record<string, unknown> {
  const table = instance.exports.table as WebAssembly.Table;
  const kernels = kernelPlaces(module).map(([name, place]) => [name, table.get(place)]);
  return { ...instance.exports, ...Object.fromEntries(kernels) };
}

/** An instance of the artifact and the memory behind it. */
export class Kernels {
  readonly memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  readonly exports: Readonly<Record<string, (...numbers: number[]) => number>>;
  readonly #start: number;
  #next: number;

  constructor(module: WebAssembly.Module) {
    const abort = (_message: number, _file: number, line: number, column: number) => {
      throw new Error(`assertion failed at line ${line}, column ${column}`);
    };
    const instance = new WebAssembly.Instance(module, { env: { memory: this.memory, abort } });
    this.exports = exportsOf(module, instance) as never;
    const scratch = this.memory.grow(SCRATCH_BYTES / PAGE) * PAGE;
    this.exports.setScratch!(scratch);
    this.#start = scratch + SCRATCH_BYTES;
    this.#next = this.#start;
  }

  /** Takes memory, grown when needed; its contents are whatever was there before. */
  reserve(bytes: number): number {
    const address = Math.ceil(this.#next / ALIGNMENT) * ALIGNMENT;
    const missing = address + bytes - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    this.#next = address + bytes;
    return address;
  }

  /** Gives back all memory that `reserve` and `place` took. */
  reset(): void {
    this.#next = this.#start;
  }

  /** Copies values into memory; returns their address. */
  place(values: Values): number {
    const address = this.reserve(values.byteLength);
    new Uint8Array(this.memory.buffer).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      address,
    );
    return address;
  }

  /** The elements at an address; the view is lost when memory grows. */
  view<W extends Word>(word: W, address: number, length: number): InstanceType<(typeof arrays)[W]> {
    return new arrays[word](this.memory.buffer, address, length) as InstanceType<(typeof arrays)[W]>;
  }

  /** Writes a call block; returns its address. */
  writeBlock({ sizes, operands, parameters = [] }: Call): number {
    const words = 36 + sizes.length + operands.length * (sizes.length + 1);
    const address = this.reserve(words * 4);
    const block = this.view("i32", address, words).fill(0);
    block[1] = sizes.length;
    block[2] = operands.length;
    this.view("f64", address + 16, 16).set(parameters);
    block.set(sizes, 36);
    operands.forEach(({ pointer, strides }, i) => {
      block.set([pointer, ...strides], 36 + sizes.length + i * (sizes.length + 1));
    });
    return address;
  }

  /** Runs [begin, end) of a kernel's range; returns the block's status word. */
  run(name: string, block: number, begin: number, end: number): number {
    const kernel = this.exports[name];
    if (kernel === undefined) throw new Error(`the artifact exports no ${name}`);
    kernel(block, begin, end);
    return this.view("i32", block, 1)[0]!;
  }
}

/** A fresh instance of the artifact, the debug one when WENGERT_ARTIFACT is "debug". */
export function loadKernels(): Kernels {
  module ??= new WebAssembly.Module(readFileSync(new URL(`../../dist/${file}`, import.meta.url)));
  return new Kernels(module);
}
