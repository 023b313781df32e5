// Namespaces whose contents are loaded when they are first asked for: the bundle for Node, Deno and Bun has them.

/** A part of a bundle: what loads its module, at once, and the names that it gives to a namespace, by its own names. */
export type Part = readonly [load: () => object, names: string];

/**
 * An object that looks like the namespace of a module, with the names of all `parts`. A part is loaded when one of its
 * names is read; the names are then plain properties. In `names`, words by blanks, `a=b` is the module's `b` as `a`.
 */
export function namespaceOf(...parts: readonly Part[]): object {
  const space = Object.create(null) as object;
  for (const [load, names] of parts) {
    const pairs = names.split(" ").map((word) => word.split("=") as [string, string?]);
    const fill = (): void => {
      const from = load() as Record<string, unknown>;
      for (const [name, inner = name] of pairs) {
        Object.defineProperty(space, name, { value: from[inner], enumerable: true, configurable: false });
      }
    };
    for (const [name] of pairs) {
      const get = (): unknown => {
        fill();
        return (space as Record<string, unknown>)[name];
      };
      Object.defineProperty(space, name, { get, enumerable: true, configurable: true });
    }
  }
  Object.defineProperty(space, Symbol.toStringTag, { value: "Module" });
  return Object.preventExtensions(space);
}

/** A function that is loaded, with its part, when it is first called. */
export function functionOf(load: () => object, name: string, inner: string): (...given: never[]) => unknown {
  const call = (...given: never[]): unknown =>
    (load() as Record<string, (...given: never[]) => unknown>)[inner]?.(...given);
  return Object.defineProperty(call, "name", { value: name });
}
