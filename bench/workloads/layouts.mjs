// Reorders tensors for libraries that keep channels last or weights of linear layers turned, and results back.

/** The permutation that brings a layout's axes into the order of libraries with channels last and weights [in, out]. */
const orders = { linear: [1, 0], image: [0, 2, 3, 1], filter: [2, 3, 1, 0], depthwise: [2, 3, 0, 1] };

/** The elements of a dense array with its axes permuted. */
function permuted(data, shape, order) {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const target = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const out = new data.constructor(data.length);
  const index = target.map(() => 0);
  let at = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[at];
    for (let axis = target.length - 1; axis >= 0; axis--) {
      at += steps[axis];
      if (++index[axis] < target[axis]) break;
      at -= steps[axis] * target[axis];
      index[axis] = 0;
    }
  }
  return { data: out, shape: target };
}

/** A matrix whose columns are a flattened image, as a tensor of rows of images. */
const opened = ({ channels, height, width }, rows) => [rows, channels, height, width];

/** The permutation that undoes another. */
const inverse = (order) => order.map((_, axis) => order.indexOf(axis));

const isLinear = (layout) => layout === "linear" || typeof layout === "object";

/** Elements and shape of a tensor for a library whose linear layers have weights [in, out]. */
export function inputsFirst({ shape, layout }, data) {
  return layout !== undefined && isLinear(layout) ? permuted(data, shape, orders.linear) : { data, shape };
}

/** The elements of a result of such a library in the order of the workload's definition. */
export function outputsFirst({ shape, layout }, data) {
  if (layout === undefined || !isLinear(layout)) return data;
  return permuted(data, [shape[1], shape[0]], orders.linear).data;
}

/** Elements and shape of a tensor for a library with channels last and weights [in, out]. */
export function channelsLast(spec, data) {
  const { shape, layout } = spec;
  if (layout === undefined) return { data, shape };
  if (typeof layout === "string") return permuted(data, shape, orders[layout]);
  return inputsFirst(spec, permuted(data, opened(layout, shape[0]), orders.image).data);
}

/** The elements of a result of such a library in the order of the workload's definition. */
export function channelsFirst(spec, data) {
  const { shape, layout } = spec;
  if (layout === undefined) return data;
  const back = (plain, order, from) =>
    permuted(
      from,
      order.map((axis) => plain[axis]),
      inverse(order),
    ).data;
  if (typeof layout === "string") return back(shape, orders[layout], data);
  return back(opened(layout, shape[0]), orders.image, outputsFirst(spec, data));
}
