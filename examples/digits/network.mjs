// A network with one hidden layer, and stochastic gradient descent with momentum.
import { F, noGrad, rand, zeros, zerosLike } from "wengert";

/** Weights drawn as PyTorch's `nn.Linear` draws them: uniform within 1/√inputs. */
function linear(inputs, outputs) {
  const bound = 1 / inputs ** 0.5;
  const weight = rand([outputs, inputs])
    .mul(2 * bound)
    .sub(bound)
    .requiresGrad_();
  return { weight, bias: zeros([outputs], { requiresGrad: true }) };
}

/** 64 pixels → `hidden` → 10 scores. */
export function makeNetwork(hidden) {
  const first = linear(64, hidden);
  const second = linear(hidden, 10);
  return {
    parameters: [first.weight, first.bias, second.weight, second.bias],
    forward: (x) => F.linear(F.relu(F.linear(x, first.weight, first.bias)), second.weight, second.bias),
  };
}

/** v ← 0.9 v + g, p ← p − lr v; then the gradients are cleared. */
export function makeOptimiser(parameters, momentum = 0.9) {
  const velocities = parameters.map((p) => zerosLike(p));
  return (lr) =>
    noGrad(() => {
      parameters.forEach((p, i) => {
        const v = velocities[i];
        v.mul_(momentum).add_(p.grad);
        p.sub_(v, { alpha: lr });
        p.grad = null;
      });
    });
}
