// Warnings, each said once a program.

const said = new Set<string>();

/** Warns on the console, the first time; texts with numbers in them go by a `key` of their own. */
export function warnOnce(text: string, key: string = text): void {
  if (said.has(key)) return;
  said.add(key);
  console.warn(`wengert: ${text}`);
}
