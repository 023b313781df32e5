// Padding as layers: elements put around the last one, two or three dims.

import type { Tensor } from "../../tensor/tensor.js";
import { type PadMode, pad } from "../functional/pad.js";
import { Module } from "../module.js";
import { py } from "../text.js";
import { perDim, type Sizes } from "./settings.js";

/** A padding of a number of dims: one number, or pairs (in front, behind), the last dim's first. */
class PadBase extends Module {
  readonly padding: readonly number[];

  constructor(padding: Sizes, rank: number) {
    super();
    this.padding = perDim(this.constructor.name, padding, "padding", 2 * rank);
  }

  /** @internal */
  protected get mode(): PadMode {
    return "constant";
  }

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, { mode: this.mode });
  }

  override extraRepr(): string {
    return py(this.padding);
  }
}

class ConstantBase extends PadBase {
  readonly value: number;

  constructor(padding: Sizes, value: number, rank: number) {
    super(padding, rank);
    this.value = value;
  }

  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, { value: this.value });
  }

  override extraRepr(): string {
    return `padding=${py(this.padding)}, value=${py(this.value)}`;
  }
}

/** Puts `value` around [N, C, L] or [C, L]: `padding` is one number or a pair (left, right). */
export class ConstantPad1d extends ConstantBase {
  static readonly name: string = "ConstantPad1d";

  constructor(padding: Sizes, value: number) {
    super(padding, value, 1);
  }
}

/** Puts `value` around [N, C, H, W] or [C, H, W]: `padding` is one number or (left, right, top, bottom). */
export class ConstantPad2d extends ConstantBase {
  static readonly name: string = "ConstantPad2d";

  constructor(padding: Sizes, value: number) {
    super(padding, value, 2);
  }
}

/** Puts `value` around [N, C, D, H, W] or [C, D, H, W]: `padding` is one number or (left, right, top, bottom, front, back). */
export class ConstantPad3d extends ConstantBase {
  static readonly name: string = "ConstantPad3d";

  constructor(padding: Sizes, value: number) {
    super(padding, value, 3);
  }
}

/** Puts zeros around [N, C, L] or [C, L]: `padding` is one number or a pair (left, right). */
export class ZeroPad1d extends PadBase {
  static readonly name: string = "ZeroPad1d";

  constructor(padding: Sizes) {
    super(padding, 1);
  }
}

/** Puts zeros around [N, C, H, W] or [C, H, W]: `padding` is one number or (left, right, top, bottom). */
export class ZeroPad2d extends PadBase {
  static readonly name: string = "ZeroPad2d";

  constructor(padding: Sizes) {
    super(padding, 2);
  }
}

/** Puts zeros around [N, C, D, H, W] or [C, D, H, W]: `padding` is one number or (left, right, top, bottom, front, back). */
export class ZeroPad3d extends PadBase {
  static readonly name: string = "ZeroPad3d";

  constructor(padding: Sizes) {
    super(padding, 3);
  }
}

/** Mirrors [N, C, L] or [C, L] at its edges: `padding` is one number or a pair (left, right). */
export class ReflectionPad1d extends PadBase {
  static readonly name: string = "ReflectionPad1d";

  constructor(padding: Sizes) {
    super(padding, 1);
  }

  protected override get mode(): PadMode {
    return "reflect";
  }
}

/** Mirrors [N, C, H, W] or [C, H, W] at its edges: `padding` is one number or (left, right, top, bottom). */
export class ReflectionPad2d extends PadBase {
  static readonly name: string = "ReflectionPad2d";

  constructor(padding: Sizes) {
    super(padding, 2);
  }

  protected override get mode(): PadMode {
    return "reflect";
  }
}

/** Mirrors [N, C, D, H, W] or [C, D, H, W] at its edges: `padding` is one number or (left, right, top, bottom, front, back). */
export class ReflectionPad3d extends PadBase {
  static readonly name: string = "ReflectionPad3d";

  constructor(padding: Sizes) {
    super(padding, 3);
  }

  protected override get mode(): PadMode {
    return "reflect";
  }
}

/** Repeats the edges of [N, C, L] or [C, L]: `padding` is one number or a pair (left, right). */
export class ReplicationPad1d extends PadBase {
  static readonly name: string = "ReplicationPad1d";

  constructor(padding: Sizes) {
    super(padding, 1);
  }

  protected override get mode(): PadMode {
    return "replicate";
  }
}

/** Repeats the edges of [N, C, H, W] or [C, H, W]: `padding` is one number or (left, right, top, bottom). */
export class ReplicationPad2d extends PadBase {
  static readonly name: string = "ReplicationPad2d";

  constructor(padding: Sizes) {
    super(padding, 2);
  }

  protected override get mode(): PadMode {
    return "replicate";
  }
}

/** Repeats the edges of [N, C, D, H, W] or [C, D, H, W]: `padding` is one number or (left, right, top, bottom, front, back). */
export class ReplicationPad3d extends PadBase {
  static readonly name: string = "ReplicationPad3d";

  constructor(padding: Sizes) {
    super(padding, 3);
  }

  protected override get mode(): PadMode {
    return "replicate";
  }
}

/** Goes on from the other end of [N, C, L] or [C, L]: `padding` is one number or a pair (left, right). */
export class CircularPad1d extends PadBase {
  static readonly name: string = "CircularPad1d";

  constructor(padding: Sizes) {
    super(padding, 1);
  }

  protected override get mode(): PadMode {
    return "circular";
  }
}

/** Goes on from the other end of [N, C, H, W] or [C, H, W]: `padding` is one number or (left, right, top, bottom). */
export class CircularPad2d extends PadBase {
  static readonly name: string = "CircularPad2d";

  constructor(padding: Sizes) {
    super(padding, 2);
  }

  protected override get mode(): PadMode {
    return "circular";
  }
}

/** Goes on from the other end of [N, C, D, H, W] or [C, D, H, W]: `padding` is one number or (left, right, top, bottom, front, back). */
export class CircularPad3d extends PadBase {
  static readonly name: string = "CircularPad3d";

  constructor(padding: Sizes) {
    super(padding, 3);
  }

  protected override get mode(): PadMode {
    return "circular";
  }
}
