// What the page can measure, in the order of its tables; keys are those of the bench where it measures the same.

/**
 * The libraries with `threads` threads where they have any. `options` are the adapter's; `own` is true of wengert,
 * `choice` the box of the form that asks for it, `threaded` of what needs the box of threads as well.
 */
export function librariesFor(threads) {
  const some = `${threads} threads`;
  return [
    { key: "wengert", title: "wengert", adapter: "wengert", own: true, choice: "eager", options: {} },
    {
      key: "captured",
      title: "wengert, captured",
      adapter: "wengert",
      own: true,
      choice: "captured",
      options: { mode: "captured" },
    },
    {
      key: "threads",
      title: `wengert, ${some}`,
      adapter: "wengert",
      own: true,
      choice: "eager",
      threaded: true,
      options: { threads },
    },
    {
      key: "captured-threads",
      title: `wengert, captured, ${some}`,
      adapter: "wengert",
      own: true,
      choice: "captured",
      threaded: true,
      options: { threads, mode: "captured" },
    },
    { key: "tfjs", title: "tfjs-wasm", adapter: "tfjs", choice: "tfjs", options: {} },
    { key: "jax", title: "jax-js", adapter: "jax", choice: "jax", options: { mode: "eager" } },
    { key: "jit", title: "jax-js, jit", adapter: "jax", choice: "jit", options: { mode: "jit" } },
    {
      key: "jit-threads",
      title: `jax-js, jit, ${some}`,
      adapter: "jax",
      choice: "jit",
      threaded: true,
      options: { threads, mode: "jit" },
    },
  ];
}

const OWN = new Set(librariesFor(2).flatMap(({ key, own }) => (own ? [key] : [])));

/** Whether records of this key are wengert's. */
export function isOwn(key) {
  return OWN.has(key);
}

/** Whether a key is that of another JavaScript library, not wengert's and not that of what is there for scale. */
export function isPeer(key) {
  return !OWN.has(key) && key !== "torch";
}
