// Taking out and putting in the elements where a mask is true.

import { ArgumentError, DTypeError } from "../errors.js";
import { asTensor, nothingMore } from "../op/args.js";
import { composed } from "../op/composed.js";
import { asContiguous, contiguousCopy, copyInto } from "../op/copy.js";
import { addStrided, addTensor, beginNest, writeNest } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { overlapping } from "../op/result.js";
import { valuesOf } from "../op/truth.js";
import { refuseDynamic } from "../tensor/batch.js";
import { bytesOf } from "../tensor/dtype.js";
import { broadcastShapes, contiguous, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { kernelNamed, WidthFamily } from "../wasm/kernels.js";
import { detail, launchWhole } from "../wasm/launch.js";
import { zeros } from "./creation.js";
import { anyHidden, eachExample } from "./hiding.js";
import { sum } from "./reduce.js";
import { placed } from "./region.js";
import { expand, reshape } from "./shape.js";
import { where } from "./where.js";

const selections = /* @__PURE__ */ new WidthFamily("masked_select");
const scatterings = /* @__PURE__ */ new WidthFamily("masked_scatter");

/** Number of true elements of a mask. */
function countOf(mask: Tensor): number {
  if (anyHidden(mask)) return Math.max(...valuesOf(sum(mask)));
  beginNest(mask.shape);
  addTensor(mask);
  const extent = writeNest();
  if (extent === 0) return 0;
  launchWhole(kernelNamed("mask_count_u8"), extent);
  return detail();
}

function zeroStrides(x: Tensor): number[] {
  return x.shape.map(() => 0);
}

const selectOp: Applied<null> = op({
  name: "maskedSelect",
  forward: ([x, mask]) => {
    const [from, by] = [x as Tensor, mask as Tensor];
    const out = empty("maskedSelect", [countOf(by)], from.dtype);
    beginNest(from.shape);
    addStrided(out, zeroStrides(from));
    addTensor(from);
    addTensor(by);
    const extent = writeNest();
    if (extent > 0) launchWhole(selections.of(bytesOf(from.dtype)), extent);
    return out;
  },
  gradients: {
    x: {
      reads: ["mask"],
      of: ({ g, mask }) => temporaries(() => maskedScatter(zeros(mask.shape, { dtype: g.dtype }), mask, g)),
    },
    mask: null,
  },
  tangent: ([, mask], _outputs, [t]) => [selectOp([t as Tensor, mask as Tensor], null)],
});

function checkMask(name: string, mask: Tensor): void {
  asTensor(name, mask, "mask");
  if (mask.dtype !== "bool") throw new DTypeError(`${name}: expected BoolTensor for mask, got ${mask.dtype}`);
}

/** The elements where a mask (bool) is true, row-major, in one dim; both broadcast. */
export function maskedSelect(x: Tensor, mask: Tensor, ...rest: []): Tensor {
  nothingMore("maskedSelect", rest);
  asTensor("maskedSelect", x);
  checkMask("maskedSelect", mask);
  refuseDynamic("maskedSelect", mask);
  const shape = broadcastShapes("maskedSelect", x.shape, mask.shape);
  return composed("maskedSelect", () => {
    if (shape.length > 0) return selectOp([expand(x, shape), expand(mask, shape)], null);
    return selectOp([reshape(x, [1]), reshape(mask, [1])], null);
  });
}

interface Source {
  readonly shape: readonly number[];
}

function scatterInto(target: Tensor, mask: Tensor, source: Tensor): void {
  beginNest(target.shape);
  addTensor(target);
  addStrided(source, zeroStrides(target));
  addTensor(mask);
  const extent = writeNest();
  if (extent > 0) launchWhole(scatterings.of(bytesOf(target.dtype)), extent);
}

const scatterOp: Applied<Source> = op({
  name: "maskedScatter",
  forward: ([x, mask, source]) =>
    temporaries(() => {
      const out = contiguousCopy(x as Tensor);
      scatterInto(out, mask as Tensor, asContiguous(source as Tensor));
      return out;
    }),
  gradients: {
    x: { reads: ["mask"], of: ({ g, mask }) => where(mask, 0, g) },
    mask: null,
    source: {
      reads: ["mask"],
      of: ({ g, mask }, { shape }) => temporaries(() => asSource(maskedSelect(g, mask), shape)),
    },
  },
  tangent: ([x, mask, source], _outputs, [tx, , ts]) => [
    temporaries(() => {
      const [self, by, from] = [x as Tensor, mask as Tensor, source as Tensor];
      const t = ts ?? zeros(from.shape, { dtype: from.dtype as "float32" });
      return maskedScatter(tx ?? zeros(self.shape, { dtype: self.dtype as "float32" }), by, t);
    }),
  ],
});

/** What was taken from the start of a source, in its shape, zeros behind. */
function asSource(taken: Tensor, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  if (taken.numel() === count) return reshape(taken, shape);
  const flat = placed([taken], { base: contiguous([count]), view: { shape: taken.shape, strides: [1], offset: 0 } });
  return reshape(flat, shape);
}

function check(name: string, x: Tensor, mask: Tensor, source: Tensor): readonly number[] {
  asTensor(name, x);
  checkMask(name, mask);
  asTensor(name, source, "source");
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${name}: expected self and source to have same dtypes but got ${x.dtype} and ${source.dtype}`,
    );
  }
  return broadcastShapes(name, x.shape, mask.shape);
}

/** Throws unless the source has an element for every true one of the mask. */
function checkCount(name: string, mask: Tensor, source: Tensor): void {
  const count = countOf(mask);
  if (count <= source.numel()) return;
  throw new ArgumentError(`${name}: expect source elements to be >= mask elements, got ${source.numel()} for ${count}`);
}

/** A copy with the elements where a mask (bool) is true replaced by those of `source`, one after the other. */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor, ...rest: []): Tensor {
  nothingMore("maskedScatter", rest);
  const shape = check("maskedScatter", x, mask, source);
  if (anyHidden(mask)) {
    return eachExample("maskedScatter", [x, mask, source], (a, b, c) =>
      maskedScatter(a as Tensor, b as Tensor, c as Tensor),
    );
  }
  return composed("maskedScatter", () => {
    const wide = expand(mask, shape);
    checkCount("maskedScatter", wide, source);
    return scatterOp([expand(x, shape), wide, source], { shape: source.shape });
  });
}

/** `maskedScatter` into `self`, which is returned. */
export function maskedScatter_(self: Tensor, mask: Tensor, source: Tensor, ...rest: []): Tensor {
  nothingMore("maskedScatter_", rest);
  const name = "maskedScatter_";
  const shape = check(name, self, mask, source);
  if (!sameShape(shape, self.shape))
    throw new ArgumentError(`${name}: the mask must broadcast to the shape of the tensor`);
  overlapping(name, self, [mask, source]);
  temporaries(() => {
    const wide = expand(mask, shape);
    checkCount(name, wide, source);
    scatterOp.inplace([self, wide, source], { shape: source.shape }, (target) => {
      temporaries(() => {
        const out = contiguousCopy(target);
        scatterInto(out, wide, asContiguous(source));
        copyInto(target, out);
        return null;
      });
    });
    return null;
  });
  return self;
}
