// Tables of vectors as layers: Embedding and EmbeddingBag.

import { requiresGrad_ } from "../../autograd/properties.js";
import { ArgumentError, ShapeError } from "../../errors.js";
import { asTensor, parse } from "../../op/args.js";
import { fill_ } from "../../ops/cast.js";
import { empty } from "../../ops/creation.js";
import { select } from "../../ops/shape.js";
import { unrecorded } from "../../tape/mode.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { embedding, embeddingBag } from "../functional/embedding.js";
import { normal_ } from "../init.js";
import { Module } from "../module.js";
import { Parameter, parameterOf } from "../parameter.js";
import { py, pyFloat } from "../text.js";
import { type DtypeOption, oneOf, type Settings } from "./settings.js";

/** Options that both kinds of table have. */
interface TableOptions extends DtypeOption {
  /** Rows that are used and longer are first scaled to this length, in place. */
  readonly maxNorm?: number | null;
  /** Exponent of the length: 2. */
  readonly normType?: number;
  /** Whether gradients are divided by how often their row is used. */
  readonly scaleGradByFreq?: boolean;
  /** Gradients are dense whatever this says. */
  readonly sparse?: boolean;
  /** A row that starts as zeros and never gets a gradient. */
  readonly paddingIdx?: number | null;
}

/** Options of `Embedding`. */
export interface EmbeddingLayerOptions extends TableOptions {}

/** Options of `EmbeddingBag`. */
export interface EmbeddingBagLayerOptions extends TableOptions {
  /** How the rows of a bag are put together: "mean". */
  readonly mode?: "sum" | "mean" | "max";
  /** Whether the last offset is the end of the input. */
  readonly includeLastOffset?: boolean;
}

/** Options of tables made of rows that are there. */
interface FreezeOption {
  /** Whether the rows stay as they are: true. */
  readonly freeze?: boolean;
}

class Table extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  readonly sparse: boolean;
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, given: Required<TableOptions>, rows: Tensor | null) {
    super();
    const layer = this.constructor.name;
    const { paddingIdx } = given;
    if (paddingIdx !== null && !(paddingIdx < numEmbeddings && paddingIdx >= -numEmbeddings))
      throw new ArgumentError(`${layer}: Padding_idx must be within num_embeddings, got ${paddingIdx}`);
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    this.maxNorm = given.maxNorm;
    this.normType = given.normType;
    this.scaleGradByFreq = given.scaleGradByFreq;
    this.sparse = given.sparse;
    if (rows === null) {
      this.weight = parameterOf(empty([numEmbeddings, embeddingDim], { dtype: given.dtype }));
      this.resetParameters();
    } else this.weight = new Parameter(rows);
  }

  /** Draws the rows anew: standard normal numbers, zeros in the row of `paddingIdx`. */
  resetParameters(): void {
    normal_(this.weight);
    const row = this.paddingIdx;
    if (row === null) return;
    unrecorded(() =>
      temporaries(() => {
        fill_(select(this.weight, 0, row), 0);
        return null;
      }),
    );
  }

  protected describe(middle: string): string {
    const { numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    const padding = paddingIdx === null ? "" : `, padding_idx=${paddingIdx}`;
    return [
      `${numEmbeddings}, ${embeddingDim}`,
      middle === "" ? padding : "",
      maxNorm === null ? "" : `, max_norm=${pyFloat(maxNorm)}`,
      normType === 2 ? "" : `, norm_type=${pyFloat(normType)}`,
      scaleGradByFreq ? `, scale_grad_by_freq=${py(scaleGradByFreq)}` : "",
      middle === "" ? (sparse ? ", sparse=True" : "") : middle + padding,
    ].join("");
  }
}

const usual = { paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false, sparse: false, dtype: null };

function checkRows(layer: string, rows: unknown): Tensor {
  const tensor = asTensor(layer, rows, "embeddings");
  if (tensor.ndim !== 2)
    throw new ShapeError(
      `${layer}: Embeddings parameter is expected to be 2-dimensional, got ${formatShape(tensor.shape)}`,
    );
  return tensor;
}

/** Rows of a table by index: int32 [...] gives [..., embeddingDim]. `weight` [numEmbeddings, embeddingDim] starts normal. */
export class Embedding extends Table {
  static readonly name: string = "Embedding";

  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    ...rest: Settings<EmbeddingLayerOptions, ["paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse"]>
  ) {
    const names = ["paddingIdx", "maxNorm", "normType", "scaleGradByFreq", "sparse", "_rows"] as const;
    const given = parse<Required<EmbeddingLayerOptions> & { _rows: Tensor | null }>(
      "Embedding",
      rest,
      { ...usual, _rows: null },
      names,
    );
    super(numEmbeddings, embeddingDim, given, given._rows);
  }

  /** A table of rows that are there, [n, width], not learnt unless `freeze` is false. */
  static fromPretrained(
    embeddings: Tensor,
    ...rest: Settings<
      EmbeddingLayerOptions & FreezeOption,
      ["freeze", "paddingIdx", "maxNorm", "normType", "scaleGradByFreq"]
    >
  ): Embedding {
    const { freeze, ...given } = parse(
      "Embedding",
      rest,
      { freeze: true, ...usual } as Required<EmbeddingLayerOptions & FreezeOption>,
      ["freeze", "paddingIdx", "maxNorm", "normType", "scaleGradByFreq"],
    );
    const [rows, width] = checkRows("Embedding", embeddings).shape as [number, number];
    const made = new Embedding(rows, width, { ...given, _rows: embeddings } as EmbeddingLayerOptions);
    requiresGrad_(made.weight, !freeze);
    return made;
  }

  override forward(input: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(input, this.weight, { paddingIdx, maxNorm, normType, scaleGradByFreq });
  }

  override extraRepr(): string {
    return this.describe("");
  }
}

/** Optional inputs of `EmbeddingBag`. */
export interface EmbeddingBagInputs {
  /** Where each bag starts in a flat input: int32 [bags]. */
  readonly offsets?: Tensor | null;
  /** Factors of the rows, in mode "sum". */
  readonly perSampleWeights?: Tensor | null;
}

/**
 * Sums, means or maxima of rows: int32 [bags, n], or flat [n] with `offsets` [bags], give [bags, embeddingDim]:
 * `call(input, { offsets, perSampleWeights })`. `weight` [numEmbeddings, embeddingDim] starts normal.
 */
export class EmbeddingBag extends Table {
  static readonly name: string = "EmbeddingBag";

  readonly mode: "sum" | "mean" | "max";
  readonly includeLastOffset: boolean;

  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    ...rest: Settings<EmbeddingBagLayerOptions, ["maxNorm", "normType", "scaleGradByFreq", "mode", "sparse"]>
  ) {
    const given = parse<Required<EmbeddingBagLayerOptions> & { _rows: Tensor | null }>(
      "EmbeddingBag",
      rest,
      { ...usual, mode: "mean", includeLastOffset: false, _rows: null },
      ["maxNorm", "normType", "scaleGradByFreq", "mode", "sparse"],
    );
    super(numEmbeddings, embeddingDim, given, given._rows);
    this.mode = oneOf("EmbeddingBag", "mode", given.mode, ["sum", "mean", "max"]);
    this.includeLastOffset = given.includeLastOffset;
  }

  /** A table of rows that are there, [n, width], not learnt unless `freeze` is false. */
  static fromPretrained(
    embeddings: Tensor,
    ...rest: Settings<
      EmbeddingBagLayerOptions & FreezeOption,
      ["freeze", "maxNorm", "normType", "scaleGradByFreq", "mode"]
    >
  ): EmbeddingBag {
    const { freeze, ...given } = parse(
      "EmbeddingBag",
      rest,
      { freeze: true, ...usual, mode: "mean", includeLastOffset: false } as Required<
        EmbeddingBagLayerOptions & FreezeOption
      >,
      ["freeze", "maxNorm", "normType", "scaleGradByFreq", "mode"],
    );
    const [rows, width] = checkRows("EmbeddingBag", embeddings).shape as [number, number];
    const made = new EmbeddingBag(rows, width, { ...given, _rows: embeddings } as EmbeddingBagLayerOptions);
    requiresGrad_(made.weight, !freeze);
    return made;
  }

  override forward(input: Tensor, ...rest: Settings<EmbeddingBagInputs, ["offsets", "perSampleWeights"]>): Tensor {
    const inputs = parse<Required<EmbeddingBagInputs>>(
      "EmbeddingBag",
      rest,
      { offsets: null, perSampleWeights: null },
      ["offsets", "perSampleWeights"],
    );
    const { maxNorm, normType, scaleGradByFreq, mode, includeLastOffset, paddingIdx } = this;
    return embeddingBag(input, this.weight, {
      ...inputs,
      maxNorm,
      normType,
      scaleGradByFreq,
      mode,
      includeLastOffset,
      paddingIdx,
    });
  }

  override extraRepr(): string {
    return this.describe(`, mode=${this.mode}`);
  }
}
