// Standardising: what layer, group, batch, instance and root-mean-square norm have in common.

import { asContiguous } from "../../op/copy.js";
import { addStrided, beginNest, type Operand, writeNest } from "../../op/nest.js";
import { type Applied, op } from "../../op/op.js";
import { watched } from "../../op/watched.js";
import { add, mul, sub } from "../../ops/arithmetic.js";
import { detach } from "../../ops/detach.js";
import { rsqrt } from "../../ops/pointwise.js";
import { mean, sum } from "../../ops/reduce.js";
import { reshape } from "../../ops/shape.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, Tensor } from "../../tensor/tensor.js";
import { setParameter } from "../../wasm/block.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { launch } from "../../wasm/launch.js";

/**
 * How the elements are cut: the input has the dims [segments, blocks, groups, channels, length] in row-major order, and is
 * standardised over segments, channels and length. Factors and summands are [groups · channels].
 */
export interface Cut {
  readonly segments: number;
  readonly blocks: number;
  readonly groups: number;
  readonly channels: number;
  readonly length: number;
}

export interface Standard extends Cut {
  readonly label: string;
  readonly eps: number;
  /** Not centred: divided by the root of the mean square. */
  readonly raw: boolean;
  /** Mean and variance are given, not computed. */
  readonly given: boolean;
}

const forwards = /* @__PURE__ */ new KernelFamily("standardise");
const backwards = /* @__PURE__ */ new KernelFamily("standardise_backward");
const affine = /* @__PURE__ */ new KernelFamily("standardise_affine");

function parameters(given: Standard, weight: Operand, bias: Operand): void {
  setParameter(0, given.segments);
  setParameter(1, given.channels);
  setParameter(2, given.length);
  setParameter(3, given.groups);
  setParameter(4, given.eps);
  const flags = [weight instanceof Tensor, bias instanceof Tensor, given.given, given.raw];
  setParameter(
    5,
    flags.reduce((all, flag, i) => all + (flag ? 1 << i : 0), 0),
  );
}

function contiguousOperand(x: Operand): Operand {
  return x instanceof Tensor ? asContiguous(x) : x;
}

/** The dims over which elements are standardised, and those over which gradients of factors are summed. */
const INNER = [0, 3, 4];
const OVER_CHANNELS = [0, 1, 4];

function cutUp(x: Tensor, { segments, blocks, groups, channels, length }: Cut): Tensor {
  return reshape(x, [segments, blocks, groups, channels, length]);
}

function perChannel(x: Tensor, { groups, channels }: Cut): Tensor {
  return reshape(x, [1, 1, groups, channels, 1]);
}

function perRow(x: Tensor, { blocks, groups }: Cut): Tensor {
  return reshape(x, [1, blocks, groups, 1, 1]);
}

/** Standardised elements and their scale in operations, cut up. */
function inOperations(
  x: Tensor,
  average: Tensor,
  variance: Tensor,
  given: Standard,
): { readonly h: Tensor; readonly scale: Tensor } {
  const whole = cutUp(x, given);
  if (given.given) {
    const scale = rsqrt(add(perRow(variance, given), given.eps));
    return { h: mul(sub(whole, perRow(average, given)), scale), scale };
  }
  const centred = given.raw ? whole : sub(whole, mean(whole, INNER, true));
  const scale = rsqrt(add(mean(mul(centred, centred), INNER, true), given.eps));
  return { h: mul(centred, scale), scale };
}

function gradientOfInput(
  g: Tensor,
  x: Tensor,
  average: Tensor,
  variance: Tensor,
  weight: Operand,
  given: Standard,
): Tensor {
  if (watched([g, x, weight instanceof Tensor ? weight : null]) || given.given) {
    return temporaries(() => {
      const { h, scale } = inOperations(x, average, variance, given);
      const whole = cutUp(g, given);
      const weighted = weight instanceof Tensor ? mul(whole, perChannel(weight, given)) : whole;
      if (given.given) return reshape(mul(weighted, scale), x.shape);
      const centred = given.raw ? weighted : sub(weighted, mean(weighted, INNER, true));
      return reshape(mul(scale, sub(centred, mul(h, mean(mul(weighted, h), INNER, true)))), x.shape);
    });
  }
  return temporaries(() => {
    const out = empty("standardiseBackward", x.shape, x.dtype);
    const rows = given.blocks * given.groups;
    const operands = [asContiguous(g), asContiguous(x), average, variance, contiguousOperand(weight)];
    beginNest([rows]);
    for (const operand of [out, ...operands]) addOne(operand);
    const extent = writeNest();
    parameters(given, weight, 0);
    if (out.numel() > 0) launch(backwards.of(out.dtype), extent);
    return out;
  });
}

/** Adds an operand whose strides the kernel does not read. */
function addOne(x: Operand): void {
  if (x instanceof Tensor) addStrided(x, [0]);
}

/**
 * (x − mean) / √(variance + eps) · weight + bias; inputs x, weight or 1, bias or 0, and mean and variance [blocks · groups]
 * where they are given, else 0. Further results: mean and variance, without derivatives.
 */
export const standardise: Applied<Standard> = op({
  name: "standardise",
  label: ({ label }: Standard) => label,
  outputs: ["out", "average", "variance"],
  forward: ([x, weight, bias, knownMean, knownVariance], given: Standard) =>
    temporaries(() => {
      const input = x as Tensor;
      const rows = given.blocks * given.groups;
      const out = empty(given.label, input.shape, input.dtype);
      const average = given.given ? asContiguous(knownMean as Tensor) : empty(given.label, [rows], input.dtype);
      const variance = given.given ? asContiguous(knownVariance as Tensor) : empty(given.label, [rows], input.dtype);
      const operands = [
        out,
        average,
        variance,
        asContiguous(input),
        contiguousOperand(weight as Operand),
        contiguousOperand(bias as Operand),
      ];
      beginNest([rows]);
      operands.forEach((operand, i) => {
        // Places stay even where one is left out.
        if (operand instanceof Tensor) addOne(operand);
        else if (i < 5) addOne(out);
      });
      const extent = writeNest();
      parameters(given, weight as Operand, bias as Operand);
      if (input.numel() > 0) launch(forwards.of(input.dtype), extent);
      // Given statistics are not results, so other handles stand for them.
      return given.given ? [out, detach(average), detach(variance)] : [out, average, variance];
    }),
  gradients: {
    x: {
      reads: ["x", "weight", "average", "variance"],
      of: ({ g, x, weight, average, variance }, given) =>
        gradientOfInput(g, x, detach(average), detach(variance), weight, given),
    },
    weight: {
      reads: ["x", "average", "variance"],
      of: (values, given) => {
        const { g, x, average, variance } = values;
        if (!byColumns(g, x, given)) return gradientOfWeight(g, x, detach(average), detach(variance), given);
        const [weight, bias] = gradientsOfBoth(g, x, detach(average), detach(variance), given);
        if (values.shared === null) values.shared = [null, null, bias];
        else bias.dispose();
        return weight;
      },
    },
    bias: {
      reads: [],
      of: ({ g, shared }, given) =>
        shared?.splice(2, 1)[0] ?? reshape(sum(cutUp(g, given), OVER_CHANNELS), [given.groups * given.channels]),
    },
    knownMean: null,
    knownVariance: null,
  },
});

/** Whether the gradients of factors and summands come out of one kernel, which goes down the columns. */
function byColumns(g: Tensor, x: Tensor, { segments, groups, length, given }: Standard): boolean {
  return x.dtype === "float32" && !given && segments * groups * length === 1 && !watched([g, x]) && x.numel() > 0;
}

function gradientsOfBoth(g: Tensor, x: Tensor, average: Tensor, variance: Tensor, given: Standard): [Tensor, Tensor] {
  return temporaries(() => {
    const made = [0, 1].map(() => empty("standardiseBackward", [given.channels], x.dtype)) as [Tensor, Tensor];
    // Copies have nests of their own: they come before this one is begun.
    const operands = [...made, asContiguous(g), asContiguous(x), average, variance];
    beginNest([given.channels]);
    for (const operand of operands) addOne(operand);
    const extent = writeNest();
    setParameter(0, given.blocks);
    setParameter(1, given.channels);
    setParameter(4, given.eps);
    launch(affine.of(x.dtype), extent);
    return made;
  });
}

function gradientOfWeight(g: Tensor, x: Tensor, average: Tensor, variance: Tensor, given: Standard): Tensor {
  const all = watched([x]) ? given : { ...given, given: true };
  return temporaries(() => {
    const { h } = inOperations(x, average, variance, all);
    return reshape(sum(mul(cutUp(g, given), h), OVER_CHANNELS), [given.groups * given.channels]);
  });
}
