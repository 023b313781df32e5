// First-order linear recurrences along a dim, an operation that is its own adjoint in the other direction.

import { backwards, launchAlong } from "../op/along.js";
import { type Applied, op } from "../op/op.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { mul } from "./arithmetic.js";
import { zerosLike } from "./creation.js";
import { cat } from "./join.js";
import { narrow } from "./views.js";

/** Dim and direction of a recurrence. */
export interface Recurrence {
  readonly dim: number;
  readonly reverse: boolean;
}

const kernels = /* @__PURE__ */ new KernelFamily("recurrence");

/** The factors as the kernel meets them: on the way back factor k leads from k to k − 1. */
function links(a: Tensor, { dim, reverse }: Recurrence): Tensor {
  if (!reverse || a.ndim === 0) return a;
  const turned = backwards(a, dim);
  const { shape, strides, offset } = turned.layout;
  return alias(a, { shape, strides, offset: offset - (strides[dim] as number) });
}

/**
 * s[k] = b[k] + a[k]·s[k − 1] along a dim, or in reverse s[k] = b[k] + a[k + 1]·s[k + 1]. Both directions use factor k
 * between k − 1 and k, so a[0] has no meaning, and each is the transposed of the other in b.
 */
export const recurrence: Applied<Recurrence> = op({
  name: "recurrence",
  forward: ([a, b], p: Recurrence) =>
    temporaries(() => {
      const out = empty("recurrence", (b as Tensor).shape, (b as Tensor).dtype);
      const way = (x: Tensor) => (p.reverse ? backwards(x, p.dim) : x);
      launchAlong(kernels.of(out.dtype), p.dim, [way(out), links(a as Tensor, p), way(b as Tensor)]);
      return out;
    }),
  gradients: {
    a: { reads: ["a", "out"], of: ({ g, a, out }, p) => factorGradient(g, a, out, p) },
    b: { reads: ["a"], of: ({ g, a }, { dim, reverse }) => recurrence([a, g], { dim, reverse: !reverse }) },
  },
});

/** The gradient of factor k: what goes through it times what it carries. */
function factorGradient(g: Tensor, a: Tensor, s: Tensor, { dim, reverse }: Recurrence): Tensor {
  if (a.ndim === 0) return zerosLike(a);
  return temporaries(() => {
    const r = recurrence([a, g], { dim, reverse: !reverse });
    return reverse ? shifted(r, s, dim) : shifted(s, r, dim);
  });
}

/** x[k − 1]·y[k], and 0 for k = 0. */
function shifted(x: Tensor, y: Tensor, dim: number): Tensor {
  const n = y.shape[dim] as number;
  if (n === 0) return y;
  return cat([zerosLike(narrow(y, dim, 0, 1)), mul(narrow(x, dim, 0, n - 1), narrow(y, dim, 1, n - 1))], dim);
}
