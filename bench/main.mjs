// Times of whole workloads through the public API: medians of rounds in one process. npm run bench [-- --only REGEX]
import { parseArgs } from "node:util";
import { F, manualSeed, memory, noGrad, randint, randn, scope, tensor, zeros } from "wengert";

const { values } = parseArgs({
  options: { only: { type: "string", default: "." }, rounds: { type: "string", default: "15" } },
});
const only = new RegExp(values.only);
const rounds = Number(values.rounds);

/** A training step of a network with ReLU between its layers, and plain gradient descent. */
function network(sizes, batch) {
  manualSeed(1);
  const layers = sizes.slice(1).map((out, i) => ({
    weight: randn([out, sizes[i]])
      .mul(1 / Math.sqrt(sizes[i]))
      .requiresGrad_(),
    bias: zeros([out], { requiresGrad: true }),
  }));
  const x = randn([batch, sizes[0]]);
  const y = randint(sizes.at(-1), [batch]);
  return () =>
    scope(() => {
      let h = x;
      layers.forEach(({ weight, bias }, i) => {
        h = F.linear(h, weight, bias);
        if (i < layers.length - 1) h = F.relu(h);
      });
      F.crossEntropy(h, y).backward();
      noGrad(() => {
        for (const { weight, bias } of layers) {
          for (const p of [weight, bias]) {
            p.sub_(p.grad, { alpha: 0.01 });
            p.grad = null;
          }
        }
      });
    });
}

function chain(count) {
  const a = tensor([1, 2, 3, 4], { requiresGrad: true });
  const b = tensor([1, 1, 1, 1]);
  return () =>
    scope(() => {
      let y = a;
      for (let i = 0; i < count; i++) y = y.add(b);
      y.sum().backward();
      a.grad = null;
    });
}

function product(n) {
  const a = randn([n, n]);
  const b = randn([n, n]);
  return () => scope(() => void a.matmul(b));
}

const workloads = {
  "1000 adds of 4 elements and backward": chain(1000),
  "MLP 2-2-1 step": network([2, 2, 2], 4),
  "MLP 784-128-10 step, batch 64": network([784, 128, 10], 64),
  "MLP 784-512-512-10 step, batch 128": network([784, 512, 512, 10], 128),
  "matmul 128": product(128),
  "matmul 256": product(256),
  "matmul 512": product(512),
  "softmax 1000 × 1000 and backward": (() => {
    const x = randn([1000, 1000]).requiresGrad_();
    const g = randn([1000, 1000]);
    return () =>
      scope(() => {
        x.softmax(1).backward(g);
        x.grad = null;
      });
  })(),
};

for (const [name, run] of Object.entries(workloads)) {
  if (!only.test(name)) continue;
  // Warm up for a quarter of a second, so that the engine's optimising tiers are reached.
  for (const end = performance.now() + 250; performance.now() < end; ) run();
  const times = [];
  for (let round = 0; round < rounds; round++) {
    let count = 0;
    const start = performance.now();
    do {
      run();
      count++;
    } while (performance.now() - start < 20);
    times.push((performance.now() - start) / count);
  }
  times.sort((a, b) => a - b);
  console.log(`${name.padEnd(40)} ${times[rounds >> 1].toFixed(4)} ms (best ${times[0].toFixed(4)})`);
}
console.log(`peak ${(memory().peak / 2 ** 20).toFixed(1)} MiB of tensors`);
