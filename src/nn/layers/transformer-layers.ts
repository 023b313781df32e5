// One layer of a transformer: self-attention, attention to the encoder's output, and a feed-forward network.

import { ArgumentError } from "../../errors.js";
import { describe, parse } from "../../op/args.js";
import { add } from "../../ops/arithmetic.js";
import { gelu } from "../../ops/gelu.js";
import type { Tensor } from "../../tensor/tensor.js";
import { relu } from "../functional/activation.js";
import { snake } from "../hidden.js";
import { Module } from "../module.js";
import { MultiheadAttention } from "./attention.js";
import { Dropout } from "./dropout.js";
import { Linear } from "./linear.js";
import { LayerNorm } from "./norm.js";
import type { DtypeOption, Settings } from "./settings.js";

/** What a feed-forward network applies between its two linear layers. */
export type Activation = "relu" | "gelu" | ((x: Tensor) => Tensor) | Module;

/** Options of the layers of a transformer. */
export interface TransformerLayerOptions extends DtypeOption {
  /** Width of the feed-forward network: 2048. */
  readonly dimFeedforward?: number;
  /** Probability of dropout: 0.1. */
  readonly dropout?: number;
  readonly activation?: Activation;
  /** Added to variances: 1e-5. */
  readonly layerNormEps?: number;
  /** Whether sequences are [N, T, E] instead of [T, N, E]. */
  readonly batchFirst?: boolean;
  /** Whether normalisation comes before each part instead of after it. */
  readonly normFirst?: boolean;
  readonly bias?: boolean;
}

/** The order of these options by position. */
export type LayerOrder = ["dimFeedforward", "dropout", "activation", "layerNormEps", "batchFirst", "normFirst", "bias"];

/** The same, when the program runs. */
export const LAYER_ORDER: Readonly<LayerOrder> = [
  "dimFeedforward",
  "dropout",
  "activation",
  "layerNormEps",
  "batchFirst",
  "normFirst",
  "bias",
];

/** What these options are if left out. */
export const usualLayer: Required<TransformerLayerOptions> = {
  dimFeedforward: 2048,
  dropout: 0.1,
  activation: "relu",
  layerNormEps: 1e-5,
  batchFirst: false,
  normFirst: false,
  bias: true,
  dtype: null,
};

function activationOf(layer: string, given: Activation): ((x: Tensor) => Tensor) | Module {
  if (given === "relu") return relu;
  if (given === "gelu") return gelu;
  if (typeof given === "function") return given;
  throw new ArgumentError(`${layer}: activation should be relu/gelu, not ${describe(given)}`);
}

const FIELDS = ["selfAttn", "multiheadAttn"];

/** Masks of a call of `TransformerEncoderLayer`. */
export interface EncoderLayerMasks {
  /** True where a place must not see another, or numbers that are added: [T, T] or [N · heads, T, T]. */
  readonly srcMask?: Tensor | null;
  /** True where places do not count: [N, T]. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** Says that `srcMask` is the causal one. */
  readonly isCausal?: boolean;
}

/**
 * Self-attention and a feed-forward network, each with a way around it and layer normalisation: `call(src, { srcMask,
 * srcKeyPaddingMask })` with src [T, N, E] gives the same shape.
 */
export class TransformerEncoderLayer extends Module {
  static readonly name: string = "TransformerEncoderLayer";

  selfAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  activation: ((x: Tensor) => Tensor) | Module;

  constructor(dModel: number, nhead: number, ...rest: Settings<TransformerLayerOptions, LayerOrder>) {
    super();
    const given = parse("TransformerEncoderLayer", rest, usualLayer, LAYER_ORDER);
    const { dimFeedforward, dropout, batchFirst, bias, dtype, layerNormEps: eps } = given;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias, dtype });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.normFirst = given.normFirst;
    this.norm1 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activationOf("TransformerEncoderLayer", given.activation);
  }

  /** @internal */
  override keyOf(field: string): string {
    return FIELDS.includes(field) ? snake(field) : super.keyOf(field);
  }

  override forward(
    src: Tensor,
    ...rest: Settings<EncoderLayerMasks, ["srcMask", "srcKeyPaddingMask", "isCausal"]>
  ): Tensor {
    const masks = parse<Required<EncoderLayerMasks>>(
      "TransformerEncoderLayer",
      rest,
      { srcMask: null, srcKeyPaddingMask: null, isCausal: false },
      ["srcMask", "srcKeyPaddingMask", "isCausal"],
    );
    if (this.normFirst) {
      const x = add(src, this.attend(this.norm1.call(src), masks));
      return add(x, this.feed(this.norm2.call(x)));
    }
    const x = this.norm1.call(add(src, this.attend(src, masks)));
    return this.norm2.call(add(x, this.feed(x)));
  }

  private attend(x: Tensor, masks: Required<EncoderLayerMasks>): Tensor {
    const { srcMask: attnMask, srcKeyPaddingMask: keyPaddingMask, isCausal } = masks;
    const [out] = this.selfAttn.call(x, x, x, { attnMask, keyPaddingMask, isCausal, needWeights: false });
    return this.dropout1.call(out);
  }

  private feed(x: Tensor): Tensor {
    const inner = this.dropout.call(this.activation(this.linear1.call(x)));
    return this.dropout2.call(this.linear2.call(inner));
  }
}

/** Masks of a call of `TransformerDecoderLayer`. */
export interface DecoderMasks {
  /** True where a place of tgt must not see another, or numbers that are added: [T, T] or [N · heads, T, T]. */
  readonly tgtMask?: Tensor | null;
  /** The same for the places of memory: [T, S] or [N · heads, T, S]. */
  readonly memoryMask?: Tensor | null;
  /** True where places of tgt do not count: [N, T]. */
  readonly tgtKeyPaddingMask?: Tensor | null;
  /** True where places of memory do not count: [N, S]. */
  readonly memoryKeyPaddingMask?: Tensor | null;
  /** Says that `tgtMask` is the causal one. */
  readonly tgtIsCausal?: boolean;
  /** Says that `memoryMask` is the causal one. */
  readonly memoryIsCausal?: boolean;
}

/** The order of these options by position. */
export type DecoderOrder = [
  "tgtMask",
  "memoryMask",
  "tgtKeyPaddingMask",
  "memoryKeyPaddingMask",
  "tgtIsCausal",
  "memoryIsCausal",
];

/** Reads the masks of a call. */
export function decoderMasks(op: string, rest: Settings<DecoderMasks, DecoderOrder>): Required<DecoderMasks> {
  const none = { tgtMask: null, memoryMask: null, tgtKeyPaddingMask: null, memoryKeyPaddingMask: null };
  return parse<Required<DecoderMasks>>(op, rest, { ...none, tgtIsCausal: false, memoryIsCausal: false }, [
    "tgtMask",
    "memoryMask",
    "tgtKeyPaddingMask",
    "memoryKeyPaddingMask",
    "tgtIsCausal",
    "memoryIsCausal",
  ]);
}

/**
 * Self-attention, attention to memory and a feed-forward network, each with a way around it and layer normalisation:
 * `call(tgt, memory, { tgtMask, … })` with tgt [T, N, E] and memory [S, N, E] gives the shape of tgt.
 */
export class TransformerDecoderLayer extends Module {
  static readonly name: string = "TransformerDecoderLayer";

  selfAttn: MultiheadAttention;
  multiheadAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  activation: ((x: Tensor) => Tensor) | Module;

  constructor(dModel: number, nhead: number, ...rest: Settings<TransformerLayerOptions, LayerOrder>) {
    super();
    const given = parse("TransformerDecoderLayer", rest, usualLayer, LAYER_ORDER);
    const { dimFeedforward, dropout, batchFirst, bias, dtype, layerNormEps: eps } = given;
    this.selfAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias, dtype });
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias, dtype });
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.normFirst = given.normFirst;
    this.norm1 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm2 = new LayerNorm(dModel, { eps, bias, dtype });
    this.norm3 = new LayerNorm(dModel, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activationOf("TransformerDecoderLayer", given.activation);
  }

  /** @internal */
  override keyOf(field: string): string {
    return FIELDS.includes(field) ? snake(field) : super.keyOf(field);
  }

  override forward(tgt: Tensor, memory: Tensor, ...rest: Settings<DecoderMasks, DecoderOrder>): Tensor {
    const masks = decoderMasks("TransformerDecoderLayer", rest);
    if (this.normFirst) {
      const x = add(tgt, this.attend(this.norm1.call(tgt), masks));
      const y = add(x, this.attendTo(this.norm2.call(x), memory, masks));
      return add(y, this.feed(this.norm3.call(y)));
    }
    const x = this.norm1.call(add(tgt, this.attend(tgt, masks)));
    const y = this.norm2.call(add(x, this.attendTo(x, memory, masks)));
    return this.norm3.call(add(y, this.feed(y)));
  }

  private attend(x: Tensor, masks: Required<DecoderMasks>): Tensor {
    const { tgtMask: attnMask, tgtKeyPaddingMask: keyPaddingMask, tgtIsCausal: isCausal } = masks;
    const [out] = this.selfAttn.call(x, x, x, { attnMask, keyPaddingMask, isCausal, needWeights: false });
    return this.dropout1.call(out);
  }

  private attendTo(x: Tensor, memory: Tensor, masks: Required<DecoderMasks>): Tensor {
    const { memoryMask: attnMask, memoryKeyPaddingMask: keyPaddingMask, memoryIsCausal: isCausal } = masks;
    const [out] = this.multiheadAttn.call(x, memory, memory, {
      attnMask,
      keyPaddingMask,
      isCausal,
      needWeights: false,
    });
    return this.dropout2.call(out);
  }

  private feed(x: Tensor): Tensor {
    const inner = this.dropout.call(this.activation(this.linear1.call(x)));
    return this.dropout3.call(this.linear2.call(inner));
  }
}
