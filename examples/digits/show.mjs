// What is shown at the end: digits drawn in characters, and the tape of an expression.

const SIDE = 8;
const SHADES = " .:-=+*#%@";
const GAP = "   ";

/** Digits side by side, each pixel two characters wide, with a caption below each. */
export function drawDigits(images, captions) {
  // Pixels run from −1 to 1.
  const shade = (pixel) => SHADES[Math.min(SHADES.length - 1, Math.floor(((pixel + 1) / 2) * SHADES.length))];
  const line = (pixels, row) =>
    pixels
      .slice(SIDE * row, SIDE * (row + 1))
      .map((pixel) => shade(pixel).repeat(2))
      .join("");
  const rows = Array.from({ length: SIDE }, (_, row) => images.map((pixels) => line(pixels, row)));
  return [...rows, captions.map((caption) => caption.padEnd(2 * SIDE))]
    .map((cells) => cells.join(GAP).trimEnd())
    .join("\n");
}

/** The nodes that a result was computed by, each above those it took its operands from; `names` names the leaves. */
export function drawTape(node, names) {
  const below = node.nextFunctions.map(([next]) => next).filter((next) => next !== null);
  const title = node.variable === null ? node.name() : `leaf ${names.get(node.variable)}`;
  const branches = below.map((next, i) => {
    const [first, ...rest] = drawTape(next, names).split("\n");
    const last = i === below.length - 1;
    return [`${last ? "└─" : "├─"} ${first}`, ...rest.map((line) => `${last ? "  " : "│ "} ${line}`)].join("\n");
  });
  return [title, ...branches].join("\n");
}
