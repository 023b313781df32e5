// Attention: scaled dot products of queries and keys weigh values.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asBoolean, asNumber, asTensor, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { checkSameDtype } from "../../op/gemm.js";
import { add, div } from "../../ops/arithmetic.js";
import { logicalOr } from "../../ops/compare.js";
import { zeros } from "../../ops/creation.js";
import { product, turned } from "../../ops/gemm.js";
import { cat } from "../../ops/join.js";
import { baddbmm } from "../../ops/matmul.js";
import { mean } from "../../ops/reduce.js";
import { expand, permute, reshape, transpose } from "../../ops/shape.js";
import { softmax } from "../../ops/softmax.js";
import { chunk, squeeze, unsqueeze } from "../../ops/views.js";
import { maskedFill } from "../../ops/where.js";
import { type DType, isFloat } from "../../tensor/dtype.js";
import { broadcastShapes, formatShape, sameShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { dropout } from "./dropout.js";
import { attend, weightsOf } from "./fused-attention.js";
import { linear } from "./linear.js";
import { pad } from "./pad.js";

/** Options of `scaledDotProductAttention`. */
export interface AttentionOptions {
  /** What queries may see, broadcast to [..., L, S]: true where they may, or numbers that are added to the scores. */
  readonly attnMask?: Tensor | null;
  /** Probability of a weight to be dropped: 0. */
  readonly dropoutP?: number;
  /** Whether query i sees the keys up to i only. */
  readonly isCausal?: boolean;
  /** Factor of the scores: 1 / √E. */
  readonly scale?: number | null;
  /** Whether there may be fewer heads (dim −3) of keys and values than of queries, each shared by several. */
  readonly enableGqa?: boolean;
}

/**
 * softmax(scale · Q Kᵀ + mask) V: query [..., L, E], key [..., S, E], value [..., S, Ev] give [..., L, Ev]; batch dims broadcast.
 * The causal mask is aligned to the top left.
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  ...rest: [options?: AttentionOptions]
): Tensor {
  const op = "scaledDotProductAttention";
  for (const [name, x] of Object.entries({ query, key, value })) {
    asTensor(op, x, name);
    if (x.ndim < 2)
      throw new ShapeError(
        `${op}: expected ${name} to have at least 2 dims, [..., length, width], got ${formatShape(x.shape)}`,
      );
  }
  checkSameDtype(op, query, key, value);
  if (!isFloat(query.dtype)) throw new DTypeError(`${op}: expected floating-point tensors, got ${query.dtype}`);
  const defaults = {
    attnMask: null as Tensor | null,
    dropoutP: 0,
    isCausal: false,
    scale: null as number | null,
    enableGqa: false,
  };
  const { attnMask, dropoutP, isCausal, scale, enableGqa } = parse(op, rest, defaults);
  asBoolean(op, isCausal, "isCausal");
  asBoolean(op, enableGqa, "enableGqa");
  if (isCausal && attnMask !== null)
    throw new ArgumentError(`${op}: Explicit attn_mask should not be set when is_causal=True`);
  const width = query.shape.at(-1) as number;
  if (width !== key.shape.at(-1) || key.shape.at(-2) !== value.shape.at(-2)) {
    throw new ShapeError(
      `${op}: expected query [..., L, E], key [..., S, E], value [..., S, Ev], got ${formatShape(query.shape)}, ${formatShape(key.shape)}, ` +
        formatShape(value.shape),
    );
  }
  if (attnMask !== null) {
    asTensor(op, attnMask, "attnMask");
    if (attnMask.dtype !== "bool" && attnMask.dtype !== query.dtype) {
      throw new DTypeError(
        `${op}: Expected attn_mask dtype to be bool or to match query dtype, but got attn_mask.dtype: ${attnMask.dtype} and query.dtype: ${query.dtype}`,
      );
    }
  }
  return composed(op, () => {
    let [q, k, v] = [query, key, value];
    const shared = enableGqa && query.ndim >= 3 && query.shape.at(-3) !== key.shape.at(-3);
    if (shared) [q, k, v] = grouped(op, query, key, value);
    broadcastShapes(op, q.shape.slice(0, -2), k.shape.slice(0, -2));
    const given = { scale: scale === null ? 1 / Math.sqrt(width) : asNumber(op, scale, "scale"), causal: isCausal };
    const mask = attnMask !== null && shared ? forGroups(attnMask, q) : attnMask;
    const out =
      dropoutP > 0 ? product(dropout(weightsOf(q, k, mask ?? 0, given), dropoutP), v, 1) : attend(q, k, v, mask, given);
    return shared ? reshape(out, [...query.shape.slice(0, -1), value.shape.at(-1) as number]) : out;
  });
}

/** Heads of queries in groups that share one of keys and values: [..., H, L, E] becomes [..., Hk, H / Hk, L, E]. */
function grouped(op: string, query: Tensor, key: Tensor, value: Tensor): [Tensor, Tensor, Tensor] {
  const heads = query.shape.at(-3) as number;
  const own = key.ndim < 3 ? 1 : (key.shape.at(-3) as number);
  if (heads % own !== 0 || key.shape.at(-3) !== value.shape.at(-3)) {
    throw new ShapeError(
      `${op}: Number of heads in key and value must divide the number of heads in query, got ${heads} and ${own}`,
    );
  }
  const shape = [...query.shape.slice(0, -3), own, heads / own, ...query.shape.slice(-2)];
  return [reshape(query, shape), unsqueeze(key, -3), unsqueeze(value, -3)];
}

/** A mask for queries in groups: [..., H, L, S] becomes [..., Hk, H / Hk, L, S]. */
function forGroups(mask: Tensor, q: Tensor): Tensor {
  if (mask.ndim < 3) return mask;
  if (mask.shape.at(-3) === 1) return unsqueeze(mask, -3);
  return reshape(mask, [
    ...mask.shape.slice(0, -3),
    q.shape.at(-4) as number,
    q.shape.at(-3) as number,
    ...mask.shape.slice(-2),
  ]);
}

/** Options of `multiHeadAttentionForward`. */
export interface MultiHeadAttentionOptions {
  readonly training?: boolean;
  /** True where keys do not count: [N, S]. */
  readonly keyPaddingMask?: Tensor | null;
  readonly needWeights?: boolean;
  /** True where a query must not see a key, or numbers that are added: [L, S] or [N · heads, L, S]. */
  readonly attnMask?: Tensor | null;
  readonly useSeparateProjWeight?: boolean;
  readonly qProjWeight?: Tensor | null;
  readonly kProjWeight?: Tensor | null;
  readonly vProjWeight?: Tensor | null;
  readonly staticK?: Tensor | null;
  readonly staticV?: Tensor | null;
  readonly averageAttnWeights?: boolean;
  readonly isCausal?: boolean;
}

function projections(
  op: string,
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  weight: Tensor | null,
  bias: Tensor | null,
  given: Required<MultiHeadAttentionOptions>,
): [Tensor, Tensor, Tensor] {
  const biases = bias === null ? [null, null, null] : chunk(bias, 3);
  if (!given.useSeparateProjWeight) {
    if (weight === null) throw new ArgumentError(`${op}: use_separate_proj_weight is False but in_proj_weight is None`);
    if (query === key && key === value) return chunk(linear(query, weight, bias), 3, -1) as [Tensor, Tensor, Tensor];
    const weights = chunk(weight, 3);
    return [query, key, value].map((x, i) => linear(x, weights[i] as Tensor, biases[i] ?? null)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
  }
  const weights = [given.qProjWeight, given.kProjWeight, given.vProjWeight];
  return [query, key, value].map((x, i) => {
    const own = weights[i] ?? null;
    if (own === null)
      throw new ArgumentError(`${op}: use_separate_proj_weight is True but ${"qkv"[i]}_proj_weight is None`);
    return linear(x, own, biases[i] ?? null);
  }) as [Tensor, Tensor, Tensor];
}

/**
 * Attention of several heads with its projections, as in PyTorch: query [L, N, E], key and value [S, N, E], or without N. Gives
 * the result and, with `needWeights`, the weights [N, L, S], averaged over the heads unless `averageAttnWeights` is false.
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embedDimToCheck: number,
  numHeads: number,
  inProjWeight: Tensor | null,
  inProjBias: Tensor | null,
  biasK: Tensor | null,
  biasV: Tensor | null,
  addZeroAttn: boolean,
  dropoutP: number,
  outProjWeight: Tensor,
  outProjBias: Tensor | null,
  ...rest: [options?: MultiHeadAttentionOptions]
): [Tensor, Tensor | null] {
  const op = "multiHeadAttentionForward";
  for (const x of [query, key, value]) asTensor(op, x);
  const defaults = {
    training: true,
    keyPaddingMask: null,
    needWeights: true,
    attnMask: null,
    useSeparateProjWeight: false,
    qProjWeight: null,
    kProjWeight: null,
    vProjWeight: null,
    staticK: null,
    staticV: null,
    averageAttnWeights: true,
    isCausal: false,
  };
  const given = parse<Required<MultiHeadAttentionOptions>>(op, rest, defaults);
  const isBatched = query.ndim === 3;
  if (query.ndim !== 2 && !isBatched)
    throw new ShapeError(
      `${op}: query should be unbatched 2D or batched 3D tensor but received ${query.ndim}-D query tensor`,
    );
  const width = query.shape.at(-1) as number;
  if (width !== embedDimToCheck)
    throw new ShapeError(`${op}: was expecting embedding dimension of ${embedDimToCheck}, but got ${width}`);
  if (width % numHeads !== 0)
    throw new ArgumentError(`${op}: embed_dim ${width} not divisible by num_heads ${numHeads}`);
  if (!given.useSeparateProjWeight && !sameShape(key.shape, value.shape)) {
    throw new ShapeError(
      `${op}: key shape ${formatShape(key.shape)} does not match value shape ${formatShape(value.shape)}`,
    );
  }
  if ((biasK === null) !== (biasV === null))
    throw new ArgumentError(`${op}: bias_k and bias_v must both be given, or neither`);
  const head = width / numHeads;
  return composed(op, () => {
    const inputs = (isBatched ? [query, key, value] : sameObjects([query, key, value])) as [Tensor, Tensor, Tensor];
    const [length, count] = inputs[0].shape as readonly [number, number];
    let [q, k, v] = projections(op, inputs, inProjWeight, inProjBias, given);
    let mask = maskOf(op, given.attnMask, length, key.shape[0] as number, count * numHeads);
    let padding =
      given.keyPaddingMask === null ? null : isBatched ? given.keyPaddingMask : unsqueeze(given.keyPaddingMask, 0);
    const widen = (): void => {
      if (mask !== null) mask = widened(mask);
      if (padding !== null) padding = widened(padding);
    };
    if (biasK !== null && biasV !== null) {
      if (given.staticK !== null || given.staticV !== null)
        throw new ArgumentError(`${op}: bias cannot be added to static key or value.`);
      k = cat([k, expand(biasK, [1, count, width])]);
      v = cat([v, expand(biasV, [1, count, width])]);
      widen();
    }
    const drops = given.training && dropoutP > 0;
    const join = (x: Tensor): Tensor => {
      const rows = reshape(x, [length * count, width]);
      const out = reshape(linear(rows, outProjWeight, outProjBias), [length, count, outProjWeight.shape[0] as number]);
      return isBatched ? out : squeeze(out, 1);
    };
    const byHead = (x: Tensor): Tensor => transpose(reshape(x, [x.shape[0] as number, count * numHeads, head]), 0, 1);
    if (!given.needWeights && !drops && !addZeroAttn && given.staticK === null && given.staticV === null) {
      if (padding !== null) mask = merged(op, mask, padding, count, numHeads, k.shape[0] as number);
      const apart = (x: Tensor): Tensor =>
        permute(reshape(x, [x.shape[0] as number, count, numHeads, head]), [1, 2, 0, 3]);
      const out = attend(apart(q), apart(k), apart(v), headsOf(mask, count, numHeads, q.dtype), {
        scale: 1 / Math.sqrt(head),
        causal: false,
      });
      return [join(permute(out, [2, 0, 1, 3])), null];
    }
    q = byHead(q);
    k = given.staticK ?? byHead(k);
    v = given.staticV ?? byHead(v);
    if (addZeroAttn) {
      const nothing = zeros([count * numHeads, 1, head], { dtype: k.dtype });
      k = cat([k, nothing], 1);
      v = cat([v, nothing], 1);
      widen();
    }
    const source = k.shape[1] as number;
    if (padding !== null) mask = merged(op, mask, padding, count, numHeads, source);
    mask = asNumbers(mask, q.dtype);
    const scaled = div(q, Math.sqrt(head));
    let weights = softmax(mask === null ? product(scaled, turned(k), 1) : baddbmm(mask, scaled, turned(k)), -1);
    if (drops) weights = dropout(weights, dropoutP);
    const out = join(transpose(product(weights, v, 1), 0, 1));
    if (!given.needWeights) return [out, null];
    let seen = reshape(weights, [count, numHeads, length, source]);
    if (given.averageAttnWeights) seen = mean(seen, 1);
    return [out, isBatched ? seen : squeeze(seen, 0)];
  }) as [Tensor, Tensor | null];
}

/** A mask of yes and no as numbers that are added: −∞ where it hides. */
function asNumbers(mask: Tensor | null, dtype: DType): Tensor | null {
  if (mask === null || mask.dtype !== "bool") return mask;
  return maskedFill(zeros(mask.shape, { dtype }), mask, Number.NEGATIVE_INFINITY);
}

/** A mask [N · heads or 1, L, S], in numbers, with the heads apart. */
function headsOf(mask: Tensor | null, count: number, heads: number, dtype: DType): Tensor | null {
  const numbers = asNumbers(mask, dtype);
  if (numbers === null) return null;
  const [all, length, source] = numbers.shape as readonly [number, number, number];
  return reshape(numbers, [...(all === 1 ? [1, 1] : [count, heads]), length, source]);
}

/** With the batch dim put in, so that what was the same tensor stays the same. */
function sameObjects(tensors: readonly Tensor[]): Tensor[] {
  const made = new Map<Tensor, Tensor>();
  return tensors.map((x) => {
    const known = made.get(x) ?? unsqueeze(x, 1);
    made.set(x, known);
    return known;
  });
}

/** One more column that may be seen. */
function widened(mask: Tensor): Tensor {
  if (mask.dtype !== "bool") return pad(mask, [0, 1]);
  return cat([mask, zeros([...mask.shape.slice(0, -1), 1], { dtype: "bool" })], -1);
}

function maskOf(op: string, mask: Tensor | null, length: number, source: number, batch: number): Tensor | null {
  if (mask === null) return null;
  asTensor(op, mask, "attnMask");
  if (mask.dtype !== "bool" && !isFloat(mask.dtype))
    throw new DTypeError(`${op}: Only float and bool types are supported for attn_mask, not ${mask.dtype}`);
  const expected = mask.ndim === 2 ? [length, source] : [batch, length, source];
  if (mask.ndim !== 2 && mask.ndim !== 3)
    throw new ShapeError(`${op}: attn_mask's dimension ${mask.ndim} is not supported`);
  if (!sameShape(mask.shape, expected)) {
    throw new ShapeError(
      `${op}: The shape of the ${mask.ndim}D attn_mask is ${formatShape(mask.shape)}, but should be ${formatShape(expected)}.`,
    );
  }
  return mask.ndim === 2 ? unsqueeze(mask, 0) : mask;
}

function merged(
  op: string,
  mask: Tensor | null,
  padding: Tensor,
  count: number,
  heads: number,
  source: number,
): Tensor {
  if (!sameShape(padding.shape, [count, source])) {
    throw new ShapeError(
      `${op}: expecting key_padding_mask shape of ${formatShape([count, source])}, but got ${formatShape(padding.shape)}`,
    );
  }
  const wide = reshape(expand(reshape(padding, [count, 1, 1, source]), [count, heads, 1, source]), [
    count * heads,
    1,
    source,
  ]);
  if (mask === null) return wide;
  if (mask.dtype === "bool" && wide.dtype === "bool") return logicalOr(mask, wide);
  if (wide.dtype === "bool") return maskedFill(mask, wide, Number.NEGATIVE_INFINITY);
  return add(mask, wide);
}
