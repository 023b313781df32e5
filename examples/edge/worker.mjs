// An edge function that fits a cubic to points by gradients, and keeps learning from what it is sent.
//
//     POST { "points": [[x, y], …] }, each x from -1 to 1
//     → { "coefficients": [c₀, c₁, c₂, c₃], "error": mean squared error, "learntFrom": points, "liveBytes": n }
//
// It goes on from where the last request left off, and learns from the newest 500 points it was sent. Its state lives as
// long as the runtime keeps it; `node examples/edge/serve.mjs` runs it on this machine, in workerd.
import { float64, memory, noGrad, scope, stack, tensor, zeros, zerosLike } from "wengert";

const DEGREE = 3;
const STEPS = 300;
const RATE = 0.2;
const MOMENTUM = 0.9;
const REMEMBERED = 500;
const MOST_BYTES = 100_000;
const LARGEST = 1e6;

const coefficients = zeros([DEGREE + 1], { dtype: float64, requiresGrad: true });
const velocity = zerosLike(coefficients);
let remembered = [];

/** v ← momentum · v + g, c ← c − rate · v; then the gradient is cleared. */
function update() {
  noGrad(() => {
    velocity.mul_(MOMENTUM).add_(coefficients.grad);
    coefficients.sub_(velocity, { alpha: RATE });
  });
  coefficients.grad = null;
}

/** Takes steps on the mean squared error over the points; returns the last one. All tensors made here are freed. */
function learn(points) {
  return scope(() => {
    const [x, y] = tensor(points, { dtype: float64 }).unbind(1);
    const powers = stack(
      Array.from({ length: DEGREE + 1 }, (_, k) => x.pow(k)),
      1,
    );
    let error = 0;
    for (let step = 0; step < STEPS; step++) {
      error = scope(() => {
        const loss = powers.mv(coefficients).sub(y).pow(2).mean();
        loss.backward();
        update();
        return loss.item();
      });
    }
    return error;
  });
}

/** What is wrong with the points of a request, or null. */
function complaint(points) {
  if (!Array.isArray(points) || points.length === 0)
    return 'expected { "points": [[x, y], …] } with at least one point';
  if (points.length > REMEMBERED) return `at most ${REMEMBERED} points a request, got ${points.length}`;
  const isNumber = (value, largest) => typeof value === "number" && Math.abs(value) <= largest;
  const isPoint = (point) =>
    Array.isArray(point) && point.length === 2 && isNumber(point[0], 1) && isNumber(point[1], LARGEST);
  const bad = points.findIndex((point) => !isPoint(point));
  if (bad < 0) return null;
  const got = JSON.stringify(points[bad]).slice(0, 60);
  return `point ${bad} must be [x, y] with x from -1 to 1 and y from -${LARGEST} to ${LARGEST}, got ${got}`;
}

const refuse = (status, error, headers) => Response.json({ error }, { status, headers });

export default {
  async fetch(request) {
    if (request.method !== "POST") return refuse(405, "send points by POST", { allow: "POST" });
    const text = await request.text();
    if (text.length > MOST_BYTES) return refuse(413, `at most ${MOST_BYTES} bytes a request, got ${text.length}`);
    let body;
    try {
      body = JSON.parse(text);
    } catch {
      return refuse(400, "the body is not JSON");
    }
    const wrong = complaint(body?.points);
    if (wrong !== null) return refuse(400, wrong);
    remembered = [...remembered, ...body.points].slice(-REMEMBERED);
    const error = learn(remembered);
    return Response.json({
      coefficients: coefficients.tolist(),
      error,
      learntFrom: remembered.length,
      liveBytes: memory().live,
    });
  },
};
