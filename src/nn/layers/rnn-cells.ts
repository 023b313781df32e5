// One step of recurrent layers as modules: RNNCell, LSTMCell, GRUCell.

import { ShapeError } from "../../errors.js";
import { asTensor, parse } from "../../op/args.js";
import { empty, zeros } from "../../ops/creation.js";
import { squeeze, unsqueeze } from "../../ops/views.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { gruCell, lstmCell, rnnReluCell, rnnTanhCell } from "../functional/cells.js";
import { snake } from "../hidden.js";
import { uniform_ } from "../init.js";
import { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { type DtypeOption, oneOf, type Settings } from "./settings.js";

/** Options of recurrent cells. */
export interface CellOptions extends DtypeOption {
  readonly bias?: boolean;
}

/** Options of `RNNCell`. */
export interface RNNCellOptions extends CellOptions {
  readonly nonlinearity?: "tanh" | "relu";
}

const FIELDS = ["weightIh", "weightHh", "biasIh", "biasHh"];

class CellBase extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;

  constructor(inputSize: number, hiddenSize: number, gates: number, { bias, dtype }: Required<CellOptions>) {
    super();
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    this.weightIh = parameterOf(empty([gates * hiddenSize, inputSize], { dtype }));
    this.weightHh = parameterOf(empty([gates * hiddenSize, hiddenSize], { dtype }));
    this.biasIh = bias ? parameterOf(empty([gates * hiddenSize], { dtype })) : null;
    this.biasHh = bias ? parameterOf(empty([gates * hiddenSize], { dtype })) : null;
    this.resetParameters();
  }

  /** @internal */
  override keyOf(field: string): string {
    return FIELDS.includes(field) ? snake(field) : super.keyOf(field);
  }

  /** Draws the initial values anew: uniform in ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const parameter of this.parameters()) uniform_(parameter, -bound, bound);
  }

  /** @internal Runs a step on a batch, with the batch's dim put in where there is none. */
  protected step(
    input: Tensor,
    state: readonly Tensor[] | null,
    f: (x: Tensor, state: Tensor[]) => Tensor[],
  ): Tensor[] {
    const op = this.constructor.name;
    asTensor(op, input);
    if (input.ndim !== 1 && input.ndim !== 2)
      throw new ShapeError(`${op}: Expected input to be 1-D or 2-D but received ${input.ndim}-D tensor`);
    const single = input.ndim === 1;
    return temporaries(() => {
      const x = single ? unsqueeze(input, 0) : input;
      const start = (): Tensor => zeros([x.shape[0] as number, this.hiddenSize], { dtype: x.dtype });
      const at = state === null ? [start(), start()] : state.map((part) => (single ? unsqueeze(part, 0) : part));
      const next = f(x, at);
      return single ? next.map((part) => squeeze(part, 0)) : next;
    }) as Tensor[];
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? "" : ", bias=False"}`;
  }
}

/** One step of `RNN`: `call(x, h?)` with x [N, in] or [in] gives h′ [N, hidden] or [hidden]. */
export class RNNCell extends CellBase {
  static readonly name: string = "RNNCell";

  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<RNNCellOptions, ["bias", "nonlinearity"]>) {
    const defaults = { bias: true, nonlinearity: "tanh", dtype: null } as const;
    const given = parse<Required<RNNCellOptions>>("RNNCell", rest, defaults, ["bias", "nonlinearity"]);
    super(inputSize, hiddenSize, 1, given);
    this.nonlinearity = oneOf("RNNCell", "nonlinearity", given.nonlinearity, ["tanh", "relu"]);
  }

  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    const cell = this.nonlinearity === "relu" ? rnnReluCell : rnnTanhCell;
    return this.step(input, hx === null ? null : [hx], (x, [h]) => [
      cell(x, h as Tensor, this.weightIh, this.weightHh, this.biasIh, this.biasHh),
    ])[0] as Tensor;
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === "tanh" ? "" : `, nonlinearity=${this.nonlinearity}`);
  }
}

/** One step of `LSTM`: `call(x, [h, c]?)` with x [N, in] or [in] gives `[h′, c′]`, each [N, hidden] or [hidden]. */
export class LSTMCell extends CellBase {
  static readonly name: string = "LSTMCell";

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<CellOptions, ["bias"]>) {
    super(
      inputSize,
      hiddenSize,
      4,
      parse<Required<CellOptions>>("LSTMCell", rest, { bias: true, dtype: null }, ["bias"]),
    );
  }

  override forward(input: Tensor, state: readonly [Tensor, Tensor] | null = null): [Tensor, Tensor] {
    return this.step(input, state, (x, [h, c]) =>
      lstmCell(x, [h as Tensor, c as Tensor], this.weightIh, this.weightHh, this.biasIh, this.biasHh),
    ) as [Tensor, Tensor];
  }
}

/** One step of `GRU`: `call(x, h?)` with x [N, in] or [in] gives h′ [N, hidden] or [hidden]. */
export class GRUCell extends CellBase {
  static readonly name: string = "GRUCell";

  constructor(inputSize: number, hiddenSize: number, ...rest: Settings<CellOptions, ["bias"]>) {
    super(
      inputSize,
      hiddenSize,
      3,
      parse<Required<CellOptions>>("GRUCell", rest, { bias: true, dtype: null }, ["bias"]),
    );
  }

  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    return this.step(input, hx === null ? null : [hx], (x, [h]) => [
      gruCell(x, h as Tensor, this.weightIh, this.weightHh, this.biasIh, this.biasHh),
    ])[0] as Tensor;
  }
}
