// Activations as layers, those of one element: each applies a function of nn.functional.

import { parse } from "../../op/args.js";
import { sigmoid } from "../../ops/pointwise.js";
import { tanh } from "../../ops/trigonometric.js";
import type { Tensor } from "../../tensor/tensor.js";
import { celu, elu, leakyRelu, logsigmoid, mish, relu, selu, silu } from "../functional/activation.js";
import {
  hardshrink,
  hardsigmoid,
  hardswish,
  relu6,
  softshrink,
  softsign,
  tanhshrink,
} from "../functional/piecewise.js";
import { Module } from "../module.js";
import { pyFloat } from "../text.js";
import type { Settings } from "./settings.js";

/** The option of activations that can write into their input. */
export interface InplaceLayerOption {
  /** Write into the input. */
  readonly inplace?: boolean;
}

class Inplace extends Module {
  readonly inplace: boolean;

  constructor(...rest: Settings<InplaceLayerOption, ["inplace"]>) {
    super();
    this.inplace = parse(this.constructor.name, rest, { inplace: false }, ["inplace"]).inplace;
  }

  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

const written = (layer: { readonly inplace: boolean }): string => (layer.inplace ? ", inplace=True" : "");

/** max(x, 0). */
export class ReLU extends Inplace {
  static readonly name: string = "ReLU";

  override forward(input: Tensor): Tensor {
    return relu(input, this.inplace);
  }
}

/** x σ(x). */
export class SiLU extends Inplace {
  static readonly name: string = "SiLU";

  override forward(input: Tensor): Tensor {
    return silu(input, this.inplace);
  }
}

/** x tanh(softplus(x)). */
export class Mish extends Inplace {
  static readonly name: string = "Mish";

  override forward(input: Tensor): Tensor {
    return mish(input, this.inplace);
  }
}

/** Scaled exponential linear unit, λ max(x, 0) + λ min(α (eˣ − 1), 0). */
export class SELU extends Inplace {
  static readonly name: string = "SELU";

  override forward(input: Tensor): Tensor {
    return selu(input, this.inplace);
  }
}

/** min(max(x / 6 + 1/2, 0), 1). */
export class Hardsigmoid extends Inplace {
  static readonly name: string = "Hardsigmoid";

  override forward(input: Tensor): Tensor {
    return hardsigmoid(input, this.inplace);
  }

  override extraRepr(): string {
    return "";
  }
}

/** x · hardsigmoid(x). */
export class Hardswish extends Inplace {
  static readonly name: string = "Hardswish";

  override forward(input: Tensor): Tensor {
    return hardswish(input, this.inplace);
  }

  override extraRepr(): string {
    return "";
  }
}

/** min(max(x, 0), 6). */
export class ReLU6 extends Inplace {
  static readonly name: string = "ReLU6";

  override forward(input: Tensor): Tensor {
    return relu6(input, this.inplace);
  }
}

/** σ(x) = 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Module {
  static readonly name: string = "Sigmoid";

  override forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/** tanh(x). */
export class Tanh extends Module {
  static readonly name: string = "Tanh";

  override forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/** log σ(x). */
export class LogSigmoid extends Module {
  static readonly name: string = "LogSigmoid";

  override forward(input: Tensor): Tensor {
    return logsigmoid(input);
  }
}

/** x / (1 + |x|). */
export class Softsign extends Module {
  static readonly name: string = "Softsign";

  override forward(input: Tensor): Tensor {
    return softsign(input);
  }
}

/** x − tanh(x). */
export class Tanhshrink extends Module {
  static readonly name: string = "Tanhshrink";

  override forward(input: Tensor): Tensor {
    return tanhshrink(input);
  }
}

/** max(x, 0) + min(α (eˣ − 1), 0). */
export class ELU extends Module {
  static readonly name: string = "ELU";

  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...rest: Settings<{ readonly alpha?: number } & InplaceLayerOption, ["alpha", "inplace"]>) {
    super();
    const given = parse("ELU", rest, { alpha: 1, inplace: false }, ["alpha", "inplace"]);
    this.alpha = given.alpha;
    this.inplace = given.inplace;
  }

  override forward(input: Tensor): Tensor {
    return elu(input, this.alpha, this.inplace);
  }

  override extraRepr(): string {
    return `alpha=${pyFloat(this.alpha)}${written(this)}`;
  }
}

/** max(x, 0) + min(α (e^(x/α) − 1), 0). */
export class CELU extends Module {
  static readonly name: string = "CELU";

  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...rest: Settings<{ readonly alpha?: number } & InplaceLayerOption, ["alpha", "inplace"]>) {
    super();
    const given = parse("CELU", rest, { alpha: 1, inplace: false }, ["alpha", "inplace"]);
    this.alpha = given.alpha;
    this.inplace = given.inplace;
  }

  override forward(input: Tensor): Tensor {
    return celu(input, this.alpha, this.inplace);
  }

  override extraRepr(): string {
    return `alpha=${pyFloat(this.alpha)}${written(this)}`;
  }
}

/** x, or x times `negativeSlope` (0.01) where it is negative. */
export class LeakyReLU extends Module {
  static readonly name: string = "LeakyReLU";

  readonly negativeSlope: number;
  readonly inplace: boolean;

  constructor(
    ...rest: Settings<{ readonly negativeSlope?: number } & InplaceLayerOption, ["negativeSlope", "inplace"]>
  ) {
    super();
    const given = parse("LeakyReLU", rest, { negativeSlope: 0.01, inplace: false }, ["negativeSlope", "inplace"]);
    this.negativeSlope = given.negativeSlope;
    this.inplace = given.inplace;
  }

  override forward(input: Tensor): Tensor {
    return leakyRelu(input, this.negativeSlope, this.inplace);
  }

  override extraRepr(): string {
    return `negative_slope=${pyFloat(this.negativeSlope)}${written(this)}`;
  }
}

/** x where |x| > `lambd` (0.5), else 0. */
export class Hardshrink extends Module {
  static readonly name: string = "Hardshrink";

  readonly lambd: number;

  constructor(...rest: Settings<{ readonly lambd?: number }, ["lambd"]>) {
    super();
    this.lambd = parse("Hardshrink", rest, { lambd: 0.5 }, ["lambd"]).lambd;
  }

  override forward(input: Tensor): Tensor {
    return hardshrink(input, this.lambd);
  }

  override extraRepr(): string {
    return pyFloat(this.lambd);
  }
}

/** x moved toward 0 by `lambd` (0.5). */
export class Softshrink extends Module {
  static readonly name: string = "Softshrink";

  readonly lambd: number;

  constructor(...rest: Settings<{ readonly lambd?: number }, ["lambd"]>) {
    super();
    this.lambd = parse("Softshrink", rest, { lambd: 0.5 }, ["lambd"]).lambd;
  }

  override forward(input: Tensor): Tensor {
    return softshrink(input, this.lambd);
  }

  override extraRepr(): string {
    return pyFloat(this.lambd);
  }
}
