// Custom functions under vmap: their own rule, or one that follows from their operations.

import { ArgumentError, GraphError } from "../errors.js";
import { describe } from "../op/args.js";
import { hidden, hiddenDims, hides, openVmaps, type Randomness, shown } from "../tensor/batch.js";
import { batching } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";

/** What a custom function's `vmap` is told. */
export interface VmapInfo {
  /** Number of examples. */
  readonly batchSize: number;
  readonly randomness: Randomness;
}

interface Mappable {
  readonly generateVmapRule?: boolean;
  readonly setupContext?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: arguments of any types pass through a custom function
  vmap?(info: VmapInfo, inDims: readonly (number | null)[], ...args: any[]): any;
}

/**
 * How a custom function runs on arguments of which some stand for several examples: null where its forward pass does, as
 * all operations work on all examples at once, else by its own rule.
 * @throws GraphError where it says nothing of vmap, or too much.
 */
export function mappedForward(owner: Mappable, name: string, args: readonly unknown[]): (() => unknown) | null {
  const dims = batching.used ? args.flatMap((arg) => (arg instanceof Tensor ? hiddenDims(arg) : [])) : [];
  if (dims.length === 0) return null;
  const own = typeof owner.vmap === "function";
  if (owner.generateVmapRule === true && own) {
    throw new GraphError(
      `${name}: You tried to vmap over ${name}, but it has both generateVmapRule=true and an overriden vmap staticmethod. Please set ` +
        "generateVmapRule=false or delete the overriden vmap staticmethod to avoid ambiguity.",
    );
  }
  if (owner.generateVmapRule !== true && !own) {
    throw new GraphError(
      `${name}: You tried to vmap over ${name}, but it does not have vmap support. Please override and implement the vmap ` +
        "staticmethod or set generateVmapRule=true.",
    );
  }
  if (typeof owner.setupContext !== "function") {
    throw new GraphError(
      `${name}: In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the ` +
        "setupContext staticmethod.",
    );
  }
  if (!own) return null;
  const { level, size } = dims.reduce((inner, dim) => (dim.level > inner.level ? dim : inner));
  const randomness = openVmaps().find((each) => each.level === level)?.randomness ?? "error";
  return () => {
    const mapped = args.map((arg) => (arg instanceof Tensor && hides(arg, level) ? 0 : null));
    const given = args.map((arg, i) => (mapped[i] === 0 ? shown(arg as Tensor, 0, { level, size }) : arg));
    const answer: unknown = owner.vmap?.({ batchSize: size, randomness }, mapped, ...given);
    if (!Array.isArray(answer) || answer.length !== 2) {
      throw new ArgumentError(
        `${name}: Expected the vmap staticmethod to return [output, outDims], got ${describe(answer)}`,
      );
    }
    const [output, outDims] = answer as [unknown, unknown];
    const hide = (x: unknown, dim: unknown): unknown => {
      if (!(x instanceof Tensor) || dim === null || dim === undefined) return x;
      if (typeof dim !== "number" || !Number.isInteger(dim) || dim < -x.ndim || dim >= x.ndim) {
        throw new ArgumentError(
          `${name}: the vmap staticmethod returned an incompatible (output, outDims): got ${describe(dim)} for ${describe(x)}`,
        );
      }
      return hidden(x, dim < 0 ? dim + x.ndim : dim, level);
    };
    if (!Array.isArray(output)) return hide(output, outDims);
    return output.map((each, i) => hide(each, Array.isArray(outDims) ? outDims[i] : outDims));
  };
}
