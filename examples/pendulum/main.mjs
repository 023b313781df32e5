// Finds the length and the friction of a pendulum from a few measured angles, by gradients through its simulation:
// node examples/pendulum/main.mjs
//
//     θ″ = −(g / l) sin θ − c θ′,  integrated by the classical Runge–Kutta method of fourth order
import { F, float64, manualSeed, noGrad, optim, randn, scope, stack, tensor } from "wengert";

const GRAVITY = 9.81;
const STEP = 0.05;
const STEPS = 80;
const TRUE = { length: 1.3, friction: 0.25 };
const START = { angle: 1.2, speed: 0 };

const scalar = (value, requiresGrad = false) => tensor(value, { dtype: float64, requiresGrad });

/** The angles after each step, [STEPS]. */
function swing(length, friction) {
  const stiffness = length.reciprocal().mul(GRAVITY);
  const change = ([angle, speed]) => [speed, angle.sin().mul(stiffness).add(speed.mul(friction)).neg()];
  const moved = (state, slope, time) => state.map((value, i) => value.add(slope[i], { alpha: time }));
  let state = [scalar(START.angle), scalar(START.speed)];
  const angles = [];
  for (let i = 0; i < STEPS; i++) {
    const k1 = change(state);
    const k2 = change(moved(state, k1, STEP / 2));
    const k3 = change(moved(state, k2, STEP / 2));
    const k4 = change(moved(state, k3, STEP));
    const mean = k1.map((k, j) => k.add(k2[j], { alpha: 2 }).add(k3[j], { alpha: 2 }).add(k4[j]).div(6));
    state = moved(state, mean, STEP);
    angles.push(state[0]);
  }
  return stack(angles);
}

manualSeed(2);
const measured = noGrad(() => {
  const angles = swing(scalar(TRUE.length), scalar(TRUE.friction));
  return angles.add(randn([STEPS], { dtype: float64 }), { alpha: 0.01 });
});

// Both are positive: what is learnt is their logarithm.
const unknown = tensor([0, 0], { dtype: float64, requiresGrad: true });
const optimizer = new optim.Adam([unknown], { lr: 0.05 });
for (let i = 0; i <= 120; i++) {
  scope(() => {
    optimizer.zeroGrad();
    const [length, friction] = unknown.exp().unbind(0);
    const loss = F.mseLoss(swing(length, friction), measured);
    loss.backward();
    if (i % 30 === 0) {
      console.log(
        `step ${String(i).padStart(3)}  error ${Math.sqrt(loss.item()).toFixed(4)} rad  ` +
          `length ${length.item().toFixed(4)} m  friction ${friction.item().toFixed(4)} /s`,
      );
    }
    optimizer.step();
  });
}
console.log(`the truth: noise of 0.01 rad, length ${TRUE.length} m, friction ${TRUE.friction} /s`);
