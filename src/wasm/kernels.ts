// The table of kernels: one of the artifact for each stem and dtype.

import { DTypeError, WengertError } from "../errors.js";
import { adapted } from "./adapted.js";
import type { KernelExports } from "./load.js";
import { kernelOf, placeOf } from "./table.js";
import { computesAs, DTYPES, type DType, orderOf, wordOf } from "./words.js";

/** A kernel: works on the range [begin, end) of what its block describes. */
export type Kernel = (block: number, begin: number, end: number) => void;

type KernelName = {
  [Name in keyof KernelExports]: KernelExports[Name] extends Kernel
    ? Name extends `${string}_${string}`
      ? Name
      : never
    : never;
}[keyof KernelExports];

type StemOf<Name> = Name extends
  | `${infer Stem}_${"f32" | "f64" | "i32" | "i64" | "u8"}_${"u8" | "i32" | "i64"}`
  | `${infer Stem}_${"f32" | "f64" | "i32" | "i64" | "u8"}`
  ? Stem
  : never;
type WidthStemOf<Name> = Name extends `${infer Stem}_w4` ? Stem : never;

/** Names of kernels up to the dtype's word: a misspelt one does not compile. */
export type KernelStem = StemOf<KernelName>;

/** Names of kernels that move elements of a width, whatever their dtype. */
export type WidthStem = WidthStemOf<KernelName>;

/** Lists of kernels that were found, to be forgotten when another instance takes the place of theirs. */
const lists = /* @__PURE__ */ new Set<(Kernel | undefined)[]>();

/** Makes every family find its kernels again: those of the instance that is now installed. */
export function forgetKernels(): void {
  for (const list of lists) list.length = 0;
}

/** Looks up a kernel by its whole name; not to be kept, as the instance may change. */
export function kernelNamed(name: KernelName): Kernel {
  return kernelOf(name) as Kernel;
}

/** The kernels of one stem, by dtype, found on first use. */
export class KernelFamily {
  private readonly found: (Kernel | undefined)[] = [];
  private readonly places: (number | undefined)[] = [];

  constructor(private readonly stem: KernelStem) {}

  /** The place in the table of the kernel for operands and results of `dtype`; -1 where it has none of its own. */
  placeOf(dtype: DType): number {
    const order = orderOf(dtype);
    const known = this.places[order];
    if (known !== undefined) return known;
    const place = placeOf(this.of(dtype));
    this.places[order] = place;
    return place;
  }

  /**
   * The kernel for operands of `dtype`, and results of `result` where that differs; for a dtype that computes as another
   * (`computesAs`) that one's, on temporaries.
   * @throws DTypeError if there is none.
   */
  of(dtype: DType, result: DType = dtype): Kernel {
    const order = orderOf(dtype) * DTYPES.length + orderOf(result);
    const known = this.found[order];
    if (known !== undefined) return known;
    const as = computesAs(dtype);
    const kernel =
      as === null && computesAs(result) === null
        ? kernelOf(`${this.stem}_${wordOf(dtype)}${result === dtype ? "" : `_${wordOf(result)}`}`)
        : adapted(this.of(as ?? dtype, computesAs(result) ?? result));
    if (kernel === undefined) throw new DTypeError(`${this.stem.replace(/_/g, " ")}: not implemented for ${dtype}`);
    this.found[order] = kernel;
    lists.add(this.found);
    return kernel;
  }
}

/** The kernels of one stem by width, found on first use; elements of 1 or 2 bytes go by those of 4 where they must. */
export class WidthFamily {
  private readonly found: (Kernel | undefined)[] = [];

  constructor(private readonly stem: WidthStem) {}

  of(bytes: number): Kernel {
    const known = this.found[bytes];
    if (known !== undefined) return known;
    const own = kernelOf(`${this.stem}_w${bytes}`);
    const kernel = own ?? (bytes < 4 ? adapted(this.of(4)) : undefined);
    if (kernel === undefined) throw new WengertError(`the artifact has no kernel ${this.stem}_w${bytes}`);
    this.found[bytes] = kernel;
    lists.add(this.found);
    return kernel;
  }
}
