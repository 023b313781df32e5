// The shared program of the smoke tests: seeded training steps whose weights must have the same bits in every runtime.

const STEPS = 25;

/**
 * Trains a small network and hashes what it learned.
 * @param wg the library, loaded
 * @returns the hash of the weights' bits, with a few values to read when hashes differ
 */
export function smoke(wg) {
  const { functional: F } = wg.nn;
  // The first draw and the first call take memory that is kept for good.
  wg.scope(() => void wg.rand([1]));
  const before = wg.memory().live;
  wg.manualSeed(42);
  const result = wg.scope(() => {
    const x = wg.randn([48, 6]);
    const labels = wg.randint(0, 4, [48]);
    const weights = [
      wg.randn([16, 6]).mul(0.4),
      wg.zeros([16]),
      wg.randn([16, 16], { dtype: wg.float64 }).mul(0.25).to(wg.float32),
      wg.zeros([16]),
      wg.rand([4, 16]).sub(0.5),
      wg.full([4], 0.1),
    ].map((weight) => weight.requiresGrad_());
    const losses = [];
    for (let step = 0; step < STEPS; step++) {
      wg.scope(() => {
        const loss = F.crossEntropy(network(wg, x, weights), labels).add(penalty(weights));
        loss.backward();
        losses.push(loss.item());
        wg.noGrad(() => {
          for (const weight of weights) {
            weight.sub_(weight.grad.mul(0.2));
            weight.grad = null;
          }
        });
      });
    }
    const learned = weights.map((weight) => weight.detach());
    return {
      hash: fnv1a([...learned, ...functions(wg), ...captured(wg)].map((tensor) => tensor.toTypedArray())),
      losses: [losses[0], losses[losses.length - 1]],
      values: Array.from(learned[0].toTypedArray().slice(0, 3)),
      text: String(learned[5]),
    };
  });
  return { ...result, leaked: wg.memory().live - before };
}

function network(wg, x, [w1, b1, w2, b2, w3, b3]) {
  const { functional: F } = wg.nn;
  const first = F.linear(x, w1, b1).tanh();
  const second = wg.sigmoid(F.linear(first, w2, b2)).add(first.relu());
  return F.linear(F.gelu(second), w3, b3);
}

function penalty(weights) {
  return weights
    .map((weight) => weight.pow(2).sum().add(1e-3).sqrt())
    .reduce((sum, norm) => sum.add(norm))
    .mul(0.001);
}

/** The weights of a small network, and what it says, after steps that were captured. */
function captured(wg) {
  const { functional: F } = wg.nn;
  const weights = [wg.randn([8, 6]), wg.zeros([8]), wg.randn([3, 8])].map((weight) => weight.requiresGrad_());
  const forward = (x) => F.linear(F.dropout(F.linear(x, weights[0], weights[1]).tanh(), 0.2), weights[2]);
  const optimizer = new wg.optim.Adam(weights, { lr: 0.05 });
  const step = wg.capture(
    (x, labels) => {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(forward(x), labels);
      loss.backward();
      optimizer.step();
      return loss;
    },
    [wg.zeros([16, 6]), wg.zeros([16], { dtype: wg.int32 })],
  );
  for (let i = 0; i < STEPS; i++) step(wg.randn([16, 6]), wg.randint(0, 3, [16]));
  step.dispose();
  optimizer.zeroGrad();
  optimizer.dispose();
  const infer = wg.noGrad(() => wg.capture(forward, [wg.zeros([4, 6])]));
  const said = infer(wg.randn([4, 6])).clone();
  infer.dispose();
  return [...weights.map((weight) => weight.detach()), said];
}

/** The functions that a runtime's own mathematics would compute with other bits, in both precisions. */
function functions(wg) {
  return [wg.float32, wg.float64].flatMap((dtype) => {
    const x = wg.linspace(-20, 20, 1001, { dtype });
    const positive = x.abs().add(0.01);
    return [
      x.exp(),
      positive.log(),
      x.tanh(),
      x.sigmoid(),
      x.sin(),
      x.cos(),
      positive.sqrt(),
      positive.pow(1.7),
      x.erf(),
    ];
  });
}

/** FNV-1a, 32 bits, over the bytes of typed arrays. */
export function fnv1a(arrays) {
  let hash = 0x811c9dc5;
  for (const array of arrays) {
    for (const byte of new Uint8Array(array.buffer, array.byteOffset, array.byteLength)) {
      hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    }
  }
  return hash.toString(16).padStart(8, "0");
}
