// Functions of functions: rows of the contract by number, PyTorch's words where they refuse, and no bytes left.

import { describe, expect, it } from "vitest";
import {
  arange,
  autograd,
  bernoulli,
  eye,
  F,
  float64,
  func,
  GradcheckError,
  GraphError,
  int32,
  manualSeed,
  memory,
  nn,
  noGrad,
  ones,
  rand,
  randn,
  scope,
  slice,
  stack,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from "../../src/entries/node.js";

const list = (x: unknown): unknown => (x as Tensor).tolist();
const close = (x: unknown, y: unknown, digits = 5): void => {
  const flat = (value: unknown) => [value].flat(9) as number[];
  const [a, b] = [flat(list(x)), flat(y)];
  expect(a.length).toBe(b.length);
  a.forEach((value, i) => {
    expect(value).toBeCloseTo(b[i] as number, digits);
  });
};

describe("grad", () => {
  it("#187 gives the gradient in the structure of the argument", () => {
    close(func.grad((x: Tensor) => x.sin())(tensor(1)), Math.cos(1));
    const g = func.grad((p: { w: Tensor; b: Tensor[] }) => p.w.mul(p.b[0] as Tensor).sum())({
      w: tensor([1, 2]),
      b: [tensor([3, 4])],
    });
    expect(list(g.w)).toEqual([3, 4]);
    expect(list(g.b[0])).toEqual([1, 2]);
  });

  it("#187 differentiates by the arguments that argnums names", () => {
    const f = (a: Tensor, b: Tensor) => a.mul(b.pow(2)).sum();
    const [a, b] = [tensor([1, 2]), tensor([3, 4])];
    expect(list(func.grad(f, { argnums: 1 })(a, b))).toEqual([6, 16]);
    expect(list(func.grad(f, { argnums: -1 })(a, b))).toEqual([6, 16]);
    const both = func.grad(f, { argnums: [0, 1] })(a, b);
    expect(both.map(list)).toEqual([
      [9, 16],
      [6, 16],
    ]);
    expect(() => func.grad(f, { argnums: 2 })(a, b)).toThrow(/argnum=2, but only 2 positional inputs/);
    expect(() => func.grad(f, { argnums: [0, 0] })(a, b)).toThrow(/unique/);
  });

  it("#187 hands aux on, without history", () => {
    const [g, aux] = func.grad((x: Tensor) => [x.pow(2), x.mul(3)] as const, { hasAux: true })(tensor(2));
    expect(g.item()).toBe(4);
    expect(aux.item()).toBe(6);
    expect(aux.requiresGrad).toBe(false);
    expect(() => func.grad((x: Tensor) => x, { hasAux: true })(tensor(1))).toThrow(
      /output of function f should be a tuple/,
    );
  });

  it("#187 nests to any depth, and keeps perturbations apart", () => {
    const cube = (x: Tensor) => x.pow(3);
    expect(
      func
        .grad(func.grad(func.grad(cube)))(tensor(2))
        .item(),
    ).toBe(6);
    const f = (x: Tensor) => x.mul(func.grad((y: Tensor) => x.add(y))(tensor(1)));
    expect(func.grad(f)(tensor(1)).item()).toBe(1);
    const g = (x: Tensor) => x.mul(func.grad((y: Tensor) => x.mul(y))(tensor(2)));
    expect(func.grad(g)(tensor(3)).item()).toBe(6);
  });

  it("#187 leaks no gradients: results are plain, arguments stay as they were", () => {
    const x = tensor([1, 2]);
    const g = func.grad((y: Tensor) => y.pow(2).sum())(x);
    expect([g.requiresGrad, x.requiresGrad, x.grad]).toEqual([false, false, null]);
    const w = tensor([1, 2], { requiresGrad: true });
    const outer = func.grad((y: Tensor) => y.mul(w).sum())(x);
    outer.sum().backward();
    expect(list(w.grad)).toEqual([1, 1]);
  });

  it("#187 is differentiated by what surrounds it", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const g = func.grad((y: Tensor) => y.pow(3).sum())(x);
    g.sum().backward();
    expect(list(x.grad)).toEqual([6, 12]);
  });

  it("#187 ignores noGrad outside and keeps it inside", () => {
    expect(noGrad(() => func.grad((x: Tensor) => x.pow(2))(tensor(3))).item()).toBe(6);
    expect(
      func
        .grad((x: Tensor) => noGrad(() => x.pow(2)).add(x))(tensor(3))
        .item(),
    ).toBe(1);
    const x = tensor(3, { requiresGrad: true });
    expect(noGrad(() => func.grad((y: Tensor) => y.pow(2))(x)).requiresGrad).toBe(false);
  });

  it("#187 refuses results with dims, and arguments that are no floats", () => {
    expect(() => func.grad((x: Tensor) => x)(tensor([1, 2]))).toThrow(/vjp or jacrev/);
    expect(() => func.grad((x: Tensor) => x.sum())(tensor([1], { dtype: int32 }))).toThrow(/floating point/);
    expect(() => func.grad((_x: Tensor) => 1 as never)(tensor(1))).toThrow(/return a tensor/);
  });

  it("#187 gives zeros where nothing depends on the argument", () => {
    expect(list(func.grad((_x: Tensor) => ones([]))(tensor([1, 2])))).toEqual([0, 0]);
  });

  it("#188 gives gradient and value, in both orders", () => {
    const [g, value] = func.gradAndValue((x: Tensor) => x.pow(2))(tensor(3));
    expect([g.item(), value.item(), value.requiresGrad]).toEqual([6, 9, false]);
    const [v, slope] = func.valueAndGrad((x: Tensor) => x.pow(2))(tensor(3));
    expect([v.item(), slope.item()]).toEqual([9, 6]);
    const [h, [w, aux]] = func.gradAndValue((x: Tensor) => [x.pow(2), x] as const, { hasAux: true })(tensor(3));
    expect([h.item(), w.item(), aux.item()]).toEqual([6, 9, 3]);
  });
});

describe("vjp, jvp, linearize", () => {
  it("#189 pulls back again and again", () => {
    const [y, pull] = func.vjp((a, b) => a.mul(b), [tensor([1, 2]), tensor([3, 4])]);
    expect(list(y)).toEqual([3, 8]);
    expect(y.requiresGrad).toBe(false);
    for (let n = 0; n < 2; n++) {
      const [ga, gb] = pull(tensor([1, 1]));
      expect([list(ga), list(gb)]).toEqual([
        [3, 4],
        [1, 2],
      ]);
    }
  });

  it("#189 checks cotangents and hands aux on", () => {
    const [, pull, aux] = func.vjp((x: Tensor) => [{ y: x.mul(2) }, x] as const, [tensor([1, 2])], { hasAux: true });
    expect(list(aux)).toEqual([1, 2]);
    expect(list(pull({ y: tensor([1, 0]) })[0])).toEqual([2, 0]);
    expect(() => pull(tensor([1, 0]) as never)).toThrow(/pytree structure/);
    expect(() => pull({ y: tensor([1]) })).toThrow(/Mismatch in shape/);
  });

  it("#190 pushes forward, nested", () => {
    const [y, t] = func.jvp((x: Tensor) => x.sin(), [tensor(0)], [tensor(1)]);
    expect([y.item(), t.item()]).toEqual([0, 1]);
    const second = func.jvp(
      (x: Tensor) => func.jvp((z: Tensor) => z.pow(3), [x], [tensor(1)])[1],
      [tensor(2)],
      [tensor(1)],
    )[1];
    expect(second.item()).toBe(12);
    const mixed = func.jvp(
      (x: Tensor) => x.mul(func.jvp((z: Tensor) => x.add(z), [tensor(1)], [tensor(1)])[1]),
      [tensor(5)],
      [tensor(1)],
    );
    expect(mixed[1].item()).toBe(1);
  });

  it("#190 checks its arguments", () => {
    const f = (x: Tensor) => x;
    expect(() => func.jvp(f, tensor(1) as never, tensor(1) as never)).toThrow(/array/);
    expect(() => func.jvp(f, [tensor([1, 2])], [tensor([1])])).toThrow(/Mismatch in shape/);
    expect(() => func.jvp(f, [tensor([1])], [] as never)).toThrow(/array/);
    expect(() => func.jvp((_x: Tensor) => ones([]), [tensor(1)], [tensor(1)], { strict: true })).toThrow(/independent/);
    expect(list(func.jvp((_x: Tensor) => ones([]), [tensor(1)], [tensor(1)])[1])).toBe(0);
    const [, , aux] = func.jvp((x: Tensor) => [x, x.mul(2)] as const, [tensor(1)], [tensor(1)], { hasAux: true });
    expect(aux.item()).toBe(2);
  });

  it("#190 goes over grad and under it", () => {
    const hvp = func.jvp(
      func.grad((x: Tensor) => x.pow(3).sum()),
      [tensor([1, 2])],
      [tensor([1, 1])],
    )[1];
    expect(list(hvp)).toEqual([6, 12]);
    const other = func.grad((x: Tensor) => func.jvp((z: Tensor) => z.pow(3).sum(), [x], [tensor([1, 1])])[1])(
      tensor([1, 2]),
    );
    expect(list(other)).toEqual([6, 12]);
  });

  it("#191 linearizes: f runs once", () => {
    let runs = 0;
    const [y, push] = func.linearize(
      (x: Tensor, z: Tensor) => {
        runs++;
        return { a: x.pow(2).mul(z), b: z };
      },
      tensor([1, 2]),
      tensor([3, 4]),
    );
    expect(list(y.a)).toEqual([3, 16]);
    expect(list(push(tensor([1, 0]), tensor([0, 1])).a)).toEqual([6, 4]);
    expect(list(push(tensor([0, 1]), tensor([0, 0])).a)).toEqual([0, 16]);
    expect(runs).toBe(1);
    expect(() => push(tensor([1]), tensor([1, 1]))).toThrow(/Mismatch in shape/);
  });
});

describe("Jacobians", () => {
  const f = (x: Tensor, y: Tensor) => x.outer(y).mul(x.sum());
  const [x, y] = [tensor([1, 2], { dtype: float64 }), tensor([3, 4, 5], { dtype: float64 })];

  it("#192 agree in both modes and with a loop", () => {
    for (const argnums of [0, 1]) {
      const reverse = func.jacrev(f, { argnums })(x, y) as Tensor;
      expect(reverse.shape).toEqual([2, 3, argnums === 0 ? 2 : 3]);
      close(func.jacfwd(f, { argnums })(x, y), list(reverse));
      close(func.jacrev(f, { argnums, chunkSize: 1 })(x, y), list(reverse));
      close(func.jacrev(f, { argnums, chunkSize: 4 })(x, y), list(reverse));
    }
    expect(() => func.jacrev(f, { chunkSize: 0 })).toThrow(/chunkSize/);
  });

  it("#192 nest outputs, then inputs, and hand aux on", () => {
    const g = (a: Tensor, b: Tensor) => ({ product: a.mul(2), other: [b.sum()] });
    for (const jac of [func.jacrev, func.jacfwd]) {
      const result = jac(g, { argnums: [0, 1] })(x, y);
      expect(list(result.product[0])).toEqual([
        [2, 0],
        [0, 2],
      ]);
      expect(list(result.other[0][1])).toEqual([1, 1, 1]);
      expect(list(result.other[0][0])).toEqual([0, 0]);
      const [jacobian, aux] = jac((a: Tensor) => [a.pow(2), a.sum()], { hasAux: true })(x);
      expect(list(jacobian)).toEqual([
        [2, 0],
        [0, 4],
      ]);
      expect(aux.item()).toBe(3);
    }
  });

  it("#192 takes randomness in forward mode", () => {
    const noisy = (z: Tensor) => z.mul(bernoulli(ones([2], { dtype: float64 })));
    expect(() => func.jacfwd(noisy)(x)).toThrow(/randomness error mode/);
    close(func.jacfwd(noisy, { randomness: "same" })(x), [1, 0, 0, 1]);
  });

  it("#193 hessian, in all orders of modes", () => {
    const h = (z: Tensor) => z.prod().mul(z.sum());
    const expected = list(func.hessian(h)(y));
    for (const outer of [func.jacrev, func.jacfwd]) {
      for (const inner of [func.jacrev, func.jacfwd]) close(outer(inner(h))(y), expected);
    }
    close(autograd.functional.hessian(h, y), expected);
  });

  it("#153 #154 #155 the functional ones are batched with vectorize", () => {
    let runs = 0;
    const g = (a: Tensor, b: Tensor) => {
      runs++;
      return [a.pow(2), a.outer(b)];
    };
    const loop = autograd.functional.jacobian(g, [x, y]) as Tensor[][];
    runs = 0;
    const batched = autograd.functional.jacobian(g, [x, y], { vectorize: true }) as Tensor[][];
    const forward = autograd.functional.jacobian(g, [x, y], {
      vectorize: true,
      strategy: "forward-mode",
    }) as Tensor[][];
    expect(runs).toBe(2);
    loop.forEach((row, k) => {
      row.forEach((each, i) => {
        close(batched[k]?.[i], list(each));
        close(forward[k]?.[i], list(each));
      });
    });
    const h = (z: Tensor) => z.pow(3).sum();
    const expected = list(autograd.functional.hessian(h, y));
    close(autograd.functional.hessian(h, y, { vectorize: true }), expected);
    close(autograd.functional.hessian(h, y, { vectorize: true, outerJacobianStrategy: "forward-mode" }), expected);
  });
});

describe("vmap", () => {
  const x = arange(0, 6, 1, { dtype: float64 }).reshape([2, 3]);

  it("#194 maps over the dims that are named, and puts them where it is told", () => {
    expect(list(func.vmap((a: Tensor) => a.sum())(x))).toEqual([3, 12]);
    expect(list(func.vmap((a: Tensor) => a.sum(), { inDims: 1 })(x))).toEqual([3, 5, 7]);
    expect(list(func.vmap((a: Tensor) => a.sum(), { inDims: -1 })(x))).toEqual([3, 5, 7]);
    const wide = func.vmap((a: Tensor) => a.mul(2), { outDims: 1 })(x);
    expect(wide.shape).toEqual([3, 2]);
    const seen = func.vmap((p: { a: Tensor; b: Tensor[] }) => [p.a.add(p.b[0] as Tensor)] as never, {
      inDims: [{ a: 0, b: [null] }],
      outDims: [1],
    })({ a: x, b: [ones([3])] }) as unknown as Tensor[];
    expect(seen[0]?.shape).toEqual([3, 2]);
  });

  it("#194 shows shapes, strides and text of one example inside", () => {
    func.vmap((a: Tensor) => {
      expect([a.shape, a.ndim, a.numel()]).toEqual([[3], 1, 3]);
      expect(a.size(0)).toBe(3);
      expect(String(a)).toMatch(/^BatchedTensor\(lvl=\d+, bdim=0, value=\n {4}tensor\(\[\[0\., 1\., 2\.\],/);
      return a;
    })(x);
  });

  it("#194 computes all examples by one call of f", () => {
    let calls = 0;
    const f = (a: Tensor) => {
      calls++;
      return a.relu();
    };
    func.vmap(f)(randn([100, 3]));
    expect(calls).toBe(1);
    func.vmap(f, { chunkSize: 30 })(randn([100, 3]));
    expect(calls).toBe(5);
  });

  it("#194 repeats what is the same for all examples", () => {
    const result = func.vmap((_a: Tensor) => ones([2]))(x);
    expect(result.shape).toEqual([2, 2]);
    expect(func.vmap((_a: Tensor) => ones([2]), { outDims: null })(x).shape).toEqual([2]);
    expect(() => func.vmap((a: Tensor) => a, { outDims: null })(x)).toThrow(/can not return a BatchedTensor/);
  });

  it("#194 nests, and closes over mapped tensors", () => {
    const outer = func.vmap((a: Tensor) => func.vmap((b: Tensor) => a.mul(b).sum())(x))(x);
    expect(list(outer)).toEqual([
      [5, 14],
      [14, 50],
    ]);
  });

  it("#194 refuses arguments that do not fit", () => {
    const f = (a: Tensor, _b?: unknown) => a;
    expect(() => func.vmap(f)(x, ones([5]))).toThrow(
      /Expected all tensors to have the same size in the mapped dimension/,
    );
    expect(() => func.vmap(f)(x, 3)).toThrow(/cannot vmap over non-Tensor/);
    expect(() => func.vmap(f, { inDims: [null, null] })(x, 3)).toThrow(/at least one/);
    expect(() => func.vmap(f, { inDims: 2 })(x)).toThrow(/in_dim=2/);
    expect(() => func.vmap(f, { inDims: [0] })(x, x)).toThrow(/not compatible/);
    expect(() => func.vmap((_a: Tensor) => 3)(x)).toThrow(/must only return Tensors/);
    expect(() => func.vmap(f)(ones([]))).toThrow(/in_dim=0/);
    expect(() => func.vmap(f, { randomness: "some" as never })).toThrow(/'error', 'different', or 'same'/);
    expect(() => func.vmap(f, { chunkSize: 0 })).toThrow(/chunkSize/);
    expect(() => func.vmap(async (a: Tensor) => a)(x)).toThrow(/synchronous/);
  });

  it("#194 refuses what needs the data of one example", () => {
    const refused: ((a: Tensor) => unknown)[] = [
      (a) => a.sum().item(),
      (a) => a.tolist(),
      (a) => a.toTypedArray(),
      (a) => a.nonzero(),
      (a) => a.index(a.gt(1)),
      (a) => a.maskedSelect(a.gt(1)),
      (a) => a.unique(),
      (a) => a.to(int32).bincount(),
    ];
    for (const f of refused) expect(() => func.vmap(f as (a: Tensor) => Tensor)(x)).toThrow(/vmap/);
    expect(() => func.vmap((a: Tensor) => zeros([3], { dtype: float64 }).add_(a))(x)).toThrow(
      /vmap: in-place arithmetic .* is not possible/,
    );
    // The next call is none the worse for it.
    expect(list(func.vmap((a: Tensor) => a.sum())(x))).toEqual([3, 12]);
  });

  it("#194 writes in place what is mapped, and what was made like it", () => {
    const made = func.vmap((a: Tensor) => {
      const y = zerosLike(a);
      y.select(0, 1).add_(a.select(0, 2));
      y.index(slice(0, 1)).fill_(7);
      return y;
    })(x);
    expect(list(made)).toEqual([
      [7, 2, 0],
      [7, 5, 0],
    ]);
    const own = x.clone();
    func.vmap((a: Tensor) => a.mul_(2))(own);
    expect(list(own)).toEqual([
      [0, 2, 4],
      [6, 8, 10],
    ]);
    expect(own.version).toBe(1);
  });

  it("#194 indexes by mapped tensors", () => {
    const places = tensor([2, 0], { dtype: int32 });
    expect(list(func.vmap((a: Tensor, i: Tensor) => a.index(i))(x, places))).toEqual([2, 3]);
    expect(list(func.vmap((i: Tensor) => arange(0, 3, 1).index(i))(places))).toEqual([2, 0]);
  });

  it("#194 gives gradients of each example, and of their sum", () => {
    const w = tensor([1, 2, 3], { dtype: float64 });
    const loss = (v: Tensor, a: Tensor) => a.dot(v).pow(2);
    const each = func.vmap(func.grad(loss), { inDims: [null, 0] })(w, x);
    const loop = stack([0, 1].map((i) => func.grad(loss)(w, x.select(0, i))));
    expect(list(each)).toEqual(list(loop));
    const sum = func.grad((v: Tensor) =>
      func
        .vmap((a: Tensor) => loss(v, a))(x)
        .sum(),
    )(w);
    expect(list(sum)).toEqual(list(loop.sum(0)));
    const leaf = w.clone().requiresGrad_();
    func
      .vmap((a: Tensor) => loss(leaf, a))(x)
      .sum()
      .backward();
    expect(list(leaf.grad)).toEqual(list(loop.sum(0)));
    expect(() =>
      func.vmap((a: Tensor) => {
        const y = loss(leaf, a);
        y.backward();
        return y;
      })(x),
    ).toThrow(GraphError);
  });

  it("#194 holds in half precision, whatever dim is mapped over", () => {
    const wide = randn([3, 4, 5]);
    const fs: ((a: Tensor) => Tensor)[] = [
      (a) => a.add(1),
      (a) => a.sum(0),
      (a) => a.cumsum(0),
      (a) => a.flip(0),
      (a) => a.softmax(1),
      (a) => a.matmul(a.t()),
      (a) => a.sort(0).values,
    ];
    for (const dtype of ["float16", "bfloat16"] as const) {
      const half = wide.to(dtype);
      for (const inDims of [0, 1, 2]) {
        const examples = Array.from({ length: half.shape[inDims] as number }, (_, i) => half.select(inDims, i));
        for (const f of fs) expect(list(func.vmap(f, { inDims })(half))).toEqual(list(stack(examples.map(f))));
      }
    }
  });

  it("#195 draws as randomness says", () => {
    expect(() => func.vmap((a: Tensor) => a.add(rand([3])))(x)).toThrow(/randomness error mode/);
    const same = func.vmap((_a: Tensor) => rand([3]), { randomness: "same" })(x);
    expect(list(same.select(0, 0))).toEqual(list(same.select(0, 1)));
    manualSeed(1);
    const different = func.vmap((_a: Tensor) => rand([3]), { randomness: "different" })(x);
    manualSeed(1);
    expect(list(different)).toEqual(list(stack([rand([3]), rand([3])])));
    const dropped = func.vmap((a: Tensor) => F.dropout(a, 0.5), { randomness: "same" })(ones([2, 40]));
    expect(list(dropped.select(0, 0))).toEqual(list(dropped.select(0, 1)));
    const others = func.vmap((a: Tensor) => F.dropout(a, 0.5), { randomness: "different" })(ones([2, 40]));
    expect(list(others.select(0, 0))).not.toEqual(list(others.select(0, 1)));
    expect(() =>
      func.vmap(
        (a: Tensor) => {
          zeros([3]).uniform_();
          return a;
        },
        { randomness: "different" },
      )(x),
    ).toThrow(/different inplace randomness/);
  });
});

describe("modules", () => {
  it("#196 runs a module on other parameters, and gives it back its own", () => {
    const model = new nn.Linear(2, 1);
    const [weight, bias] = [model.weight, model.bias];
    const out = func.functionalCall(model, { weight: tensor([[1, 2]]) }, [tensor([1, 1])]);
    close(out, [3 + Number((bias as Tensor).item())]);
    expect(model.weight).toBe(weight);
    expect(() => func.functionalCall(model, { weight: zeros([1, 5]) }, [tensor([1, 1])])).toThrow();
    expect(model.weight).toBe(weight);
    expect(() => func.functionalCall(model, { height: zeros([1]) }, [tensor([1, 1])])).toThrow(
      /no parameter or buffer/,
    );
    expect(() => func.functionalCall(model, { weight }, [tensor([1, 1])], { strict: true })).toThrow(/missing key/);
  });

  it("#196 differentiates by the parameters of nested modules, of each example too", () => {
    manualSeed(3);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
    const params = Object.fromEntries(model.namedParameters());
    const [a, b] = [randn([5, 3]), randn([5, 1])];
    const loss = (p: Record<string, Tensor>, u: Tensor, v: Tensor) =>
      F.mseLoss(func.functionalCall(model, p, [u]) as Tensor, v);
    const each = func.vmap(func.grad(loss), { inDims: [null, 0, 0] })(params, a, b);
    for (let n = 0; n < 5; n++) {
      const own = func.grad(loss)(params, a.select(0, n), b.select(0, n));
      for (const name of Object.keys(params)) {
        close((each[name] as Tensor).select(0, n), list(own[name]), 4);
      }
    }
  });

  it("#197 stacks the parameters of an ensemble", () => {
    const models = [0, 1, 2].map(() => new nn.Linear(2, 3));
    const [params, buffers] = func.stackModuleState(models);
    expect(params.weight?.shape).toEqual([3, 3, 2]);
    expect(params.weight?.requiresGrad).toBe(true);
    const u = randn([4, 2]);
    const first = models[0] as nn.Linear;
    const run = (p: Record<string, Tensor>, q: Record<string, Tensor>, v: Tensor) =>
      func.functionalCall(first, [p, q], [v]) as Tensor;
    const out = func.vmap(run, { inDims: [0, 0, null] })(params, buffers, u);
    close(out, list(stack(models.map((model) => model.call(u)))));
    expect(() => func.stackModuleState([])).toThrow(/at least one model/);
  });
});

describe("what hangs on vmap", () => {
  const x = tensor([1, 2, 3], { dtype: float64, requiresGrad: true });

  it("#34 isGradsBatched: the first dim of gradOutputs is a batch", () => {
    const [g] = autograd.grad(x.pow(2), x, { gradOutputs: eye(3, { dtype: float64 }), isGradsBatched: true });
    expect(list(g)).toEqual([
      [2, 0, 0],
      [0, 4, 0],
      [0, 0, 6],
    ]);
    const [s] = autograd.grad(x.pow(2).sum(), x, {
      gradOutputs: tensor([1, 2], { dtype: float64 }),
      isGradsBatched: true,
      createGraph: true,
    });
    expect(s.shape).toEqual([2, 3]);
    const [second] = autograd.grad(s.sum(), x);
    expect(list(second)).toEqual([6, 6, 6]);
    const y = tensor([1], { dtype: float64, requiresGrad: true });
    const [h, unused] = autograd.grad(x.sum(), [x, y], {
      gradOutputs: ones([2], { dtype: float64 }),
      isGradsBatched: true,
      allowUnused: true,
    });
    expect([h?.shape, unused]).toEqual([[2, 3], null]);
    expect(() => autograd.grad(x.pow(2), x, { gradOutputs: eye(2, { dtype: float64 }), isGradsBatched: true })).toThrow(
      /remaining dimensions are expected to match/,
    );
  });

  class Generated extends autograd.Function {
    static generateVmapRule = true;
    static forward(a: Tensor): Tensor {
      return a.pow(2);
    }
    static setupContext(ctx: autograd.FunctionCtx, [a]: readonly unknown[]): void {
      ctx.saveForBackward(a as Tensor);
    }
    static backward(ctx: autograd.FunctionCtx, g: Tensor): Tensor {
      return g.mul(ctx.savedTensors[0] as Tensor).mul(2);
    }
  }

  it("#131 #199 generateVmapRule maps what a custom function is made of", () => {
    const u = tensor([
      [1, 2],
      [3, 4],
    ]);
    const f = (a: Tensor) => Generated.apply(a) as Tensor;
    expect(list(func.vmap(f)(u))).toEqual([
      [1, 4],
      [9, 16],
    ]);
    const doubled = [
      [2, 4],
      [6, 8],
    ];
    expect(list(func.vmap(func.grad((a: Tensor) => f(a).sum()))(u))).toEqual(doubled);
    expect(list(func.grad((a: Tensor) => func.vmap(f)(a).sum())(u))).toEqual(doubled);
    expect(func.grad(func.grad(f))(tensor(3)).item()).toBe(2);
  });

  it("#131 static vmap gets arguments with the dim, and says where it is", () => {
    const told: unknown[] = [];
    class Own extends autograd.Function {
      static forward(a: Tensor, _factor: number): Tensor {
        return a.flip(0);
      }
      static setupContext(): void {}
      static backward(_ctx: autograd.FunctionCtx, g: Tensor): (Tensor | null)[] {
        return [Own.apply(g, 1) as Tensor, null];
      }
      static vmap(info: autograd.VmapInfo, inDims: readonly (number | null)[], a: Tensor): unknown {
        told.push(info.batchSize, [...inDims], a.shape);
        return [a.flip(1).t(), 1];
      }
    }
    const u = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const f = (a: Tensor) => Own.apply(a, 2) as Tensor;
    expect(list(func.vmap(f)(u))).toEqual([
      [3, 2, 1],
      [6, 5, 4],
    ]);
    expect(told).toEqual([2, [0, null], [2, 3]]);
    const g = func.vmap(
      func.grad((a: Tensor) =>
        f(a)
          .mul(tensor([1, 2, 3]))
          .sum(),
      ),
    )(u);
    expect(list(g)).toEqual([
      [3, 2, 1],
      [3, 2, 1],
    ]);
  });

  it("#131 a custom function that says nothing, or too much, is refused", () => {
    class Silent extends autograd.Function {
      static forward(a: Tensor): Tensor {
        return a.clone();
      }
      static setupContext(): void {}
    }
    class Both extends Silent {
      static generateVmapRule = true;
      static vmap(): unknown {
        return null;
      }
    }
    class Old extends autograd.Function {
      static generateVmapRule = true;
      static forward(_ctx: autograd.FunctionCtx, a: Tensor): Tensor {
        return a.clone();
      }
    }
    const map = (F: { apply: (a: Tensor) => unknown }) => () =>
      func.vmap((a: Tensor) => F.apply(a) as Tensor)(ones([2, 2]));
    expect(map(Silent as never)).toThrow(/does not have vmap support/);
    expect(map(Both as never)).toThrow(/both generateVmapRule/);
    expect(map(Old as never)).toThrow(/setupContext/);
  });

  it("#163 gradcheck compares batched passes with loops", () => {
    const inputs = [
      randn([2, 3], { dtype: float64, requiresGrad: true }),
      randn([3, 2], { dtype: float64, requiresGrad: true }),
    ];
    const f = (a: Tensor, b: Tensor) => a.matmul(b).sin();
    const options = { checkBatchedGrad: true, checkForwardAd: true, checkBatchedForwardGrad: true };
    expect(autograd.gradcheck(f, inputs, options)).toBe(true);
    expect(autograd.gradgradcheck(f, inputs, { checkBatchedGrad: true })).toBe(true);
    class Wrong extends autograd.Function {
      static generateVmapRule = true;
      static forward(a: Tensor): Tensor {
        return a.clone();
      }
      static setupContext(): void {}
      static backward(_ctx: autograd.FunctionCtx, g: Tensor): Tensor {
        return String(g).startsWith("Batched") ? g.mul(2) : g.clone();
      }
    }
    const own = [randn([2], { dtype: float64, requiresGrad: true })];
    expect(autograd.gradcheck((a) => Wrong.apply(a) as Tensor, own)).toBe(true);
    expect(() => autograd.gradcheck((a) => Wrong.apply(a) as Tensor, own, { checkBatchedGrad: true })).toThrow(
      GradcheckError,
    );
  });
});

describe("memory", () => {
  it("is where it was after every transform, and after one that failed", () => {
    const x = randn([4, 3]);
    const run = (): void => {
      scope(() => {
        func.vmap(func.grad((a: Tensor) => a.sin().sum()))(x);
        func.vmap((a: Tensor) => F.conv1d(a.reshape([1, 1, 3]), ones([1, 1, 2])))(x);
        func.hessian((a: Tensor) => a.pow(3).sum())(tensor([1, 2]));
        func.jvp((a: Tensor) => a.sin(), [x], [x]);
        func.linearize((a: Tensor) => a.sin(), x)[1](x);
        autograd.functional.jacobian((a) => a.pow(2), x, { vectorize: true, strategy: "forward-mode" });
        expect(() => func.vmap((a: Tensor) => a.mul(2).sum().item() as never)(x)).toThrow();
        expect(() => func.grad((a: Tensor) => a.sin())(x)).toThrow();
      });
      // What a scope hands out is all that is left of what was made in it.
      scope(() => func.vmap((a: Tensor) => a.mul(2))(x)).dispose();
      scope(() => func.grad((a: Tensor) => a.pow(2).sum())(x)).dispose();
      for (const each of scope(() => func.jvp((a: Tensor) => a.sin(), [x], [x]))) each.dispose();
      scope(() => func.jacrev((a: Tensor) => a.sin())(tensor([1, 2])) as Tensor).dispose();
    };
    run();
    const { live } = memory();
    run();
    expect(memory().live).toBe(live);
  });
});
