// What jax-js takes from newer runtimes than Node 20, which is measured: a class to test for, and methods of iterators.
globalThis.Float16Array ??= class Float16Array {};

const methods = {
  *map(f) {
    for (const value of this) yield f(value);
  },
  *filter(f) {
    for (const value of this) if (f(value)) yield value;
  },
};
const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
for (const [name, value] of Object.entries(methods)) {
  if (iterators[name] === undefined)
    Object.defineProperty(iterators, name, { value, configurable: true, writable: true });
}
