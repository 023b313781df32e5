// Turns a workload's forward function into a list of operations, for libraries that need to know uses, or that want a graph.

/**
 * An operation of a traced workload: its name, its arguments (`{ value }` is the number of a value; anything else is a
 * constant or, in an array, several), and the numbers of its results; `many` says that it gives a list.
 *
 * @typedef {{ op: string, args: unknown[], outs: number[], many: boolean }} Operation
 */

/** How many results an operation gives, where it is a list. */
const lists = {
  split: (_x, parts) => parts,
  unbind: (_x, count) => count,
  lstmCell: () => 2,
};

class Value {
  constructor(number) {
    this.value = number;
  }
}

/**
 * Runs `forward` on symbols. Values are numbered: first the named tensors, in the order of `names`, then results in order.
 * `uses[i]` counts how often value i is an argument, or the result.
 */
export function trace(workload) {
  const names = [...Object.keys(workload.params), ...Object.keys(workload.inputs)];
  const uses = names.map(() => 0);
  const operations = [];
  const use = (argument) => {
    if (argument instanceof Value) uses[argument.value]++;
    return argument;
  };
  const k = new Proxy(
    {},
    {
      get:
        (_target, op) =>
        (...args) => {
          args.forEach(use);
          const count = lists[op]?.(...args);
          const results = Array.from({ length: count ?? 1 }, () => {
            uses.push(0);
            return new Value(uses.length - 1);
          });
          const outs = results.map(({ value }) => value);
          operations.push({ op: String(op), args, outs, many: count !== undefined });
          return count === undefined ? results[0] : results;
        },
    },
  );
  const tensors = Object.fromEntries(names.map((name, i) => [name, new Value(i)]));
  const result = use(workload.forward(k, tensors)).value;
  return { names, operations, result, uses };
}

/** Whether an argument of a traced operation is a value. */
export function isValue(argument) {
  return argument instanceof Value;
}
