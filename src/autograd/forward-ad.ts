// The namespace `autograd.forwardAd`: dual tensors at one level, as PyTorch has them.

import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { asTensor } from "../op/args.js";
import { view } from "../ops/shape.js";
import { mode } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { adopt } from "../tensor/lifetime.js";
import { disposable, refuseAsync } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { closeLevel, openLevel, setTangent, tangentAt } from "./forward.js";

let open = false;

/** Opens the level; tangents made in it vanish when it closes. Levels do not nest: use `func.jvp` for that. */
export function enterDualLevel(): number {
  if (open) throw new GraphError("enterDualLevel: Nested forward mode AD is not supported at the moment");
  open = true;
  return openLevel();
}

/** Closes the level. */
export function exitDualLevel(): void {
  if (!open) throw new GraphError("exitDualLevel: Trying to exit a forward AD level but no level was entered");
  open = false;
  closeLevel();
}

/** An open dual level: close it by `using` or by `dispose()`. */
export class DualLevel implements Disposable {
  private open = true;
  declare [Symbol.dispose]: () => void;

  constructor() {
    enterDualLevel();
  }

  dispose(): void {
    if (!this.open) return;
    this.open = false;
    exitDualLevel();
  }
}
disposable(DualLevel.prototype);

/** Runs `body` with a dual level open; without a function it opens one that `using` or `dispose()` closes. */
export function dualLevel(): DualLevel;
export function dualLevel<T>(body: () => T): T;
export function dualLevel<T>(body?: () => T): T | DualLevel {
  const level = new DualLevel();
  if (body === undefined) return level;
  try {
    const result = body();
    refuseAsync("dualLevel", result);
    return result;
  } finally {
    level.dispose();
  }
}

function checkLevel(op: string): number {
  if (!open)
    throw new GraphError(
      `${op}: Trying to use a dual tensor outside of a dual level; call it inside forwardAd.dualLevel(() => …)`,
    );
  return mode.levels - 1;
}

/**
 * A view of `primal` that carries a tangent through what is computed from it.
 * @throws GraphError outside a level, ShapeError and DTypeError where the two do not fit.
 */
export function makeDual(primal: Tensor, tangent: Tensor): Tensor {
  const level = checkLevel("makeDual");
  asTensor("makeDual", primal, "primal");
  asTensor("makeDual", tangent, "tangent");
  if (!isFloat(primal.dtype))
    throw new DTypeError(`makeDual: Expected primal to be floating point or complex, but got: ${primal.dtype}`);
  if (!isFloat(tangent.dtype))
    throw new DTypeError(`makeDual: Expected tangent to be floating point or complex, but got: ${tangent.dtype}`);
  if (!sameShape(primal.shape, tangent.shape)) {
    throw new ShapeError(
      `makeDual: Trying to set a forward gradient that has a different size than that of the original Tensor: expected ` +
        `${formatShape(primal.shape)}, got ${formatShape(tangent.shape)}`,
    );
  }
  if (primal.dtype !== tangent.dtype)
    throw new DTypeError(`makeDual: the tangent is ${tangent.dtype}, the primal ${primal.dtype}`);
  if (tangentAt(tangent, level) !== null)
    throw new ArgumentError("makeDual: the tangent may not itself have a tangent at this level");
  const dual = without(() => view(primal, primal.shape));
  setTangent(dual, level, tangent);
  return dual;
}

/** A dual tensor taken apart. */
export interface UnpackedDualTensor {
  readonly primal: Tensor;
  readonly tangent: Tensor | null;
}

/** The primal, a view without the tangent, and the tangent; null where there is none or the level has closed. */
export function unpackDual(x: Tensor): UnpackedDualTensor {
  asTensor("unpackDual", x);
  if (!open) return { primal: x, tangent: null };
  const tangent = tangentAt(x, mode.levels - 1);
  if (tangent === null) return { primal: x, tangent };
  if (tangent.temporary) {
    tangent.temporary = tangent.kept = false;
    adopt(tangent);
  }
  return { primal: without(() => view(x, x.shape)), tangent };
}

/** Runs `body` below the innermost level, so that no tangent is pushed there. */
function without<T>(body: () => T): T {
  const { levels } = mode;
  mode.levels = levels - 1;
  try {
    return body();
  } finally {
    mode.levels = levels;
  }
}
