// Trains a network on real handwritten digits and shows what it learnt: npm start
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { F, manualSeed, memory, noGrad, randperm, scope, tensor } from "wengert";
import { readDigits, splitDigits } from "./data.mjs";
import { makeNetwork, makeOptimiser } from "./network.mjs";
import { drawDigits, drawTape } from "./show.mjs";

const BATCH = 32;
const DEFAULTS = { epochs: 20, lr: 0.1, seed: 1, hidden: 128 };

/** Options from the command line; ends the program with a message when one is wrong. */
function readOptions() {
  const fail = (text) => {
    console.error(`digits: ${text}\nusage: npm start -- [--epochs N] [--lr X] [--seed N] [--hidden N]`);
    process.exit(1);
  };
  let values;
  try {
    const options = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, { type: "string" }]));
    ({ values } = parseArgs({ options, allowPositionals: false }));
  } catch (error) {
    fail(error.message.split("\n")[0]);
  }
  const read = (name, holds, wanted) => {
    const text = values[name];
    if (text === undefined) return DEFAULTS[name];
    const value = text.trim() === "" ? Number.NaN : Number(text);
    return holds(value) ? value : fail(`--${name} must be ${wanted}, got "${text}"`);
  };
  const whole = (least, most) => (value) => Number.isInteger(value) && value >= least && value <= most;
  return {
    epochs: read("epochs", whole(1, 10000), "a whole number from 1 to 10000"),
    lr: read("lr", (value) => value > 0 && value <= 10, "a number above 0 and at most 10"),
    seed: read("seed", whole(0, 2 ** 32 - 1), "a whole number from 0 to 4294967295"),
    hidden: read("hidden", whole(1, 4096), "a whole number from 1 to 4096"),
  };
}

/** The share of digits that the network reads right. */
function accuracy(network, { pixels, labels }) {
  return scope(() => noGrad(() => network.forward(pixels).argmax(1).eq(labels).to("float32").mean().item()));
}

const { epochs, lr, seed, hidden } = readOptions();
const { train, test } = scope(() => splitDigits(readDigits()));
const count = train.pixels.size(0);
const steps = Math.ceil(count / BATCH);

manualSeed(seed);
const network = makeNetwork(hidden);
const update = makeOptimiser(network.parameters);
console.log(`${count} digits to learn from, ${test.pixels.size(0)} to test on; 64 → ${hidden} → 10, seed ${seed}`);

const bar = new SingleBar({
  format: "epoch {epoch} {bar} {value}/{total} loss {loss}",
  hideCursor: true,
  clearOnComplete: true,
});
const onTerminal = process.stdout.isTTY === true;
const start = performance.now();
for (let epoch = 1; epoch <= epochs; epoch++) {
  if (onTerminal) bar.start(steps, 0, { epoch, loss: "-" });
  let total = 0;
  scope(() => {
    const order = randperm(count);
    for (let step = 0; step < steps; step++) {
      const size = Math.min(BATCH, count - step * BATCH);
      // Everything a step makes is freed at its end.
      const loss = scope(() => {
        const batch = order.narrow(0, step * BATCH, size);
        const scores = network.forward(train.pixels.indexSelect(0, batch));
        const mean = F.crossEntropy(scores, train.labels.indexSelect(0, batch));
        mean.backward();
        // The rate falls in a line towards zero.
        update(lr * (1 - ((epoch - 1) * steps + step) / (epochs * steps)));
        return mean.item();
      });
      total += loss * size;
      if (onTerminal) bar.update(step + 1, { loss: loss.toFixed(4) });
    }
  });
  if (onTerminal) bar.stop();
  const loss = (total / count).toFixed(4);
  console.log(
    `epoch ${String(epoch).padStart(2)}  loss ${loss}  accuracy ${(100 * accuracy(network, train)).toFixed(1)} %`,
  );
}
const seconds = (performance.now() - start) / 1000;

const reached = accuracy(network, test);
console.log(`\ntest accuracy ${reached.toFixed(4)}`);
console.log(
  `${seconds.toFixed(2)} s, ${Math.round((epochs * count) / seconds)} samples/s, peak ${(memory().peak / 2 ** 20).toFixed(2)} MiB of tensors`,
);

scope(() => {
  const shown = test.pixels.narrow(0, 0, 5);
  const read = noGrad(() => network.forward(shown).argmax(1).tolist());
  const truth = test.labels.narrow(0, 0, 5).tolist();
  console.log(
    `\n${drawDigits(
      shown.tolist(),
      read.map((digit, i) => `reads ${digit}, is ${truth[i]}`),
    )}`,
  );

  const a = tensor(2, { requiresGrad: true });
  const b = tensor(3, { requiresGrad: true });
  const y = a.mul(b).add(a.sin());
  console.log(`\nthe tape of a·b + sin a:\n${drawTape(y.gradFn)}`);
  y.backward();
  console.log(`∂/∂a = ${a.grad.item()}, ∂/∂b = ${b.grad.item()}`);
});
