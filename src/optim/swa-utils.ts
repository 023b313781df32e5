// The namespace `optim.swaUtils`: averages of a model's weights over its training.

import { ArgumentError } from "../errors.js";
import { asInteger, parse, type Trailing } from "../op/args.js";
import { forGroups, LRScheduler, type SchedulerOptions } from "./lr-scheduler/scheduler.js";
import { cosine } from "./number.js";
import type { Optimizer } from "./optimizer.js";

/** Options of `SWALR`. */
export interface SWALROptions extends SchedulerOptions {
  /** Epochs of the way to the new rate, 10. */
  readonly annealEpochs?: number;
  /** The shape of the way: "cos" or "linear". */
  readonly annealStrategy?: "cos" | "linear";
}

/** From the learning rate that there is to a constant one, for averaging weights. */
export class SWALR extends LRScheduler {
  annealEpochs: number;
  /** @internal */
  way: string;
  /** @internal */
  protected override readonly fields = [["anneal_epochs", "annealEpochs"]] as const;

  constructor(
    optimizer: Optimizer,
    swaLr: number | readonly number[],
    ...rest: Trailing<[annealEpochs: number | undefined], SWALROptions>
  ) {
    const defaults = { annealEpochs: 10, annealStrategy: "cos" as string, lastEpoch: -1, verbose: false };
    const options = parse("SWALR", rest, defaults, ["annealEpochs"]);
    const { annealEpochs, annealStrategy } = options;
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new ArgumentError(
        `SWALR: anneal_strategy must by one of 'cos' or 'linear', instead got ${String(annealStrategy)}`,
      );
    }
    if (asInteger("SWALR", annealEpochs, "annealEpochs") < 0) {
      throw new ArgumentError(`SWALR: anneal_epochs must be equal or greater than 0, got ${annealEpochs}`);
    }
    super(optimizer, options);
    const rates = forGroups("SWALR", "swa_lr", optimizer, swaLr);
    optimizer.paramGroups.forEach((group, i) => {
      (group as { swaLr?: number }).swaLr = rates[i];
    });
    this.annealEpochs = annealEpochs;
    this.way = annealStrategy;
    this.initialStep();
  }

  /** How much of the way is gone at a step. */
  private part(step: number): number {
    const t = Math.max(0, Math.min(1, step / Math.max(1, this.annealEpochs)));
    return this.way === "cos" ? (1 - cosine(Math.PI * t)) / 2 : t;
  }

  getLr(): number[] {
    const step = this.annealEpochs === 0 ? Math.max(1, this.stepCount - 1) : this.stepCount - 1;
    const before = this.part(step - 1);
    const now = this.part(step);
    return this.groups.map((group) => {
      const aim = (group as { swaLr?: number }).swaLr as number;
      const start = before === 1 ? aim : (group.lr - before * aim) / (1 - before);
      return aim * now + start * (1 - now);
    });
  }
}
