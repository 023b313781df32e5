// A tensor that a captured step gives out again and again.

import { outsideScopes } from "../tensor/lifetime.js";
import { alias, type Tensor } from "../tensor/tensor.js";

/** A result or gradient of a step: a handle that the user has, and one that the step keeps. */
export class Held {
  private readonly own: Tensor;
  private given: Tensor;

  /** Takes a handle over, to be given out. */
  constructor(given: Tensor) {
    this.given = given;
    this.own = this.another(given);
  }

  /** Whether the user disposed the tensor that was given out. */
  get gone(): boolean {
    return this.given.isDisposed;
  }

  /** The tensor to give out: another handle where the user disposed the last. */
  get shown(): Tensor {
    if (this.given.isDisposed) this.given = this.another(this.own);
    return this.given;
  }

  /** Counts a write, so that graphs that saved the last value notice. */
  written(): void {
    this.own.storage.written();
  }

  private another(tensor: Tensor): Tensor {
    const handle = outsideScopes(() => alias(tensor, tensor.layout));
    handle.kept = true;
    return handle;
  }

  /** Leaves a gradient to the leaf that has it, as if backward had made it there; frees it where none has. */
  handOver(leaf: Tensor): void {
    this.own.dispose();
    if (leaf.gradient === this.given && !leaf.isDisposed) leaf.gradientOwned = true;
    else this.given.dispose();
  }

  dispose(): void {
    this.given.dispose();
    this.own.dispose();
  }
}
