// Dropout as layers: elements or whole channels become zero at random while the module is being trained.

import { ArgumentError } from "../../errors.js";
import { parse } from "../../op/args.js";
import type { Tensor } from "../../tensor/tensor.js";
import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, featureAlphaDropout } from "../functional/dropout.js";
import { Module } from "../module.js";
import { py, pyFloat } from "../text.js";
import type { Settings } from "./settings.js";

/** Options of dropout layers. */
export interface DropoutLayerOptions {
  /** Probability of becoming zero: 0.5. */
  readonly p?: number;
  /** Write into the input. */
  readonly inplace?: boolean;
}

class DropoutBase extends Module {
  readonly p: number;
  readonly inplace: boolean;

  constructor(...rest: Settings<DropoutLayerOptions, ["p", "inplace"]>) {
    super();
    const layer = this.constructor.name;
    const { p, inplace } = parse(layer, rest, { p: 0.5, inplace: false }, ["p", "inplace"]);
    if (!(typeof p === "number" && p >= 0 && p <= 1))
      throw new ArgumentError(`${layer}: dropout probability has to be between 0 and 1, but got ${String(p)}`);
    this.p = p;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return `p=${pyFloat(this.p)}, inplace=${py(this.inplace)}`;
  }
}

/** While training sets elements to zero with probability `p` and multiplies the others by 1 / (1 − p). */
export class Dropout extends DropoutBase {
  static readonly name: string = "Dropout";

  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.inplace);
  }
}

/** `Dropout` of whole channels of [N, C, L] or [C, L]. */
export class Dropout1d extends DropoutBase {
  static readonly name: string = "Dropout1d";

  override forward(input: Tensor): Tensor {
    return dropout1d(input, this.p, this.training, this.inplace);
  }
}

/** `Dropout` of whole channels of [N, C, H, W]. */
export class Dropout2d extends DropoutBase {
  static readonly name: string = "Dropout2d";

  override forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, this.training, this.inplace);
  }
}

/** `Dropout` of whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export class Dropout3d extends DropoutBase {
  static readonly name: string = "Dropout3d";

  override forward(input: Tensor): Tensor {
    return dropout3d(input, this.p, this.training, this.inplace);
  }
}

/** Dropout that keeps mean and variance of self-normalising networks. */
export class AlphaDropout extends DropoutBase {
  static readonly name: string = "AlphaDropout";

  override forward(input: Tensor): Tensor {
    return alphaDropout(input, this.p, this.training);
  }
}

/** `AlphaDropout` of whole channels of [N, C, …]. */
export class FeatureAlphaDropout extends DropoutBase {
  static readonly name: string = "FeatureAlphaDropout";

  override forward(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, this.training);
  }
}
