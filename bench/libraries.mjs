// The libraries of the bench, each in the ways it is measured.

/**
 * `module` is the adapter, `options` what its `load` is given, `package` the peer whose version is reported. `scale` is true
 * of what is measured for scale only and is no JavaScript library; `own` of wengert itself.
 */
export const libraries = [
  { key: "wengert", title: "wengert", module: "./adapters/wengert.mjs", options: {}, own: true },
  {
    key: "captured",
    title: "wengert, captured",
    module: "./adapters/wengert.mjs",
    options: { mode: "captured" },
    own: true,
  },
  { key: "threads", title: "wengert, 2 threads", module: "./adapters/wengert.mjs", options: { threads: 2 }, own: true },
  {
    key: "tfjs",
    title: "tfjs-wasm",
    module: "./peers/tfjs.mjs",
    options: {},
    package: "@tensorflow/tfjs-backend-wasm",
  },
  { key: "jax", title: "jax-js", module: "./peers/jax.mjs", options: { mode: "eager" }, package: "@jax-js/jax" },
  {
    key: "jit",
    title: "jax-js, jit",
    module: "./peers/jax.mjs",
    options: { mode: "jit" },
    package: "@jax-js/jax",
    // Compiling walks long programs by recursion.
    node: ["--stack-size=3900"],
  },
  { key: "ort", title: "ort-web", module: "./peers/ort.mjs", options: {}, package: "onnxruntime-web" },
  { key: "deepbox", title: "deepbox", module: "./peers/deepbox.mjs", options: {}, package: "deepbox" },
  { key: "torch", title: "PyTorch", python: true, scale: true },
];

/** Those whose keys are asked for, by any part of the key; wengert's own come with every choice. */
export function chosen(peers) {
  if (peers === undefined) return libraries;
  const words = peers.split(",").filter((word) => word !== "");
  for (const word of words) {
    if (!libraries.some(({ key }) => key === word))
      throw new Error(`--peers: no library "${word}"; there are ${libraries.map(({ key }) => key).join(", ")}`);
  }
  const onlyOwn = words.some((word) => libraries.some(({ key, own }) => own && key === word));
  return libraries.filter(({ key, own }) => words.includes(key) || (own && !onlyOwn));
}
