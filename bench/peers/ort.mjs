// Runs forward passes on onnxruntime-web's WebAssembly, one thread.
import * as ort from "onnxruntime-web";
import { values } from "../workloads/data.mjs";
import { seeds, Unsupported } from "../workloads/define.mjs";
import { modelOf } from "./onnx.mjs";

/** The ways it can run a workload. */
export const modes = ["session"];

/** Loads the library. */
export async function load() {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  return { name: "onnxruntime-web", threads: 1, prepare, peak: () => null, close: () => {} };
}

async function prepare(workload) {
  if (workload.kind !== "forward") throw new Unsupported("no gradients");
  const seed = seeds(workload);
  const data = (name) => values(workload.inputs[name], seed(name));
  const constants = Object.fromEntries((workload.constants ?? []).map((name) => [name, data(name)]));
  const { bytes, inputs, output } = modelOf(workload, constants);
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const feeds = Object.fromEntries(
    inputs.map((name) => {
      const { dtype, shape } = workload.inputs[name];
      return [name, new ort.Tensor(dtype, data(name), shape)];
    }),
  );
  return {
    async run() {
      const results = await session.run(feeds);
      results[output].dispose();
    },
    async check() {
      const results = await session.run(feeds);
      return [["out", results[output].data]];
    },
    dispose: () => session.release(),
  };
}
