// Reorders tensors for libraries that keep channels last, and results back.

/** The permutation that brings a layout's axes into the order of libraries with channels last. */
const orders = { image: [0, 2, 3, 1], filter: [2, 3, 1, 0], depthwise: [2, 3, 0, 1] };

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

/** Elements and shape of a tensor for a library with channels last. */
export function channelsLast({ shape, layout }, data) {
  if (layout === undefined) return { data, shape };
  if (typeof layout === "string") return permuted(data, shape, orders[layout]);
  return { data: permuted(data, opened(layout, shape[0]), orders.image).data, shape };
}

/** The elements of a result of such a library in the order of the workload's definition. */
export function channelsFirst({ shape, layout }, data) {
  if (layout === undefined) return data;
  const order = typeof layout === "string" ? orders[layout] : orders.image;
  const plain = typeof layout === "string" ? shape : opened(layout, shape[0]);
  const there = order.map((axis) => plain[axis]);
  const back = order.map((_, axis) => order.indexOf(axis));
  return permuted(data, there, back).data;
}
