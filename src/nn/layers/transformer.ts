// Transformers: stacks of encoder and decoder layers, and both together.

import { ShapeError } from "../../errors.js";
import { asInteger, asTensor, parse } from "../../op/args.js";
import { deepcopy } from "../../op/deepcopy.js";
import { full } from "../../ops/creation.js";
import { triu } from "../../ops/triangle.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ModuleList } from "../containers.js";
import { xavierUniform_ } from "../init.js";
import { Module } from "../module.js";
import { LayerNorm } from "./norm.js";
import type { Settings } from "./settings.js";
import {
  type DecoderMasks,
  type DecoderOrder,
  decoderMasks,
  LAYER_ORDER,
  type LayerOrder,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
  usualLayer,
} from "./transformer-layers.js";

/** Copies of a layer that nobody else has. */
function stacked<M extends Module, S>(layer: M, stack: (layer: M) => S): S {
  const made = stack(layer);
  layer.dispose();
  return made;
}

const clones = <M extends Module>(layer: M, count: number): ModuleList<M> =>
  new ModuleList(Array.from({ length: count }, () => deepcopy(layer)));

/** Masks of a call of `TransformerEncoder`. */
export interface EncoderMasks {
  /** True where a place must not see another, or numbers that are added: [T, T] or [N · heads, T, T]. */
  readonly mask?: Tensor | null;
  /** True where places do not count: [N, T]. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** Says that `mask` is the causal one. */
  readonly isCausal?: boolean;
}

interface NormOption {
  /** What normalises the result. */
  readonly norm?: Module | null;
}

/** `numLayers` copies of an encoder layer, one after the other: `call(src, { mask, srcKeyPaddingMask })`, src [T, N, E]. */
export class TransformerEncoder<M extends Module = TransformerEncoderLayer> extends Module {
  static readonly name: string = "TransformerEncoder";

  layers: ModuleList<M>;
  readonly numLayers: number;
  norm: Module | null;

  constructor(encoderLayer: M, numLayers: number, ...rest: [norm?: Module | null | NormOption]) {
    super();
    this.layers = clones(encoderLayer, numLayers);
    this.numLayers = numLayers;
    this.norm = normOf("TransformerEncoder", rest);
  }

  override forward(src: Tensor, ...rest: Settings<EncoderMasks, ["mask", "srcKeyPaddingMask", "isCausal"]>): Tensor {
    const { mask, srcKeyPaddingMask, isCausal } = parse<Required<EncoderMasks>>(
      "TransformerEncoder",
      rest,
      { mask: null, srcKeyPaddingMask: null, isCausal: false },
      ["mask", "srcKeyPaddingMask", "isCausal"],
    );
    let x = src;
    for (const layer of this.layers as ModuleList) x = layer.call(x, { srcMask: mask, srcKeyPaddingMask, isCausal });
    return this.norm === null ? x : this.norm.call(x);
  }
}

function normOf(layer: string, rest: readonly unknown[]): Module | null {
  return parse(layer, rest, { norm: null as Module | null }, ["norm"]).norm;
}

/** `numLayers` copies of a decoder layer, one after the other: `call(tgt, memory, { tgtMask, … })`. */
export class TransformerDecoder<M extends Module = TransformerDecoderLayer> extends Module {
  static readonly name: string = "TransformerDecoder";

  layers: ModuleList<M>;
  readonly numLayers: number;
  norm: Module | null;

  constructor(decoderLayer: M, numLayers: number, ...rest: [norm?: Module | null | NormOption]) {
    super();
    this.layers = clones(decoderLayer, numLayers);
    this.numLayers = numLayers;
    this.norm = normOf("TransformerDecoder", rest);
  }

  override forward(tgt: Tensor, memory: Tensor, ...rest: Settings<DecoderMasks, DecoderOrder>): Tensor {
    const masks = decoderMasks("TransformerDecoder", rest);
    let x = tgt;
    for (const layer of this.layers as ModuleList) x = layer.call(x, memory, masks);
    return this.norm === null ? x : this.norm.call(x);
  }
}

/** Options of `Transformer`. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Width of the embeddings: 512. */
  readonly dModel?: number;
  /** Heads of attention: 8. */
  readonly nhead?: number;
  readonly numEncoderLayers?: number;
  readonly numDecoderLayers?: number;
  /** A module in the encoder's place. */
  readonly customEncoder?: Module | null;
  /** A module in the decoder's place. */
  readonly customDecoder?: Module | null;
}

/** Masks of a call of `Transformer`. */
export interface TransformerMasks extends DecoderMasks {
  /** True where a place of src must not see another, or numbers that are added: [S, S] or [N · heads, S, S]. */
  readonly srcMask?: Tensor | null;
  /** True where places of src do not count: [N, S]. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** Says that `srcMask` is the causal one. */
  readonly srcIsCausal?: boolean;
}

/**
 * Encoder and decoder: `call(src, tgt, { tgtMask, … })` with src [S, N, E] and tgt [T, N, E], or with `batchFirst` [N, S, E]
 * and [N, T, E], gives the shape of tgt. Matrices start Glorot-uniform.
 */
export class Transformer extends Module {
  static readonly name: string = "Transformer";

  encoder: Module;
  decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(
    ...rest: Settings<TransformerOptions, ["dModel", "nhead", "numEncoderLayers", "numDecoderLayers", ...LayerOrder]>
  ) {
    super();
    const given = parse<Required<TransformerOptions>>(
      "Transformer",
      rest,
      {
        dModel: 512,
        nhead: 8,
        numEncoderLayers: 6,
        numDecoderLayers: 6,
        ...usualLayer,
        customEncoder: null,
        customDecoder: null,
      },
      ["dModel", "nhead", "numEncoderLayers", "numDecoderLayers", ...LAYER_ORDER],
    );
    const { dModel, nhead, numEncoderLayers, numDecoderLayers, customEncoder, customDecoder, ...layer } = given;
    const norm = (): LayerNorm =>
      new LayerNorm(dModel, { eps: layer.layerNormEps, bias: layer.bias, dtype: layer.dtype });
    this.encoder =
      customEncoder ??
      stacked(
        new TransformerEncoderLayer(dModel, nhead, layer),
        (each) => new TransformerEncoder(each, numEncoderLayers, norm()),
      );
    this.decoder =
      customDecoder ??
      stacked(
        new TransformerDecoderLayer(dModel, nhead, layer),
        (each) => new TransformerDecoder(each, numDecoderLayers, norm()),
      );
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = layer.batchFirst;
    this.resetParameters();
  }

  /** Draws all matrices anew. */
  resetParameters(): void {
    for (const parameter of this.parameters()) if (parameter.ndim > 1) xavierUniform_(parameter);
  }

  /** The mask that lets each of `size` places see itself and those before it: −∞ above the diagonal, else 0, [size, size]. */
  static generateSquareSubsequentMask(size: number): Tensor {
    asInteger("generateSquareSubsequentMask", size, "size");
    const all = full([size, size], Number.NEGATIVE_INFINITY);
    const mask = triu(all, 1);
    all.dispose();
    return mask;
  }

  override forward(
    src: Tensor,
    tgt: Tensor,
    ...rest: Settings<
      TransformerMasks,
      ["srcMask", "tgtMask", "memoryMask", "srcKeyPaddingMask", "tgtKeyPaddingMask", "memoryKeyPaddingMask"]
    >
  ): Tensor {
    const op = "Transformer";
    const { srcMask, srcKeyPaddingMask, srcIsCausal, ...masks } = parse<Required<TransformerMasks>>(
      op,
      rest,
      {
        srcMask: null,
        tgtMask: null,
        memoryMask: null,
        srcKeyPaddingMask: null,
        tgtKeyPaddingMask: null,
        memoryKeyPaddingMask: null,
        srcIsCausal: false,
        tgtIsCausal: false,
        memoryIsCausal: false,
      },
      ["srcMask", "tgtMask", "memoryMask", "srcKeyPaddingMask", "tgtKeyPaddingMask", "memoryKeyPaddingMask"],
    );
    asTensor(op, src, "src");
    asTensor(op, tgt, "tgt");
    const batch = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.shape[batch] !== tgt.shape[batch])
      throw new ShapeError(`${op}: the batch number of src and tgt must be equal`);
    if (src.shape.at(-1) !== this.dModel || tgt.shape.at(-1) !== this.dModel)
      throw new ShapeError(`${op}: the feature number of src and tgt must be equal to d_model`);
    const memory = this.encoder.call(src, { mask: srcMask, srcKeyPaddingMask, isCausal: srcIsCausal });
    return this.decoder.call(tgt, memory, masks);
  }
}
