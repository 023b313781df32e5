// The scratch arena: memory that a kernel may use while it runs and that holds nothing between calls.

/** Bytes of the arena; the first 64 KiB belong to `loops/`, the rest to the kernel. */
export const SCRATCH_BYTES: usize = 2 << 20;

/** Start of the part that belongs to the kernel. */
export const KERNEL_SCRATCH: usize = 64 << 10;

/** Each instance has its own: with threads, every worker's instance is given its own arena. */
let base: usize = 0;

/** Address of this instance's arena, a multiple of 64. */
@inline export function scratch(): usize {
  return base;
}

/** Gives this instance its arena of `SCRATCH_BYTES`; called once, right after instantiation. */
export function setScratch(address: usize): void {
  base = address;
}
