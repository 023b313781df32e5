// The older kind of checkpoint: one node, whose backward runs the function again and a backward pass over it.

import { backward } from "../autograd/backward.js";
import { asksForSome } from "../autograd/engine.js";
import { Function, type FunctionCtx } from "../autograd/function.js";
import { GraphError } from "../errors.js";
import { detach } from "../ops/detach.js";
import { recorded } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import { getRngState, setRngState } from "../tensor/generator.js";
import { scope } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { warnOnce } from "../tensor/warn.js";

type Body = (...args: readonly unknown[]) => unknown;

class CheckpointFunction extends Function {
  static forward(ctx: FunctionCtx, body: Body, preserve: boolean, ...args: unknown[]): unknown {
    ctx.state = preserve ? getRngState() : null;
    ctx.body = body;
    ctx.others = args.map((arg) => (arg instanceof Tensor ? null : arg));
    ctx.saveForBackward(...args.map((arg) => (arg instanceof Tensor ? arg : null)));
    return scope(() => body(...args));
  }

  static backward(ctx: FunctionCtx, ...gradients: (Tensor | null)[]): (Tensor | null)[] {
    if (asksForSome()) {
      throw new GraphError(
        "checkpoint: When useReentrant is true, checkpoint is incompatible with .grad() or passing `inputs` to .backward(). " +
          "To resolve this error, you can either set useReentrant: false, or call .backward() without `inputs`.",
      );
    }
    // Of the second run only the gradients stay.
    return scope(() => CheckpointFunction.derivative(ctx, gradients));
  }

  private static derivative(ctx: FunctionCtx, gradients: readonly (Tensor | null)[]): (Tensor | null)[] {
    const others = ctx.others as unknown[];
    const saved = ctx.savedTensors;
    const args = others.map((other, i) => {
      const x = saved[i] ?? null;
      if (x === null) return other;
      const own = detach(x);
      own.collects = x.tracked;
      return own;
    });
    const result = again(ctx, args);
    const outputs = Array.isArray(result) ? result : [result];
    const pairs = outputs
      .map((output: unknown, i) => [output, gradients[i] ?? null] as const)
      .filter(
        (pair): pair is readonly [Tensor, Tensor] => pair[0] instanceof Tensor && pair[0].tracked && pair[1] !== null,
      );
    if (pairs.length === 0)
      throw new GraphError("checkpoint: none of output has requires_grad=True, this checkpoint() is not necessary");
    backward(
      pairs.map(([output]) => output),
      pairs.map(([, gradient]) => gradient),
    );
    return [null, null, ...args.map((arg) => (arg instanceof Tensor && isFloat(arg.dtype) ? arg.gradient : null))];
  }
}

function again(ctx: FunctionCtx, args: readonly unknown[]): unknown {
  const state = ctx.state as ReturnType<typeof getRngState> | null;
  const present = state === null ? null : getRngState();
  if (state !== null) setRngState(state);
  try {
    return recorded(() => (ctx.body as Body)(...args));
  } finally {
    if (present !== null) setRngState(present);
  }
}

/** Runs a function as one node. */
export function reentrant<R>(body: (...args: readonly unknown[]) => R, args: readonly unknown[], preserve: boolean): R {
  if (!args.some((arg) => arg instanceof Tensor && arg.tracked))
    warnOnce("checkpoint: None of the inputs have requires_grad=True. Gradients will be null");
  return CheckpointFunction.apply(body as Body, preserve, ...args) as R;
}
