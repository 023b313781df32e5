// How modules are printed: Python's spelling of values, and PyTorch's layout of a module with its children.

/** Python's text of a floating-point number: always with a point or an exponent. */
export function pyFloat(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x < 0 ? "-inf" : "inf";
  const [digits, power] = x.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  if (x === 0 || (exponent >= -4 && exponent < 16))
    return Number.isInteger(x) ? `${Object.is(x, -0) ? "-0" : x}.0` : String(x);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Python's text of a value: numbers that are whole as integers, arrays as tuples. */
export function py(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : pyFloat(value);
  if (typeof value === "string") return `'${value}'`;
  if (Array.isArray(value)) return value.length === 1 ? `(${py(value[0])},)` : `(${value.map(py).join(", ")})`;
  return String(value);
}

/** `name=value, …` in Python's spelling. */
export function pyOptions(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : py(value)}`)
    .join(", ");
}

function indented(text: string): string {
  return text.split("\n").join("\n  ");
}

/** `Name(extra)`, or with children, or an extra text of several lines, one indented line for each. */
export function moduleText(name: string, extra: string, children: readonly (readonly [string, string])[]): string {
  const own = extra === "" ? [] : extra.split("\n");
  if (children.length === 0 && own.length <= 1) return `${name}(${own.join("")})`;
  const lines = [...own, ...children.map(([key, text]) => `(${key}): ${indented(text)}`)];
  return `${name}(\n  ${lines.join("\n  ")}\n)`;
}
