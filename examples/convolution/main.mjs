// A convolutional network that reads the handwritten digits: node examples/convolution/main.mjs [epochs, 24 if left out]
import { F, fit, manualSeed, nn, noGrad, optim, randint, randperm, scope } from "wengert";
import { splitDigits } from "../digits/data.mjs";

const BATCH = 32;
const EPOCHS = Number(process.argv[2] ?? 24);

manualSeed(0);
const { train, test } = splitDigits();
const images = ({ pixels }) => pixels.reshape([-1, 1, 8, 8]);
const count = train.labels.size(0);

const model = new nn.Sequential(
  new nn.Conv2d(1, 32, 3, { padding: 1 }),
  new nn.BatchNorm2d(32),
  new nn.ReLU(),
  new nn.Conv2d(32, 32, 3, { padding: 1 }),
  new nn.BatchNorm2d(32),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(32, 64, 3, { padding: 1 }),
  new nn.BatchNorm2d(64),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Dropout(0.3),
  new nn.Linear(256, 10),
);

/** The images moved by up to one pixel in both directions, all of a batch alike; what comes in is background. */
function shifted(x) {
  const [down, right] = randint(3, [2]).tolist();
  return F.pad(x, [1, 1, 1, 1], { value: -1 }).narrow(2, down, 8).narrow(3, right, 8);
}

/** The batches of one epoch, in a new order. */
function* batches() {
  const pixels = images(train);
  for (const chosen of randperm(count).split(BATCH))
    yield [shifted(pixels.indexSelect(0, chosen)), train.labels.indexSelect(0, chosen)];
}

const optimizer = new optim.AdamW(model.parameters(), { lr: 0.003, weightDecay: 0.01 });
const steps = EPOCHS * Math.ceil(count / BATCH);
console.log(String(model));
await fit(model, batches, {
  optimizer,
  scheduler: new optim.lrScheduler.OneCycleLR(optimizer, 0.01, { totalSteps: steps }),
  schedulerStep: "batch",
  loss: F.crossEntropy,
  epochs: EPOCHS,
  metrics: { accuracy: (output, target) => output.argmax(1).eq(target).to("float32").mean() },
  progress: true,
});

model.eval();
const right = scope(() => noGrad(() => model.call(images(test)).argmax(1).eq(test.labels).sum().item()));
const total = test.labels.size(0);
console.log(`test accuracy ${(right / total).toFixed(4)} (${right} of ${total})`);
