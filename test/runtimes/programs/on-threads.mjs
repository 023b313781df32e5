// Threads for the shared program: operations that are shared out must give the bits that they give on one thread.
import { fnv1a } from "./smoke.mjs";

/** A hash of what large operations give, forward and backward. */
function large(wg) {
  return wg.scope(() => {
    wg.manualSeed(7);
    const a = wg.randn([300, 260]).requiresGrad_();
    const b = wg.randn([260, 310]).requiresGrad_();
    const rows = a.matmul(b);
    const loss = wg.softmax(rows.tanh(), 1).mul(rows).sum({ dim: 0 }).exp().mean();
    loss.backward();
    const sorted = wg.sort(rows.detach(), 1);
    return fnv1a([rows, a.grad, b.grad, sorted.values, sorted.indices].map((x) => x.detach().toTypedArray()));
  });
}

/** Starts threads, `count` of them, and checks what they compute; throws where there are fewer. */
export async function onThreads(wg, count) {
  const one = large(wg);
  const found = await wg.setNumThreads(count);
  if (found.count !== count) throw new Error(`no threads: ${found.reason}`);
  for (let round = 0; round < 5; round++) {
    const several = large(wg);
    if (several !== one) throw new Error(`on ${count} threads ${several}, on one ${one}`);
  }
  const { live } = wg.memory();
  await wg.setNumThreads(1);
  if (wg.memory().live !== live) throw new Error(`${wg.memory().live - live} bytes more after threads had ended`);
  await wg.setNumThreads(count);
}

/** Asks for threads where there can be none; throws unless the answer is that there is one, and why. */
export async function withoutThreads(wg, reason) {
  const found = await wg.setNumThreads(2);
  if (found.count !== 1 || !reason.test(found.reason))
    throw new Error(`expected one thread, got ${JSON.stringify(found)}`);
  if (wg.threads() !== found) throw new Error("threads() says something else than setNumThreads");
}
