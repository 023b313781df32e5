// The timing loop: warm-up, then rounds of as many runs as fill a round; the same in Node and in a browser's worker.

/** Chunks of a warm-up, how many of them must bring nothing more, and what is more. */
const CHUNKS = 4;
const IDLE = 3;
const GAIN = 0.95;
/** So many runs are surely warm; until then it goes on for at most so many times as long as asked. */
const WARM = 3000;
const LONGER = 4;

/**
 * Warms up for that time, and on while runs still become faster: engines optimise code that is often called in the
 * background, sooner or later. Gives the best milliseconds a run.
 */
async function warm(fill, time, first) {
  let best = first;
  let idle = 0;
  let count = 0;
  for (let i = 0; i < LONGER * CHUNKS && (i < CHUNKS || idle < IDLE || count < WARM); i++) {
    const ms = await fill(time / CHUNKS, Math.max(1, Math.floor(0.2 / best)));
    // Long runs have their work in kernels, which are warm at once.
    count += ms > 2 ? WARM : time / CHUNKS / ms;
    idle = ms < GAIN * best ? 0 : idle + 1;
    best = Math.min(best, ms);
  }
  return best;
}

/**
 * Milliseconds a run: median and best over the rounds, and all rounds. `run` may give a promise, which is awaited.
 * `before(round)` is called ahead of each round, untimed; `runs` says how often `run` was called, warm-up included.
 *
 * @param {() => unknown} run
 */
export async function measure(run, { rounds = 7, warmup = 120, round: length = 30, limit = 4000, before } = {}) {
  const now = () => performance.now();
  const begin = now();
  let runs = 0;
  /** Runs until the time is over; gives ms a run. Only the clock is read between batches of runs that take 0.2 ms. */
  const fill = async (time, batch) => {
    const start = now();
    let count = 0;
    for (;;) {
      for (let i = 0; i < batch; i++) {
        const pending = run();
        if (pending !== undefined && typeof pending?.then === "function") await pending;
      }
      count += batch;
      const passed = now() - start;
      if (passed >= time) {
        runs += count;
        return passed / count;
      }
    }
  };
  const first = await fill(0, 1);
  let estimate = first;
  if (first < warmup) estimate = await warm(fill, warmup, first);
  const batch = Math.max(1, Math.floor(0.2 / estimate));
  const times = [];
  for (let i = 0; i < rounds; i++) {
    // A slow run is not repeated for ever: three rounds are enough for a median.
    if (i >= 3 && now() - begin > limit) break;
    await before?.(i);
    times.push(await fill(length, batch));
  }
  const sorted = times.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], best: sorted[0], rounds: times, first, runs };
}
