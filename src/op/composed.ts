// Operations made of others: what these refuse is refused in the name of the function that was called.

import { WengertError } from "../errors.js";
import { temporaries } from "../tensor/lifetime.js";

/** Runs the body of a function that calls others. Their errors name it, not them: the outermost one called has the last word. */
export function called<T>(name: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw error instanceof WengertError ? error.inNameOf(name) : error;
  }
}

/** The same for a body that makes tensors on its way: they are freed, its results handed to the enclosing scope. */
export function composed<T extends Parameters<typeof temporaries>[0] extends () => infer R ? R : never>(
  name: string,
  f: () => T,
): T {
  return called(name, () => temporaries(f));
}
