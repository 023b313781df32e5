// Logistic regression by L-BFGS: few steps to the optimum, where gradients vanish: node examples/regression/main.mjs
import { F, float64, noGrad, optim, scope, zeros } from "wengert";
import { splitDigits } from "../digits/data.mjs";

const { train, test } = splitDigits();
const [x, unseen] = [train, test].map(({ pixels }) => pixels.to(float64));
const weight = zeros([10, 64], { dtype: float64, requiresGrad: true });
const bias = zeros([10], { dtype: float64, requiresGrad: true });
const scores = (pixels) => F.linear(pixels, weight, bias);
/** The loss with a little decay of the weights, without which there is no optimum. */
const objective = () => F.crossEntropy(scores(x), train.labels).add(weight.pow(2).sum(), { alpha: 1e-3 });

const optimizer = new optim.LBFGS([weight, bias], { lr: 1, maxIter: 20, lineSearchFn: "strong_wolfe" });
for (let round = 1; round <= 6; round++) {
  scope(() => {
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = objective();
      loss.backward();
      return loss;
    });
    optimizer.zeroGrad();
    const loss = objective();
    loss.backward();
    const largest = Math.max(weight.grad.abs().max().item(), bias.grad.abs().max().item());
    console.log(`round ${round}  loss ${loss.item().toFixed(8)}  largest gradient ${largest.toExponential(1)}`);
  });
}
const right = scope(() => noGrad(() => scores(unseen).argmax(1).eq(test.labels).sum().item()));
console.log(`test accuracy ${(right / test.labels.size(0)).toFixed(4)} (${right} of ${test.labels.size(0)})`);
