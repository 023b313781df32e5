// The options of the command line: read, checked, and explained when one is wrong.
import { parseArgs } from "node:util";

const whole = (least, most) => ({
  holds: (value) => Number.isInteger(value) && value >= least && value <= most,
  wanted: `a whole number from ${least} to ${most}`,
});

const OPTIONS = {
  epochs: { initial: 20, ...whole(1, 10000) },
  lr: { initial: 0.1, holds: (value) => value > 0 && value <= 10, wanted: "a number above 0 and at most 10" },
  seed: { initial: 1, ...whole(0, 2 ** 32 - 1) },
  hidden: { initial: 128, ...whole(1, 4096) },
};
const NAMES = Object.keys(OPTIONS);

/** Ends the program with a message. */
export function fail(text) {
  console.error(`digits: ${text}`);
  process.exit(1);
}

function refuse(text) {
  fail(`${text}\nusage: npm start -- [--epochs N] [--lr X] [--seed N] [--hidden N]`);
}

/** `{ epochs, lr, seed, hidden }` from the command line; ends the program when an option is wrong. */
export function readOptions() {
  const { values, positionals } = parseArgs({
    options: Object.fromEntries(NAMES.map((name) => [name, { type: "string" }])),
    // What is wrong is told below in one voice.
    strict: false,
  });
  for (const name of Object.keys(values)) {
    if (!NAMES.includes(name)) {
      const dashed = name.length === 1 ? `-${name}` : `--${name}`;
      refuse(`unknown option ${dashed}; known are ${NAMES.map((known) => `--${known}`).join(", ")}`);
    }
  }
  const read = (name) => {
    const { initial, holds, wanted } = OPTIONS[name];
    const text = values[name];
    if (text === undefined) return initial;
    const value = typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
    if (!holds(value)) refuse(`--${name} must be ${wanted}, got ${text === true ? "nothing" : `"${text}"`}`);
    return value;
  };
  const options = Object.fromEntries(NAMES.map((name) => [name, read(name)]));
  if (positionals.length > 0) refuse(`unexpected "${positionals[0]}"`);
  return options;
}
