// What ONNX export refuses, and what it warns of.

import type { Tensor as OrtTensor } from "onnxruntime-web";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as wengert from "../../src/entries/node.js";
import { Call, runFile } from "./onnx-run.js";

const { nn, io, randn, rand, tensor, scope, memory } = wengert;

afterEach(() => vi.restoreAllMocks());

describe("what a file cannot say", () => {
  const options = { inputNames: ["x"] };

  it("names an operator without translation", () => {
    expect(() => io.exportOnnx(new Call((x) => wengert.lgamma(x)), [rand([3])], options)).toThrow(
      /exportOnnx: the operator "lgamma" has no translation to ONNX as it was called/,
    );
  });

  it("refuses what comes from the inputs by no operator, and random numbers", () => {
    expect(() => io.exportOnnx(new Call((x) => x.add(randn([3]))), [rand([3])], options)).toThrow(
      /what reaches "add" as a constant differs from run to run/,
    );
    const through = new Call((x) => x.add(wengert.tensor([...x.dataView()] as number[])));
    expect(() => io.exportOnnx(through, [rand([3])], options)).toThrow(/differs from run to run/);
  });

  it("warns where JavaScript reads elements", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const x = tensor([1, 2, 3]);
    const bytes = io.exportOnnx(new Call((y) => y.mul(Number(y.sum().item()))), [x], options);
    expect(warn.mock.calls[0]?.[0]).toMatch(/exportOnnx: the module reads elements of tensors/);
    const [out] = await runFile(bytes, { x });
    expect([...((out as OrtTensor).data as Float32Array)]).toEqual([6, 12, 18]);
  });

  it("refuses reads after a view was written, and unsayable sizes", () => {
    const writes = new Call((x) => {
      const y = x.mul(1);
      y.select(0, 0).zero_();
      return y;
    });
    expect(() => io.exportOnnx(writes, [rand([3, 2])], options)).toThrow(
      /after a view that shares its memory was written/,
    );
    const dynamic = { ...options, dynamicAxes: { x: { 0: "batch" } } };
    const counts = new Call((x) => x.div(x.shape[0] as number));
    expect(() => io.exportOnnx(counts, [rand([3, 2])], dynamic)).toThrow(
      /dynamicAxes: "div" depends on the size of "batch" \(dim 0 of x\)/,
    );
    const unrolled = new Call((x) => wengert.stack(wengert.unbind(x, 0).map((row) => row.exp())));
    expect(() => io.exportOnnx(unrolled, [rand([3, 2])], dynamic)).toThrow(/dynamicAxes/);
  });

  it("checks names and axes, and frees what it made", () => {
    const model = new nn.Linear(2, 2);
    const x = rand([3, 2]);
    expect(() => io.exportOnnx(model, [x], { inputNames: ["x", "y"] })).toThrow(/expected 1 different names/);
    expect(() => io.exportOnnx(model, [x], { inputNames: ["weight"] })).toThrow(/is that of a parameter/);
    expect(() => io.exportOnnx(model, [x], { ...options, dynamicAxes: { x: [2] } })).toThrow(/there is no dim 2/);
    expect(() => io.exportOnnx(model, [x], { opset: 16 })).toThrow(/opset must be 17, 18, 19 or 20, got 16/);
    const before = memory().live;
    io.exportOnnx(model, [x], options);
    expect(memory().live).toBe(before);
    scope(() => io.exportOnnx(model, x) && null);
  });
});
