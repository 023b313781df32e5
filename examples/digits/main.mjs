// Trains a network on real handwritten digits and shows what it learnt: npm start
import { SingleBar } from "cli-progress";
import { F, manualSeed, memory, noGrad, randnLike, randperm, scope, tensor } from "wengert";
import { splitDigits } from "./data.mjs";
import { makeNetwork, makeOptimiser } from "./network.mjs";
import { fail, readOptions } from "./options.mjs";
import { drawDigits, drawTape } from "./show.mjs";

const BATCH = 32;
// A little noise on the pixels, so that the network learns strokes and not single dots.
const NOISE = 0.4;

const { epochs, lr, seed, hidden } = readOptions();
const { train, test } = splitDigits();
const count = train.labels.size(0);
const steps = Math.ceil(count / BATCH);

manualSeed(seed);
const network = makeNetwork(hidden);
const update = makeOptimiser(network.parameters);

/** The digits that the network reads in pictures, [count]. */
const read = (pixels) => scope(() => noGrad(() => network.forward(pixels).argmax(1)));

/** The share of digits that it reads right. */
const accuracy = ({ pixels, labels }) => scope(() => read(pixels).eq(labels).to("float32").mean().item());

/** One step on some of the digits; returns the sum of their losses. All that is made on the way is freed at the end. */
function learn(batch, rate) {
  return scope(() => {
    const clean = train.pixels.indexSelect(0, batch);
    const pixels = clean.add(randnLike(clean), { alpha: NOISE });
    const loss = F.crossEntropy(network.forward(pixels), train.labels.indexSelect(0, batch));
    loss.backward();
    update(rate);
    return loss.item() * batch.size(0);
  });
}

/** One pass over all digits to learn from; returns their mean loss. */
function learnAll(epoch, progress) {
  return scope(() => {
    let total = 0;
    randperm(count)
      .split(BATCH)
      .forEach((batch, step) => {
        const done = (epoch - 1) * steps + step;
        // The learning rate falls in a straight line to zero.
        total += learn(batch, lr * (1 - done / (epochs * steps)));
        progress?.update(done + 1);
      });
    return total / count;
  });
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

console.log(`${count} digits to learn from, ${test.labels.size(0)} to test on; 64 → ${hidden} → 10, seed ${seed}`);
const progress = process.stdout.isTTY
  ? new SingleBar({
      stream: process.stdout,
      format: "{bar} {percentage} %  epoch {epoch}/{epochs}  step {value}/{total}",
      barsize: 30,
      fps: 25,
      clearOnComplete: true,
      // Nothing to put right in the terminal when the program is interrupted.
      linewrap: true,
    })
  : null;

const live = [];
const start = performance.now();
for (let epoch = 1; epoch <= epochs; epoch++) {
  const number = String(epoch).padStart(String(epochs).length);
  progress?.start(epochs * steps, (epoch - 1) * steps, { epoch, epochs });
  const loss = learnAll(epoch, progress);
  progress?.stop();
  if (!Number.isFinite(loss)) fail(`the loss is ${loss} after epoch ${epoch}; try a smaller --lr`);
  console.log(`epoch ${number}  loss ${loss.toFixed(4)}  training accuracy ${percent(accuracy(train))}`);
  live.push(memory().live);
}
const seconds = (performance.now() - start) / 1000;

scope(() => {
  const answers = read(test.pixels);
  const right = answers.eq(test.labels);
  const share = right.to("float32").mean().item();
  console.log(`\ntest accuracy ${share.toFixed(4)} (${right.sum().item()} of ${right.numel()})`);
  console.log(`${seconds.toFixed(2)} s, ${Math.round((epochs * count) / seconds)} samples/s`);
  console.log(
    `peak memory ${mebibytes(memory().peak)} of tensors, ${mebibytes(process.resourceUsage().maxRSS * 1024)} in all`,
  );
  console.log(`live after the first epoch ${live[0]} bytes, after the last ${live.at(-1)} bytes`);

  const show = (title, chosen) => {
    const [images, said, truth] = [test.pixels, answers, test.labels].map((x) => x.indexSelect(0, chosen).tolist());
    console.log(`\n${title}:\n`);
    console.log(
      drawDigits(
        images,
        said.map((digit, i) => `reads ${digit}, is ${truth[i]}`),
      ),
    );
  };
  show("some digits of the test", tensor([0, 1, 2, 3], { dtype: "int32" }));
  const misread = right.logicalNot().nonzero().flatten();
  if (misread.numel() > 0) show("some that it misreads", misread.narrow(0, 0, Math.min(4, misread.numel())));
});

scope(() => {
  const a = tensor(2, { requiresGrad: true });
  const b = tensor(3, { requiresGrad: true });
  const y = a.mul(b).add(a.sin());
  const names = new Map([
    [a, "a"],
    [b, "b"],
  ]);
  console.log(`\nthe tape of y = a·b + sin a at a = 2, b = 3:\n\n${drawTape(y.gradFn, names)}`);
  y.backward();
  console.log(`\n∂y/∂a = b + cos a = ${a.grad.item().toFixed(6)}, ∂y/∂b = a = ${b.grad.item()}`);
});
