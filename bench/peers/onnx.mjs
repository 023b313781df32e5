// Writes a traced workload as an ONNX model: the messages of the format, and what each operation is called there.

import { Unsupported } from "../workloads/define.mjs";
import { isValue, trace } from "../workloads/trace.mjs";

const text = new TextEncoder();

/** Protocol buffers: a field is a number and a value; numbers are varints, the rest has a length in front. */
function varint(value) {
  const out = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    out.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(out);
}

function joined(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A message from [field, value] pairs: integers, texts, bytes (other messages), or lists of these. */
function message(...fields) {
  return joined(
    fields.flatMap(([field, value]) =>
      (Array.isArray(value) ? value : [value]).flatMap((one) => {
        if (typeof one === "number" || typeof one === "bigint") return [varint(field << 3), varint(one)];
        const bytes = typeof one === "string" ? text.encode(one) : one;
        return [varint((field << 3) | 2), varint(bytes.length), bytes];
      }),
    ),
  );
}

const types = { float32: 1, int32: 6, int64: 7, float64: 11 };

/** ValueInfoProto; without a shape only the type is said. */
function described(name, dtype, shape) {
  const dims = shape === undefined ? [] : [[2, message([1, shape.map((size) => message([1, size]))])]];
  return message([1, name], [2, message([1, message([1, types[dtype]], ...dims)])]);
}

/** TensorProto. */
export function initializer(name, dtype, shape, data) {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message([1, shape], [2, types[dtype]], [8, name], [9, raw]);
}

/** AttributeProto: an integer, a text or a list of integers. */
function attribute(name, value) {
  if (Array.isArray(value)) return message([1, name], [8, value], [20, 7]);
  if (typeof value === "string") return message([1, name], [4, value], [20, 3]);
  return message([1, name], [3, value], [20, 2]);
}

const plain = { add: "Add", sub: "Sub", mul: "Mul", exp: "Exp", tanh: "Tanh", sigmoid: "Sigmoid", relu: "Relu" };

/** The nodes of an operation: [type, inputs, attributes], the last one giving the result; `constant` makes an input. */
const nodes = {
  gelu: ([x]) => [["Gelu", [x]]],
  square: ([x]) => [["Mul", [x, x]]],
  sum: ([x, dim], constant) => [["ReduceSum", dim === undefined ? [x] : [x, constant([dim])], { keepdims: 0 }]],
  max: ([x, dim], constant) => [["ReduceMax", [x, constant([dim])], { keepdims: 0 }]],
  mean: ([x]) => [["ReduceMean", [x], { keepdims: 0 }]],
  softmax: ([x]) => [["Softmax", [x], { axis: -1 }]],
  matmul: ([a, b, { transposeA = false, transposeB = false } = {}]) =>
    transposeA || transposeB
      ? [["Gemm", [a, b], { transA: Number(transposeA), transB: Number(transposeB) }]]
      : [["MatMul", [a, b]]],
  linear: ([x, w, b]) => [["Gemm", [x, w, b], { transB: 1 }]],
  einsum: ([equation, a, b]) => [["Einsum", [a, b], { equation }]],
  conv2d: ([x, w, b, { padding, groups }]) => [
    ["Conv", [x, w, b], { pads: [padding, padding, padding, padding], group: groups }],
  ],
  maxPool2d: ([x]) => [["MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] }]],
  flatten: ([x]) => [["Flatten", [x]]],
  embedding: ([table, index]) => [["Gather", [table, index]]],
  gather: ([x, index]) => [["GatherElements", [x, index], { axis: 1 }]],
  scatterAdd: ([x, index, y]) => [["ScatterElements", [x, index, y], { axis: 1, reduction: "add" }]],
  sort: ([x], constant, shapeOf) => [
    ["TopK", [x, constant([shapeOf(x).at(-1)])], { axis: -1, largest: 0 }, ["positions"]],
  ],
};

/** The bytes of a model of the forward pass; `constants` gives the data of inputs that become part of the model. */
export function modelOf(workload, constants) {
  const { names, operations, result } = trace(workload);
  const specs = { ...workload.params, ...workload.inputs };
  const stored = Object.entries(constants).map(([name, data]) =>
    initializer(name, specs[name].dtype, specs[name].shape, data),
  );
  const constant = (numbers) => {
    const name = `constant ${stored.length}`;
    stored.push(initializer(name, "int64", [numbers.length], BigInt64Array.from(numbers, BigInt)));
    return name;
  };
  const nameOf = (value) => names[value] ?? `value ${value}`;
  const shapeOf = (name) => specs[name].shape;
  const body = operations.flatMap(({ op, args, outs }) => {
    const given = args.map((argument) => (isValue(argument) ? nameOf(argument.value) : argument));
    const list = plain[op] === undefined ? nodes[op]?.(given, constant, shapeOf) : [[plain[op], given]];
    if (list === undefined) throw new Unsupported(`no ${op} in the bench's ONNX graphs`);
    return list.map(([type, inputs, attributes = {}, more = []]) =>
      message(
        [1, inputs],
        [2, [nameOf(outs[0]), ...more]],
        [4, type],
        [5, Object.entries(attributes).map(([name, value]) => attribute(name, value))],
      ),
    );
  });
  const inputs = names.filter((name) => !(name in constants));
  const graph = message(
    [1, body],
    [2, "workload"],
    [5, stored],
    [11, inputs.map((name) => described(name, specs[name].dtype, specs[name].shape))],
    [12, [described(nameOf(result), workload.dtype)]],
  );
  return { bytes: message([1, 9], [7, graph], [8, [message([1, ""], [2, 20])]]), inputs, output: nameOf(result) };
}
