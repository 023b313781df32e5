// Running a random kernel: a contiguous result, a generator, parameters.

import { ArgumentError } from "../errors.js";
import { defaultGenerator, Generator } from "../tensor/generator.js";
import type { Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import type { Kernel } from "../wasm/kernels.js";
import { launchChecked } from "../wasm/launch.js";
import { describe } from "./args.js";
import { addAddress, addStrided, beginNest, writeNest } from "./nest.js";

/** The generator that a call names, or the default one. */
export function generatorOf(name: string, generator: Generator | null | undefined): Generator {
  if (generator === null || generator === undefined) return defaultGenerator;
  if (generator instanceof Generator) return generator;
  throw new ArgumentError(`${name}: generator must be a Generator, got ${describe(generator)}`);
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
  beginNest([]);
  addStrided(out, []);
  addAddress(generator.address);
  for (const tensor of more) addStrided(tensor, []);
  writeNest();
  parameters.forEach((value, i) => setParameter(i, value));
  launchChecked(name, kernel, extent, (at) => `expected a valid probability or rate, got another at position ${at}`);
}
