// Takes a network that PyTorch trained, and teaches it to read faint handwriting from 40 examples:
// node examples/fine-tuning/main.mjs
//
// pretrained.pt was written by make.py, in PyTorch, which saw the first 1,000 digits; these here are others.
import { fileURLToPath } from "node:url";
import { cat, F, fit, load, manualSeed, nn, noGrad, optim, scope } from "wengert";
import { readDigits } from "../digits/data.mjs";

const SEEN_IN_PYTORCH = 1000;
const EXAMPLES_EACH = 4;

/** The layers of make.py, so that names and shapes agree. */
const network = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(512, 10),
  );

/** Images written with a third of the ink. */
const faint = (images) => images.add(1).mul(0.3).sub(1);

const { few, clear, dim, labels } = scope(() => {
  const { pixels, labels } = readDigits();
  const images = pixels.reshape([-1, 1, 8, 8]);
  const count = labels.size(0) - SEEN_IN_PYTORCH;
  const [x, y] = [images.narrow(0, SEEN_IN_PYTORCH, count), labels.narrow(0, SEEN_IN_PYTORCH, count)];
  const places = Array.from({ length: 10 }, (_, digit) => y.eq(digit).nonzero().flatten());
  const chosen = cat(places.map((place) => place.narrow(0, 0, EXAMPLES_EACH)));
  const rest = cat(places.map((place) => place.narrow(0, EXAMPLES_EACH, place.size(0) - EXAMPLES_EACH)));
  const unseen = x.indexSelect(0, rest);
  return {
    few: [faint(x.indexSelect(0, chosen)), y.indexSelect(0, chosen)],
    clear: unseen,
    dim: faint(unseen),
    labels: y.indexSelect(0, rest),
  };
});

const accuracy = (model, images) =>
  scope(() => noGrad(() => model.call(images).argmax(1).eq(labels).to("float32").mean().item())).toFixed(3);

async function teach(model, lr) {
  await fit(model, [few], { optimizer: new optim.Adam(model.parameters(), { lr }), loss: F.crossEntropy, epochs: 60 });
}

manualSeed(0);
const weights = await load(fileURLToPath(new URL("pretrained.pt", import.meta.url)));
console.log(`from PyTorch: ${Object.keys(weights).join(", ")}`);
const model = network();
model.loadStateDict(weights);
console.log(`clear handwriting, as it comes from PyTorch:  accuracy ${accuracy(model, clear)}`);
console.log(`faint handwriting, as it comes from PyTorch:  accuracy ${accuracy(model, dim)}`);

const fresh = network();
await teach(fresh, 3e-3);
console.log(`faint, trained from nothing on ${few[1].size(0)} examples:  accuracy ${accuracy(fresh, dim)}`);

await teach(model, 5e-4);
console.log(`faint, fine-tuned on the same:                accuracy ${accuracy(model, dim)}`);
