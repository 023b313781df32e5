// Solving with triangular matrices.

import { ShapeError } from "../../errors.js";
import { asBoolean, parse } from "../../op/args.js";
import { copyInto } from "../../op/copy.js";
import { asMatrices, asSquare, batchOf, sameDtype, sizesOf } from "../../op/matrices.js";
import { addStrided, beginNest, writeNest } from "../../op/nest.js";
import { type Applied, op } from "../../op/op.js";
import { broadcastShapes, formatShape, numel } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../../tensor/tensor.js";
import { setParameter } from "../../wasm/block.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { launch } from "../../wasm/launch.js";
import { neg, sub } from "../arithmetic.js";
import { product, turned } from "../gemm.js";
import { expand } from "../shape.js";
import { tril, triu } from "../triangle.js";

/** How a triangular matrix is meant. */
export interface Triangular {
  readonly upper: boolean;
  /** Whether its diagonal counts as ones. */
  readonly unit: boolean;
}

const solves = /* @__PURE__ */ new KernelFamily("solve_triangular");

/** Solves A X = B for batches that broadcast, into a new contiguous tensor. */
function launchSolve(a: Tensor, b: Tensor, { upper, unit }: Triangular): Tensor {
  const batch = broadcastShapes("solveTriangular", batchOf(a), batchOf(b));
  const [n, k] = sizesOf(b);
  const out = empty("solveTriangular", [...batch, n, k], b.dtype);
  const count = numel(batch);
  copyInto(out, b);
  if (out.numel() === 0) return out;
  return temporaries(() => {
    // One matrix for all, or one stride between them; else a copy.
    const rank = batch.length;
    const wide = alias(a, { ...a.layout });
    const own = batchOf(a);
    let [source, step] = [wide, 0];
    if (numel(own) > 1) {
      source = empty("solveTriangular", [...batch, n, n], a.dtype);
      copyInto(source, a);
      step = n * n;
    }
    const { strides } = source.layout;
    // The kernel takes k from its parameters; here it says how much work there is.
    beginNest([count, n, n, k]);
    addStrided(out, [0, 0, 0, 0]);
    const tail = strides.slice(-2) as [number, number];
    addStrided(source, [step, ...tail, 0]);
    writeNest();
    setParameter(0, upper ? 1 : 0);
    setParameter(1, unit ? 1 : 0);
    setParameter(2, k);
    launch(solves.of(out.dtype), rank === 0 ? 1 : count);
    return out;
  });
}

const solveOp: Applied<Triangular> = op({
  name: "linalgSolveTriangular",
  forward: ([a, b], given: Triangular) => launchSolve(a as Tensor, b as Tensor, given),
  gradients: {
    a: {
      reads: ["a", "out"],
      of: ({ g, a, out }, given) => seen(neg(product(solveOp([turned(a), g], flipped(given)), turned(out), 1)), given),
    },
    b: { reads: ["a"], of: ({ g, a }, given) => solveOp([turned(a), g], flipped(given)) },
  },
  tangent: ([a], [out], [ta, tb], given) => {
    const moved = ta ? product(seen(ta, given), out as Tensor, 1) : null;
    const right = tb ? expandTo(tb, out as Tensor) : null;
    if (moved === null && right === null) return [null];
    const total = moved === null ? (right as Tensor) : right === null ? neg(moved) : sub(right, moved);
    return [solveOp([a as Tensor, total], given)];
  },
});

function expandTo(x: Tensor, like: Tensor): Tensor {
  return expand(x, like.shape);
}

function flipped({ upper, unit }: Triangular): Triangular {
  return { upper: !upper, unit };
}

/** The part of a matrix that is read. */
function seen(x: Tensor, { upper, unit }: Triangular): Tensor {
  return upper ? triu(x, unit ? 1 : 0) : tril(x, unit ? -1 : 0);
}

/** Solves A X = B, arguments checked: batches broadcast, only one triangle of A is read. */
export function solveLeft(a: Tensor, b: Tensor, given: Triangular): Tensor {
  return solveOp([a, b], given);
}

/** Solves X A = B, arguments checked. */
export function solveRight(a: Tensor, b: Tensor, given: Triangular): Tensor {
  return temporaries(() => turned(solveOp([turned(a), turned(b)], flipped(given))));
}

/** Options of `solveTriangular`. */
export interface SolveTriangularOptions {
  /** Whether A is upper triangular, or lower. */
  readonly upper: boolean;
  /** Whether A X = B (true) or X A = B is solved. */
  readonly left?: boolean;
  /** Whether the diagonal of A counts as ones. */
  readonly unitriangular?: boolean;
}

/**
 * Solves A X = B, or X A = B, with a triangular A: A [..., n, n], B [..., n, k] (or [..., k, n]). Batches broadcast; only the named
 * triangle of A is read, and gets a gradient.
 */
export function solveTriangular(A: Tensor, B: Tensor, ...rest: [options: SolveTriangularOptions]): Tensor {
  const name = "linalg.solveTriangular";
  asSquare(name, A);
  asMatrices(name, B, "B");
  sameDtype(name, A, B);
  const { upper, left, unitriangular } = parse(name, rest, { upper: false, left: true, unitriangular: false });
  asBoolean(name, upper, "upper");
  asBoolean(name, left, "left");
  asBoolean(name, unitriangular, "unitriangular");
  if (A.shape.at(-1) !== B.shape.at(left ? -2 : -1)) {
    throw new ShapeError(
      `${name}: Incompatible shapes of A and B for the equation ${left ? "AX = B" : "XA = B"}: ${formatShape(A.shape)} and ${formatShape(B.shape)}`,
    );
  }
  broadcastShapes(name, batchOf(A), batchOf(B));
  return left ? solveLeft(A, B, { upper, unit: unitriangular }) : solveRight(A, B, { upper, unit: unitriangular });
}
