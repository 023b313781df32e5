// Filling an instance's table with its kernels, in the order of the exports: what workers do as well.

/** Exports that are kernels have the dtype's word behind an underscore; a chain of kernels is one as well. */
const KERNEL = /_[a-z]*\d+$|^chain$/;

/** Puts every kernel among an instance's exports into its table; returns their places. */
export function fillTable(exports: object, table: WebAssembly.Table): Map<unknown, number> {
  const kernels = Object.entries(exports).filter(([name, value]) => typeof value === "function" && KERNEL.test(name));
  let place = table.grow(kernels.length);
  const found = new Map<unknown, number>();
  for (const [, kernel] of kernels) {
    table.set(place, kernel);
    found.set(kernel, place++);
  }
  return found;
}
