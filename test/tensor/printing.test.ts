// Rows 200 to 217 of the autograd contract: PyTorch's own texts.

import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import {
  arange,
  autograd,
  getPrintoptions,
  nn,
  noGrad,
  ones,
  setPrintoptions,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const text = (data: number | boolean | number[] | boolean[] | number[][]) => String(tensor(data));

afterEach(() => setPrintoptions({ profile: "default" }));

describe("the text of a tensor", () => {
  it("#200 form and indentation", () => {
    expect(
      String(
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          { requiresGrad: true },
        ).add(1),
      ),
    ).toBe("tensor([[2., 3.],\n        [4., 5.]], grad_fn=<AddBackward0>)");
    const x = ones([2]);
    expect([inspect(x), `${x as never as string}`]).toEqual([String(x), String(x)]);
  });

  it("#201 whole numbers with a point", () => {
    expect(text([1, 2, 1000])).toBe("tensor([   1.,    2., 1000.])");
    expect(text([-0, 3])).toBe("tensor([-0., 3.])");
  });

  it("#202 others with four decimals", () => {
    expect(text([0.001, 1])).toBe("tensor([0.0010, 1.0000])");
    expect(text([-0, 1.5])).toBe("tensor([-0.0000, 1.5000])");
  });

  it("#203 scientific where sizes are too different", () => {
    expect(text([1, 100000])).toBe("tensor([1.0000e+00, 1.0000e+05])");
    expect(text([0.5, 1000])).toBe("tensor([5.0000e-01, 1.0000e+03])");
    expect([text(1e8), text(1e10), text(0.0001), text(123456.789)]).toEqual([
      "tensor(100000000.)",
      "tensor(1.0000e+10)",
      "tensor(1.0000e-04)",
      "tensor(123456.7891)",
    ]);
  });

  it("#204 nan and inf", () => {
    expect(text([inf, 1.5])).toBe("tensor([   inf, 1.5000])");
    expect(text([nan, -inf, 1])).toBe("tensor([nan, -inf, 1.])");
  });

  it("#205 integers and bools", () => {
    expect(String(tensor([1, -100, 3], { dtype: "int32" }))).toBe("tensor([   1, -100,    3], dtype=torch.int32)");
    expect(text([true, false])).toBe("tensor([ True, False])");
  });

  it("#206 without dims and without elements", () => {
    expect([text(3), text(true), String(zeros([0])), String(zeros([0, 3]))]).toEqual([
      "tensor(3.)",
      "tensor(True)",
      "tensor([])",
      "tensor([], size=(0, 3))",
    ]);
  });

  it("#207 #212 long lines and long suffixes are wrapped", () => {
    const row = "1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000, 1.5000";
    expect(String(ones([20]).mul(1.5))).toBe(`tensor([${row},\n        ${row},\n        1.5000, 1.5000])`);
    const twos = new Array(13).fill("2.").join(", ");
    expect(String(ones([13], { dtype: "float64", requiresGrad: true }).mul(2))).toBe(
      `tensor([${twos}],\n       dtype=torch.float64, grad_fn=<MulBackward0>)`,
    );
  });

  it("#208 matrices are set apart by empty lines", () => {
    expect(String(arange(12).to("float32").view([2, 2, 3]))).toBe(
      "tensor([[[ 0.,  1.,  2.],\n         [ 3.,  4.,  5.]],\n\n        [[ 6.,  7.,  8.],\n         [ 9., 10., 11.]]])",
    );
  });

  it("#209 many elements are summarised", () => {
    expect(String(arange(1001).to("float32"))).toBe("tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.])");
    const row = "[0., 0., 0.,  ..., 0., 0., 0.]";
    const rows = [row, row, row, "...", row, row, row].join(",\n        ");
    expect(String(zeros([7, 200]))).toBe(`tensor([${rows}])`);
  });

  it("#210 #211 suffixes: dtype, history or wish for gradients", () => {
    const x = tensor([0, 1], { requiresGrad: true });
    expect(String(x)).toBe("tensor([0., 1.], requires_grad=True)");
    expect(String(x.mul(2))).toBe("tensor([0., 2.], grad_fn=<MulBackward0>)");
    expect(String(x.sum())).toBe("tensor(1., grad_fn=<SumBackward0>)");
    expect(String(zeros([0], { dtype: "bool" }))).toBe("tensor([], dtype=torch.bool)");
    const base = zeros([2]);
    base.narrow(0, 0, 1).copy_(x.narrow(0, 0, 1));
    expect(String(base)).toBe("tensor([0., 0.], grad_fn=<CopySlices>)");
    class F extends autograd.Function {
      static forward(_ctx: autograd.FunctionCtx, a: Tensor) {
        return a.mul(1);
      }
    }
    expect(String(F.apply(x))).toBe("tensor([0., 1.], grad_fn=<FBackward>)");
    expect(String(noGrad(() => x.mul(2)))).toBe("tensor([0., 2.])");
  });

  it("#213 setPrintoptions, whose sciMode ends with the next call", () => {
    setPrintoptions({ precision: 2, sciMode: true });
    expect(text([1.5])).toBe("tensor([1.50e+00])");
    setPrintoptions({ precision: 2 });
    expect([text([1.5]), getPrintoptions().precision]).toEqual(["tensor([1.50])", 2]);
    setPrintoptions({ threshold: 3, edgeitems: 1 });
    expect(text([1, 2, 3, 4])).toBe("tensor([1.,  ..., 4.])");
    setPrintoptions({ profile: "full" });
    expect(String(arange(1001))).not.toContain("...");
    setPrintoptions({ profile: "short" });
    expect(text([1.23456])).toBe("tensor([1.23])");
  });

  it("#214 #216 #217 parameters, records, shapes", () => {
    expect(String(new nn.Parameter(zeros([1])))).toBe("Parameter containing:\ntensor([0.], requires_grad=True)");
    const { values, indices } = tensor([1, 3]).max(0);
    expect([String(values), indices.item()]).toEqual(["tensor(3.)", 1]);
    expect(zeros([2, 3]).shape).toEqual([2, 3]);
  });
});
