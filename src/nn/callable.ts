// Objects that can be called: what modules are made from.

/** A function that calls itself as a module, with the members of a class instead of those of functions. */
export function callable(prototype: object): object {
  const self = ((...inputs: unknown[]) => self.call(...inputs)) as unknown as { call(...inputs: unknown[]): unknown };
  Object.setPrototypeOf(self, prototype);
  // Fields of these names belong to the class.
  delete (self as { name?: string }).name;
  delete (self as { length?: number }).length;
  return self;
}
