// Recurrent cells: one step of a network that remembers.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asTensor, describe, nothingMore } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { add, mul, sub } from "../../ops/arithmetic.js";
import { relu, sigmoid } from "../../ops/pointwise.js";
import { tanh } from "../../ops/trigonometric.js";
import { chunk } from "../../ops/views.js";
import { formatShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { linear } from "./linear.js";

type Bias = Tensor | null | undefined;

function check(op: string, input: Tensor, hidden: Tensor, wIh: Tensor, wHh: Tensor, gates: number): void {
  for (const [name, x] of Object.entries({ input, hidden, wIh, wHh })) asTensor(op, x, name);
  const size = hidden.shape.at(-1) as number;
  if (input.ndim === 0 || hidden.ndim !== input.ndim) {
    throw new ShapeError(
      `${op}: expected input and hidden state with the same number of dims, [N, in] or [in], got ${formatShape(input.shape)} and ${formatShape(hidden.shape)}`,
    );
  }
  if (wIh.ndim !== 2 || wHh.ndim !== 2 || wIh.shape[0] !== gates * size || wHh.shape[0] !== gates * size) {
    throw new ShapeError(
      `${op}: expected weights [${gates * size}, in] and [${gates * size}, ${size}] for a hidden size of ${size}, got ${formatShape(wIh.shape)} and ${formatShape(wHh.shape)}`,
    );
  }
}

/** x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ. */
function sumOf(x: Tensor, h: Tensor, wIh: Tensor, wHh: Tensor, bIh: Bias, bHh: Bias): Tensor {
  return add(linear(x, wIh, bIh ?? null), linear(h, wHh, bHh ?? null));
}

/** tanh(x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ): input [N, in], hidden state [N, out], weights [out, in] and [out, out]. */
export function rnnTanhCell(
  input: Tensor,
  hidden: Tensor,
  wIh: Tensor,
  wHh: Tensor,
  bIh?: Bias,
  bHh?: Bias,
  ...rest: []
): Tensor {
  nothingMore("rnnTanhCell", rest);
  check("rnnTanhCell", input, hidden, wIh, wHh, 1);
  return composed("rnnTanhCell", () => tanh(sumOf(input, hidden, wIh, wHh, bIh, bHh)));
}

/** `rnnTanhCell` with a rectifier instead of tanh. */
export function rnnReluCell(
  input: Tensor,
  hidden: Tensor,
  wIh: Tensor,
  wHh: Tensor,
  bIh?: Bias,
  bHh?: Bias,
  ...rest: []
): Tensor {
  nothingMore("rnnReluCell", rest);
  check("rnnReluCell", input, hidden, wIh, wHh, 1);
  return composed("rnnReluCell", () => relu(sumOf(input, hidden, wIh, wHh, bIh, bHh)));
}

/**
 * Long short-term memory: input [N, in], state [h, c], weights [4 · out, in] and [4 · out, out] with the gates i, f, g, o:
 * c′ = σ(f) c + σ(i) tanh(g), h′ = σ(o) tanh(c′). Gives [h′, c′].
 */
export function lstmCell(
  input: Tensor,
  state: readonly [Tensor, Tensor],
  wIh: Tensor,
  wHh: Tensor,
  bIh?: Bias,
  bHh?: Bias,
  ...rest: []
): [Tensor, Tensor] {
  nothingMore("lstmCell", rest);
  if (!Array.isArray(state) || state.length !== 2)
    throw new ArgumentError(`lstmCell: expected [hidden, cell] as state, got ${describe(state)}`);
  const [hidden, cell] = state;
  check("lstmCell", input, hidden, wIh, wHh, 4);
  asTensor("lstmCell", cell, "cell state");
  return composed("lstmCell", () => {
    const gates = sumOf(input, hidden, wIh, wHh, bIh, bHh);
    const [i, f, g, o] = chunk(gates, 4, -1) as [Tensor, Tensor, Tensor, Tensor];
    const next = add(mul(sigmoid(f), cell), mul(sigmoid(i), tanh(g)));
    return [mul(sigmoid(o), tanh(next)), next];
  }) as [Tensor, Tensor];
}

/**
 * Gated recurrent unit: input [N, in], hidden state [N, out], weights [3 · out, in] and [3 · out, out] with the gates r, z, n:
 * n = tanh(xₙ + σ(r) hₙ), h′ = (h − n) σ(z) + n.
 */
export function gruCell(
  input: Tensor,
  hidden: Tensor,
  wIh: Tensor,
  wHh: Tensor,
  bIh?: Bias,
  bHh?: Bias,
  ...rest: []
): Tensor {
  nothingMore("gruCell", rest);
  check("gruCell", input, hidden, wIh, wHh, 3);
  return composed("gruCell", () => {
    const [xr, xz, xn] = chunk(linear(input, wIh, bIh ?? null), 3, -1) as [Tensor, Tensor, Tensor];
    const [hr, hz, hn] = chunk(linear(hidden, wHh, bHh ?? null), 3, -1) as [Tensor, Tensor, Tensor];
    const n = tanh(add(xn, mul(sigmoid(add(xr, hr)), hn)));
    return add(mul(sub(hidden, n), sigmoid(add(xz, hz))), n);
  });
}
