// The chain rule written out, beside what the tape says: a network of two inputs and two layers with a squared loss.
//
//     h₁ = tanh(w₁₁ x₁ + w₁₂ x₂)   h₂ = tanh(w₂₁ x₁ + w₂₂ x₂)       first layer
//     ŷ₁ = v₁₁ h₁ + v₁₂ h₂         ŷ₂ = v₂₁ h₁ + v₂₂ h₂             second layer
//     L  = ½ (y₁ − ŷ₁)² + ½ (y₂ − ŷ₂)²
//
// The first weight w₁₁ acts on L by h₁ alone, and from there along two paths, over ŷ₁ and over ŷ₂.
import { float64, tensor } from "wengert";

const options = { dtype: float64 };
const x = tensor([0.5, -1.25], options);
const y = tensor([0.75, -0.5], options);
const W = tensor(
  [
    [0.3, -0.8],
    [0.6, 0.1],
  ],
  { ...options, requiresGrad: true },
);
const V = tensor(
  [
    [1.1, -0.4],
    [0.7, 0.9],
  ],
  { ...options, requiresGrad: true },
);

const h = W.matmul(x).tanh();
const yHat = V.matmul(h);
const L = y.sub(yHat).pow(2).sum().mul(0.5);
L.backward();

const value = (t, ...at) => t.index(...at).item();
const path = (k) => {
  const dLdy = value(yHat, k) - value(y, k);
  const dydh = value(V, k, 0);
  return { k: k + 1, dLdy, dydh, product: dLdy * dydh };
};
const dhda = 1 - value(h, 0) ** 2;
const dadw = value(x, 0);
const paths = [path(0), path(1)];
const byHand = paths.reduce((sum, { product }) => sum + product * dhda * dadw, 0);
const byTape = value(W.grad, 0, 0);

console.log(`L = ${L.item()}`);
for (const { k, dLdy, dydh } of paths) {
  console.log(`path over ŷ${k}: ∂L/∂ŷ${k} = ŷ${k} − y${k} = ${dLdy}, ∂ŷ${k}/∂h₁ = v${k}1 = ${dydh}`);
}
console.log(`shared: ∂h₁/∂a₁ = 1 − h₁² = ${dhda}, ∂a₁/∂w₁₁ = x₁ = ${dadw}`);
console.log(`∂L/∂w₁₁ by the chain rule: ${byHand}`);
console.log(`∂L/∂w₁₁ by the tape:       ${byTape}`);
console.log(`difference: ${Math.abs(byHand - byTape)}`);
