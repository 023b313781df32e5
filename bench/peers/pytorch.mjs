// Writes a workload as Python for pytorch.py, which runs it on PyTorch, and finds the OpenBLAS that it is to use.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { seeds } from "../workloads/define.mjs";
import { isValue, trace } from "../workloads/trace.mjs";

/** The ways it can run a workload. */
export const modes = ["eager"];

function literal(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return JSON.stringify(value);
}

/** The forward function's source: `def forward(k, t0, t1, …)` with the tensors in the order of params and inputs. */
function sourceOf(workload) {
  const { names, operations, result } = trace(workload);
  const variable = (number) => `t${number}`;
  const lines = operations.map(({ op, args, outs, many }) => {
    const given = args.flatMap((argument) => {
      if (argument === undefined) return [];
      if (isValue(argument)) return [variable(argument.value)];
      if (typeof argument !== "object" || Array.isArray(argument)) return [literal(argument)];
      return Object.entries(argument).map(([name, value]) => `${name}=${literal(value)}`);
    });
    const targets = outs.map(variable).join(", ") + (many && outs.length === 1 ? "," : "");
    return `    ${targets} = k.${op}(${given.join(", ")})`;
  });
  const parameters = names.map((_, i) => variable(i));
  return [`def forward(k, ${parameters.join(", ")}):`, ...lines, `    return ${variable(result)}`].join("\n");
}

/** What pytorch.py is given. */
export function taskOf(workload) {
  const seed = seeds(workload);
  const specs = (group) =>
    Object.entries(group).map(([name, { shape, dtype, fill, scale, shift, below, value }]) => {
      return { name, seed: seed(name), shape, dtype, fill, scale, shift, below, value };
    });
  const { kind, cotangent = null, optimizer = null } = workload;
  const source = sourceOf(workload);
  return { kind, cotangent, optimizer, source, params: specs(workload.params), inputs: specs(workload.inputs) };
}

/** The environment in which Python finds OpenBLAS, of one thread, where Debian's package is installed. */
export function environment() {
  const libraries = "/usr/lib";
  const found = existsSync(libraries)
    ? readdirSync(libraries)
        .map((folder) => join(libraries, folder, "openblas-pthread"))
        .find((folder) => existsSync(join(folder, "libblas.so.3")))
    : undefined;
  const env = { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" };
  if (found !== undefined) env.LD_LIBRARY_PATH = [found, env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return { env, blas: found === undefined ? "the system's BLAS" : "OpenBLAS" };
}
