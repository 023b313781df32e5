// Recurrent layers: RNN, LSTM, GRU.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asTensor, parse } from "../../op/args.js";
import { empty, zeros } from "../../ops/creation.js";
import { indexSelect } from "../../ops/gather.js";
import { stack } from "../../ops/join.js";
import { reshape, transpose } from "../../ops/shape.js";
import { squeeze, unbind, unsqueeze } from "../../ops/views.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { snake } from "../hidden.js";
import { uniform_ } from "../init.js";
import { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { py, pyFloat } from "../text.js";
import { numbersOf, PackedSequence } from "../utils/packed.js";
import {
  flattened,
  gruStep,
  lstmStep,
  recur,
  reluStep,
  type State,
  type Step,
  tanhStep,
  type Weights,
} from "./recurrence.js";
import { type DtypeOption, oneOf, type Settings } from "./settings.js";

/** Options of recurrent layers. */
export interface RecurrentOptions extends DtypeOption {
  /** Layers, each running over the outputs of the one before: 1. */
  readonly numLayers?: number;
  readonly bias?: boolean;
  /** Whether sequences are [N, T, in] instead of [T, N, in]. */
  readonly batchFirst?: boolean;
  /** Probability of dropout on the outputs of all layers but the last: 0. */
  readonly dropout?: number;
  /** Whether each layer runs in both directions. */
  readonly bidirectional?: boolean;
}

/** Options of `RNN`. */
export interface RNNOptions extends RecurrentOptions {
  readonly nonlinearity?: "tanh" | "relu";
}

/** Options of `LSTM`. */
export interface LSTMOptions extends RecurrentOptions {
  /** Size to which outputs are projected; 0 for none. */
  readonly projSize?: number;
}

type Given = Required<RecurrentOptions> & { readonly projSize: number };

const usual = { numLayers: 1, bias: true, batchFirst: false, dropout: 0, bidirectional: false, dtype: null };
const NAMES = ["numLayers", "bias", "batchFirst", "dropout", "bidirectional"] as const;
type Order = ["numLayers", "bias", "batchFirst", "dropout", "bidirectional"];

/** What recurrent layers have in common. */
class RecurrentBase extends Module {
  [weights: `weightIhL${string}`]: Parameter;
  [weights: `weightHhL${string}`]: Parameter;
  [weights: `weightHrL${string}`]: Parameter;
  [biases: `biasIhL${string}`]: Parameter;
  [biases: `biasHhL${string}`]: Parameter;

  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;

  constructor(inputSize: number, hiddenSize: number, gates: number, given: Given) {
    super();
    const layer = this.constructor.name;
    const { numLayers, bias, dropout, projSize, dtype } = given;
    if (!(typeof dropout === "number" && dropout >= 0 && dropout <= 1)) {
      throw new ArgumentError(
        `${layer}: dropout should be a number in range [0, 1] representing the probability of an element being zeroed`,
      );
    }
    if (dropout > 0 && numLayers === 1) {
      console.warn(
        "wengert: dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers " +
          `greater than 1, but got dropout=${dropout} and num_layers=${numLayers}`,
      );
    }
    if (projSize < 0)
      throw new ArgumentError(`${layer}: proj_size should be a positive integer or zero to disable projections`);
    if (projSize > 0 && projSize >= hiddenSize)
      throw new ArgumentError(`${layer}: proj_size has to be smaller than hidden_size`);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = given.batchFirst;
    this.dropout = dropout;
    this.bidirectional = given.bidirectional;
    this.projSize = projSize;
    const out = this.outSize;
    const directions = this.directions;
    for (let at = 0; at < numLayers; at++) {
      for (const suffix of directions) {
        const place = `L${at}${suffix}`;
        const make = (name: string, shape: readonly number[]): void => {
          this.registerParameter(`${name}${place}`, parameterOf(empty(shape, { dtype })));
        };
        make("weightIh", [gates * hiddenSize, at === 0 ? inputSize : out * directions.length]);
        make("weightHh", [gates * hiddenSize, out]);
        if (bias) make("biasIh", [gates * hiddenSize]);
        if (bias) make("biasHh", [gates * hiddenSize]);
        if (projSize > 0) make("weightHr", [projSize, hiddenSize]);
      }
    }
    this.resetParameters();
  }

  /** @internal */
  override keyOf(field: string): string {
    return /^(weight|bias)[A-Z]\w+L\d+(Reverse)?$/.test(field) ? snake(field) : super.keyOf(field);
  }

  /** @internal Size of an output. */
  protected get outSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize;
  }

  /** @internal Suffixes of the directions' parameters. */
  protected get directions(): readonly string[] {
    return this.bidirectional ? ["", "Reverse"] : [""];
  }

  /** Draws the initial values anew: uniform in ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const parameter of this.parameters()) uniform_(parameter, -bound, bound);
  }

  /** The weights of each layer's directions. */
  get allWeights(): Parameter[][] {
    const found: Parameter[][] = [];
    for (let at = 0; at < this.numLayers; at++) {
      for (const suffix of this.directions) {
        const pattern = new RegExp(`L${at}${suffix}$`);
        found.push(this.members().flatMap(({ field, value }) => (pattern.test(field) ? [value as Parameter] : [])));
      }
    }
    return found;
  }

  private weightsOf(layer: number, suffix: string): Weights {
    const at = (name: string): Tensor | null =>
      ((this as unknown as Record<string, Tensor>)[`${name}L${layer}${suffix}`] as Tensor | undefined) ?? null;
    const [wIh, wHh] = [at("weightIh") as Tensor, at("weightHh") as Tensor];
    return { wIh, wHh, bIh: at("biasIh"), bHh: at("biasHh"), wHr: at("weightHr") };
  }

  /** @internal Sizes of the parts of a state's last dim. */
  protected get stateSizes(): readonly number[] {
    return [this.outSize];
  }

  /** @internal Runs over a sequence from states [layers · directions, N, size]; gives outputs and states like these. */
  protected run(step: Step, input: Tensor | PackedSequence, given: State | null): [Tensor | PackedSequence, Tensor[]] {
    const packed = input instanceof PackedSequence;
    const op = this.constructor.name;
    const x = asTensor(op, packed ? input.data : input);
    if (packed ? x.ndim !== 2 : x.ndim !== 2 && x.ndim !== 3) {
      throw new ShapeError(`${op}: input must have ${packed ? "2" : "2 or 3"} dimensions, got ${x.ndim}`);
    }
    if (x.shape.at(-1) !== this.inputSize) {
      throw new ShapeError(
        `${op}: input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${x.shape.at(-1)}`,
      );
    }
    const sizes = packed ? numbersOf(op, input.batchSizes, "batchSizes") : null;
    const single = !packed && x.ndim === 2;
    const batchFirst = this.batchFirst && !single && !packed;
    const count = sizes !== null ? (sizes[0] as number) : single ? 1 : (x.shape[batchFirst ? 0 : 1] as number);
    this.checkState(op, given, count, single);
    const results = temporaries(() => {
      const steps = x.shape[batchFirst ? 1 : 0] as number;
      const data = packed ? x : single ? x : flattened(batchFirst ? transpose(x, 0, 1) : x);
      const layers = Array.from({ length: this.numLayers }, (_, layer) =>
        this.directions.map((suffix) => this.weightsOf(layer, suffix)),
      );
      const rows = sizes ?? new Array<number>(steps).fill(count);
      const order = packed ? input.sortedIndices : null;
      const states = this.startFrom(given, count, single, order, x);
      const dropout = this.training ? this.dropout : 0;
      const [outputs, ends] = recur(data, rows, states, { step, layers, dropout });
      let out = outputs;
      if (!packed && !single) out = reshape(out, [steps, count, outputs.shape[1] as number]);
      if (batchFirst) out = transpose(out, 0, 1);
      const back = packed ? input.unsortedIndices : null;
      const lasts = this.stateSizes.map((_, part) => {
        const all = stack(ends.map((end) => end[part] as Tensor));
        return single ? squeeze(all, 1) : back === null ? all : indexSelect(all, 1, back);
      });
      return [out, ...lasts];
    });
    const [out, ...lasts] = results as [Tensor, ...Tensor[]];
    if (!packed) return [out, lasts];
    return [new PackedSequence(out, input.batchSizes, input.sortedIndices, input.unsortedIndices), lasts];
  }

  private checkState(op: string, given: State | null, count: number, single: boolean): void {
    if (given === null) return;
    const layers = this.numLayers * this.directions.length;
    this.stateSizes.forEach((size, part) => {
      const state = asTensor(op, given[part], "hx");
      const expected = single ? [layers, size] : [layers, count, size];
      if (state.ndim !== expected.length) {
        throw new ShapeError(
          `${op}: For ${single ? "unbatched 2-D" : "batched 3-D"} input, hx should also be ${expected.length}-D but got ${state.ndim}-D tensor`,
        );
      }
      if (!sameShape(state.shape, expected)) {
        const which = this.stateSizes.length > 1 ? `hidden[${part}]` : "hidden";
        throw new ShapeError(`${op}: Expected ${which} size ${formatShape(expected)}, got ${formatShape(state.shape)}`);
      }
    });
  }

  private startFrom(given: State | null, count: number, single: boolean, order: Tensor | null, like: Tensor): State[] {
    const places = this.numLayers * this.directions.length;
    const parts = this.stateSizes.map((size, part) => {
      if (given === null) {
        const zero = zeros([count, size], { dtype: like.dtype });
        return new Array<Tensor>(places).fill(zero);
      }
      const state = given[part] as Tensor;
      return unbind(single ? unsqueeze(state, 1) : order === null ? state : indexSelect(state, 1, order));
    });
    return Array.from({ length: places }, (_, place) => parts.map((part) => part[place] as Tensor));
  }

  override extraRepr(): string {
    const { projSize, numLayers, bias, batchFirst, dropout, bidirectional } = this;
    return [
      `${this.inputSize}, ${this.hiddenSize}`,
      projSize === 0 ? "" : `, proj_size=${projSize}`,
      numLayers === 1 ? "" : `, num_layers=${numLayers}`,
      bias ? "" : ", bias=False",
      batchFirst ? `, batch_first=${py(batchFirst)}` : "",
      dropout === 0 ? "" : `, dropout=${pyFloat(dropout)}`,
      bidirectional ? `, bidirectional=${py(bidirectional)}` : "",
    ].join("");
  }
}

/** What recurrent layers run over: padded steps, or packed sequences as in `new nn.LSTM<PackedSequence>(4, 8)`. */
export type Sequence = Tensor | PackedSequence;

/** What a recurrent layer with one part of state gives: outputs and the last states. */
export type Recurrent<T> = [output: T, hidden: Tensor];

class HiddenBase<T extends Sequence> extends RecurrentBase {
  /** @internal */
  protected get step(): Step {
    return gruStep;
  }

  override forward(input: T, hx: Tensor | null = null): Recurrent<T> {
    const [out, [hidden]] = this.run(this.step, input, hx === null ? null : [hx]);
    return [out as T, hidden as Tensor];
  }
}

/**
 * Elman network: h′ = tanh(x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ), or with `nonlinearity: "relu"` a rectifier. `call(x, h0?)` with x
 * [T, N, in] gives `[out, h]`: out [T, N, directions · hidden], h [layers · directions, N, hidden].
 */
export class RNN<T extends Sequence = Tensor> extends HiddenBase<T> {
  static readonly name: string = "RNN";

  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<RNNOptions, Order>) {
    const given = parse<Required<RNNOptions>>("RNN", rest, { ...usual, nonlinearity: "tanh" }, NAMES);
    super(inputSize, hiddenSize, 1, { ...given, projSize: 0 });
    this.nonlinearity = oneOf("RNN", "nonlinearity", given.nonlinearity, ["tanh", "relu"]);
  }

  protected override get step(): Step {
    return this.nonlinearity === "relu" ? reluStep : tanhStep;
  }
}

/**
 * Gated recurrent units, gates r, z, n; see `F.gruCell`. `call(x, h0?)` with x [T, N, in] gives `[out, h]`: out
 * [T, N, directions · hidden], h [layers · directions, N, hidden].
 */
export class GRU<T extends Sequence = Tensor> extends HiddenBase<T> {
  static readonly name: string = "GRU";

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<RecurrentOptions, Order>) {
    const given = parse<Required<RecurrentOptions>>("GRU", rest, usual, NAMES);
    super(inputSize, hiddenSize, 3, { ...given, projSize: 0 });
  }
}

/** What long short-term memory gives: outputs and the last states. */
export type Remembered<T> = [output: T, state: [hidden: Tensor, cell: Tensor]];

/**
 * Long short-term memory, gates i, f, g, o; see `F.lstmCell`. `call(x, [h0, c0]?)` with x [T, N, in] gives `[out, [h, c]]`:
 * out [T, N, directions · out], h [layers · directions, N, out], c [layers · directions, N, hidden], where out is `projSize`
 * or, without projection, hidden.
 */
export class LSTM<T extends Sequence = Tensor> extends RecurrentBase {
  static readonly name: string = "LSTM";

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<LSTMOptions, [...Order, "projSize"]>) {
    const given = parse<Required<LSTMOptions>>("LSTM", rest, { ...usual, projSize: 0 }, [...NAMES, "projSize"]);
    super(inputSize, hiddenSize, 4, given);
  }

  protected override get stateSizes(): readonly number[] {
    return [this.outSize, this.hiddenSize];
  }

  override forward(input: T, state: readonly [Tensor, Tensor] | null = null): Remembered<T> {
    const [out, [hidden, cell]] = this.run(lstmStep, input, state);
    return [out as T, [hidden as Tensor, cell as Tensor]];
  }
}
