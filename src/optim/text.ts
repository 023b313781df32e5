// Names and texts as PyTorch has them: snake_case in state dictionaries, Python's way to print a number.

/** weightDecay → weight_decay */
export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** weight_decay → weightDecay. */
export function camel(name: string): string {
  return name.replace(/(?<=[a-zA-Z0-9])_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}

/** A number as Python prints it; `float` is whether Python has it as a float. */
function pythonNumber(x: number, float: boolean): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (Number.isInteger(x) && Math.abs(x) < 1e16) return float ? `${String(x)}.0` : String(x);
  const [digits, exponentText] = x.toExponential().split("e") as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 16) return exponent < 0 ? fixedText(digits, exponent) : String(x);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** A small number without an exponent. */
function fixedText(digits: string, exponent: number): string {
  const negative = digits.startsWith("-");
  const significant = digits.replace(/[-.]/g, "");
  return `${negative ? "-" : ""}0.${"0".repeat(-exponent - 1)}${significant}`;
}

/** A value of an option as Python prints it. */
export function pythonText(value: unknown, float: boolean): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return pythonNumber(value, float);
  if (Array.isArray(value)) return `(${value.map((each) => pythonText(each, float)).join(", ")})`;
  return String(value);
}
