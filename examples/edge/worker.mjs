// An edge function that fits a curve: POST { "points": [[x, y], …] } and get the coefficients of a cubic.
//
// It keeps learning: each request goes on from where the last one left off, and mixes the new points with earlier ones.
import { float64, noGrad, scope, stack, tensor, zeros, zerosLike } from "wengert";

const DEGREE = 3;
const STEPS = 400;
const MOST_POINTS = 1000;
const MOST_REMEMBERED = 2000;

const coefficients = zeros([DEGREE + 1], { dtype: float64, requiresGrad: true });
const moments = { m: zerosLike(coefficients), v: zerosLike(coefficients) };
let step = 0;
let remembered = [];

/** One step of Adam (Kingma and Ba, 2015) on the coefficients. */
function update() {
  step++;
  noGrad(() =>
    scope(() => {
      const g = coefficients.grad;
      moments.m.mul_(0.9).add_(g, { alpha: 0.1 });
      moments.v.mul_(0.999).add_(g.mul(g), { alpha: 0.001 });
      const m = moments.m.div(1 - 0.9 ** step);
      const v = moments.v.div(1 - 0.999 ** step);
      coefficients.sub_(m.div(v.sqrt().add(1e-8)), { alpha: 0.02 });
      coefficients.grad = null;
    }),
  );
}

/** Learns from points and returns the mean squared error that is left. */
function learn(points) {
  return scope(() => {
    const x = tensor(
      points.map(([at]) => at),
      { dtype: float64 },
    );
    const y = tensor(
      points.map(([, value]) => value),
      { dtype: float64 },
    );
    const powers = stack(
      Array.from({ length: DEGREE + 1 }, (_, k) => x.pow(k)),
      1,
    );
    let error = 0;
    for (let i = 0; i < STEPS; i++) {
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

/** The points of a request, or what is wrong with them. */
function pointsOf(body) {
  const points = body?.points;
  if (!Array.isArray(points) || points.length === 0) return "expected { points: [[x, y], …] } with at least one point";
  if (points.length > MOST_POINTS) return `at most ${MOST_POINTS} points a request, got ${points.length}`;
  const good = (point) =>
    Array.isArray(point) && point.length === 2 && point.every((n) => Number.isFinite(n) && Math.abs(n) <= 10);
  const bad = points.findIndex((point) => !good(point));
  return bad < 0 ? points : `point ${bad} must be two numbers between -10 and 10, got ${JSON.stringify(points[bad])}`;
}

const answer = (status, value) => Response.json(value, { status });

export default {
  async fetch(request) {
    if (request.method !== "POST") return answer(405, { error: "send points by POST" });
    let body;
    try {
      body = await request.json();
    } catch {
      return answer(400, { error: "the body is not JSON" });
    }
    const points = pointsOf(body);
    if (typeof points === "string") return answer(400, { error: points });
    remembered = [...remembered, ...points].slice(-MOST_REMEMBERED);
    const error = learn(remembered);
    return answer(200, { coefficients: coefficients.tolist(), error, learntFrom: remembered.length });
  },
};
