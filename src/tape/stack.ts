// The stack of the present call as text, with more frames than engines give by default.

const FRAMES = 64;

/** The stack, innermost frame first, in the engine's own format: at most so many frames. */
export function stackText(most = FRAMES): string {
  const limits = Error as { stackTraceLimit?: number };
  const before = limits.stackTraceLimit;
  if (before === undefined) return new Error().stack ?? "";
  limits.stackTraceLimit = most;
  try {
    return new Error().stack ?? "";
  } finally {
    limits.stackTraceLimit = before;
  }
}
