// Tables and streams: quotes, cuts anywhere, sources of every kind, refusals.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { data } = wg.utils;
const { ArgumentError } = wg;
const TABLE = 'name,"a, b",c\r\nx,1,"say ""hi""\nthere"\r\n# no row\r\ny,-2.5e1,\r\n\r\n"",.5,007\r\n';
const ROWS = [
  { name: "x", "a, b": 1, c: 'say "hi"\nthere' },
  { name: "y", "a, b": -25, c: null },
  { name: null, "a, b": 0.5, c: 7 },
];

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};
const bytes = new TextEncoder().encode(TABLE);

async function* cut(size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size);
}

describe("tables", () => {
  test("whole", () => {
    expect(data.parseCsv(TABLE, { comment: "#" })).toEqual(ROWS);
    expect(data.parseCsv("1;2\n3;x", { header: false, delimiter: ";" })).toEqual([
      [1, 2],
      [3, "x"],
    ]);
    expect(data.parseCsv("1,2", { header: ["a", "b"], numbers: false })).toEqual([{ a: "1", b: "2" }]);
    expect(data.parseCsv("\ufeffa,b\n")).toEqual([]);
    expect(data.parseCsv("\ufeffa\n1")).toEqual([{ a: 1 }]);
  });

  test("cut anywhere they are the same, every epoch", async () => {
    for (const size of [1, 2, 3, 7, 1000]) {
      const dataset = new data.CsvDataset(() => cut(size), { comment: "#" });
      expect(await all(dataset)).toEqual(ROWS);
      expect(await all(dataset)).toEqual(ROWS);
    }
  });

  test("as batches", async () => {
    const source = () => ["x,y\n1,2\n3,", "4\n5,6\n"];
    const dataset = new data.CsvDataset(source, { map: ({ x, y }: { x: number; y: number }) => [x, y] as const });
    const batches = await all(new data.DataLoader(dataset, { batchSize: 2 }));
    expect(batches.map(([x, y]) => [x.tolist(), y.tolist()])).toEqual([
      [
        [1, 3],
        [2, 4],
      ],
      [[5], [6]],
    ]);
  });

  test("as a matrix", () => {
    const text = "a,b,c\n1,2,3\n4,,6\n";
    expect(data.csvTensor(text, { columns: ["c", "a"] }).tolist()).toEqual([
      [3, 1],
      [6, 4],
    ]);
    expect(String(data.csvTensor(text, { dtype: "float64" }))).toMatch(/nan/);
    expect(data.csvTensor("1,2\n3,4", { header: false, dtype: "int32" }).tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(() => data.csvTensor("a\nx\n")).toThrow(/row 1, column a: "x" is not a number/);
    expect(() => data.csvTensor("a\n1\n", { columns: ["b"] })).toThrow(/there is no column b/);
  });

  test("refusals", () => {
    expect(() => data.parseCsv("a,b\n1\n")).toThrow(/row 2 has 1 fields, expected 2/);
    expect(() => data.parseCsv('a\n"b\n')).toThrow(/a quote is not closed/);
    expect(() => data.parseCsv("a", { delimiter: ",," })).toThrow(ArgumentError);
  });
});

describe("sources", () => {
  const home = mkdtempSync(join(tmpdir(), "streams-"));
  const path = join(home, "table.csv");
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/table.csv" ? 200 : 404;
    response.end(request.url === "/table.csv" ? TABLE : "");
  });
  let url = "";
  beforeAll(async () => {
    writeFileSync(path, TABLE);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/table.csv`;
  });
  afterAll(() => {
    server.close();
    rmSync(home, { recursive: true });
  });

  test("paths, URLs, answers, blobs, bytes, streams, pieces", async () => {
    const sources: (() => Promise<Parameters<typeof data.linesOf>[0]>)[] = [
      async () => path,
      async () => pathToFileURL(path),
      async () => url,
      async () => new URL(url),
      async () => fetch(url),
      async () => new Blob([TABLE]),
      async () => bytes,
      async () => bytes.buffer as ArrayBuffer,
      async () => new Blob([TABLE]).stream(),
      async () => cut(5),
      async () => [TABLE],
      async () => () => cut(4),
      async () => async () => fetch(url),
    ];
    for (const source of sources) {
      expect(await all(new data.CsvDataset(await source(), { comment: "#" }))).toEqual(ROWS);
    }
  });

  test("lines, and pieces", async () => {
    const lines = new data.LineDataset(() => ['{"a":1}\n{"a"', ':2}\r\n\n{"a":3}'], JSON.parse);
    expect(await all(lines)).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    const sizes = new data.StreamDataset(
      () => cut(30),
      (piece) => piece.length,
    );
    expect((await all(sizes)).reduce((a, b) => a + b, 0)).toBe(bytes.length);
    // A character in two pieces.
    const euro = new TextEncoder().encode("€\n");
    expect(await all(data.linesOf([euro.slice(0, 1), euro.slice(1)]))).toEqual(["€"]);
  });

  test("what was read already, or is not there", async () => {
    const stream = new data.LineDataset(new Blob(["a\n"]).stream());
    expect(await all(stream)).toEqual(["a"]);
    await expect(all(stream)).rejects.toThrow(/read already/);
    const pieces = new data.LineDataset(cut(9));
    expect(await all(pieces)).toHaveLength(6);
    await expect(all(pieces)).rejects.toThrow(ArgumentError);
    await expect(all(data.linesOf(join(home, "none.csv")))).rejects.toThrow(/cannot read .*none\.csv/);
    await expect(all(data.linesOf(url.replace("table", "none")))).rejects.toThrow(/status 404/);
    await expect(all(data.linesOf(3 as never))).rejects.toThrow(ArgumentError);
  });
});
