// How consoles are told to show an object as its text.

/**
 * Makes `console.log` and `inspect` show `text(self)` for objects of this prototype. Node and Bun ask for one symbol,
 * Deno for the other; browsers and workerd have no such hook.
 */
export function installInspect<T extends object>(prototype: T, text: (self: T) => string): void {
  for (const name of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
    Object.defineProperty(prototype, Symbol.for(name), {
      value(this: T): string {
        return text(this);
      },
      configurable: true,
      writable: true,
    });
  }
}
