// Rows of the autograd contract on modes, writes in place, views, hooks, custom functions and forward mode.

import { describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  autograd,
  DTypeError,
  GraphError,
  getDefaultDtype,
  inferenceMode,
  load,
  NumericalError,
  noGrad,
  OutOfMemoryError,
  ones,
  ShapeError,
  save,
  setDefaultDtype,
  type Tensor,
  tensor,
  varMean,
  WengertError,
  zeros,
} from "../../src/entries/node.js";

const { forwardAd, gradMode } = autograd;
const leaf = (data: number[] | number[][]) => tensor(data, { requiresGrad: true });
type Ctx = autograd.FunctionCtx;

describe("passes", () => {
  it("#39 missing gradients travel on: nodes are fed null or zeros, leaves stay without", () => {
    class Stop extends autograd.Function {
      static forward(_ctx: Ctx, x: Tensor) {
        return x.mul(2);
      }
      static backward(): null {
        return null;
      }
    }
    const seen: unknown[] = [];
    class Watch extends autograd.Function {
      static forward(ctx: Ctx, x: Tensor, materialize: boolean) {
        ctx.setMaterializeGrads(materialize);
        return x.mul(3);
      }
      static backward(_ctx: Ctx, g: Tensor | null) {
        seen.push(g?.tolist() ?? null);
        return [g, null];
      }
    }
    const x = leaf([1]);
    Stop.apply(x.pow(2)).backward();
    expect(x.grad).toBe(null);
    Stop.apply(Watch.apply(x, false)).backward();
    expect([seen, x.grad]).toEqual([[null], null]);
    Stop.apply(Watch.apply(x, true)).backward();
    expect([seen, x.grad?.tolist()]).toEqual([[null, [0]], [0]]);
  });

  it("#42 #46 switches of other engines are taken and do nothing", () => {
    expect(gradMode.setMultithreadingEnabled(false, () => 3)).toBe(3);
    expect(gradMode.enforceGradLayoutPolicy(true, () => 4)).toBe(4);
    gradMode.setMultithreadingEnabled(true).dispose();
    expect(() => gradMode.setMultithreadingEnabled(1 as never)).toThrow(ArgumentError);
    expect(gradMode.noGrad(() => gradMode.isGradEnabled())).toBe(false);
  });

  it("#136 #140 derivatives are differentiable or say that they are not", () => {
    const x = leaf([1, -1]);
    const [g] = autograd.grad(x.relu().mul(x).sum(), x, { createGraph: true });
    expect(g.gradFn).not.toBe(null);
    expect(autograd.grad(g.sum(), x)[0].tolist()).toEqual([2, 0]);
    const once = autograd.function.onceDifferentiable((_ctx: Ctx, h: Tensor) => h.mul(2));
    class Once extends autograd.Function {
      static forward(_ctx: Ctx, a: Tensor) {
        return a.mul(2);
      }
      static backward(ctx: Ctx, h: Tensor) {
        return once(ctx, h);
      }
    }
    const seed = leaf([1, 1]);
    const [h] = autograd.grad(Once.apply(x), x, { gradOutputs: seed, createGraph: true });
    expect(() => h.sum().backward()).toThrow(/differentiate twice/);
  });

  it("#141 backward with createGraph warns once, grad does not", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const x = leaf([2]);
    autograd.grad(x.pow(2), x, { createGraph: true });
    expect(warn).not.toHaveBeenCalled();
    x.pow(2).backward(null, { createGraph: true });
    x.pow(2).backward(null, { createGraph: true });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toContain("reference cycle");
    warn.mockRestore();
  });
});

describe("inference mode", () => {
  it("#59 a leaf made inside may collect a gradient outside if it need not be saved", () => {
    const x = inferenceMode(() => tensor([1, 2], { requiresGrad: true }));
    expect([x.isInference(), x.requiresGrad]).toEqual([true, true]);
    x.add(leaf([1, 1]))
      .sum()
      .backward();
    expect(x.grad?.tolist()).toEqual([1, 1]);
    expect(() => x.mul(leaf([1, 1]))).toThrow(/cannot be saved for backward/);
  });
});

describe("writes in place", () => {
  it("#70 setting by index: gradients to the values, none to what was overwritten", () => {
    const x = leaf([1, 2, 3]);
    const v = leaf([10]);
    const y = x.mul(2);
    y.narrow(0, 0, 2).copy_(v);
    expect(y.gradFn?.name()).toBe("torch::autograd::CopySlices");
    y.sum().backward();
    expect([x.grad?.tolist(), v.grad?.tolist()]).toEqual([[0, 0, 2], [2]]);
    const z = leaf([1, 2, 3]).mul(2);
    const w = leaf([5]);
    z.indexPut_([tensor([0, 2], { dtype: "int32" })], w);
    expect(z.gradFn?.name()).toBe("IndexPutBackward0");
    z.sum().backward();
    expect(w.grad?.tolist()).toEqual([2]);
  });

  it("#71 random fills end the old value's gradient", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const { version } = y;
    y.uniform_();
    expect(y.version).toBe(version + 1);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([0, 0]);
    expect(() => x.normal_()).toThrow(/leaf Variable/);
  });
});

describe("views", () => {
  it("#72 share storage and version", () => {
    const x = zeros([2, 4]);
    const views = [
      x.view([8]),
      x.reshape([4, 2]),
      x.t(),
      x.permute([1, 0]),
      x.select(0, 1),
      x.narrow(1, 0, 2),
      x.unsqueeze(0),
      x.unsqueeze(0).squeeze(),
      x.diagonal(),
      x.unfold(1, 2, 2),
      x.split(1)[0] as Tensor,
      x.chunk(2)[1] as Tensor,
      x.unbind(0)[0] as Tensor,
      x.detach(),
      x.expand([3, 2, 4]),
      x.asStrided([2], [1]),
    ];
    x.add_(1);
    for (const v of views) {
      expect(v.version).toBe(1);
      expect(Number(v.reshape([-1]).select(0, 0).item())).toBe(1);
    }
  });

  it("#75 outputs of views that give several refuse writes that are tracked, and name their node", () => {
    const x = leaf([1, 2, 3, 4]).mul(1);
    for (const [views, name] of [
      [x.unbind(), "UnbindBackward0"],
      [x.split(2), "SplitBackward0"],
      [x.chunk(2), "SplitBackward0"],
    ] as const) {
      const second = views[1] as Tensor;
      expect(() => second.mul_(2)).toThrow(new RegExp(`Output 1 of ${name} is a view and is being modified inplace`));
      expect(() => second.view([-1]).mul_(2)).toThrow(/returns multiple views/);
    }
    const plain = zeros([2]);
    (plain.unbind()[0] as Tensor).add_(1);
    expect(plain.tolist()).toEqual([1, 0]);
  });

  it("#77 a view of a view made without recording refuses once the base requires grad", () => {
    const x = zeros([4]);
    const z = noGrad(() => x.view([2, 2]).select(0, 0));
    x.requiresGrad_();
    expect(() => z.mul_(2)).toThrow(GraphError);
  });

  it("#78 shapes change in place, recorded; not for several outputs nor custom functions' views", () => {
    const x = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const y = x.mul(1).transpose(0, 1);
    y.transpose_(0, 1).unsqueeze_(0).squeeze_(0).t_();
    expect(y.shape).toEqual([3, 2]);
    y.mul(tensor([[1, 2]]))
      .sum()
      .backward();
    expect(x.grad?.tolist()).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ]);
    const part = x.mul(1).unbind(0)[0] as Tensor;
    expect(() => part.unsqueeze_(0)).toThrow(GraphError);
  });

  it("#79 views out of custom functions refuse writes", () => {
    class View extends autograd.Function {
      static forward(_ctx: Ctx, x: Tensor) {
        return x.view([2, 1]);
      }
      static backward(_ctx: Ctx, g: Tensor) {
        return g.view([2]);
      }
    }
    const y = View.apply(leaf([1, 2]).mul(1));
    expect(() => y.mul_(2)).toThrow(/created inside a custom Function/);
  });
});

describe("hooks", () => {
  it("#87 hooks on a view end when its history is written anew", () => {
    const base = leaf([1]).mul(1);
    const view = base.view([1]);
    let calls = 0;
    view.registerHook(() => void calls++);
    base.mul_(2);
    view.sum().backward();
    expect(calls).toBe(0);
  });

  it("#89 a gradient may be expanded, and then refuses to be written", () => {
    const y = leaf([1, 2]).mul(2);
    y.registerHook((g) => {
      g?.mul_(2);
    });
    expect(() => y.sum().backward()).toThrow(ShapeError);
  });

  it("node hooks that return the wrong number or kind throw", () => {
    const run = (returned: unknown) => {
      const y = leaf([1]).mul(2);
      y.gradFn?.registerHook(() => returned as never);
      y.backward();
    };
    run(null);
    run(undefined);
    expect(() => run([null])).toThrow(/incorrect number of values/);
    expect(() => run([1, 2])).toThrow(GraphError);
  });
});

describe("custom functions", () => {
  it("#119 #120 saveForForward and attributes", () => {
    class Mul extends autograd.Function {
      static forward(ctx: Ctx, x: Tensor, k: number) {
        ctx.saveForForward(x);
        ctx.k = k;
        return x.mul(x).mul(k);
      }
      static jvp(ctx: Ctx, t: Tensor) {
        return (ctx.savedTensors[0] as Tensor).mul(t).mul(2 * (ctx.k as number));
      }
    }
    forwardAd.dualLevel(() => {
      const y = Mul.apply(forwardAd.makeDual(tensor([3]), tensor([1])), 5);
      expect(forwardAd.unpackDual(y).tangent?.tolist()).toEqual([30]);
    });
  });

  it("#126 returning one tensor twice gives one object and two gradients", () => {
    class Twice extends autograd.Function {
      static forward(_ctx: Ctx, x: Tensor) {
        const y = x.mul(2);
        return [y, y];
      }
      static backward(_ctx: Ctx, g: Tensor, h: Tensor) {
        return g.add(h).mul(2);
      }
    }
    const x = leaf([1]);
    const [a, b] = Twice.apply(x);
    expect(a).toBe(b);
    (a as Tensor).mul(3).backward();
    expect(x.grad?.item()).toBe(6);
  });

  it("#133 clearSavedTensorsOnAccess frees what was saved when it is read", () => {
    class Square extends autograd.Function {
      static readonly clearSavedTensorsOnAccess = true;
      static forward(ctx: Ctx, x: Tensor) {
        ctx.saveForBackward(x);
        return x.mul(x);
      }
      static backward(ctx: Ctx, g: Tensor) {
        const [x] = ctx.savedTensors;
        expect(() => ctx.savedTensors).toThrow(/already been freed/);
        return g.mul(x as Tensor).mul(2);
      }
    }
    const x = leaf([3]);
    const y = Square.apply(x);
    y.backward(null, { retainGraph: true });
    expect(x.grad?.item()).toBe(6);
    expect(() => y.backward()).toThrow(GraphError);
  });

  it("#134 #135 types, and names of classes without one", () => {
    const x = leaf([1]);
    const anonymous = (() =>
      class extends autograd.Function {
        static forward(_ctx: Ctx, a: Tensor) {
          return a.mul(2);
        }
      })();
    expect(anonymous.apply(x).gradFn?.name()).toBe("FunctionBackward");
    expect(() => new autograd.Function()).toThrow(ArgumentError);
  });
});

describe("forward mode", () => {
  it("#146 #149 records, and printing", () => {
    forwardAd.dualLevel(() => {
      const d = forwardAd.makeDual(tensor([1, 2]), tensor([1, 0]));
      const { primal, tangent } = forwardAd.unpackDual(d) satisfies autograd.forwardAd.UnpackedDualTensor;
      expect([primal.tolist(), tangent?.tolist()]).toEqual([
        [1, 2],
        [1, 0],
      ]);
      expect(String(d)).toBe("tensor([1., 2.], tangent=tensor([1., 0.]))");
    });
  });
});

describe("anomaly detection", () => {
  it("#172 forward outside, backward inside: throws, and says that nothing is known of the forward call", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const y = leaf([0]).log().mul(0).sum();
    try {
      autograd.detectAnomaly(() => y.backward());
      expect.unreachable();
    } catch (error) {
      expect(String(error)).toMatch(/'LogBackward0' returned nan values in its 0th output/);
      expect(String(error)).toContain("no forward information");
    }
    warn.mockRestore();
  });

  it("#169 custom functions and views know their forward call; second-order nodes their parents", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    class Bad extends autograd.Function {
      static forward(_ctx: Ctx, x: Tensor) {
        return x.mul(2);
      }
      static backward(_ctx: Ctx, g: Tensor) {
        return g.mul(Number.NaN);
      }
    }
    function callsBad(x: Tensor) {
      return Bad.apply(x);
    }
    autograd.detectAnomaly(() => {
      const y = callsBad(leaf([1]));
      expect(String(y.gradFn?.metadata.traceback)).toContain("callsBad");
      expect(() => y.backward()).toThrow(/'BadBackward' returned nan[\s\S]*callsBad/);
      const x = leaf([2]);
      const cube = x.pow(3);
      const [g] = autograd.grad(cube, x, { createGraph: true });
      expect(g.gradFn?.metadata.parent).toBe(cube.gradFn);
    });
    warn.mockRestore();
  });
});

describe("storage", () => {
  it("#237 float16 and bfloat16: computed in float32, rounded when stored; gradients in the leaf's dtype", () => {
    for (const [dtype, third] of [
      ["float16", 0.333251953125],
      ["bfloat16", 0.333984375],
    ] as const) {
      const x = tensor([1, 2], { dtype, requiresGrad: true });
      const y = x.div(3);
      expect([y.dtype, (y.tolist() as number[])[0]]).toEqual([dtype, third]);
      x.to("float32")
        .mul(tensor([2, 5]))
        .sum()
        .backward();
      expect([x.grad?.dtype, x.grad?.tolist()]).toEqual([dtype, [2, 5]]);
    }
  });

  it("#240 values, dtype, shape and the wish for gradients are saved; history is not", () => {
    const x = tensor([[1, 2.5]], { dtype: "float64", requiresGrad: true });
    const back = load(save({ x, y: x.detach().to("int32") })) as Record<string, Tensor>;
    const [a, b] = [back.x as Tensor, back.y as Tensor];
    expect([a.tolist(), a.dtype, a.requiresGrad, a.isLeaf]).toEqual([[[1, 2.5]], "float64", true, true]);
    expect([b.tolist(), b.dtype, b.requiresGrad]).toEqual([[[1, 2]], "int32", false]);
    let history: unknown = null;
    try {
      history = (load(save(x.mul(2))) as Tensor).gradFn;
    } catch (error) {
      expect(error).toBeInstanceOf(WengertError);
    }
    expect(history).toBe(null);
  });
});

describe("defaults and errors", () => {
  it("#241 the default dtype changes factories, literals, promotion and printing", () => {
    const before = getDefaultDtype();
    setDefaultDtype("float64");
    try {
      expect([zeros([1]).dtype, tensor([1]).dtype, tensor([1], { dtype: "int32" }).div(2).dtype]).toEqual([
        "float64",
        "float64",
        "float64",
      ]);
      expect(String(tensor([1]))).toBe("tensor([1.])");
      expect(String(tensor([1], { dtype: "float32" }))).toBe("tensor([1.], dtype=torch.float32)");
    } finally {
      setDefaultDtype(before);
    }
  });

  it("#242 every error is a WengertError with a class of its own", () => {
    for (const Class of [ArgumentError, DTypeError, ShapeError, GraphError, NumericalError, OutOfMemoryError])
      expect(new Class("x")).toBeInstanceOf(WengertError);
    expect(() => ones([2]).backward()).toThrow(GraphError);
    expect(() => leaf([1, 2]).backward()).toThrow(/grad can be implicitly created only for scalar outputs/);
    expect(() => varMean(3 as never)).toThrow(ArgumentError);
  });
});
