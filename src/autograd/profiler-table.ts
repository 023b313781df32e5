// The text table of a profile.

import { ArgumentError } from "../errors.js";
import type { FunctionEvent, FunctionEventAvg, Recorded } from "./profiler-events.js";

/** Columns that a table can be sorted by. */
export type SortKey =
  | "count"
  | "cpuTime"
  | "cpuTimeTotal"
  | "selfCpuTimeTotal"
  | "cpuMemoryUsage"
  | "selfCpuMemoryUsage"
  | "flops";

/** Options of `table`. */
export interface TableOptions {
  /** Largest first; without it the order of the events. */
  readonly sortBy?: SortKey | null;
  /** At most so many rows: 100. -1 for all. */
  readonly rowLimit?: number;
  /** Longer names are cut: 55. */
  readonly maxNameColumnWidth?: number;
  readonly maxShapesColumnWidth?: number;
  readonly maxSrcColumnWidth?: number;
  /** A line above the table. */
  readonly header?: string | null;
  /** Leave out what ran inside other events. */
  readonly topLevelEventsOnly?: boolean;
}

type Row = FunctionEvent | FunctionEventAvg;

/** Microseconds as people read them. */
export function formatTime(us: number): string {
  if (us >= 1e6) return `${(us / 1e6).toFixed(3)}s`;
  return us >= 1e3 ? `${(us / 1e3).toFixed(3)}ms` : `${us.toFixed(3)}us`;
}

function formatShare(part: number, whole: number): string {
  return whole === 0 ? "NaN" : `${((part * 100) / whole).toFixed(2)}%`;
}

function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)} Gb`;
  if (size >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(2)} Mb`;
  return size >= 2 ** 10 ? `${(bytes / 2 ** 10).toFixed(2)} Kb` : `${bytes} b`;
}

const UNITS = ["FLOPs", "KFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs"];

/** The unit in which the largest count has at least one digit before the point. */
function flopsUnit(rows: readonly Row[]): { readonly unit: string; readonly scale: number } {
  const least = Math.min(...rows.map(({ flops }) => flops).filter((flops) => flops > 0));
  let power = 0;
  while (Number.isFinite(least) && power < UNITS.length - 1 && least >= 1000 ** (power + 1)) power++;
  return { unit: UNITS[power] as string, scale: 1000 ** power };
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 3))}...`;
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly left?: boolean;
  readonly cell: (row: Row) => string;
}

function columnsOf(
  rows: readonly Row[],
  { shapes, memory, stack, flops }: Recorded,
  total: number,
  options: TableOptions,
): Column[] {
  const widthOf = (texts: readonly string[], most: number) =>
    Math.min(Math.max(...texts.map((t) => t.length), 0) + 4, most);
  const names = widthOf(
    rows.map(({ name }) => name),
    options.maxNameColumnWidth ?? 55,
  );
  const plain = (title: string, cell: (row: Row) => string): Column => ({ title, width: 12, cell });
  const columns: Column[] = [
    { title: "Name", width: names, cell: ({ name }) => cut(name, names) },
    plain("Self CPU %", (row) => formatShare(row.selfCpuTimeTotal, total)),
    plain("Self CPU", (row) => formatTime(row.selfCpuTimeTotal)),
    plain("CPU total %", (row) => formatShare(row.cpuTimeTotal, total)),
    plain("CPU total", (row) => formatTime(row.cpuTimeTotal)),
    plain("CPU time avg", (row) => formatTime(row.cpuTime)),
  ];
  if (memory) {
    columns.push(plain("CPU Mem", (row) => formatBytes(row.cpuMemoryUsage)));
    columns.push(plain("Self CPU Mem", (row) => formatBytes(row.selfCpuMemoryUsage)));
  }
  columns.push(plain("# of Calls", (row) => String(row.count)));
  if (shapes) {
    const text = ({ inputShapes }: Row) => `[${inputShapes.map((shape) => `[${shape.join(", ")}]`).join(", ")}]`;
    const width = Math.max(widthOf(rows.map(text), options.maxShapesColumnWidth ?? 80), 16);
    columns.push({ title: "Input Shapes", width, cell: (row) => cut(text(row), width) });
  }
  if (stack) {
    const text = ({ stack: frames }: Row) => frames[0] ?? "";
    const width = Math.max(widthOf(rows.map(text), options.maxSrcColumnWidth ?? 75), 19);
    columns.push({ title: "Source Location", width, left: true, cell: (row) => cut(text(row), width) });
  }
  if (flops) {
    const { unit, scale } = flopsUnit(rows);
    columns.push(plain(`Total ${unit}`, (row) => (row.flops === 0 ? "--" : (row.flops / scale).toFixed(3))));
  }
  return columns;
}

/** The table of some events or sums; `total` is what the percentages are of. */
export function tableOf(events: readonly Row[], recorded: Recorded, total: number, options: TableOptions): string {
  if (events.length === 0) return "";
  const { sortBy = null, rowLimit = 100, header = null, topLevelEventsOnly = false } = options;
  let rows = [...events];
  if (topLevelEventsOnly) rows = rows.filter((row) => !("cpuParent" in row) || row.cpuParent === null);
  if (sortBy !== null) {
    if (typeof (rows[0] as unknown as Record<string, unknown>)[sortBy] !== "number")
      throw new ArgumentError(`table: cannot sort by "${sortBy}"`);
    rows.sort((a, b) => b[sortBy] - a[sortBy]);
  }
  if (rowLimit >= 0) rows = rows.slice(0, rowLimit);
  const columns = columnsOf(rows, recorded, total, options);
  const line = (cells: readonly string[]) =>
    columns.map(({ width, left }, i) => (left ? cells[i]?.padEnd(width) : cells[i]?.padStart(width))).join("  ");
  const rule = columns.map(({ width }) => "-".repeat(width)).join("  ");
  const body = rows.map((row) => line(columns.map(({ cell }) => cell(row))));
  const text = [rule, line(columns.map(({ title }) => title)), rule, ...body, rule];
  if (header !== null) text.unshift("=".repeat(rule.length), header);
  if (recorded.stack) {
    const withStack = rows.filter(({ stack }) => stack.length > 1);
    for (const row of withStack) text.push(`${row.name}:`, ...row.stack.map((frame) => `    ${frame}`));
  }
  text.push(`Self CPU time total: ${formatTime(total)}`);
  return `${text.join("\n")}\n`;
}
