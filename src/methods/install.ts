// Puts functions on Tensor as methods: each whose first argument is the tensor, and its form that writes in place.

import { Tensor } from "../tensor/tensor.js";

type Callable = (...args: never[]) => unknown;

/** The methods that a family of functions gives. */
export type MethodsOf<Family> = {
  [Name in keyof Family as Family[Name] extends Callable ? Name : never]: Family[Name] extends (
    x: Tensor,
    ...rest: infer Rest
  ) => infer Result
    ? (...rest: Rest) => Result
    : never;
} & {
  [Name in keyof Family as Family[Name] extends { readonly inplace: Callable }
    ? `${Name & string}_`
    : never]: Family[Name] extends {
    readonly inplace: (x: Tensor, ...rest: infer Rest) => infer Result;
  }
    ? (...rest: Rest) => Result
    : never;
};

/** Installs the functions of a family on `Tensor.prototype`, but those that are no methods in PyTorch. */
export function install(family: Readonly<Record<string, unknown>>, except: readonly string[] = []): void {
  slacken();
  for (const [name, f] of Object.entries(family)) {
    if (typeof f !== "function" || except.includes(name)) continue;
    define(name, f as Callable);
    const inplace = (f as { inplace?: Callable }).inplace;
    if (inplace !== undefined) define(`${name}_`, inplace);
  }
}

/**
 * Taking a property away makes engines keep the prototype as a dictionary, to which a property is added a hundred times
 * faster than to the layout that they make again when a method is called.
 */
function slacken(): void {
  const { prototype } = Tensor;
  const constructor = Object.getOwnPropertyDescriptor(prototype, "constructor") as PropertyDescriptor;
  delete (prototype as { constructor?: unknown }).constructor;
  Object.defineProperty(prototype, "constructor", constructor);
}

function define(name: string, f: Callable): void {
  const call = f as (...args: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: unknown[]) {
      return call(this, ...args);
    },
    configurable: true,
    writable: true,
  });
}
