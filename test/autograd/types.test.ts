// What TypeScript knows of gradients and custom functions; `tsc` checks these, and they run too.

import { describe, expect, expectTypeOf, it } from "vitest";
import { autograd, type Tensor, tensor, utils } from "../../src/entries/node.js";

const leaf = (data: number[]) => tensor(data, { requiresGrad: true });
const { functional } = autograd;

describe("types", () => {
  it("gradients of a tuple are a tuple of the same length", () => {
    const a = leaf([1]);
    const b = leaf([2]);
    const y = () => a.mul(b).sum();
    const two = autograd.grad(y(), [a, b]);
    expectTypeOf(two).toEqualTypeOf<[Tensor, Tensor]>();
    expectTypeOf(autograd.grad(y(), a)).toEqualTypeOf<[Tensor]>();
    const [g] = autograd.grad(y(), [a]);
    expectTypeOf(g).toEqualTypeOf<Tensor>();
    // @ts-expect-error there is no third
    expect(two[2]).toBe(undefined);
    const list: readonly Tensor[] = [a, b];
    expectTypeOf(autograd.grad(y(), list)).toEqualTypeOf<Tensor[]>();
    expectTypeOf(autograd.grad(y(), [a, b], { allowUnused: true })).toEqualTypeOf<[Tensor | null, Tensor | null]>();
    expectTypeOf(autograd.grad(y(), a, null, { allowUnused: true })).toEqualTypeOf<[Tensor | null]>();
    expectTypeOf(autograd.grad(y(), [a, b], { allowUnused: true, materializeGrads: true })).toEqualTypeOf<
      [Tensor, Tensor]
    >();
    const edge = autograd.graph.getGradientEdge(a);
    expectTypeOf(autograd.grad(y(), [a, edge])).toEqualTypeOf<[Tensor, Tensor]>();
    // @ts-expect-error a number is no input
    expect(() => autograd.grad(y(), [a, 3])).toThrow(/an input must be a tensor/);
  });

  it("custom functions infer arguments and results, in both forms", () => {
    class Scaled extends autograd.Function {
      static forward(ctx: autograd.FunctionCtx, x: Tensor, factor: number): Tensor {
        ctx.factor = factor;
        return x.mul(factor);
      }
      static backward(ctx: autograd.FunctionCtx, g: Tensor): [Tensor, null] {
        return [g.mul(ctx.factor as number), null];
      }
    }
    const y = Scaled.apply(leaf([1]), 3);
    expectTypeOf(y).toEqualTypeOf<Tensor>();
    expectTypeOf(Scaled.apply<typeof Scaled>).parameters.toEqualTypeOf<[x: Tensor, factor: number]>();
    expect(() => {
      // @ts-expect-error the factor is missing
      Scaled.apply(leaf([1]));
    }).toThrow();
    expect(() => {
      // @ts-expect-error a text is no factor
      Scaled.apply(leaf([1]), "three");
    }).toThrow();
    class Split extends autograd.Function {
      static forward(x: Tensor, at: number): [Tensor, Tensor] {
        return [x.narrow(0, 0, at), x.narrow(0, at, x.numel() - at)];
      }
      static setupContext(_ctx: autograd.FunctionCtx, inputs: readonly unknown[], output: unknown): void {
        expect([inputs.length, (output as Tensor[]).length]).toEqual([2, 2]);
      }
    }
    const parts = Split.apply(leaf([1, 2, 3]), 1);
    expectTypeOf(parts).toEqualTypeOf<[Tensor, Tensor]>();
    expectTypeOf(Split.apply<typeof Split>).parameters.toEqualTypeOf<[x: Tensor, at: number]>();
    expect(parts[1].tolist()).toEqual([2, 3]);
  });

  it("reading grad after clearing it is not taken for null", () => {
    const p = leaf([1]);
    p.mul(2).sum().backward();
    p.grad = undefined;
    p.mul(3).sum().backward();
    expectTypeOf(p.grad).toEqualTypeOf<Tensor | null>();
    expect(p.grad?.item()).toBe(3);
    p.grad = null;
    expect(() => {
      // @ts-expect-error a number is no gradient
      p.grad = 3;
    }).toThrow();
  });

  it("functional gives what it nests", () => {
    const x = tensor([1, 2]);
    const z = tensor([3]);
    const one = functional.jacobian((a) => a.mul(2), x);
    expectTypeOf(one).toEqualTypeOf<Tensor>();
    const byTwo = functional.jacobian((a, b) => a.mul(b), [x, z]);
    expectTypeOf(byTwo).toEqualTypeOf<[Tensor, Tensor]>();
    const twice = functional.jacobian((a, b) => [a.mul(b), b.sin(), a.sum()], [x, z]);
    expectTypeOf(twice[2][1]).toEqualTypeOf<Tensor>();
    // @ts-expect-error three outputs
    expect(twice[3]).toBe(undefined);
    expectTypeOf(functional.hessian((a) => a.pow(2).sum(), x)).toEqualTypeOf<Tensor>();
    const [[xx, xz]] = functional.hessian((a, b) => a.mul(b).sum(), [x, z]);
    expectTypeOf(xz).toEqualTypeOf<Tensor>();
    expect([xx.shape, xz.shape]).toEqual([
      [2, 2],
      [2, 1],
    ]);
    const [value, product] = functional.vjp((a, b) => a.mul(b), [x, z], x);
    expectTypeOf(value).toEqualTypeOf<Tensor>();
    expectTypeOf(product).toEqualTypeOf<[Tensor, Tensor]>();
    const [, h] = functional.hvp((a) => a.pow(3).sum(), x, x);
    expectTypeOf(h).toEqualTypeOf<Tensor>();
    // @ts-expect-error the function takes one tensor
    expect(() => functional.jacobian((a, b) => a.mul(b), x)).toThrow();
  });

  it("checkpoints, profiles and modes give what their function gives", () => {
    const x = leaf([1]);
    const r = utils.checkpoint.checkpoint((a, k) => ({ y: a.mul(k), k }), [x, 2] as const);
    expectTypeOf(r.y).toEqualTypeOf<Tensor>();
    expectTypeOf(autograd.profiler.profile(() => 5).result).toEqualTypeOf<number>();
    expectTypeOf(autograd.profiler.recordFunction("f", () => "a")).toEqualTypeOf<string>();
    expectTypeOf(autograd.detectAnomaly(() => 1)).toEqualTypeOf<number>();
    expectTypeOf(x.gradFn).toEqualTypeOf<autograd.graph.Node | null>();
  });
});
