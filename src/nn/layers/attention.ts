// Attention of several heads as a layer.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asTensor, parse } from "../../op/args.js";
import { empty } from "../../ops/creation.js";
import { transpose } from "../../ops/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { multiHeadAttentionForward } from "../functional/attention.js";
import { snake } from "../hidden.js";
import { constant_, xavierNormal_, xavierUniform_ } from "../init.js";
import { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { Linear } from "./linear.js";
import type { DtypeOption, Settings } from "./settings.js";

/** Options of `MultiheadAttention`. */
export interface MultiheadAttentionLayerOptions extends DtypeOption {
  /** Probability with which weights fall out while training: 0. */
  readonly dropout?: number;
  readonly bias?: boolean;
  /** Whether a learnt key and value are added to all others. */
  readonly addBiasKv?: boolean;
  /** Whether a key and value of zeros are added to all others. */
  readonly addZeroAttn?: boolean;
  /** Width of the keys; the embedding's if left out. */
  readonly kdim?: number | null;
  /** Width of the values; the embedding's if left out. */
  readonly vdim?: number | null;
  /** Whether sequences are [N, T, E] instead of [T, N, E]. */
  readonly batchFirst?: boolean;
}

/** Options of a call of `MultiheadAttention`. */
export interface AttentionCallOptions {
  /** True where keys do not count, or numbers that are added: [N, S]. */
  readonly keyPaddingMask?: Tensor | null;
  /** Whether the weights are given too: true. */
  readonly needWeights?: boolean;
  /** True where a query must not see a key, or numbers that are added: [L, S] or [N · heads, L, S]. */
  readonly attnMask?: Tensor | null;
  /** Whether weights are averaged over the heads: true. */
  readonly averageAttnWeights?: boolean;
  /** Says that `attnMask` is the causal one. */
  readonly isCausal?: boolean;
}

type CallRest = Settings<
  AttentionCallOptions,
  ["keyPaddingMask", "needWeights", "attnMask", "averageAttnWeights", "isCausal"]
>;

/** The projection behind attention; PyTorch prints it under this name. */
class NonDynamicallyQuantizableLinear extends Linear {
  static readonly name: string = "NonDynamicallyQuantizableLinear";
}

const FIELDS = ["inProjWeight", "qProjWeight", "kProjWeight", "vProjWeight", "inProjBias", "outProj", "biasK", "biasV"];

/**
 * Attention of several heads with its projections: `call(query, key, value, { attnMask, keyPaddingMask, needWeights })` with
 * query [L, N, E], key [S, N, kdim] and value [S, N, vdim], or without N, gives `[out, weights]`: out [L, N, E] and weights
 * [N, L, S], or null without `needWeights`. `inProjWeight` [3 E, E] starts Glorot-uniform, biases 0.
 */
export class MultiheadAttention extends Module {
  static readonly name: string = "MultiheadAttention";

  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  readonly headDim: number;
  qProjWeight: Parameter | null;
  kProjWeight: Parameter | null;
  vProjWeight: Parameter | null;
  inProjWeight: Parameter | null;
  inProjBias: Parameter | null;
  outProj: Linear;
  biasK: Parameter | null;
  biasV: Parameter | null;

  constructor(
    embedDim: number,
    numHeads: number,
    ...rest: Settings<
      MultiheadAttentionLayerOptions,
      ["dropout", "bias", "addBiasKv", "addZeroAttn", "kdim", "vdim", "batchFirst"]
    >
  ) {
    super();
    const given = parse<Required<MultiheadAttentionLayerOptions>>(
      "MultiheadAttention",
      rest,
      {
        dropout: 0,
        bias: true,
        addBiasKv: false,
        addZeroAttn: false,
        kdim: null,
        vdim: null,
        batchFirst: false,
        dtype: null,
      },
      ["dropout", "bias", "addBiasKv", "addZeroAttn", "kdim", "vdim", "batchFirst"],
    );
    const { bias, addBiasKv, dtype } = given;
    if (!(embedDim > 0 && numHeads > 0 && embedDim % numHeads === 0)) {
      throw new ArgumentError(
        `MultiheadAttention: embed_dim must be divisible by num_heads, got ${embedDim} and ${numHeads}`,
      );
    }
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.kdim = given.kdim ?? embedDim;
    this.vdim = given.vdim ?? embedDim;
    this.dropout = given.dropout;
    this.batchFirst = given.batchFirst;
    this.addZeroAttn = given.addZeroAttn;
    this.headDim = embedDim / numHeads;
    const make = (shape: readonly number[]): Parameter => parameterOf(empty(shape, { dtype }));
    const same = this.kdim === embedDim && this.vdim === embedDim;
    this.qProjWeight = same ? null : make([embedDim, embedDim]);
    this.kProjWeight = same ? null : make([embedDim, this.kdim]);
    this.vProjWeight = same ? null : make([embedDim, this.vdim]);
    this.inProjWeight = same ? make([3 * embedDim, embedDim]) : null;
    this.inProjBias = bias ? make([3 * embedDim]) : null;
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias, dtype });
    this.biasK = addBiasKv ? make([1, 1, embedDim]) : null;
    this.biasV = addBiasKv ? make([1, 1, embedDim]) : null;
    this.resetParameters();
  }

  /** @internal */
  override keyOf(field: string): string {
    return FIELDS.includes(field) ? snake(field) : super.keyOf(field);
  }

  /** Draws the weights of the projections in front anew. */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) {
      if (weight !== null) xavierUniform_(weight);
    }
    if (this.inProjBias !== null) constant_(this.inProjBias, 0);
    if (this.inProjBias !== null && this.outProj.bias !== null) constant_(this.outProj.bias, 0);
    if (this.biasK !== null) xavierNormal_(this.biasK);
    if (this.biasV !== null) xavierNormal_(this.biasV);
  }

  override forward(query: Tensor, key: Tensor, value: Tensor, ...rest: CallRest): [Tensor, Tensor | null] {
    const op = "MultiheadAttention";
    const given = parse<Required<AttentionCallOptions>>(
      op,
      rest,
      { keyPaddingMask: null, needWeights: true, attnMask: null, averageAttnWeights: true, isCausal: false },
      ["keyPaddingMask", "needWeights", "attnMask", "averageAttnWeights", "isCausal"],
    );
    if (given.isCausal && given.attnMask === null)
      throw new ArgumentError(`${op}: Need attn_mask if specifying the is_causal hint.`);
    for (const x of [query, key, value]) asTensor(op, x);
    if (query.ndim !== 2 && query.ndim !== 3)
      throw new ShapeError(`${op}: query should be unbatched 2D or batched 3D tensor but received ${query.ndim}-D`);
    const turn = this.batchFirst && query.ndim === 3;
    // The same tensor stays the same, so that its projections are one product.
    const turned = new Map<Tensor, Tensor>();
    const [q, k, v] = [query, key, value].map((x) => {
      if (!turn) return x;
      const known = turned.get(x) ?? transpose(x, 0, 1);
      turned.set(x, known);
      return known;
    }) as [Tensor, Tensor, Tensor];
    const { embedDim, numHeads, inProjWeight, inProjBias, biasK, biasV, addZeroAttn, dropout, outProj, training } =
      this;
    const { qProjWeight, kProjWeight, vProjWeight } = this;
    const [out, weights] = multiHeadAttentionForward(
      q,
      k,
      v,
      embedDim,
      numHeads,
      inProjWeight,
      inProjBias,
      biasK,
      biasV,
      addZeroAttn,
      dropout,
      outProj.weight,
      outProj.bias,
      {
        training,
        keyPaddingMask: given.keyPaddingMask,
        needWeights: given.needWeights,
        attnMask: given.attnMask,
        averageAttnWeights: given.averageAttnWeights,
        useSeparateProjWeight: inProjWeight === null,
        qProjWeight,
        kProjWeight,
        vProjWeight,
      },
    );
    return [turn ? transpose(out, 0, 1) : out, weights];
  }
}
