// A tensor as text: PyTorch's own, to the character. Reads only the elements that are shown.
import { ArgumentError } from "../errors.js";
import { fixed, scientific } from "./decimal.js";
import type { Layout } from "./layout.js";
import { numel } from "./shape.js";

/** What printing needs of a tensor. */
export interface Printable extends Layout {
  /** PyTorch's dtype word without `torch.`: `float32`, `int32`, `bool`, … */
  readonly dtype: string;
  /** The element at a place of the storage, counted in elements as `offset` and `strides` are. */
  read(position: number): number | bigint | boolean;
}

/** What follows the elements. */
export interface FormatOptions {
  /** The dtype that goes without saying; float32 if left out. */
  readonly defaultDtype?: string;
  /** Name of the node that made the tensor, `AddBackward0`; wins over `requiresGrad`. */
  readonly gradFn?: string | null;
  readonly requiresGrad?: boolean;
  /** Text of the tangent of a dual tensor. */
  readonly tangent?: string | null;
}

/** How numbers and lines are printed; see `setPrintoptions`. */
export interface Printoptions {
  /** Decimals of a float. */
  precision: number;
  /** Tensors of more elements are summarised. */
  threshold: number;
  /** Elements shown at either end of a dim of a summarised tensor. */
  edgeitems: number;
  /** Characters a line may have. */
  linewidth: number;
  /** Whether floats have an exponent; `null` leaves it to their sizes. */
  sciMode: boolean | null;
}

/** A named set of print options: `short` has 2 decimals and 2 edge items, `full` never summarises. */
export type PrintProfile = "default" | "short" | "full";

const profiles: Record<PrintProfile, Readonly<Omit<Printoptions, "sciMode">>> = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Number.POSITIVE_INFINITY, edgeitems: 3, linewidth: 80 },
};

let current: Printoptions = { ...profiles.default, sciMode: null };

/** The print options in force. */
export function getPrintoptions(): Printoptions {
  return { ...current };
}

/**
 * Changes how tensors are printed. A profile is a start that the other options override; without one the options not
 * named stay as they are. Except `sciMode`, which every call that leaves it out resets to `null`, as in PyTorch.
 */
export function setPrintoptions(options: Partial<Printoptions> & { profile?: PrintProfile } = {}): void {
  const known = ["precision", "threshold", "edgeitems", "linewidth", "profile", "sciMode"];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw refuse(`unknown option ${name}; known are ${known.join(", ")}`);
  }
  const { profile } = options;
  if (profile != null && !Object.hasOwn(profiles, profile)) {
    throw refuse(`profile must be default, short or full, but got ${String(profile)}`);
  }
  const start = profile == null ? current : profiles[profile];
  const next: Printoptions = {
    precision: options.precision ?? start.precision,
    threshold: options.threshold ?? start.threshold,
    edgeitems: options.edgeitems ?? start.edgeitems,
    linewidth: options.linewidth ?? start.linewidth,
    sciMode: options.sciMode ?? null,
  };
  if (!Number.isInteger(next.precision) || next.precision < 0 || next.precision > 100) {
    throw refuse(`precision must be an integer from 0 to 100, but got ${String(next.precision)}`);
  }
  if (!Number.isInteger(next.edgeitems) || next.edgeitems < 0) {
    throw refuse(`edgeitems must be an integer of at least 0, but got ${String(next.edgeitems)}`);
  }
  if (!(next.threshold >= 0)) throw refuse(`threshold must be at least 0, but got ${String(next.threshold)}`);
  if (!(next.linewidth >= 1)) throw refuse(`linewidth must be at least 1, but got ${String(next.linewidth)}`);
  if (next.sciMode !== null && typeof next.sciMode !== "boolean") {
    throw refuse(`sciMode must be true, false or null, but got ${String(next.sciMode)}`);
  }
  current = next;
}

function refuse(text: string): ArgumentError {
  return new ArgumentError(`setPrintoptions: ${text}`);
}

/** `tensor([1., 2.], requires_grad=True)`: elements and what else is to be said of a tensor, in PyTorch's spelling. */
export function formatTensor(x: Printable, options: FormatOptions = {}): string {
  const empty = numel(x.shape) === 0;
  const body = empty ? "[]" : formatElements(x);
  return addSuffixes(`${prefix}${body}`, suffixesOf(x, empty, options));
}

const prefix = "tensor(";

function suffixesOf(x: Printable, empty: boolean, options: FormatOptions): string[] {
  const { defaultDtype = "float32", gradFn, requiresGrad, tangent } = options;
  const suffixes: string[] = [];
  if (empty && x.shape.length !== 1) suffixes.push(`size=(${x.shape.join(", ")})`);
  // Elements tell an int64 or a bool; no elements tell nothing.
  const plain = x.dtype === defaultDtype || (!empty && (x.dtype === "int64" || x.dtype === "bool"));
  if (!plain) suffixes.push(`dtype=torch.${x.dtype}`);
  if (gradFn != null) suffixes.push(`grad_fn=<${gradFn}>`);
  else if (requiresGrad) suffixes.push("requires_grad=True");
  if (tangent != null) suffixes.push(`tangent=${tangent}`);
  return suffixes;
}

/** Each suffix goes on the last line while it fits, else on a line of its own below the elements. */
function addSuffixes(head: string, suffixes: readonly string[]): string {
  const indent = prefix.length;
  let text = head;
  // PyTorch counts two characters too many on the first line; which of them wrap depends on it.
  let column = head.length - head.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    if (column + suffix.length + 2 > current.linewidth) {
      text += `,\n${" ".repeat(indent)}${suffix}`;
      column = indent + suffix.length;
    } else {
      text += `, ${suffix}`;
      column += suffix.length + 2;
    }
  }
  return `${text})`;
}

type Value = number | bigint | boolean;

/** An index along a dim, or "..." where some are left out. */
type Index = number | "...";

/** Elements as text: all in row-major order, and the width that lines are laid out by. */
interface Texts {
  readonly list: readonly string[];
  readonly width: number;
}

function formatElements(x: Printable): string {
  const summarised = numel(x.shape) > current.threshold;
  const shown = x.shape.map((size) => shownIndices(size, summarised));
  const values: Value[] = [];
  collect(x, shown, 0, x.offset, values);
  const texts = x.dtype.includes("float") ? floatTexts(values.map(Number)) : plainTexts(values, x.dtype === "bool");
  return nest(shown, 0, prefix.length, texts, { at: 0 });
}

function shownIndices(size: number, summarised: boolean): Index[] {
  const edge = current.edgeitems;
  const cut = summarised && (size > 2 * edge || edge === 0);
  const indices: Index[] = [];
  for (let i = 0; i < (cut ? edge : size); i++) indices.push(i);
  if (cut) indices.push("...");
  for (let i = size - edge; cut && i < size; i++) indices.push(i);
  return indices;
}

/** Reads the shown elements, row-major. */
function collect(x: Printable, shown: readonly Index[][], dim: number, position: number, values: Value[]): void {
  if (dim === shown.length) {
    values.push(x.read(position));
    return;
  }
  for (const i of shown[dim]) if (i !== "...") collect(x, shown, dim + 1, position + i * x.strides[dim], values);
}

/** Brackets, commas and lines around the texts from `next.at` on. */
function nest(shown: readonly Index[][], dim: number, indent: number, texts: Texts, next: { at: number }): string {
  const left = shown.length - dim;
  if (left === 0) return texts.list[next.at++];
  const pad = " ".repeat(indent + 1);
  if (left > 1) {
    const parts = shown[dim].map((i) => (i === "..." ? i : nest(shown, dim + 1, indent + 1, texts, next)));
    return `[${parts.join(`,${"\n".repeat(left - 1)}${pad}`)}]`;
  }
  // The marker takes an element's place on the line, but not its width.
  const marker = shown[dim].length === 1 ? "..." : " ...";
  const row = shown[dim].map((i) => (i === "..." ? marker : texts.list[next.at++]));
  const perLine = Math.max(1, Math.floor((current.linewidth - indent) / (texts.width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < row.length; i += perLine) lines.push(row.slice(i, i + perLine).join(", "));
  return `[${lines.join(`,\n${pad}`)}]`;
}

function plainTexts(values: readonly Value[], bool: boolean): Texts {
  const texts = values.map((value) => (bool ? (value ? "True" : "False") : String(value)));
  let width = 1;
  for (const text of texts) width = Math.max(width, text.length);
  return { list: texts.map((text) => text.padStart(width)), width };
}

type FloatStyle = "integer" | "fixed" | "scientific";

/**
 * Floats in one style for all. Zeros, infinities and NaN have no say in it, nor in the width, so they can stick out: a
 * tensor of zeros is laid out as if `0.` had one character.
 */
function floatTexts(values: readonly number[]): Texts {
  let integers = true;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size === 0 || !Number.isFinite(size)) continue;
    if (!Number.isInteger(size)) integers = false;
    min = Math.min(min, size);
    max = Math.max(max, size);
  }
  if (max === 0) return { list: values.map((value) => floatText(value, "integer")), width: 1 };
  const plain = integers ? "integer" : "fixed";
  const natural = max / min > 1000 || max > 1e8 || (!integers && min < 1e-4) ? "scientific" : plain;
  // The width stays that of the natural style when sciMode asks for another one.
  let width = 1;
  for (const value of values) {
    if (value !== 0 && Number.isFinite(value)) width = Math.max(width, floatText(value, natural).length);
  }
  const style = current.sciMode === null ? natural : current.sciMode ? "scientific" : plain;
  return { list: values.map((value) => floatText(value, style).padStart(width)), width };
}

function floatText(value: number, style: FloatStyle): string {
  if (style === "scientific") return scientific(value, current.precision);
  if (style === "fixed") return fixed(value, current.precision);
  return Number.isFinite(value) ? `${fixed(value, 0)}.` : fixed(value, 0);
}
