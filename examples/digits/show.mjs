// What is shown at the end: digits drawn in characters, and the tape of an expression.

const SHADES = " .:-=+*#%@";

/** Digits side by side, 8 lines of characters each, with a line of captions below. */
export function drawDigits(images, captions) {
  const lines = [];
  for (let row = 0; row < 8; row++) {
    const cells = images.map((pixels) =>
      Array.from({ length: 8 }, (_, column) => {
        const value = pixels[8 * row + column];
        return SHADES[Math.min(9, Math.floor(value * 10))].repeat(2);
      }).join(""),
    );
    lines.push(cells.join("   ").trimEnd());
  }
  lines.push(
    captions
      .map((caption) => caption.padEnd(16))
      .join("   ")
      .trimEnd(),
  );
  return lines.join("\n");
}

/** The nodes an expression was computed by, each indented below the one that used it. */
export function drawTape(node, depth = 0) {
  const name = node.variable ? `leaf ${JSON.stringify(node.variable.tolist())}` : node.name();
  const below = node.nextFunctions.map(([next]) => next).filter((next) => next !== null);
  return ["  ".repeat(depth) + name, ...below.map((next) => drawTape(next, depth + 1))].join("\n");
}
