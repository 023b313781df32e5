// Modules: what they hold, under which names, how they are printed, moved, saved, loaded and watched.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import { messageOf } from "../helpers/tape.js";

const { nn, F, randn, zeros, ones, tensor, scope, memory } = wg;

class Net extends nn.Module {
  first = new nn.Linear(4, 3);
  scale = new nn.Parameter(ones([3]));
  mean = this.registerBuffer("mean", zeros([3]));
  seen = this.registerBuffer("seen", zeros([], { dtype: "int32" }), { persistent: false });
  rest = new nn.Sequential(new nn.Linear(3, 2), new nn.Identity());

  override forward(x: wg.Tensor): wg.Tensor {
    return this.rest.call(F.relu(this.first.call(x)).mul(this.scale).sub(this.mean));
  }
}

describe("what a module holds", () => {
  test("has PyTorch's names in PyTorch's order", () => {
    const net = new Net();
    const names = ["scale", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias"];
    expect(net.namedParameters().map(([name]) => name)).toEqual(names);
    expect(net.namedBuffers().map(([name]) => name)).toEqual(["mean", "seen"]);
    expect(net.namedModules().map(([name]) => name)).toEqual(["", "first", "rest", "rest.0", "rest.1"]);
    expect(net.children()).toEqual([net.first, net.rest]);
    expect(Object.keys(net.stateDict())).toEqual(["scale", "mean", ...names.slice(1)]);
    expect(Object.keys(net.stateDict({ prefix: "net." }))[0]).toBe("net.scale");
    expect(net.parameters(false)).toEqual([net.scale]);
  });

  test("is found by name", () => {
    const net = new Net();
    expect(net.getSubmodule("rest.0")).toBe(net.rest[0]);
    expect(net.getSubmodule("")).toBe(net);
    expect(net.getParameter("rest.0.bias")).toBe(net.rest.get(0).getParameter("bias"));
    expect(net.getBuffer("mean")).toBe(net.mean);
    expect(messageOf(() => net.getSubmodule("first.weight"))).toContain("`weight` is not an nn.Module");
    expect(messageOf(() => net.getSubmodule("second"))).toContain("Net has no attribute `second`");
    expect(messageOf(() => net.getParameter("mean"))).toContain("`mean` is not an nn.Parameter");
    expect(messageOf(() => net.getBuffer("scale"))).toContain("`scale` is not a buffer");
  });

  test("has each name of a module that has several in state dictionaries and texts", () => {
    const layer = new nn.Linear(2, 2);
    const net = new nn.Sequential(layer, new nn.ReLU(), layer);
    expect(String(net)).toBe(`Sequential(\n  (0): ${layer}\n  (1): ReLU()\n  (2): ${layer}\n)`);
    expect(net.namedParameters().map(([name]) => name)).toEqual(["0.weight", "0.bias"]);
    expect(net.children().length).toBe(2);
    expect(Object.keys(net.stateDict())).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    const other = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU(), new nn.Linear(2, 2));
    expect(net.loadStateDict(other.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(layer.weight.equal((other[2] as typeof layer).weight)).toBe(true);
    expect(net.getSubmodule("2")).toBe(layer);
  });

  test("says once that an argument is undefined", () => {
    // @ts-expect-error an argument is missing
    expect(messageOf(() => new nn.Linear(3))).toMatch(/got undefined$/);
  });

  test("counts once where it is shared", () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    (net[1] as wg.nn.Linear).weight = (net[0] as wg.nn.Linear).weight;
    expect(net.parameters().length).toBe(3);
    expect(net.namedParameters({ removeDuplicate: false }).length).toBe(4);
    expect(Object.keys(net.stateDict()).length).toBe(4);
  });

  test("refuses names that cannot be", () => {
    const net = new Net();
    expect(messageOf(() => net.registerParameter("a.b", null))).toContain(`parameter name can't contain "."`);
    expect(messageOf(() => net.registerBuffer("", null))).toContain(`buffer name can't be empty string ""`);
    expect(messageOf(() => net.registerModule("training", null))).toContain("attribute 'training' already exists");
    expect(messageOf(() => net.registerParameter("p", zeros([2]) as never))).toContain("nn.Parameter or null required");
    expect(messageOf(() => net.registerBuffer("p", 3 as never))).toContain("Tensor or null required");
    expect(messageOf(() => new nn.Module().call(1))).toBe('Module [Module] is missing the required "forward" function');
    expect(messageOf(() => new nn.Parameter(zeros([2], { dtype: "int32" })))).toContain("floating point");
  });

  test("prints as in PyTorch", () => {
    expect(String(new Net())).toBe(
      "Net(\n  (first): Linear(in_features=4, out_features=3, bias=True)\n  (rest): Sequential(\n" +
        "    (0): Linear(in_features=3, out_features=2, bias=True)\n    (1): Identity()\n  )\n)",
    );
    expect(String(new nn.Parameter(zeros([2])))).toBe("Parameter containing:\ntensor([0., 0.], requires_grad=True)");
    expect([new nn.Sequential(), new nn.ModuleList(), new nn.ModuleDict()].map(String)).toEqual([
      "Sequential()",
      "ModuleList()",
      "ModuleDict()",
    ]);
    const list = new nn.ParameterList([zeros([2], { dtype: "float64" }), zeros([3, 1])]);
    expect(String(list)).toBe(
      "ParameterList(\n    (0): Parameter containing: [torch.float64 of size 2]\n" +
        "    (1): Parameter containing: [torch.float32 of size 3x1]\n)",
    );
    expect(String(new nn.ParameterDict({ b: zeros([2, 2]) }))).toBe(
      "ParameterDict(  (b): Parameter containing: [torch.FloatTensor of size 2x2])",
    );
  });
});

describe("state dictionaries", () => {
  test("load into another module", () => {
    const [a, b] = [new Net(), new Net()];
    expect(b.loadStateDict(a.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(b.first.weight.tolist()).toEqual(a.first.weight.tolist());
    expect(b.first.weight.requiresGrad).toBe(true);
    expect(a.stateDict().scale?.requiresGrad).toBe(false);
    expect(a.stateDict({ keepVars: true }).scale).toBe(a.scale);
  });

  test("of old files lack the count of batches", () => {
    const norm = new nn.BatchNorm1d(2);
    const { num_batches_tracked: _, ...old } = norm.stateDict();
    expect(norm.loadStateDict(old)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(messageOf(() => norm.loadStateDict({}))).toContain('"weight", "bias", "running_mean", "running_var". ');
  });

  test("tell what does not match, before anything is written", () => {
    const net = new nn.Linear(2, 3);
    const before = net.bias?.tolist();
    const state = { weight: zeros([2, 2]), bias: zeros([3]), more: zeros([1]) };
    expect(messageOf(() => net.loadStateDict(state))).toBe(
      'Error(s) in loading state_dict for Linear:\n\tUnexpected key(s) in state_dict: "more". \n\tsize mismatch for weight: ' +
        "copying a param with shape torch.Size([2, 2]) from checkpoint, the shape in current model is torch.Size([3, 2]).",
    );
    expect(net.bias?.tolist()).toEqual(before);
    expect(messageOf(() => net.loadStateDict({}))).toBe(
      'Error(s) in loading state_dict for Linear:\n\tMissing key(s) in state_dict: "weight", "bias". ',
    );
    expect(net.loadStateDict({ bias: zeros([3]), more: zeros([1]) }, { strict: false })).toEqual({
      missingKeys: ["weight"],
      unexpectedKeys: ["more"],
    });
    expect(net.bias?.tolist()).toEqual([0, 0, 0]);
    expect(messageOf(() => net.loadStateDict([] as never))).toContain("Expected state_dict to be dict-like");
    expect(messageOf(() => net.loadStateDict({ weight: 3, bias: zeros([3]) }))).toContain(
      'While copying the parameter named "weight"',
    );
  });
});

describe("moving and switching", () => {
  test("keeps the objects", () => {
    const net = new Net();
    const weight = net.first.weight;
    net
      .call(randn([2, 4]))
      .sum()
      .backward();
    expect(net.to("float64")).toBe(net);
    expect(net.first.weight).toBe(weight);
    expect([weight.dtype, weight.grad?.dtype, net.mean.dtype, net.seen.dtype]).toEqual([
      "float64",
      "float64",
      "float64",
      "int32",
    ]);
    net.zeroGrad();
    expect(weight.grad).toBe(null);
    net
      .call(randn([2, 4], { dtype: "float64" }))
      .sum()
      .backward();
    expect(weight.grad?.dtype).toBe("float64");
    net.zeroGrad({ setToNone: false });
    expect(weight.grad?.tolist()).toEqual(zeros([3, 4]).tolist());
    expect(messageOf(() => net.to("int32"))).toContain("only accepts floating point");
  });

  test("train, eval, requiresGrad_, apply", () => {
    const net = new Net();
    expect(net.eval().rest.get(0).training).toBe(false);
    expect(net.train().rest.get(0).training).toBe(true);
    expect(
      net
        .requiresGrad_(false)
        .parameters()
        .some((p) => p.requiresGrad),
    ).toBe(false);
    const order: string[] = [];
    net.apply((module) => order.push(module.constructor.name));
    expect(order).toEqual(["Linear", "Linear", "Identity", "Sequential", "Net"]);
    expect(messageOf(() => net.train(3 as never))).toContain("training mode is expected to be boolean");
  });
});

describe("hooks", () => {
  test("run in their order and replace what they return", () => {
    const layer = new nn.Linear(2, 2);
    const order: string[] = [];
    layer.registerForwardPreHook((module, [x]) => {
      order.push("before");
      expect(module).toBe(layer);
      return x.mul(0);
    });
    layer.registerForwardPreHook(() => void order.push("first"), { prepend: true });
    const handle = layer.registerForwardHook((_module, [x], y) => {
      order.push("after");
      expect([x.tolist(), y.select(0, 0).tolist()]).toEqual([[[0, 0]], layer.bias?.tolist()]);
      return y.add(1);
    });
    const y = layer.call(ones([1, 2]));
    expect(order).toEqual(["first", "before", "after"]);
    expect(y.select(0, 0).tolist()).toEqual(layer.bias?.add(1).tolist());
    handle.remove();
    expect(
      layer
        .call(ones([1, 2]))
        .select(0, 0)
        .tolist(),
    ).toEqual(layer.bias?.tolist());
  });

  test("on gradients get those of inputs and outputs", () => {
    const layer = new nn.Linear(2, 1, { bias: false });
    const seen: unknown[] = [];
    layer.registerFullBackwardPreHook((_module, [g]) => {
      seen.push(["before", g?.tolist()]);
      return [g?.mul(2) ?? null];
    });
    layer.registerFullBackwardHook((_module, [gx], [gy]) => {
      seen.push(["after", gx?.shape, gy?.tolist()]);
      return [zeros([1, 2])];
    });
    const x = tensor([[1, 2]], { requiresGrad: true });
    layer.call(x).sum().backward();
    expect(seen).toEqual([
      ["before", [[1]]],
      ["after", [1, 2], [[2]]],
    ]);
    expect(x.grad?.tolist()).toEqual([[0, 0]]);
    expect(layer.weight.grad?.tolist()).toEqual([[2, 4]]);
  });

  test("on gradients run without inputs that require any", () => {
    const layer = new nn.Linear(2, 1);
    let got: unknown;
    layer.registerFullBackwardHook((_module, gradIn, gradOut) => {
      got = [gradIn, gradOut.map((g) => g?.tolist())];
    });
    layer
      .call(ones([1, 2]))
      .sum()
      .backward();
    expect(got).toEqual([[null], [[[1]]]]);
  });
});

describe("containers", () => {
  test("are lists", () => {
    const [a, b, c] = [new nn.Linear(1, 1), new nn.Linear(1, 1), new nn.Linear(1, 1)];
    const list = new nn.ModuleList([a]);
    list.append(c).insert(1, b);
    expect([...list]).toEqual([a, b, c]);
    expect([list.length, list[1] === b, list.get(-1) === c, list[7]]).toEqual([3, true, true, undefined]);
    expect(list.namedParameters().map(([name]) => name)[2]).toBe("1.weight");
    expect(list.pop(0)).toBe(a);
    expect(list.keys()).toEqual(["0", "1"]);
    list[0] = a;
    expect([...list]).toEqual([a, c]);
    expect(messageOf(() => list.get(2))).toContain("index 2 is out of range");
    expect(messageOf(() => list.append(3 as never))).toContain("is not a Module subclass");
  });

  test("go by name", () => {
    const [a, b] = [new nn.Linear(1, 1), new nn.Identity()];
    const net = new nn.Sequential({ one: a, two: b });
    expect([net[0] === a, net.get("two") === b, net.keys()]).toEqual([true, true, ["one", "two"]]);
    const dict = new nn.ModuleDict({ "10": a, "2": b });
    dict.set("a" as never, a);
    expect([dict.has("2"), dict.get("10") === a, dict.length]).toEqual([true, true, 3]);
    const inOrder = new nn.ModuleDict([
      ["z", a],
      ["1", b],
    ] as [string, wg.nn.Module][]);
    expect(inOrder.keys()).toEqual(["z", "1"]);
    expect(messageOf(() => inOrder.get("x"))).toContain('no entry "x"');
  });

  test("hold parameters", () => {
    const list = new nn.ParameterList([zeros([2]), zeros([3])]);
    expect(list.namedParameters().map(([name]) => name)).toEqual(["0", "1"]);
    expect(list[1]).toBeInstanceOf(nn.Parameter);
    const dict = new nn.ParameterDict({ w: zeros([2]) }).set("v", ones([1]));
    expect(Object.keys(dict.stateDict())).toEqual(["w", "v"]);
    expect(messageOf(() => list.call())).toContain("should not be called");
  });
});

describe("a module is a function", () => {
  test("that does what call does, hooks and types included", () => {
    const net = new Net();
    const x = randn([2, 4]);
    const y: wg.Tensor = net(x);
    expect(y.equal(net.call(x))).toBe(true);
    let calls = 0;
    net.first.registerForwardHook(() => void calls++);
    net(x);
    expect(calls).toBe(1);
    const lstm = new nn.LSTM(4, 3);
    const [out, [h, c]]: [wg.Tensor, [wg.Tensor, wg.Tensor]] = lstm(randn([5, 2, 4]));
    expect([out.shape, h.shape, c.shape]).toEqual([
      [5, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
    const [values, indices] = new nn.MaxPool1d(2, { returnIndices: true })(randn([1, 2, 4]));
    expect([values.shape, indices.dtype]).toEqual([[1, 2, 2], "int32"]);
    // @ts-expect-error: a convolution takes a tensor
    expect(() => new nn.Conv1d(1, 1, 1)("x")).toThrow(wg.WengertError);
    // @ts-expect-error: a parameter is not just any tensor
    net.scale = ones([3]);
  });

  test("wherever a function is taken", () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Tanh());
    const x = randn([1, 2], { requiresGrad: true });
    expect(wg.utils.checkpoint.checkpoint(net, [x]).equal(net(x))).toBe(true);
    expect((wg.autograd.functional.jacobian(net, x) as wg.Tensor).shape).toEqual([1, 2, 1, 2]);
  });

  test("of its parameters, by functionalCall", () => {
    const net = new Net();
    const x = ones([1, 4]);
    const zero = { "rest.0.weight": zeros([2, 3]), "rest.0.bias": tensor([1, 2]), mean: ones([3]) };
    expect((wg.func.functionalCall(net, zero, x) as wg.Tensor).tolist()).toEqual([[1, 2]]);
    const norm = new nn.BatchNorm1d(2).eval();
    const moved = wg.func.functionalCall(norm, { running_mean: ones([2]) }, ones([1, 2])) as wg.Tensor;
    expect([moved.tolist(), norm.runningMean?.tolist()]).toEqual([[[0, 0]], [0, 0]]);
  });

  test("whose fields may have any name, and that is copied as a module", () => {
    class Named extends nn.Module {
      name = "a name";
      length = 7;
      inner = new nn.Linear(2, 1);

      override forward(x: wg.Tensor): wg.Tensor {
        return this.inner(x).mul(this.length);
      }
    }
    const named = new Named();
    named.name = "another";
    const copy = wg.utils.deepcopy(named);
    expect([copy.name, copy.length, String(copy), copy instanceof Named]).toEqual(["another", 7, String(named), true]);
    const x = ones([1, 2]);
    expect(copy(x).equal(named(x))).toBe(true);
    named.inner.weight.data.fill_(0);
    expect(copy(x).equal(named(x))).toBe(false);
    expect(new nn.Module() instanceof nn.Module).toBe(true);
  });
});

test("printed names stay when a bundler shortens those of classes", async () => {
  const { buildSync } = await import("esbuild");
  const entry = new URL("../../src/nn/index.ts", import.meta.url).pathname;
  const source = `import { Sequential, ReLU, LSTM, Module } from ${JSON.stringify(entry)};
    export const text = String(new Sequential(new ReLU(), new Sequential({ a: new ReLU({ inplace: true }) })));
    export const names = [Sequential, ReLU, LSTM, Module].map((each) => each.name);`;
  const built = buildSync({
    stdin: { contents: source, resolveDir: "." },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false,
  });
  const url = `data:text/javascript;base64,${Buffer.from(built.outputFiles[0]?.text ?? "").toString("base64")}`;
  const { text, names } = (await import(/* @vite-ignore */ url)) as { text: string; names: string[] };
  expect(text).toBe("Sequential(\n  (0): ReLU()\n  (1): Sequential(\n    (a): ReLU(inplace=True)\n  )\n)");
  expect(names).toEqual(["Sequential", "ReLU", "LSTM", "Module"]);
  // Layers that are not named are not there.
  expect(built.outputFiles[0]?.text).not.toContain("upscale_factor");
});

test("memory is back where it was", () => {
  randn([1]).dispose();
  const before = memory().live;
  scope(() => {
    const net = new Net();
    net
      .call(randn([2, 4]))
      .sum()
      .backward();
    net.to("float64").stateDict();
  });
  expect(memory().live).toBe(before);
  const net = scope(() => {
    const made = new Net();
    made
      .call(randn([2, 4]))
      .sum()
      .backward();
    return made;
  });
  expect(net.call(ones([1, 4])).shape).toEqual([1, 2]);
  scope(() => net.rest.append(wg.keep(new nn.BatchNorm1d(2))));
  expect(net(ones([3, 4])).shape).toEqual([3, 2]);
  net.dispose();
  expect(
    net
      .parameters()
      .concat(net.buffers() as never[])
      .every((each) => each.isDisposed),
  ).toBe(true);
  expect(() => net(ones([3, 4]))).toThrow(wg.DisposedError);
});
