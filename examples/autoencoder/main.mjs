// A variational autoencoder that learns to draw digits: node examples/autoencoder/main.mjs
// After Kingma and Welling, Auto-Encoding Variational Bayes, 2013 (arXiv 1312.6114).
import { F, fit, manualSeed, nn, noGrad, optim, randn, randnLike, randperm, scope } from "wengert";
import { splitDigits } from "../digits/data.mjs";

const LATENT = 8;
const BATCH = 64;

class Autoencoder extends nn.Module {
  constructor() {
    super();
    this.encoder = new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU(), new nn.Linear(128, 2 * LATENT));
    this.decoder = new nn.Sequential(new nn.Linear(LATENT, 128), new nn.ReLU(), new nn.Linear(128, 64));
  }

  /** Pictures [count, 64] to what is drawn of them, and the mean and logarithmic variance of their codes. */
  forward(x) {
    const [mean, logVariance] = this.encoder.call(x).chunk(2, 1);
    const code = mean.add(logVariance.mul(0.5).exp().mul(randnLike(mean)));
    return [this.decoder.call(code), mean, logVariance];
  }
}

/** The bound on the negative logarithmic likelihood, and its two parts, for a picture on average. */
function step(model, [x]) {
  const [drawn, mean, logVariance] = model.call(x);
  const count = x.size(0);
  const likeness = F.binaryCrossEntropyWithLogits(drawn, x, { reduction: "sum" }).div(count);
  const divergence = logVariance
    .add(1)
    .sub(mean.pow(2))
    .sub(logVariance.exp())
    .sum()
    .mul(-0.5 / count);
  return { loss: likeness.add(divergence), likeness, divergence };
}

const SHADES = " .:-=+*#%@";
/** Pictures [count, 64] of values in [0, 1], side by side in characters. */
function draw(pictures) {
  const rows = pictures.reshape([-1, 8, 8]).permute([1, 0, 2]).tolist();
  const shade = (value) => SHADES[Math.round(value * (SHADES.length - 1))].repeat(2);
  return rows.map((row) => row.map((line) => line.map(shade).join("")).join("  ")).join("\n");
}

manualSeed(3);
const { train, test } = splitDigits();
// From [−1, 1] to [0, 1].
const [seen, unseen] = [train, test].map(({ pixels }) => pixels.add(1).div(2));
const model = new Autoencoder();
const { history } = await fit(
  model,
  function* () {
    for (const chosen of randperm(seen.size(0)).split(BATCH)) yield [seen.indexSelect(0, chosen)];
  },
  {
    optimizer: new optim.Adam(model.parameters(), { lr: 2e-3 }),
    step,
    epochs: 60,
    validation: () => [[unseen]],
  },
);
for (const { epoch, values } of history.filter(({ epoch }) => epoch === 1 || epoch % 20 === 0)) {
  console.log(`epoch ${epoch}: bound ${values.loss.toFixed(3)} nats, unseen ${values.valLoss.toFixed(3)}`);
}
scope(() =>
  noGrad(() => {
    console.log(`\nunseen digits, and as they are drawn from ${LATENT} numbers`);
    console.log(draw(unseen.narrow(0, 0, 4)));
    console.log(draw(model.call(unseen.narrow(0, 0, 4))[0].sigmoid()));
    console.log("\ndigits that nobody wrote");
    console.log(draw(model.decoder.call(randn([4, LATENT])).sigmoid()));
  }),
);
