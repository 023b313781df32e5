// Progress of training as text: a bar that is drawn over on a terminal, a line an epoch elsewhere.

import type { EpochReport, ProgressReport } from "./options.js";

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const WIDTH = 24;
/** Milliseconds from one drawing of the bar to the next. */
const REDRAW = 100;

/** A number as short as it can be read: four digits. */
function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : value.toFixed(4);
}

/** One epoch in a line: `epoch  3/10  loss 0.1234  valLoss 0.1301  1.2 s`. */
export function lineOf({ epoch, values, seconds }: EpochReport, epochs: number): string {
  const figures = Object.entries(values).map(([name, value]) => `${name} ${short(value)}`);
  const count = String(epochs);
  return [`epoch ${String(epoch).padStart(count.length)}/${count}`, ...figures, `${seconds.toFixed(1)} s`].join("  ");
}

function barOf({ epoch, epochs, batch, batches, loss, samplesPerSecond }: ProgressReport): string {
  const count = String(epochs);
  const done = batches === null ? 0 : Math.round((WIDTH * batch) / Math.max(batches, 1));
  const bar =
    batches === null ? `batch ${batch}` : `[${"=".repeat(done)}${" ".repeat(WIDTH - done)}] ${batch}/${batches}`;
  return `epoch ${String(epoch).padStart(count.length)}/${count} ${bar}  loss ${short(loss)}  ${Math.round(samplesPerSecond)} samples/s`;
}

/** A function that shows progress on the standard output, or on the console where there is none. */
export function terminal(): (report: ProgressReport) => void {
  const { process } = globalThis as { process?: { stdout?: Stream } };
  const stream = process?.stdout;
  let last = 0;
  if (stream?.isTTY !== true) {
    return ({ report, epochs }) => {
      if (report !== null) console.log(lineOf(report, epochs));
    };
  }
  return (at) => {
    if (at.report !== null) stream.write(`\r\x1b[K${lineOf(at.report, at.epochs)}\n`);
    else if (performance.now() - last >= REDRAW) {
      last = performance.now();
      stream.write(`\r\x1b[K${barOf(at).slice(0, (stream.columns ?? 80) - 1)}`);
    }
  };
}
