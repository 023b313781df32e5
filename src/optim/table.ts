// The table of a fused update: a row for each parameter, filled here and worked off by one launch for each dtype.

import { DTypeError } from "../errors.js";
import { copyInto } from "../op/copy.js";
import { addAddress, beginNest, writeNest } from "../op/nest.js";
import { prepareWrite } from "../tape/inplace.js";
import { isContiguous, isDenseNonOverlapping, type Layout, likeStrides, sameShape } from "../tensor/layout.js";
import { outsideScopes } from "../tensor/lifetime.js";
import { emptyOf, type Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import type { KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { allocate, release, views } from "../wasm/memory.js";
import { aside, recording } from "../wasm/recording.js";

/** Bytes of a row; what is in it is said in `assembly/kernels/optim.ts`. */
const ROW = 64;

/** Elements of a piece, in which the kernels count their range. */
const PIECE = 1 << 14;

/** Flags that all kernels share. */
export const MAXIMISES = 1;
export const DECAYS = 2;
/** Flags with a meaning for each kernel. */
export const FLAG_A = 4;
export const FLAG_B = 8;
export const FLAG_C = 16;

// One table for all optimisers: it is filled and worked off within a call. Rows of float32 grow from its start, those of
// float64 from its end.
let address = 0;
let capacity = 0;
/** The table of eager updates, kept from one to the next. */
let own = 0;
let ownCapacity = 0;
let singles = 0;
let doubles = 0;
/** Elements and pieces of the rows of float32, then of float64. */
const elements = [0, 0];
const pieces = [0, 0];
/** Parameters with gaps in memory, and the dense copies that are worked on in their place. */
let indirect: [Tensor, Tensor][] = [];

/** Rows to make room for: a power of two, so that growing groups seldom ask again. */
function roundedUp(rows: number): number {
  let size = 64;
  while (size < rows) size *= 2;
  return size;
}

/** Starts a table for up to `rows` parameters. */
export function beginTable(rows: number): void {
  singles = doubles = 0;
  elements.fill(0);
  pieces.fill(0);
  indirect = [];
  if (recording.by !== null) {
    // A recorded update has a table of its own, which stays.
    address = allocate("optim", rows * ROW);
    capacity = rows;
    return;
  }
  if (rows > ownCapacity) {
    const size = roundedUp(rows);
    const larger = allocate("optim", size * ROW);
    if (own !== 0) release(own);
    own = larger;
    ownCapacity = size;
  }
  address = own;
  capacity = ownCapacity;
}

/** The layout in which a parameter's gradient and state lie: its own where that has no gaps. */
export function stateLayout(p: Tensor): Layout {
  return { shape: p.layout.shape, strides: likeStrides(p.layout), offset: 0 };
}

function alike(a: Layout, b: Layout): boolean {
  return (isContiguous(a) && isContiguous(b)) || (isDenseNonOverlapping(a) && sameShape(a.strides, b.strides));
}

/** The tensor itself if its elements lie as the layout says, else a copy that the enclosing scope answers for. */
function laidOut(x: Tensor, layout: Layout): Tensor {
  if (alike(layout, x.layout)) return x;
  const copy = emptyOf("optim", layout, x.dtype);
  copyInto(copy, x);
  return copy;
}

/**
 * Adds a row: a parameter, its gradient, up to three tensors of state that `zeros` or `laidOutCopy` made, flags, and the
 * numbers of this parameter's step. Call inside a scope that frees copies.
 * @throws DTypeError unless the parameter is float32 or float64.
 */
export function addRow(
  p: Tensor,
  g: Tensor,
  a: Tensor | null,
  b: Tensor | null,
  d: Tensor | null,
  flags: number,
  n0 = 0,
  n1 = 0,
  n2 = 0,
): void {
  p.check("step");
  g.check("step");
  const wide = p.dtype === "float64";
  if (!wide && p.dtype !== "float32") {
    throw new DTypeError(`step: expected parameters of dtype float32 or float64, got ${p.dtype}`);
  }
  let target = p;
  let gradient = g;
  if (!isContiguous(p.layout) || !isContiguous(g.layout)) {
    const layout = stateLayout(p);
    if (!alike(layout, p.layout)) {
      prepareWrite("step", p, false);
      target = laidOut(p, layout);
      indirect.push([p, target]);
    }
    gradient = laidOut(g, layout);
  }
  const row = wide ? capacity - ++doubles : singles++;
  let at = (address + row * ROW) >>> 2;
  const words = views.u32;
  words[at++] = target.address;
  words[at++] = gradient.address;
  words[at++] = a === null ? 0 : a.address;
  words[at++] = b === null ? 0 : b.address;
  words[at++] = d === null ? 0 : d.address;
  const count = p.numel();
  words[at++] = count;
  elements[wide ? 1 : 0] = (elements[wide ? 1 : 0] as number) + count;
  pieces[wide ? 1 : 0] = (pieces[wide ? 1 : 0] as number) + Math.ceil(count / PIECE);
  words[at] = flags;
  at = ((address + row * ROW) >>> 3) + 4;
  const numbers = views.f64;
  numbers[at++] = n0;
  numbers[at++] = n1;
  numbers[at] = n2;
  p.storage.written();
}

/** Works the table off; `numbers` are the group's, the weight decay first. */
export function runTable(kernels: KernelFamily, numbers: readonly number[]): void {
  if (singles > 0) runRows(kernels, "float32", 0, 0, numbers);
  if (doubles > 0) runRows(kernels, "float64", capacity - doubles, 1, numbers);
  for (const [p, worked] of indirect) copyInto(p, worked);
  indirect = [];
}

function runRows(
  kernels: KernelFamily,
  dtype: "float32" | "float64",
  first: number,
  which: 0 | 1,
  numbers: readonly number[],
): void {
  // The size is for whoever asks how much work it is.
  beginNest([elements[which] as number]);
  addAddress(address + first * ROW);
  writeNest();
  for (let i = 0; i < numbers.length; i++) setParameter(i, numbers[i]);
  launch(kernels.of(dtype), pieces[which] as number);
}

/** A tensor of state for a parameter, of one value, that outlives every scope. */
export function filled(p: Tensor, value: number): Tensor {
  // State is made at once, also while a step is recorded: what is recorded is its use.
  return aside(() =>
    outsideScopes(() => {
      const state = emptyOf("optim", stateLayout(p), p.dtype);
      copyInto(state, value);
      return state;
    }),
  );
}

/** A copy of a tensor for the state of a parameter, in its dtype, and laid out as it where the shapes are the same. */
export function copiedState(p: Tensor, x: Tensor): Tensor {
  return outsideScopes(() => {
    const layout = sameShape(p.shape, x.shape)
      ? stateLayout(p)
      : { shape: x.shape, strides: likeStrides(x.layout), offset: 0 };
    const state = emptyOf("loadStateDict", layout, p.dtype);
    copyInto(state, x);
    return state;
  });
}
