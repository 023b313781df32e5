// Captured steps and threads: the same bits, whichever came first.

import { afterAll, expect, it } from "vitest";
import { capture, F, manualSeed, nn, optim, randn, setNumThreads, type Tensor } from "../../src/entries/node.js";

afterAll(() => setNumThreads(1));

it("gives the bits of eager code while threads come and go", async () => {
  const inputs = Array.from({ length: 6 }, () => randn([64, 256]));
  const make = () => {
    manualSeed(2);
    const model = new nn.Sequential(new nn.Linear(256, 300), new nn.ReLU(), new nn.Linear(300, 10));
    const optimizer = new optim.Adam(model.parameters());
    const a = randn([300000]).requiresGrad_();
    const body = (x: Tensor): Tensor => {
      optimizer.zeroGrad();
      a.grad = null;
      const loss = F.relu(model.call(x)).square().mean().add(a.tanh().mul(2).add(1).sigmoid().mean());
      loss.backward();
      optimizer.step();
      return loss;
    };
    const seen = () =>
      [...model.parameters(), a.grad as unknown as Tensor].map((x) => Array.from(x.detach().toTypedArray()));
    return { body, seen };
  };
  const [eager, other] = [make(), make()];
  const step = capture(other.body, [(inputs[0] as Tensor).clone()]);
  for (const [i, x] of inputs.entries()) {
    if (i === 2) await setNumThreads(2);
    if (i === 4) await setNumThreads(1);
    expect(step(x).item()).toBe(eager.body(x).item());
  }
  expect(other.seen()).toEqual(eager.seen());
  step.dispose();
});
