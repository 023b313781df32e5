// Anomaly detection: where a NaN or an error of a backward pass comes from.

import { asBoolean, parse } from "../op/args.js";
import { ModeBlock, mode, under } from "../tape/mode.js";
import { warnOnce } from "../tensor/warn.js";

/** Options of anomaly detection. */
export interface AnomalyOptions {
  /** Throw when a gradient holds NaN (default). */
  readonly checkNan?: boolean;
}

function changeOf(
  op: string,
  flag: boolean,
  rest: readonly unknown[],
): { readonly anomaly: boolean; readonly checkNan: boolean } {
  const { checkNan } = parse(op, rest, { checkNan: true });
  asBoolean(op, checkNan, "checkNan");
  if (flag) {
    warnOnce(
      "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging.",
    );
  }
  return { anomaly: flag, checkNan };
}

/**
 * Runs `body` so that every node remembers the JavaScript stack of its forward call, and a backward that throws or
 * gives NaN throws an error with that stack (`error.forwardStack`). Without a function: a block for `using`.
 */
export function detectAnomaly(...rest: [options?: AnomalyOptions]): ModeBlock;
export function detectAnomaly<T>(body: () => T, ...rest: [options?: AnomalyOptions]): T;
export function detectAnomaly(...args: unknown[]): unknown {
  const [first, ...rest] = args;
  if (typeof first === "function")
    return under("detectAnomaly", changeOf("detectAnomaly", true, rest), first as () => unknown);
  return new ModeBlock(changeOf("detectAnomaly", true, first === undefined ? [] : [first]));
}

/** Switches anomaly detection on or off; the returned block puts it back. */
export function setDetectAnomaly(flag: boolean, ...rest: [options?: AnomalyOptions]): ModeBlock {
  return new ModeBlock(changeOf("setDetectAnomaly", asBoolean("setDetectAnomaly", flag, "flag"), rest));
}

/** Whether anomaly detection is on. */
export function isAnomalyEnabled(): boolean {
  return mode.anomaly;
}

/** Whether it looks for NaN. */
export function isAnomalyCheckNanEnabled(): boolean {
  return mode.checkNan;
}
