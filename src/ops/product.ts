// Products over dims.

import { asTensor } from "../op/args.js";
import { castTo } from "../op/copy.js";
import { type Applied, op } from "../op/op.js";
import { launchReduction, type Reduced, reductionArguments } from "../op/reduction.js";
import { checkDtype, type DType, isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { mul } from "./arithmetic.js";
import { to } from "./cast.js";
import { ones } from "./creation.js";
import { flip } from "./flip.js";
import { cat } from "./join.js";
import { type ReductionRest, type SumOptions, spread, sum } from "./reduce.js";
import { cumprod } from "./scan.js";
import { permute, reshape } from "./shape.js";
import { narrow } from "./views.js";

interface Product {
  readonly reduced: Reduced;
  readonly dtype: DType;
  readonly from: readonly number[];
}

const products = /* @__PURE__ */ new KernelFamily("prod");

/**
 * For each element the product of the others that are reduced with it: products of all before it times products of all
 * behind it, so that zeros need no division.
 */
function others(x: Tensor, { reduced: { dims } }: Product): Tensor {
  return temporaries(() => {
    const outer = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
    const order = [...outer, ...dims];
    const moved = permute(x, order);
    // The leading 1 keeps empty pieces of a vector from being passed over by cat.
    const rows = [1, ...outer.map((d) => x.shape[d] as number)];
    const count = dims.reduce((n, d) => n * (x.shape[d] as number), 1);
    const flat = reshape(moved, [...rows, count]);
    const last = rows.length;
    const exclusive = (y: Tensor): Tensor =>
      cat([ones([...rows, 1], { dtype: y.dtype as "float32" }), narrow(cumprod(y, last), last, 0, count - 1)], last);
    const before = exclusive(flat);
    const behind = flip(exclusive(flip(flat, [last])), [last]);
    const inverse = order.map((_, d) => order.indexOf(d));
    return permute(reshape(mul(before, behind), moved.shape), inverse);
  });
}

const prodOp: Applied<Product> = op({
  name: "prod",
  label: ({ reduced, from }) => (reduced.dims.length === from.length ? "ProdBackward0" : "ProdBackward1"),
  forward: ([x], { reduced, dtype }: Product) =>
    temporaries(() => {
      const input = dtype === "int32" && x?.dtype === "bool" ? x : castTo(x as Tensor, dtype);
      return launchReduction("prod", products.of(input.dtype, dtype), input, reduced, [dtype])[0] as Tensor;
    }),
  gradients: {
    x: {
      reads: ["x"],
      of: ({ g, x }, p) =>
        temporaries(() => {
          if (x.numel() === 0) return spread(g, p.reduced, p.from);
          return mul(spread(g, p.reduced, p.from), others(isFloat(p.dtype) ? to(x, p.dtype) : x, p));
        }),
    },
  },
  tangent: ([x], _outputs, [t], p) => [
    temporaries(() => sum(mul(t as Tensor, others(x as Tensor, p)), p.reduced.dims as number[], p.reduced.keepdim)),
  ],
});

/** Product over dims; integers and bool give int32. The product of nothing is 1; gradients are right with zeros too. */
export function prod(x: Tensor, ...rest: ReductionRest<SumOptions>): Tensor {
  asTensor("prod", x);
  const given = reductionArguments("prod", x, rest, { dtype: null as DType | null });
  const dtype = given.dtype === null ? (x.dtype === "bool" ? "int32" : x.dtype) : checkDtype("prod", given.dtype);
  return prodOp([x], { reduced: given.reduced, dtype, from: x.shape });
}
