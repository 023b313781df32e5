// What gradcheck adds for batches: a batched backward or forward pass equals one for each vector.

import { GradcheckError } from "../errors.js";
import { sub } from "../ops/arithmetic.js";
import { zerosLike } from "../ops/creation.js";
import { detach } from "../ops/detach.js";
import { max } from "../ops/extremum.js";
import { stack } from "../ops/join.js";
import { abs } from "../ops/pointwise.js";
import { randn } from "../ops/random.js";
import { select } from "../ops/shape.js";
import { unrecorded } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import { item } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";
import { grad } from "./backward.js";
import { closeLevel, openLevel, setTangent, tangentAt } from "./forward.js";
import { underVmap } from "./vmap.js";

const COUNT = 5;

/** Random vectors, one above the other. */
function vectors(like: Tensor): Tensor {
  return unrecorded(() => randn([COUNT, ...like.shape], { dtype: like.dtype as "float64" }));
}

function compare(what: string, k: number, i: number, got: Tensor, wanted: Tensor, atol: number, rtol: number): void {
  let apart = 0;
  let size = 0;
  unrecorded(() =>
    temporaries(() => {
      if (got.numel() === 0) return null;
      apart = Number(item(max(abs(sub(got, wanted)))));
      size = Number(item(max(abs(wanted))));
      return null;
    }),
  );
  if (apart <= atol + rtol * size) return;
  throw new GradcheckError(
    `gradcheck or gradgradcheck failed while testing batched ${what} computation for output ${k} with respect to input ${i}: ` +
      `the batched pass differs from a loop by up to ${apart}`,
  );
}

/** Compares `isGradsBatched` with a pass for each vector. */
export function checkBatchedBackward(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  places: readonly number[],
  atol: number,
  rtol: number,
): void {
  outputs.forEach((output, k) => {
    if (!output.tracked) return;
    const seeds = vectors(output);
    const options = { retainGraph: true, allowUnused: true };
    const batched = grad(output, inputs, { ...options, gradOutputs: seeds, isGradsBatched: true }) as (Tensor | null)[];
    const loop = Array.from(
      { length: COUNT },
      (_, n) => grad(output, inputs, { ...options, gradOutputs: select(seeds, 0, n) }) as (Tensor | null)[],
    );
    batched.forEach((gradient, i) => {
      if (gradient === null) return;
      const wanted = stack(loop.map((each) => each[i] as Tensor));
      compare("gradient", k, places[i] as number, gradient, wanted, atol, rtol);
    });
  });
}

/** The tangents of the outputs for a tangent of one input. */
function pushed(
  f: (...duals: Tensor[]) => Tensor[],
  inputs: readonly Tensor[],
  which: number,
  tangent: Tensor,
): Tensor[] {
  const level = openLevel();
  try {
    const duals = inputs.map((input) => (isFloat(input.dtype) ? detach(input) : input));
    setTangent(duals[which] as Tensor, level, tangent);
    return f(...duals).map((output) => {
      const found = tangentAt(output, level);
      found?.expose();
      return found ?? zerosLike(output);
    });
  } finally {
    closeLevel();
  }
}

/** Compares tangents pushed all at once through `f` with a pass for each vector. */
export function checkBatchedForward(
  f: (...duals: Tensor[]) => Tensor[],
  inputs: readonly Tensor[],
  which: number,
  atol: number,
  rtol: number,
): void {
  const tangents = vectors(inputs[which] as Tensor);
  const push = (tangent: Tensor) => pushed(f, inputs, which, tangent);
  const mapped = [{ x: tangents, dim: 0 }];
  const batched = underVmap<Tensor[]>("gradcheck", mapped, COUNT, "error", ([t]) => push(t as Tensor), 0);
  const loop = Array.from({ length: COUNT }, (_, n) => push(select(tangents, 0, n)));
  batched.forEach((tangent, k) => {
    compare("forward gradient", k, which, tangent, stack(loop.map((each) => each[k] as Tensor)), atol, rtol);
  });
}
