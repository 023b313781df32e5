// The stack of the present call as text, with more frames than engines give by default.

const FRAMES = 64;

/** The stack, innermost frame first, in the engine's own format. */
export function stackText(): string {
  const limits = Error as { stackTraceLimit?: number };
  const before = limits.stackTraceLimit;
  if (before === undefined) return new Error().stack ?? "";
  limits.stackTraceLimit = FRAMES;
  try {
    return new Error().stack ?? "";
  } finally {
    limits.stackTraceLimit = before;
  }
}
