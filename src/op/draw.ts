// Running a random kernel: a contiguous result, a generator, parameters.

import { ArgumentError, GraphError } from "../errors.js";
import { hiddenDims, hides, openVmaps } from "../tensor/batch.js";
import { defaultGenerator, Generator } from "../tensor/generator.js";
import { isContiguous, isDenseNonOverlapping, likeStrides } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, emptyOf, type Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import type { Kernel } from "../wasm/kernels.js";
import { launchChecked, launchWhole } from "../wasm/launch.js";
import { describe } from "./args.js";
import { copyInto } from "./copy.js";
import { addAddress, addStrided, beginNest, writeNest } from "./nest.js";

/** The generator that a call names, or the default one. */
export function generatorOf(name: string, generator: Generator | null | undefined): Generator {
  if (generator === null || generator === undefined) return defaultGenerator;
  if (generator instanceof Generator) return generator;
  throw new ArgumentError(`${name}: generator must be a Generator, got ${describe(generator)}`);
}

/** The dims of a tensor in the order in which its memory runs, outermost first. */
export function memoryOrder(x: Tensor): number[] {
  const strides = likeStrides(x.layout);
  const order = x.shape.map((_, d) => d);
  return order.sort((a, b) => (strides[b] as number) - (strides[a] as number) || a - b);
}

/**
 * Fills `self` in the order of its memory, as PyTorch does: as one run where it is dense, else by way of a dense copy of the
 * same order. `fill` is told whether that is another order than that of the dims.
 */
export function fillDense(self: Tensor, fill: (run: Tensor, permuted: boolean) => void): void {
  temporaries(() => {
    const flat = (x: Tensor): Tensor => alias(x, { shape: [x.numel()], strides: [1], offset: x.layout.offset });
    if (isDenseNonOverlapping(self.layout)) fill(flat(self), !isContiguous(self.layout));
    else {
      const dense = emptyOf("random", { shape: self.shape, strides: likeStrides(self.layout), offset: 0 }, self.dtype);
      fill(flat(dense), true);
      copyInto(self, dense);
    }
    return null;
  });
}

/**
 * What open calls of `vmap` mean for a random call: its result hides the levels that want different numbers for each
 * example.
 * @throws GraphError where a level allows no randomness, or a tensor that is written cannot hold what it asks for.
 */
function spreadOver(name: string, out: Tensor): void {
  const levels = openVmaps();
  if (levels.some(({ randomness }) => randomness === "error")) {
    throw new GraphError(
      `${name}: vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' ` +
        "randomness flags on vmap or perform the randomness operation out of vmap",
    );
  }
  const own = hiddenDims(out);
  const missing = levels.filter(({ level, randomness }) => randomness === "different" && !hides(out, level));
  if (missing.length === 0) return;
  if (!out.storage.fresh) {
    throw new GraphError(
      `${name}: vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will appear like same randomness. ` +
        "If this is necessary for your usage, please file an issue with functorch.",
    );
  }
  out.storage.spread([...own, ...missing].sort((a, b) => a.level - b.level));
}

/** Whether a level that wants the same numbers for all examples is hidden by what is written. */
function wantsSame(out: Tensor): boolean {
  return openVmaps().some(({ level, randomness }) => randomness === "same" && hides(out, level));
}

/** Runs a random kernel over a contiguous run of elements. */
export function draw(
  name: string,
  kernel: Kernel,
  out: Tensor,
  generator: Generator,
  parameters: readonly number[],
  more: readonly Tensor[] = [],
  extent = out.numel(),
): void {
  if (openVmaps().length > 0) {
    if (wantsSame(out)) {
      const once = empty(name, out.shape, out.dtype);
      draw(name, kernel, once, generator, parameters, more, extent);
      copyInto(out, once);
      once.dispose();
      return;
    }
    spreadOver(name, out);
  }
  beginNest([]);
  addStrided(out, []);
  addAddress(generator.address);
  for (const tensor of more) addStrided(tensor, []);
  writeNest();
  parameters.forEach((value, i) => setParameter(i, value));
  const about = (at: number): string => `expected a valid probability or rate, got another at position ${at}`;
  // The numbers come from one generator, one after the other.
  launchChecked(name, kernel, extent, about, launchWhole);
}
