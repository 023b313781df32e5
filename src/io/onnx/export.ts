// Export of a module to ONNX by running it on examples.

import { ArgumentError, DTypeError, GraphError } from "../../errors.js";
import type { Module } from "../../nn/module.js";
import { asInteger, describe, parse } from "../../op/args.js";
import { contiguousCopy } from "../../op/copy.js";
import { noGrad } from "../../tape/mode.js";
import { bytesOf } from "../../tensor/dtype.js";
import { contiguous } from "../../tensor/layout.js";
import { scope } from "../../tensor/scope.js";
import { Tensor } from "../../tensor/tensor.js";
import { contiguousFrom } from "../elements.js";
import { encodeModel, type OnnxNode, type ValueInfo } from "./proto.js";
import { bytesNow, Recorder, type Value } from "./record.js";
import { type Built, isTranslated, prune, translate } from "./translate.js";
import { type Axis, merge, multipleOf } from "./vary.js";

const OP = "exportOnnx";

/** IR versions that came with operator sets. */
const IR_VERSIONS: Readonly<Record<number, number>> = { 17: 8, 18: 8, 19: 9, 20: 9 };

/** Names of the axes of an input or output whose size may vary, by dim; or the dims, to be named here. */
export type DynamicAxes = Readonly<Record<string, Readonly<Record<number, string>> | readonly number[]>>;

/** Options of `exportOnnx`. */
export interface OnnxOptions {
  /** Names of the graph's inputs, in the order of the tensors among the examples. */
  readonly inputNames?: readonly string[] | null;
  /** Names of its outputs, in the order of the tensors that the module returns. */
  readonly outputNames?: readonly string[] | null;
  /** Axes of inputs whose size may vary, by the input's name: `{ x: { 0: "batch" } }`. */
  readonly dynamicAxes?: DynamicAxes | null;
  /** Version of ONNX's operators: 17, 18, 19 or 20. */
  readonly opset?: number;
  /** Name of the graph. */
  readonly graphName?: string;
}

/** An argument of the module: tensors, also in arrays. */
export type ExampleInput = Tensor | null | undefined | readonly ExampleInput[];

function tensorsIn(value: unknown, found: Tensor[] = []): Tensor[] {
  if (value instanceof Tensor) found.push(value);
  else if (Array.isArray(value)) for (const each of value) tensorsIn(each, found);
  else if (value !== null && typeof value === "object") tensorsIn(Object.values(value), found);
  return found;
}

/** The same arrays with other tensors, in order. */
function replaced(value: unknown, next: () => Tensor): unknown {
  if (value instanceof Tensor) return next();
  return Array.isArray(value) ? value.map((each) => replaced(each, next)) : value;
}

function namesFor(what: string, given: readonly string[] | null, count: number): string[] {
  if (given === null) return Array.from({ length: count }, (_, i) => (count === 1 ? what : `${what}_${i}`));
  if (!Array.isArray(given) || given.some((name) => typeof name !== "string" || name === ""))
    throw new ArgumentError(`${OP}: ${what}Names must be an array of names, got ${describe(given)}`);
  if (given.length !== count || new Set(given).size !== count) {
    throw new ArgumentError(
      `${OP}: ${what}Names: expected ${count} different names, one for each tensor, got [${given.join(", ")}]`,
    );
  }
  return [...given];
}

interface Dynamic {
  readonly name: string;
  readonly input: number;
  readonly dim: number;
}

/** The axes of inputs that may vary, and names that outputs ask for. */
function dynamicOf(
  given: DynamicAxes | null,
  inputs: readonly Tensor[],
  inputNames: readonly string[],
  outputNames: readonly string[] | null,
): { readonly axes: Dynamic[]; readonly wanted: Map<string, string> } {
  const axes: Dynamic[] = [];
  const wanted = new Map<string, string>();
  for (const [owner, dims] of Object.entries(given ?? {})) {
    const input = inputNames.indexOf(owner);
    if (input < 0 && outputNames !== null && !outputNames.includes(owner)) {
      throw new ArgumentError(
        `${OP}: dynamicAxes: "${owner}" is neither an input (${inputNames.join(", ")}) nor an output (${outputNames.join(", ")})`,
      );
    }
    const named = Array.isArray(dims)
      ? (dims as readonly number[]).map((dim): [number, string] => [dim, `${owner}_dim_${dim}`])
      : Object.entries(dims as Record<number, string>).map(([dim, name]): [number, string] => [Number(dim), name]);
    for (const [dim, name] of named) {
      if (input < 0) {
        wanted.set(`${owner}:${dim}`, name);
        continue;
      }
      const { ndim, shape } = inputs[input] as Tensor;
      if (!Number.isInteger(dim) || dim < 0 || dim >= ndim)
        throw new ArgumentError(`${OP}: dynamicAxes: "${owner}" has ${ndim} dims, there is no dim ${dim}`);
      if ((shape[dim] as number) === 0)
        throw new ArgumentError(`${OP}: dynamicAxes: dim ${dim} of "${owner}" is empty in the example`);
      axes.push({ name, input, dim });
    }
  }
  for (const { name, input, dim } of axes) {
    const size = (inputs[input] as Tensor).shape[dim];
    const other = axes.find((each) => each.name === name && (inputs[each.input] as Tensor).shape[each.dim] !== size);
    if (other !== undefined)
      throw new ArgumentError(`${OP}: dynamicAxes: "${name}" names axes of different sizes in the examples`);
  }
  return { axes, wanted };
}

/** Sizes of the axes of one name in the runs: the example's, then others, different for each name. */
function sizesFor(axes: readonly Dynamic[], inputs: readonly Tensor[], runs: number): Map<string, number[]> {
  const names = [...new Set(axes.map(({ name }) => name))];
  return new Map(
    names.map((name, j) => {
      const { input, dim } = axes.find((axis) => axis.name === name) as Dynamic;
      const size = (inputs[input] as Tensor).shape[dim] as number;
      return [name, Array.from({ length: runs }, (_, r) => size + r * (r + 1) * 0.5 * (1 + j) + (r > 0 ? j : 0))];
    }),
  );
}

/**
 * An input for another run: elements of the example in another order, in other sizes, so that indices stay in range.
 * Fractions are moved a little too where `moved`: the example may be all alike.
 */
function otherInput(x: Tensor, shape: readonly number[], moved: boolean): Tensor {
  const bytes = bytesNow(x);
  const width = bytesOf(x.dtype);
  const count = shape.reduce((all, size) => all * size, 1);
  const made = new Uint8Array(count * width);
  const { strides } = contiguous(shape);
  const own = contiguous(x.shape).strides;
  for (let i = 0; i < count; i++) {
    let from = 0;
    shape.forEach((size, d) => {
      const place = size - 1 - (Math.floor(i / (strides[d] as number)) % size);
      from += (place % (x.shape[d] as number)) * (own[d] as number);
    });
    made.set(bytes.subarray(from * width, (from + 1) * width), i * width);
  }
  if (moved && x.dtype === "float32") {
    const view = new Float32Array(made.buffer);
    view.forEach((value, i) => {
      view[i] = value * (1 - 0.01 * (1 + (i % 7))) + 0.001 * (1 + (i % 5));
    });
  }
  return contiguousFrom(OP, made, x.dtype, shape);
}

interface Run {
  readonly built: Built;
  readonly reads: boolean;
}

function run(
  module: Module,
  examples: readonly unknown[],
  inputs: readonly Tensor[],
  names: readonly string[],
  opset: number,
): Run {
  const recorder = new Recorder(isTranslated);
  let made: Value[] = [];
  for (const [name, tensor] of [...module.namedParameters(), ...module.namedBuffers()])
    recorder.name(tensor, name, "parameter");
  inputs.forEach((input, i) => {
    recorder.name(input, names[i] as string, "input");
  });
  let next = 0;
  const given = replaced(examples, () => inputs[next++] as Tensor) as unknown[];
  const result: unknown = recorder.during(() => (module.call as (...all: unknown[]) => unknown)(...given));
  if (result instanceof Promise)
    throw new ArgumentError(`${OP}: the module is asynchronous; export needs a synchronous one`);
  made = tensorsIn(result).map((tensor) => recorder.valueOf(tensor));
  if (made.length === 0) throw new ArgumentError(`${OP}: the module returned no tensor, but ${describe(result)}`);
  if (recorder.failure !== null) throw new GraphError(`${OP}: ${recorder.failure}`);
  return { built: translate(OP, recorder, made, opset), reads: recorder.reads };
}

/** Runs a module in evaluation mode, with its modes put back. */
function evaluating<T>(module: Module, body: () => T): T {
  const modes = module.modules().map((each) => [each, each.training] as const);
  module.eval();
  try {
    return noGrad(body);
  } finally {
    for (const [each, training] of modes) each.training = training;
  }
}

/** All runs: on the example, on other values, and where axes vary on other sizes. */
function allRuns(
  module: Module,
  examples: readonly unknown[],
  tensors: readonly Tensor[],
  names: readonly string[],
  shapes: readonly (readonly (readonly number[])[])[],
  varies: boolean,
  opset: number,
): Built[] {
  const on = (make: (x: Tensor, i: number) => Tensor): Run => {
    let found: Run | null = null;
    scope(() => {
      found = run(module, examples, tensors.map(make), names, opset);
      return null;
    });
    return found as unknown as Run;
  };
  const first = on((x) => contiguousCopy(x));
  if (first.reads) {
    console.warn(
      `wengert: ${OP}: the module reads elements of tensors (item, tolist, toTypedArray): what follows from them is a constant ` +
        "in the file, though it may be another for other inputs",
    );
    if (!varies) return [first.built];
  }
  const others = shapes.slice(1).map((sizes) => {
    try {
      return on((x, i) => otherInput(x, sizes[i] as readonly number[], true));
    } catch (error) {
      if (error instanceof GraphError) throw error;
      // Moved values may be outside of what the module takes.
      return on((x, i) => otherInput(x, sizes[i] as readonly number[], false));
    }
  });
  return [first, ...others].map(({ built }) => built);
}

/** Gives outputs their names: those of the nodes that make them, where nothing else has a claim on those. */
function withOutputNames(built: Built, names: readonly string[]): { nodes: OnnxNode[]; constants: Built["constants"] } {
  const added: OnnxNode[] = [];
  const renamed = new Map<string, string>();
  built.outputs.forEach(({ name }, i) => {
    const made = built.nodes.some(({ outputs }) => outputs.includes(name));
    if (made && !renamed.has(name)) renamed.set(name, names[i] as string);
    else
      added.push({
        op: "Identity",
        inputs: [renamed.get(name) ?? name],
        outputs: [names[i] as string],
        attributes: {},
      });
  });
  const rename = (name: string): string => renamed.get(name) ?? name;
  const nodes = built.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  return { nodes: [...nodes, ...added], constants: built.constants };
}

/**
 * The bytes of an ONNX file of a module, made by running it on examples, in evaluation mode and without recording. Its
 * operators become nodes, parameters and buffers initialisers under the names of the state dictionary, tensors among the
 * examples the graph's inputs, tensors in what it returns (arrays and objects in order) the outputs. Loops are unrolled
 * as they ran. The module runs a second time on other values, and where axes vary on two other sizes: what then differs
 * and follows from no operator is refused, since a file could not say it.
 *
 * ```js
 * const bytes = io.exportOnnx(model, [randn([1, 4])], { inputNames: ["x"], dynamicAxes: { x: { 0: "batch" } } });
 * ```
 * @param exampleInputs the arguments of `module.call`: a tensor, or an array of them.
 * @throws GraphError for an operator that has no translation, and for sizes and values that a file cannot say;
 *   ArgumentError for names and axes that do not fit.
 */
export function exportOnnx(
  module: Module,
  exampleInputs: Tensor | readonly ExampleInput[],
  ...rest: [options?: OnnxOptions]
): Uint8Array<ArrayBuffer> {
  const given = parse<Required<OnnxOptions>>(OP, rest, {
    inputNames: null,
    outputNames: null,
    dynamicAxes: null,
    opset: 17,
    graphName: "main",
  });
  if (typeof (module as Partial<Module> | null)?.namedParameters !== "function")
    throw new ArgumentError(`${OP}: expected a module, got ${describe(module)}`);
  const examples: readonly unknown[] = exampleInputs instanceof Tensor ? [exampleInputs] : exampleInputs;
  if (!Array.isArray(examples))
    throw new ArgumentError(`${OP}: example inputs must be a tensor or an array, got ${describe(exampleInputs)}`);
  const opset = asInteger(OP, given.opset, "opset");
  const ir = IR_VERSIONS[opset];
  if (ir === undefined) throw new ArgumentError(`${OP}: opset must be 17, 18, 19 or 20, got ${opset}`);
  const tensors = examples.flatMap((each) => tensorsIn(each));
  for (const tensor of tensors) tensor.check(OP);
  const names = namesFor("input", given.inputNames, tensors.length);
  const { axes, wanted } = dynamicOf(given.dynamicAxes, tensors, names, given.outputNames);
  const count = axes.length > 0 ? 3 : 2;
  const sizes = sizesFor(axes, tensors, count);
  const shapes = Array.from({ length: count }, (_, r) =>
    tensors.map((tensor, i) =>
      tensor.shape.map((size, d) => {
        const axis = axes.find((each) => each.input === i && each.dim === d);
        return axis === undefined ? size : ((sizes.get(axis.name) as number[])[r] as number);
      }),
    ),
  );
  const runs = evaluating(module, () => allRuns(module, examples, tensors, names, shapes, axes.length > 0, opset));
  const varying = axes.map(
    ({ name, input, dim }): Axis => ({ name, input: names[input] as string, dim, sizes: sizes.get(name) as number[] }),
  );
  const merged = prune(merge(OP, runs.map(prune), varying));
  const outputNames = namesFor("output", given.outputNames, merged.outputs.length);
  const taken = new Set([...names, ...merged.constants.keys()]);
  for (const name of [...outputNames]) {
    if (taken.has(name))
      throw new ArgumentError(`${OP}: the name "${name}" of an output is that of an input or parameter`);
  }
  for (const name of names) {
    if (merged.constants.has(name))
      throw new ArgumentError(`${OP}: the name "${name}" of an input is that of a parameter`);
  }
  const graph = withOutputNames(merged, outputNames);
  const inputs = tensors.map(
    ({ dtype, shape }, i): ValueInfo => ({
      name: names[i] as string,
      dtype,
      dims: shape.map((size, d) => axes.find((axis) => axis.input === i && axis.dim === d)?.name ?? size),
    }),
  );
  const outputs = merged.outputs.map(({ value }, i): ValueInfo => {
    const name = outputNames[i] as string;
    const dims = value.shape.map((size, d) => {
      const all = runs.map((each) => (each.outputs[i] as { value: Value }).value.shape[d] as number);
      if (all.every((one) => one === size)) return size;
      const found = multipleOf(all, varying);
      return wanted.get(`${name}:${d}`) ?? (found?.factor === 1 ? found.axis.name : `${name}_dim_${d}`);
    });
    return { name, dtype: value.dtype, dims };
  });
  for (const { name, dtype } of [...inputs, ...outputs]) {
    if (dtype === "bfloat16") throw new DTypeError(`${OP}: "${name}" is bfloat16, which runtimes do not take`);
  }
  return encodeModel({ name: given.graphName, ...graph, inputs, outputs }, { opset, ir, producer: "wengert" });
}
