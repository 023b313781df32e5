// The places of kernels in the artifact's table, by name: `scripts/kernels.mjs` puts kernels there and names beside them.

import { runtime } from "./load.js";

let places: ReadonlyMap<string, number> | null = null;

/** The place of the kernel of that name, the same in every instance of the artifact; undefined where there is none. */
export function placeNamed(name: string): number | undefined {
  places ??= read();
  return places.get(name);
}

function read(): Map<string, number> {
  const [section] = WebAssembly.Module.customSections(runtime.module as WebAssembly.Module, "kernels");
  const [first, ...names] = new TextDecoder().decode(section).split(" ");
  return new Map(names.map((name, i) => [name, Number(first) + i]));
}
