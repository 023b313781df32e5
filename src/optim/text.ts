// Names and texts of options as PyTorch has them.

import { py, pyFloat } from "../nn/text.js";

/** weight_decay → weightDecay */
export function camel(name: string): string {
  return name.replace(/(?<=[a-zA-Z0-9])_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}

/** A value of an option as Python prints it; `float` is whether Python has a whole number as a float. */
export function optionText(value: unknown, float: boolean): string {
  if (typeof value === "string") return value;
  return float && typeof value === "number" ? pyFloat(value) : py(value);
}
