// The chain rule written out, beside what the tape says: a network of two inputs and two layers with a squared loss.
//
//     h₁ = tanh(w₁₁ x₁ + w₁₂ x₂)   h₂ = tanh(w₂₁ x₁ + w₂₂ x₂)       first layer
//     k₁ = tanh(v₁₁ h₁ + v₁₂ h₂)   k₂ = tanh(v₂₁ h₁ + v₂₂ h₂)       second layer
//     ŷ  = k₁ + k₂
//     L  = ½ (y − ŷ)²
//
// The first weight w₁₁ acts on h₁ alone, and from there on L along two paths, over k₁ and over k₂:
//
//     ∂L/∂w₁₁ = ∂L/∂ŷ · (∂ŷ/∂k₁ · ∂k₁/∂h₁ + ∂ŷ/∂k₂ · ∂k₂/∂h₁) · ∂h₁/∂w₁₁
import { float64, tensor } from "wengert";

const given = { dtype: float64 };
const learnt = { dtype: float64, requiresGrad: true };
const x = tensor([0.5, -1.25], given);
const y = tensor(0.75, given);
const W = tensor(
  [
    [0.3, -0.8],
    [0.6, 0.1],
  ],
  learnt,
);
const V = tensor(
  [
    [1.1, -0.4],
    [0.7, 0.9],
  ],
  learnt,
);

const h = W.matmul(x).tanh();
const k = V.matmul(h).tanh();
const yHat = k.sum();
const L = y.sub(yHat).pow(2).mul(0.5);
L.backward();
const byTape = W.grad.index(0, 0).item();

// By hand: tanh′ is 1 − tanh².
const [x1] = x.tolist();
const [h1] = h.tolist();
const dL_dyHat = -(y.item() - yHat.item());
const dh1_dw11 = (1 - h1 ** 2) * x1;
const paths = k.tolist().map((value, i) => {
  const weight = V.index(i, 0).item();
  const dyHat_dk = 1;
  const dk_dh1 = (1 - value ** 2) * weight;
  return { name: `k${"₁₂"[i]}`, dyHat_dk, dk_dh1, product: dyHat_dk * dk_dh1 };
});
const byHand = dL_dyHat * paths.reduce((sum, { product }) => sum + product, 0) * dh1_dw11;

console.log(`L = ½ (y − ŷ)² = ${L.item()}\n`);
console.log(`∂L/∂ŷ    = −(y − ŷ)           = ${dL_dyHat}`);
paths.forEach(({ name, dyHat_dk, dk_dh1 }, i) => {
  const nr = "₁₂"[i];
  console.log(`∂ŷ/∂${name}   =                     ${dyHat_dk}`);
  console.log(`∂${name}/∂h₁  = (1 − ${name}²) v${nr}₁      = ${dk_dh1}`);
});
console.log(`∂h₁/∂w₁₁ = (1 − h₁²) x₁       = ${dh1_dw11}\n`);
for (const { name, product } of paths) {
  console.log(`path over ${name}: ∂L/∂ŷ · ∂ŷ/∂${name} · ∂${name}/∂h₁ · ∂h₁/∂w₁₁ = ${dL_dyHat * product * dh1_dw11}`);
}
console.log(`\n∂L/∂w₁₁ by the chain rule, the sum over both paths: ${byHand}`);
console.log(`∂L/∂w₁₁ by the tape:                                ${byTape}`);
console.log(`difference: ${Math.abs(byHand - byTape)}`);
