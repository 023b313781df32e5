// The dtypes beside float32, float64, int32 and bool: promotion, casts, rounding, arithmetic, text, indexing, gradients.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import { fromBrainBits, fromHalfBits } from "../../src/wasm/bits.js";

type Value = number | boolean | string;
interface Recorded {
  readonly dtype: wg.DType;
  readonly shape: readonly number[];
  readonly values: readonly Value[];
}
interface Values {
  readonly promotion: {
    readonly pairs: readonly (readonly wg.DType[])[];
    readonly scalars: readonly (readonly [wg.DType, number | boolean, wg.DType, wg.DType])[];
  };
  readonly casts: readonly { readonly from: Recorded; readonly to: Recorded }[];
  readonly rounding: { readonly mantissas: readonly number[] } & Readonly<Record<string, string>>;
  readonly arithmetic: readonly {
    readonly op: string;
    readonly operands: readonly (Recorded | number)[];
    readonly out: Recorded;
  }[];
  readonly printing: readonly { readonly tensor: Recorded; readonly text: string }[];
  readonly gradients: readonly (Readonly<Record<"a" | "b" | "y", Recorded>> & {
    readonly op: string;
    readonly grads: readonly Recorded[];
  })[];
  readonly info: {
    readonly finfo: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly iinfo: Readonly<Record<string, Readonly<Record<string, Value>>>>;
  };
}

const values: Values = JSON.parse(
  readFileSync(new URL("../fixtures/dtypes/values.json", import.meta.url), "utf8"),
) as Values;

/** A recorded value: words for what JSON has no number for, `n` behind an int64 that is no safe number. */
function valueOf(value: Value): number | boolean | bigint {
  if (typeof value !== "string") return value;
  return value.endsWith("n") ? BigInt(value.slice(0, -1)) : Number(value);
}

function made({ dtype, shape, values: list }: Recorded): wg.Tensor {
  return wg.reshape(wg.tensor(list.map(valueOf), { dtype }), shape).detach();
}

function flat(x: wg.Tensor): unknown {
  return x.reshape([-1]).tolist();
}

function expectSame(actual: wg.Tensor, { dtype, shape, values: list }: Recorded): void {
  expect([actual.dtype, actual.shape, flat(actual)]).toEqual([dtype, shape, list.map(valueOf)]);
}

const camel = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

describe("promotion", () => {
  const ones = (dtype: wg.DType, rank: number) => wg.ones(new Array<number>(rank).fill(2), { dtype });

  test("of two tensors is PyTorch's, whichever of them have dims", () => {
    const ranks = [
      [1, 1],
      [1, 0],
      [0, 1],
      [0, 0],
    ] as const;
    for (const [a, b, ...results] of values.promotion.pairs as [wg.DType, wg.DType, ...wg.DType[]][]) {
      const got = ranks.map(([ra, rb]) => wg.mul(ones(a, ra), ones(b, rb)).dtype);
      expect([a, b, ...got]).toEqual([a, b, ...results]);
    }
  });

  test("by scalars is PyTorch's, but for the default integer", () => {
    for (const [a, scalar, ...results] of values.promotion.scalars) {
      const got = [1, 0].map((rank) => wg.mul(ones(a, rank), scalar).dtype);
      const expected = results.map((dtype) => (a === "bool" && dtype === "int64" ? "int32" : dtype));
      expect([a, scalar, ...got]).toEqual([a, scalar, ...expected]);
    }
  });

  test("bigints are integers, and of bools make int64", () => {
    expect(wg.add(wg.tensor([1, 2], { dtype: "int32" }), 3n).dtype).toBe("int32");
    expect(wg.add(wg.tensor([1.5]), 3n).tolist()).toEqual([4.5]);
    expect(wg.add(wg.tensor([true]), 3n).dtype).toBe("int64");
    expect(wg.add(wg.tensor([1n]), 2n ** 62n).tolist()).toEqual([2n ** 62n + 1n]);
  });
});

describe("casts", () => {
  test.each(values.casts.map((c) => [c.from.dtype, c.to.dtype, c] as const))(
    "%s to %s",
    (_from, dtype, { from, to }) => {
      expectSame(made(from).to(dtype), to);
    },
  );

  test("strided and dense elements are cast alike", () => {
    for (const { from, to } of values.casts) {
      const x = made(from);
      const wide = wg.stack([x, x], 1);
      expectSame(wide.select(1, 1).to(to.dtype), to);
    }
  });

  test("what an integer cannot hold saturates, NaN is 0, and small integers wrap", () => {
    const x = wg.tensor([Number.NaN, 1e30, -1e30, 3e9]);
    expect(x.to("int32").tolist()).toEqual([0, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1]);
    expect(x.to("int64").tolist()).toEqual([0, 2n ** 63n - 1n, -(2n ** 63n), 3e9]);
    expect(
      wg
        .tensor([Number.NaN, -1, 300, 2 ** 40 + 3], { dtype: "float64" })
        .byte()
        .tolist(),
    ).toEqual([0, 255, 44, 3]);
  });

  test("methods are named as in PyTorch, and a tensor that has the dtype is itself", () => {
    const x = wg.tensor([1, 2]);
    const dtypes = [x.long(), x.int(), x.short(), x.char(), x.byte(), x.half(), x.bfloat16(), x.bool(), x.double()];
    expect(dtypes.map((y) => y.dtype)).toEqual(
      ["int64", "int32", "int16", "int8", "uint8", "float16", "bfloat16", "bool", "float64"], // as named
    );
    const h = x.half();
    expect(h.half()).toBe(h);
    expect(() => x.to("int7" as never)).toThrow(/to: unknown dtype int7; known dtypes are bool, uint8/);
  });
});

describe("16-bit floats", () => {
  const bits = new Uint32Array(2 * 256 * values.rounding.mantissas.length);
  let at = 0;
  for (const sign of [0, 1])
    for (let exponent = 0; exponent < 256; exponent++)
      for (const mantissa of values.rounding.mantissas) bits[at++] = ((sign << 31) | (exponent << 23) | mantissa) >>> 0;
  const floats = new Float32Array(bits.buffer);

  test.each(["float16", "bfloat16"] as const)("%s is rounded as PyTorch rounds, for all exponents", (dtype) => {
    const expected = new Uint16Array(new Uint8Array(Buffer.from(values.rounding[dtype] as string, "base64")).buffer);
    const cast = wg.tensor(floats).to(dtype).toTypedArray();
    const read = wg.tensor(Array.from(floats), { dtype }).toTypedArray();
    const stepped = wg
      .stack([wg.tensor(floats), wg.tensor(floats)], 1)
      .select(1, 0)
      .to(dtype)
      .toTypedArray();
    for (const list of [cast, read, stepped]) {
      const wrong = [...bits.keys()].filter((i) => !Number.isNaN(floats[i]) && list[i] !== expected[i]);
      expect(wrong.map((i) => [floats[i], list[i], expected[i]])).toEqual([]);
      const notNan = [...bits.keys()].filter((i) => {
        const back = dtype === "float16" ? fromHalfBits(list[i] as number) : fromBrainBits(list[i] as number);
        return Number.isNaN(floats[i]) && !Number.isNaN(back);
      });
      expect(notNan).toEqual([]);
    }
  });

  test.each(["float16", "bfloat16"] as const)("every %s is read, widened and narrowed exactly", (dtype) => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const x = wg.tensor(all, { dtype });
    const wide = x.float();
    const numbers = Float32Array.from(wide.toTypedArray(), (value) => (Number.isNaN(value) ? 0 : value));
    expect(createHash("sha256").update(new Uint8Array(numbers.buffer)).digest("hex")).toBe(
      values.rounding[`${dtype}Widened`],
    );
    expect(x.tolist()).toEqual(wide.tolist());
    const back = wide.to(dtype).toTypedArray();
    const changed = [...all.keys()].filter((i) => back[i] !== i && !Number.isNaN(wide.toTypedArray()[0]));
    const kept = changed.filter((i) => !Number.isNaN(dtype === "float16" ? fromHalfBits(i) : fromBrainBits(i)));
    expect(kept).toEqual([]);
  });
});

describe("arithmetic", () => {
  const library = wg as unknown as Readonly<Record<string, (...args: unknown[]) => wg.Tensor>>;
  /** Sums and products of small integers are int32 here, int64 in PyTorch; indices and counts too. */
  const whole = new Set(["sum", "prod", "cumsum", "cumprod", "argmax", "argmin", "count_nonzero"]);

  test.each(values.arithmetic.map((c, i) => [i, c.op, (c.operands[0] as Recorded).dtype, c] as const))(
    "%i: %s of %s",
    (_i, op, dtype, { operands, out }) => {
      const inputs = operands.map((x) => (typeof x === "object" ? made(x) : x));
      let got = (library[camel(op)] as (...args: unknown[]) => wg.Tensor | { values: wg.Tensor })(...inputs);
      if (!(got instanceof wg.Tensor)) got = got.values;
      let expected: wg.DType = out.dtype;
      if (whole.has(op) && out.dtype === "int64") {
        expected = dtype === "int64" && !op.startsWith("arg") && op !== "count_nonzero" ? "int64" : "int32";
      }
      if (expected === "int32" && out.dtype === "int64") {
        expectSame(got, {
          ...out,
          dtype: expected,
          values: out.values.map((v) => Number(BigInt.asIntN(32, BigInt(valueOf(v))))),
        });
      } else expectSame(got, out);
    },
  );

  test("in place, the tensor keeps its dtype", () => {
    const x = wg.tensor([200, 100], { dtype: "uint8" });
    expect(x.add_(100).tolist()).toEqual([44, 200]);
    expect(x.add_(wg.tensor([1n, 2n])).tolist()).toEqual([45, 202]);
    expect(() => x.add_(0.5)).toThrow(/result type float32 can't be cast to the desired output type uint8/);
    const h = wg.tensor([1, 2, 3, 4], { dtype: "float16" });
    h.slice(0, 1, null, 2).mul_(10);
    expect(h.tolist()).toEqual([1, 20, 3, 40]);
    h.slice(0, 0, 2).copy_(h.slice(0, 2));
    expect(h.tolist()).toEqual([3, 40, 3, 40]);
  });

  test("integers that no kernel takes are refused, and division by zero throws", () => {
    expect(() => wg.tensor([1n]).floorDivide(0)).toThrow(wg.NumericalError);
    expect(() => wg.tensor([1n]).softmax(0)).toThrow(wg.DTypeError);
    expect(() => wg.tensor([1n]).mean()).toThrow(/could not infer output dtype/);
    expect(wg.tensor([4n, 9n]).sqrt().tolist()).toEqual([2, 3]);
  });

  test("broadcast and strided operands are those that dense copies are", () => {
    for (const dtype of ["float16", "bfloat16", "uint8", "int8", "int16", "int64"] as const) {
      const x = wg.arange(24, { dtype }).reshape([2, 3, 4]);
      const y = wg.arange(4, { dtype });
      const strided = x.transpose(0, 2);
      expect(strided.add(1).tolist()).toEqual(strided.contiguous().add(1).tolist());
      expect(x.mul(y).tolist()).toEqual(x.float().mul(y.float()).tolist());
      expect(x.sum(1).tolist()).toEqual(x.float().sum(1).tolist());
      expect(
        wg
          .cat([x, x.add(1)], 2)
          .float()
          .tolist(),
      ).toEqual(wg.cat([x.float(), x.float().add(1)], 2).tolist());
      expect(x.flip([1]).float().tolist()).toEqual(x.float().flip([1]).tolist());
      expect(wg.where(x.gt(5), x, 0).float().tolist()).toEqual(wg.where(x.float().gt(5), x.float(), 0).tolist());
      expect(x.maskedSelect(x.gt(5)).float().tolist()).toEqual(x.float().maskedSelect(x.gt(5)).tolist());
      expect(wg.tril(x).float().tolist()).toEqual(wg.tril(x.float()).tolist());
      expect(wg.eye(2, 3, { dtype }).float().tolist()).toEqual(wg.eye(2, 3).tolist());
    }
  });
});

describe("text", () => {
  test.each(values.printing.map((c) => [c.text, c.tensor] as const))("%s", (text, recorded) => {
    expect(String(made(recorded))).toBe(text);
  });
});

describe("reading out and making", () => {
  test("an int64 is a number where that is exact, else a bigint", () => {
    const x = wg.tensor([1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 63n)]);
    expect(x.dtype).toBe("int64");
    expect(x.tolist()).toEqual([1, 2 ** 53 - 1, 2n ** 53n, -(2n ** 63n)]);
    expect(x.toTypedArray<BigInt64Array>()).toEqual(BigInt64Array.of(1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 63n)));
    expect([x.select(0, 0).item(), x.select(0, 3).item()]).toEqual([1, -(2n ** 63n)]);
  });

  test("typed arrays bring their dtypes and come back", () => {
    const arrays = [
      ["int64", BigInt64Array.of(1n, -5n)],
      ["uint8", Uint8Array.of(1, 255)],
      ["int8", Int8Array.of(-1, 127)],
      ["int16", Int16Array.of(-1, 300)],
    ] as const;
    for (const [dtype, data] of arrays) {
      const x = wg.tensor(data);
      expect(x.dtype).toBe(dtype);
      expect(x.toTypedArray()).toEqual(data);
      expect(wg.fromTypedArray(data, [2, 1]).shape).toEqual([2, 1]);
    }
    expect(wg.tensor(new Uint8ClampedArray([300])).dtype).toBe("uint8");
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7c00);
    expect(wg.tensor(bits, { dtype: "float16" }).tolist()).toEqual([1, -2, Number.POSITIVE_INFINITY]);
    expect(wg.tensor(bits, { dtype: "float16" }).toTypedArray()).toEqual(bits);
    expect(() => wg.tensor(bits)).toThrow(/Uint16Array needs an explicit dtype/);
  });

  test("bigints make int64, and with numbers the default dtype", () => {
    expect(wg.tensor([[1n], [2n]]).dtype).toBe("int64");
    expect(wg.tensor([1n, true]).dtype).toBe("int64");
    expect(wg.tensor([1n, 2]).dtype).toBe("float32");
    expect(wg.full([2], 5n).dtype).toBe("int64");
    expect(wg.tensor(7n).item()).toBe(7);
    expect(wg.full([1], 2n ** 60n).tolist()).toEqual([2n ** 60n]);
  });

  test("factories take all of them", () => {
    for (const dtype of ["int64", "uint8", "int8", "int16", "float16", "bfloat16"] as const) {
      expect(wg.zeros([2], { dtype }).tolist()).toEqual([0, 0]);
      expect(wg.arange(1, 8, 3, { dtype }).tolist()).toEqual([1, 4, 7]);
      expect(wg.linspace(0, 8, 3, { dtype }).tolist()).toEqual([0, 4, 8]);
      expect(wg.full([2], 3, { dtype }).tolist()).toEqual([3, 3]);
      expect(wg.randint(5, [50], { dtype }).max().item()).toBeLessThan(5);
      expect(wg.onesLike(wg.zeros([1], { dtype })).dtype).toBe(dtype);
    }
    expect(wg.randperm(4, { dtype: "int64" }).dtype).toBe("int64");
    expect(wg.rand([3], { dtype: "float16" }).dtype).toBe("float16");
  });

  test("the default dtype may be one of them", () => {
    try {
      wg.setDefaultDtype("bfloat16");
      expect(String(wg.tensor([1.5]))).toBe("tensor([1.5000])");
      expect(wg.tensor([1, 2], { dtype: "int32" }).div(2).dtype).toBe("bfloat16");
      expect(() => wg.setDefaultDtype("int64")).toThrow(/floating-point dtype/);
    } finally {
      wg.setDefaultDtype("float32");
    }
  });

  test("finfo and iinfo say what PyTorch's say", () => {
    for (const [dtype, facts] of Object.entries(values.info.finfo)) {
      const found = wg.finfo(dtype as wg.DType) as unknown as Record<string, number>;
      for (const [name, value] of Object.entries(facts))
        expect([dtype, name, found[camel(name)]]).toEqual([dtype, name, value]);
    }
    for (const [dtype, facts] of Object.entries(values.info.iinfo)) {
      const found = wg.iinfo(dtype as wg.DType) as unknown as Record<string, number | bigint>;
      for (const [name, value] of Object.entries(facts))
        expect([dtype, name, found[name]]).toEqual([dtype, name, valueOf(value)]);
    }
    expect(() => wg.finfo("int32")).toThrow(wg.DTypeError);
    expect(() => wg.iinfo("bool")).toThrow(wg.DTypeError);
  });
});

describe("indexing by int64", () => {
  const x = () => wg.arange(12).reshape([3, 4]);
  const list = (values: readonly number[]) => wg.tensor(values, { dtype: "int64" });

  test("gives what int32 gives, and indices stay int32", () => {
    const at = (dtype: wg.DType) => {
      const one = wg.tensor([2, 0], { dtype });
      const two = wg.tensor([[1, 0, 3, 2]], { dtype });
      return [
        wg.gather(x(), 0, wg.tensor([[2, 1, 0, 1]], { dtype })),
        wg.indexSelect(x(), 1, one),
        wg.take(x(), one),
        x().index(one),
        x().index(one, one),
        wg.takeAlongDim(x(), two, 1),
        wg.scatter(x(), 1, two, -1),
        wg.scatterAdd(x(), 1, two, wg.ones([1, 4])),
        wg.indexAdd(x(), 0, one, wg.ones([2, 4])),
        wg.indexFill(x(), 0, one, 9),
        wg.F.embedding(one, x()),
        wg.F.oneHot(one),
        wg.F.nllLoss(x(), wg.tensor([1, 0, 3], { dtype })),
        wg.F.crossEntropy(x(), wg.tensor([1, 0, 3], { dtype }), { labelSmoothing: 0.1 }),
        wg.F.multiMarginLoss(x(), wg.tensor([1, 0, 3], { dtype })),
        wg.repeatInterleave(x(), wg.tensor([1, 0, 2], { dtype }), { dim: 0 }),
        wg.bincount(one),
      ].map((y) => [y.dtype, y.tolist()]);
    };
    expect(at("int64")).toEqual(at("int32"));
    expect(wg.tensor([3n, 1n]).argmax().dtype).toBe("int32");
    expect(wg.tensor([3n, 1n]).sort().indices.dtype).toBe("int32");
    expect(x().index(wg.tensor(1n)).tolist()).toEqual([4, 5, 6, 7]);
  });

  test("writes, and refuses what is out of range", () => {
    const y = x();
    y.indexPut_([list([0, 2]), list([1, 1])], 100);
    expect(y.index("...", 1).tolist()).toEqual([100, 5, 100]);
    expect(() => wg.gather(x(), 0, wg.tensor([[2n ** 32n]]))).toThrow(/out of bounds for dimension 0 with size 3/);
    expect(() => wg.indexSelect(x(), 0, wg.tensor([-(2n ** 40n)]))).toThrow(wg.ArgumentError);
    expect(() => wg.gather(x(), 0, wg.tensor([[1]]))).toThrow(/Expected dtype int32 for index, or int64, got float32/);
  });

  test("gradients go through it", () => {
    const w = x().requiresGrad_();
    wg.F.embedding(wg.tensor([[1n, 1n, 0n]]), w)
      .sum()
      .backward();
    expect((w.grad as wg.Tensor).sum(1).tolist()).toEqual([4, 8, 0]);
  });

  test("bytes are a mask, as in PyTorch", () => {
    const mask = wg.tensor(Uint8Array.of(1, 0, 1));
    expect(x().index(mask).tolist()).toEqual(x().index(mask.bool()).tolist());
  });
});

describe("gradients", () => {
  test.each(values.gradients.map((c, i) => [i, c.op, c.a.dtype, c] as const))("%i: %s of %s", (_i, _op, dtype, c) => {
    const [a, b] = [made(c.a).requiresGrad_(), made(c.b).requiresGrad_()];
    let y: wg.Tensor;
    if (c.op === "to_float") y = a.float().mul(b.float()).sum();
    else if (c.op === "sum_of_squares") y = a.mul(a).sum().add(b.sum());
    else y = (c.op === "mul" ? a.mul(b) : a.add(b)).sum();
    y.backward();
    expect([y.dtype, (a.grad as wg.Tensor).dtype]).toEqual([c.y.dtype, dtype]);
    expectSame(y.detach(), c.y);
    expectSame(a.grad as wg.Tensor, c.grads[0] as Recorded);
    expectSame(b.grad as wg.Tensor, c.grads[1] as Recorded);
  });

  test("layers learn in 16 bits, and in mixed dtypes", () => {
    for (const dtype of ["float16", "bfloat16"] as const) {
      wg.manualSeed(0);
      const x = wg.randn([4, 3, 6, 6]).to(dtype);
      const w = wg.randn([2, 3, 3, 3]).to(dtype).requiresGrad_();
      const y = wg.F.conv2d(x, w).relu();
      wg.F.crossEntropy(y.flatten(1), wg.tensor([0n, 1n, 2n, 3n])).backward();
      const grad = w.grad as wg.Tensor;
      expect(grad.dtype).toBe(dtype);
      const w32 = w.detach().float().requiresGrad_();
      wg.F.crossEntropy(wg.F.conv2d(x.float(), w32).relu().flatten(1), wg.tensor([0n, 1n, 2n, 3n])).backward();
      const far = grad
        .float()
        .sub(w32.grad as wg.Tensor)
        .abs()
        .max()
        .item() as number;
      expect(far).toBeLessThan(0.02);
    }
    expect(() => wg.tensor([1n], { requiresGrad: true })).toThrow(/floating point dtype can require gradients/);
  });
});

test("nothing is left behind", () => {
  const run = () =>
    wg.scope(() => {
      for (const dtype of ["float16", "bfloat16", "uint8", "int64"] as const) {
        const x = wg.arange(40, { dtype }).reshape([5, 8]);
        x.transpose(0, 1).add(1).mul(x.t()).sum(0).sort();
        x.to("float32")
          .to(dtype)
          .index(wg.tensor([1n, 2n]));
      }
      const w = wg.ones([8, 8], { dtype: "bfloat16", requiresGrad: true });
      w.matmul(w).exp().sum().backward();
    });
  run();
  const { live } = wg.memory();
  run();
  expect(wg.memory().live).toBe(live);
});
