// A small transformer that learns to write, letter by letter, from this project's guide:
// node examples/characters/main.mjs [rounds of 200 steps, 6 if left out]
import { readdirSync, readFileSync } from "node:fs";
import {
  arange,
  F,
  fit,
  int32,
  manualSeed,
  multinomial,
  nn,
  noGrad,
  optim,
  randint,
  scope,
  stack,
  tensor,
} from "wengert";

const CONTEXT = 48;
const WIDTH = 64;
const STEPS = 200;
const ROUNDS = Number(process.argv[2] ?? 6);
const BATCH = 16;

const guide = new URL("../../docs/", import.meta.url);
const pages = readdirSync(guide)
  .filter((name) => name.endsWith(".md"))
  .sort();
const text = pages.map((name) => readFileSync(new URL(name, guide), "utf8")).join("\n");
const letters = [...new Set(text)].sort();
const codeOf = new Map(letters.map((letter, i) => [letter, i]));
const codes = tensor(Int32Array.from(text, (letter) => codeOf.get(letter)));

/** Predicts the next letter at each place from the letters before it. */
class Writer extends nn.Module {
  constructor() {
    super();
    this.letter = new nn.Embedding(letters.length, WIDTH);
    this.place = new nn.Embedding(CONTEXT, WIDTH);
    const layer = new nn.TransformerEncoderLayer(WIDTH, 4, {
      dimFeedforward: 4 * WIDTH,
      dropout: 0,
      batchFirst: true,
      normFirst: true,
    });
    this.blocks = new nn.TransformerEncoder(layer, 2);
    this.norm = new nn.LayerNorm(WIDTH);
    this.out = new nn.Linear(WIDTH, letters.length);
  }

  /** Letters [batch, length] to scores of the next one [batch, length, letters]. */
  forward(x) {
    const length = x.size(1);
    const h = this.letter.call(x).add(this.place.call(arange(length, { dtype: int32 })));
    const mask = nn.Transformer.generateSquareSubsequentMask(length);
    return this.out.call(this.norm.call(this.blocks.call(h, { mask, isCausal: true })));
  }
}

/** Pieces of the text from random places, and the same moved by one letter. */
function* pieces() {
  for (let step = 0; step < STEPS; step++) {
    const starts = randint(codes.size(0) - CONTEXT - 1, [BATCH]).tolist();
    const from = (offset) => stack(starts.map((start) => codes.narrow(0, start + offset, CONTEXT)));
    yield [from(0), from(1)];
  }
}

/** Goes on writing after `start`, each letter drawn by its probability. */
function write(model, start, length) {
  let written = start;
  for (let i = 0; i < length; i++) {
    written += scope(() =>
      noGrad(() => {
        const recent = Int32Array.from(written.slice(-CONTEXT), (letter) => codeOf.get(letter));
        const scores = model.call(tensor(recent).unsqueeze(0)).select(1, -1).squeeze(0);
        return letters[multinomial(F.softmax(scores.div(0.7), 0), 1).item()];
      }),
    );
  }
  return written;
}

manualSeed(1);
const model = new Writer();
const optimizer = new optim.AdamW(model.parameters(), { lr: 3e-3, weightDecay: 0.01 });
const loss = (output, target) => F.crossEntropy(output.flatten(0, 1), target.flatten());
console.log(
  `${text.length} letters, ${letters.length} kinds; ${model.parameters().reduce((sum, p) => sum + p.numel(), 0)} weights`,
);
console.log(`a blind guess: loss ${Math.log(letters.length).toFixed(4)}`);
for (let round = 1; round <= ROUNDS; round++) {
  const { history } = await fit(model, pieces, { optimizer, loss, clipGradNorm: 1 });
  console.log(`after ${round * STEPS} steps: loss ${history[0].values.loss.toFixed(4)}`);
}
model.eval();
console.log(write(model, "A tensor", 240));
