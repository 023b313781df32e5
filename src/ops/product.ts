// Products over dims.

import { ArgumentError } from "../errors.js";
import { asTensor, parse, type Trailing } from "../op/args.js";
import { type Applied, op } from "../op/op.js";
import { accumulating, BY_POSITION, launchIn, type Reduced, reduced, SUMMING } from "../op/reduction.js";
import type { DType } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { to } from "./cast.js";
import { zeros } from "./creation.js";
import { cat } from "./join.js";
import { productGradient } from "./product-derivative.js";
import { all, type SumOptions } from "./reduce.js";
import { permute, reshape } from "./shape.js";
import { spread } from "./spread.js";

interface Product {
  readonly reduced: Reduced;
  readonly dtype: DType;
  readonly from: readonly number[];
}

const products = /* @__PURE__ */ new KernelFamily("prod");

/** g · ∂prod/∂x: the last of the running products along the reduced dims, laid out as one. */
function gradient(g: Tensor, x: Tensor, { reduced }: Product): Tensor {
  const { dims } = reduced;
  if (x.numel() === 0 || dims.length === 0) return spread(g, reduced, x.shape);
  return temporaries(() => {
    const outer = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
    const order = [...outer, ...dims];
    const moved = permute(x, order);
    const sizes = outer.map((d) => x.shape[d] as number);
    const rows = reshape(moved, [...sizes, -1]);
    const last = sizes.length;
    const end = reshape(g, [...sizes, 1]);
    const before = zeros([...sizes, (rows.shape[last] as number) - 1], { dtype: g.dtype });
    const found = productGradient(cat([before, end], last), rows, last);
    const inverse = order.map((_, d) => order.indexOf(d));
    return permute(reshape(found, moved.shape), inverse);
  });
}

const prodOp: Applied<Product> = op({
  name: "prod",
  label: ({ reduced }) => (reduced.whole ? "ProdBackward0" : "ProdBackward1"),
  forward: ([x], { reduced, dtype }: Product) => launchIn("prod", products, x as Tensor, reduced, dtype),
  gradients: {
    x: {
      reads: ["x"],
      of: ({ g, x }, p) => gradient(g, to(x, p.dtype), p),
    },
  },
});

/** Optional arguments of `prod`: one dim. */
export type ProdRest = Trailing<
  [dim: number | null | undefined, keepdim: boolean | undefined],
  SumOptions & { readonly dim?: number | null }
>;

/**
 * Product over one dim, or all; integers and bool give int32, unless `dtype` says what. The product of nothing is 1;
 * gradients are exact with zeros too.
 */
export function prod(x: Tensor, ...rest: ProdRest): Tensor {
  asTensor("prod", x);
  const given = parse("prod", rest, SUMMING, BY_POSITION);
  const dtype = accumulating("prod", x, given.dtype);
  if (Array.isArray(given.dim)) throw new ArgumentError("prod: dim must be one integer, got an array");
  if (dtype === "bool") return all(x, given.dim, given.keepdim);
  return prodOp([x], { reduced: reduced("prod", x, given.dim, given.keepdim), dtype, from: x.shape });
}
