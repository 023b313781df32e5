// A network with one hidden layer, and stochastic gradient descent with momentum.
import { empty, F, noGrad, zerosLike } from "wengert";

/** A weight and a bias, drawn as PyTorch's `nn.Linear` draws them: uniform within 1/√inputs. */
function linear(inputs, outputs) {
  const bound = 1 / Math.sqrt(inputs);
  const draw = (shape) => empty(shape).uniform_(-bound, bound).requiresGrad_();
  return [draw([outputs, inputs]), draw([outputs])];
}

/** 64 pixels → `hidden` → 10 scores. */
export function makeNetwork(hidden) {
  const first = linear(64, hidden);
  const second = linear(hidden, 10);
  return {
    parameters: [...first, ...second],
    forward: (x) => F.linear(F.relu(F.linear(x, ...first)), ...second),
  };
}

/** A function that takes one step: v ← momentum · v + g, p ← p − lr · v; then the gradients are cleared. */
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
