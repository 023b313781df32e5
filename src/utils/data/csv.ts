// Reading tables of comma-separated values: whole, as they come, or as a matrix.

import { ArgumentError } from "../../errors.js";
import { parse } from "../../op/args.js";
import { tensor } from "../../ops/creation.js";
import { reshape } from "../../ops/shape.js";
import { type DType, getDefaultDtype } from "../../tensor/dtype.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { IterableDataset } from "./dataset.js";
import { type StreamSource, textOf } from "./stream.js";

/** Options of all that reads tables. */
export interface CsvOptions {
  /** Whether the first row has the names of the columns (true), or the names themselves; false: rows are arrays. */
  readonly header?: boolean | readonly string[];
  /** What stands between fields, ",". */
  readonly delimiter?: string;
  /** What may stand around a field; inside it is doubled: `"`. */
  readonly quote?: string;
  /** Lines that begin so are left out. */
  readonly comment?: string | null;
  /** Turns fields that are numbers into numbers; true. An empty field is null. */
  readonly numbers?: boolean;
}

const defaults: Required<CsvOptions> = { header: true, delimiter: ",", quote: '"', comment: null, numbers: true };

/** A field of a row. */
export type CsvValue = string | number | null;

/** A row by the names of its columns, or, without a header, in their order. */
export type CsvRow = Record<string, CsvValue> | CsvValue[];

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** Takes text apart as it comes: fields, rows, quotes and line ends may be cut anywhere. */
class Splitter {
  private fields: string[] = [];
  private field = "";
  private quoted = false;
  /** A quote inside quotes: the end of them, or the first of two. */
  private ending = false;
  private wasQuoted = false;
  private readonly rows: string[][] = [];
  private line = 1;

  constructor(private readonly options: Required<CsvOptions>) {}

  /** The rows that are complete. */
  take(text: string): string[][] {
    const { delimiter, quote } = this.options;
    for (const c of text) {
      if (c === "\n") this.line++;
      if (this.ending) {
        this.ending = false;
        if (c === quote) {
          this.field += c;
          continue;
        }
        this.quoted = false;
      }
      if (this.quoted) {
        if (c === quote) this.ending = true;
        else this.field += c;
      } else if (c === quote && this.field === "") this.quoted = this.wasQuoted = true;
      else if (c === delimiter) this.endField();
      else if (c === "\n") this.endRow();
      else if (c !== "\r") this.field += c;
    }
    return this.rows.splice(0);
  }

  /** The rows that are left at the end. */
  end(): string[][] {
    if (this.quoted && !this.ending)
      throw new ArgumentError(`csv: a quote is not closed by the end, line ${this.line}`);
    this.endRow();
    return this.rows.splice(0);
  }

  private endField(): void {
    this.fields.push(this.field);
    this.field = "";
  }

  private endRow(): void {
    const { comment } = this.options;
    const empty = this.fields.length === 0 && this.field === "" && !this.wasQuoted;
    const first = this.fields[0] ?? this.field;
    const skipped = comment !== null && first.startsWith(comment) && !this.wasQuoted;
    if (!empty && !skipped) {
      this.endField();
      this.rows.push(this.fields);
    }
    this.fields = [];
    this.field = "";
    this.quoted = this.ending = this.wasQuoted = false;
  }
}

/** Gives rows the names of their columns and their fields values. */
class Reader {
  private names: readonly string[] | null;
  private namesCome: boolean;
  private count = 0;

  constructor(private readonly options: Required<CsvOptions>) {
    const { header, delimiter, quote } = options;
    if (delimiter.length !== 1 || quote.length !== 1 || delimiter === quote) {
      throw new ArgumentError("csv: delimiter and quote must be two different characters");
    }
    this.names = typeof header === "boolean" ? null : header;
    this.namesCome = header === true;
  }

  read(rows: readonly string[][]): CsvRow[] {
    const read: CsvRow[] = [];
    for (const fields of rows) {
      this.count++;
      if (this.namesCome) {
        // A mark at the start of a file is no part of the first name.
        this.names = fields.map((name, i) => (i === 0 ? name.replace(/^\ufeff/, "") : name));
        this.namesCome = false;
      } else read.push(this.row(fields));
    }
    return read;
  }

  private row(fields: readonly string[]): CsvRow {
    const values = fields.map((field) => this.value(field));
    const { names } = this;
    if (names === null) return values;
    if (names.length !== values.length) {
      throw new ArgumentError(`csv: row ${this.count} has ${values.length} fields, expected ${names.length}`);
    }
    return Object.fromEntries(names.map((name, i) => [name, values[i]]));
  }

  private value(field: string): CsvValue {
    if (!this.options.numbers) return field;
    if (field === "") return null;
    return NUMBER.test(field) ? Number(field) : field;
  }
}

/**
 * The rows of a table: objects by the names in its first row, or arrays with `{ header: false }`.
 *
 * ```js
 * utils.data.parseCsv("x,y\n1,2\n"); // [{ x: 1, y: 2 }]
 * ```
 * @throws ArgumentError for rows of another length than the header, and a quote that is not closed.
 */
export function parseCsv(text: string, ...rest: [options?: CsvOptions]): CsvRow[] {
  const options = parse("parseCsv", rest, defaults);
  const splitter = new Splitter(options);
  return new Reader(options).read([...splitter.take(text), ...splitter.end()]);
}

/** Options of `csvTensor`. */
export interface CsvTensorOptions extends CsvOptions {
  /** The columns to take, by name or number, in this order; all if left out. */
  readonly columns?: readonly (string | number)[] | null;
  /** The dtype of the matrix; the default one. */
  readonly dtype?: DType | null;
}

/**
 * A table of numbers as a matrix [rows, columns]; an empty field is NaN.
 * @throws ArgumentError for a field that is no number, naming its row and column.
 */
export function csvTensor(text: string, ...rest: [options?: CsvTensorOptions]): Tensor {
  const given = parse<Required<CsvTensorOptions>>("csvTensor", rest, { ...defaults, columns: null, dtype: null });
  const { columns, dtype, ...options } = given;
  const rows = parseCsv(text, { ...options, numbers: true });
  const keys = columns ?? (rows.length === 0 ? [] : Object.keys(rows[0]));
  const values = new Float64Array(rows.length * keys.length);
  let at = 0;
  rows.forEach((row, i) => {
    for (const key of keys) {
      const value = (row as Record<string | number, CsvValue | undefined>)[key];
      if (value === undefined) throw new ArgumentError(`csvTensor: there is no column ${String(key)}`);
      if (typeof value === "string") {
        throw new ArgumentError(`csvTensor: row ${i + 1}, column ${String(key)}: "${value}" is not a number`);
      }
      values[at++] = value ?? Number.NaN;
    }
  });
  return temporaries(() => reshape(tensor(values, { dtype: dtype ?? getDefaultDtype() }), [rows.length, keys.length]));
}

/** Options of `CsvDataset`. */
export interface CsvDatasetOptions<T> extends CsvOptions {
  /** Makes a sample of a row. */
  readonly map?: ((row: never, index: number) => T) | null;
}

/**
 * The rows of a table, read as they come, from the start in each epoch.
 *
 * ```js
 * const dataset = new utils.data.CsvDataset("iris.csv", { map: ({ width, kind }) => [width, kind] });
 * for await (const [width, kind] of new utils.data.DataLoader(dataset, { batchSize: 16 })) train(width, kind);
 * ```
 */
export class CsvDataset<T = CsvRow> extends IterableDataset<T> {
  private readonly options: Required<CsvOptions>;
  private readonly map: ((row: never, index: number) => T) | null;

  constructor(
    private readonly source: StreamSource,
    ...rest: [options?: CsvDatasetOptions<T>]
  ) {
    super();
    const { map, ...options } = parse<Required<CsvDatasetOptions<T>>>("CsvDataset", rest, { ...defaults, map: null });
    this.options = options;
    this.map = map;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    const splitter = new Splitter(this.options);
    const reader = new Reader(this.options);
    let index = 0;
    const made = (row: CsvRow): T => (this.map === null ? (row as T) : this.map(row as never, index++));
    for await (const text of textOf(this.source)) {
      for (const row of reader.read(splitter.take(text))) yield made(row);
    }
    for (const row of reader.read(splitter.end())) yield made(row);
  }
}
