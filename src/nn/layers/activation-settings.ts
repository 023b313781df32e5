// Activations as layers, those with settings or parameters, or along a dim.

import { ArgumentError, ShapeError } from "../../errors.js";
import { parse } from "../../op/args.js";
import { full } from "../../ops/creation.js";
import { gelu } from "../../ops/gelu.js";
import { logSoftmax, softmax } from "../../ops/softmax.js";
import type { Tensor } from "../../tensor/tensor.js";
import { prelu, softplus } from "../functional/activation.js";
import { glu, rrelu, softmin } from "../functional/gating.js";
import { hardtanh, threshold } from "../functional/piecewise.js";
import { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { py, pyFloat } from "../text.js";
import type { InplaceLayerOption } from "./activation.js";
import { type DtypeOption, oneOf, type Settings } from "./settings.js";

/** The dim along which a normalising activation works. */
class AlongDim extends Module {
  readonly dim: number | null;

  constructor(...rest: Settings<{ readonly dim?: number | null }, ["dim"]>) {
    super();
    this.dim = parse(this.constructor.name, rest, { dim: null as number | null }, ["dim"]).dim;
  }

  /** Without a dim the one that PyTorch takes: the first of 0, 1 and 3 dims, else the second. */
  protected dimFor(input: Tensor): number {
    return this.dim ?? (input.ndim === 0 || input.ndim === 1 || input.ndim === 3 ? 0 : 1);
  }

  override extraRepr(): string {
    return `dim=${py(this.dim)}`;
  }
}

/** Softmax of −x along a dim. */
export class Softmin extends AlongDim {
  static readonly name: string = "Softmin";

  override forward(input: Tensor): Tensor {
    return softmin(input, this.dimFor(input));
  }
}

/** Positive numbers that sum to 1 along a dim: eˣ / Σ eˣ. */
export class Softmax extends AlongDim {
  static readonly name: string = "Softmax";

  override forward(input: Tensor): Tensor {
    return softmax(input, this.dimFor(input));
  }
}

/** log softmax(x) along a dim. */
export class LogSoftmax extends AlongDim {
  static readonly name: string = "LogSoftmax";

  override forward(input: Tensor): Tensor {
    return logSoftmax(input, this.dimFor(input));
  }
}

/** Softmax over the channels of [N, C, H, W] or [C, H, W]. */
export class Softmax2d extends Module {
  static readonly name: string = "Softmax2d";

  override forward(input: Tensor): Tensor {
    if (input.ndim !== 3 && input.ndim !== 4) throw new ShapeError("Softmax2d: requires a 3D or 4D tensor as input");
    return softmax(input, -3);
  }
}

/** The first half along a dim (−1) times σ of the second. */
export class GLU extends Module {
  static readonly name: string = "GLU";

  readonly dim: number;

  constructor(...rest: Settings<{ readonly dim?: number }, ["dim"]>) {
    super();
    this.dim = parse("GLU", rest, { dim: -1 }, ["dim"]).dim;
  }

  override forward(input: Tensor): Tensor {
    return glu(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** x Φ(x); `approximate: "tanh"` takes a formula with tanh for Φ. */
export class GELU extends Module {
  static readonly name: string = "GELU";

  readonly approximate: "none" | "tanh";

  constructor(...rest: Settings<{ readonly approximate?: "none" | "tanh" }, ["approximate"]>) {
    super();
    const { approximate } = parse("GELU", rest, { approximate: "none" as "none" | "tanh" }, ["approximate"]);
    this.approximate = oneOf("GELU", "approximate", approximate, ["none", "tanh"]);
  }

  override forward(input: Tensor): Tensor {
    return gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate=${py(this.approximate)}`;
  }
}

/** log(1 + e^(β x)) / β; x itself where β x exceeds `threshold` (20). */
export class Softplus extends Module {
  static readonly name: string = "Softplus";

  readonly beta: number;
  readonly threshold: number;

  constructor(...rest: Settings<{ readonly beta?: number; readonly threshold?: number }, ["beta", "threshold"]>) {
    super();
    const given = parse("Softplus", rest, { beta: 1, threshold: 20 }, ["beta", "threshold"]);
    this.beta = given.beta;
    this.threshold = given.threshold;
  }

  override forward(input: Tensor): Tensor {
    return softplus(input, this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${py(this.beta)}, threshold=${py(this.threshold)}`;
  }
}

/** x where it exceeds `threshold`, else `value`. */
export class Threshold extends Module {
  static readonly name: string = "Threshold";

  readonly threshold: number;
  readonly value: number;
  readonly inplace: boolean;

  constructor(threshold: number, value: number, ...rest: Settings<InplaceLayerOption, ["inplace"]>) {
    super();
    this.threshold = threshold;
    this.value = value;
    this.inplace = parse("Threshold", rest, { inplace: false }, ["inplace"]).inplace;
  }

  override forward(input: Tensor): Tensor {
    return threshold(input, this.threshold, this.value, { inplace: this.inplace });
  }

  override extraRepr(): string {
    return `threshold=${py(this.threshold)}, value=${py(this.value)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

/** Options of `RReLU`. */
export interface RReLULayerOptions extends InplaceLayerOption {
  /** Least slope: 1/8. */
  readonly lower?: number;
  /** Greatest slope: 1/3. */
  readonly upper?: number;
}

/** A leaky rectifier whose slope is drawn for each element while training, else the middle one. */
export class RReLU extends Module {
  static readonly name: string = "RReLU";

  readonly lower: number;
  readonly upper: number;
  readonly inplace: boolean;

  constructor(...rest: Settings<RReLULayerOptions, ["lower", "upper", "inplace"]>) {
    super();
    const given = parse("RReLU", rest, { lower: 1 / 8, upper: 1 / 3, inplace: false }, ["lower", "upper", "inplace"]);
    this.lower = given.lower;
    this.upper = given.upper;
    this.inplace = given.inplace;
  }

  override forward(input: Tensor): Tensor {
    const { lower, upper, training, inplace } = this;
    return rrelu(input, { lower, upper, training, inplace });
  }

  override extraRepr(): string {
    return `lower=${pyFloat(this.lower)}, upper=${pyFloat(this.upper)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

/** Options of `Hardtanh`. */
export interface HardtanhLayerOptions extends InplaceLayerOption {
  /** Least value: −1. */
  readonly minVal?: number;
  /** Greatest value: 1. */
  readonly maxVal?: number;
}

/** x cut to [minVal, maxVal]. */
export class Hardtanh extends Module {
  static readonly name: string = "Hardtanh";

  readonly minVal: number;
  readonly maxVal: number;
  readonly inplace: boolean;

  constructor(...rest: Settings<HardtanhLayerOptions, ["minVal", "maxVal", "inplace"]>) {
    super();
    const given = parse("Hardtanh", rest, { minVal: -1, maxVal: 1, inplace: false }, ["minVal", "maxVal", "inplace"]);
    if (!(given.maxVal > given.minVal)) throw new ArgumentError("Hardtanh: maxVal must be greater than minVal");
    this.minVal = given.minVal;
    this.maxVal = given.maxVal;
    this.inplace = given.inplace;
  }

  override forward(input: Tensor): Tensor {
    const { minVal, maxVal, inplace } = this;
    return hardtanh(input, { minVal, maxVal, inplace });
  }

  override extraRepr(): string {
    return `min_val=${pyFloat(this.minVal)}, max_val=${pyFloat(this.maxVal)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

/** Options of `PReLU`. */
export interface PReLULayerOptions extends DtypeOption {
  /** 1, or the number of channels: 1. */
  readonly numParameters?: number;
  /** What the slopes start from: 0.25. */
  readonly init?: number;
}

/** A leaky rectifier whose slopes, `weight` [numParameters], are learnt: one for all, or one for each channel of [N, C, …]. */
export class PReLU extends Module {
  static readonly name: string = "PReLU";

  readonly numParameters: number;
  readonly init: number;
  weight: Parameter;

  constructor(...rest: Settings<PReLULayerOptions, ["numParameters", "init"]>) {
    super();
    const given = { numParameters: 1, init: 0.25, dtype: null };
    const { numParameters, init, dtype } = parse<Required<PReLULayerOptions>>("PReLU", rest, given, [
      "numParameters",
      "init",
    ]);
    this.numParameters = numParameters;
    this.init = init;
    this.weight = parameterOf(full([numParameters], init, { dtype }));
  }

  override forward(input: Tensor): Tensor {
    return prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
