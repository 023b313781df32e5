// What a capture records: runs of kernels, the memory that they use, and what JavaScript computes anew.

import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import type { About } from "../wasm/recording.js";

/** A run of a kernel. */
export interface Entry {
  readonly place: number;
  readonly extent: number;
  readonly whole: boolean;
  /** In what pieces threads take it; 0 where it is not cut. */
  readonly grain: number;
  /** The block, its pointers as they were while recording. */
  readonly words: Int32Array;
  /** Whether it is elementwise: each element of the result comes from the elements at the same place of the nest. */
  readonly elementwise: boolean;
  /** Memory whose address was asked for since the run before. */
  readonly touched: readonly number[];
  /** Operands that are scalars in the block's own parameters. */
  readonly own: readonly number[];
  /** How to tell what it finds fault with in the data; null where it finds none. */
  check: { readonly op: string; readonly about: About } | null;
}

/** A block of memory of the step, at an address that stands for it while recording. */
export interface Piece {
  readonly address: number;
  readonly bytes: number;
  /** Whose field follows when the piece gets its place; null for memory that no tensor has. */
  owner: { address: number } | null;
  /** Whether whoever asked for it gave it back. */
  freed: boolean;
}

/** A part of the step that JavaScript computes anew: it writes blocks and tables, of the same runs. */
export interface Renewal {
  readonly f: () => void;
  /** Numbers that it depends on, where it depends on nothing else; null for what is to run at every step. */
  readonly steady: (() => readonly unknown[]) | null;
  /** The numbers when it ran last. */
  last: readonly unknown[];
  /** Storages that it counts writes of. */
  readonly writes: Storage[];
  /** The first of its entries, and the one behind the last. */
  readonly from: number;
  to: number;
  /** The pieces that it asked for, in order. */
  readonly asked: number[];
  /** Gradients as they are at this point of the step, but those that are what they were before it. */
  readonly gradients: readonly (readonly [leaf: Tensor, gradient: Tensor | null])[];
}

/** A tensor from outside whose gradient the step uses. */
export interface Leaf {
  readonly tensor: Tensor;
  /** The gradient before the step, and who answered for it. */
  readonly before: Tensor | null;
  readonly owned: boolean;
  readonly seen: boolean;
  /** For which gradients at the beginning the record holds. */
  needed: Needed;
}

/** For any, as the step begins with letting it go; for one, or none, as there was; for that very one. */
export type Needed = "any" | "some" | "same";

/** First word of the sizes in a block, behind status, rank, operands, detail and parameters. */
export const SIZES = 36;
/** The parameters' words. */
export const PARAMETERS = 4;

/** The word of an operand's pointer. */
export function pointerWord(words: Int32Array, operand: number): number {
  const rank = words[1] as number;
  return SIZES + rank + operand * (rank + 1);
}
