// The namespace `nn.utils.parametrizations`: weights kept orthogonal, of a spectral norm, of given lengths.

import { ArgumentError, ShapeError } from "../../errors.js";
import { parse } from "../../op/args.js";
import { add, div, mul, sub } from "../../ops/arithmetic.js";
import { clone, copy_, fill_ } from "../../ops/cast.js";
import { allclose, eq } from "../../ops/compare.js";
import { eye, zeros, zerosLike } from "../../ops/creation.js";
import { qr } from "../../ops/decompositions.js";
import { cat } from "../../ops/join.js";
import { solve } from "../../ops/linalg/lu.js";
import { matrixExp } from "../../ops/linalg/products.js";
import { geqrf, householderProduct } from "../../ops/linalg/qr.js";
import { matmul } from "../../ops/matmul.js";
import { sign } from "../../ops/pointwise.js";
import { randn } from "../../ops/random.js";
import { sum } from "../../ops/reduce.js";
import { trunc } from "../../ops/rounding.js";
import { transpose } from "../../ops/shape.js";
import { tril } from "../../ops/triangle.js";
import { diagonal, narrow, unsqueeze } from "../../ops/views.js";
import { where } from "../../ops/where.js";
import { unrecorded } from "../../tape/mode.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { normalize } from "../functional/distance.js";
import { oneOf } from "../layers/settings.js";
import { Module } from "../module.js";
import { registerParametrization } from "./parametrize.js";
import { placeOf } from "./place.js";
import { asMatrix, iterate, outputDim, sigmaOf, unitVector } from "./spectral.js";
import { type SpectralNormRest, spectralOptions } from "./spectral-norm.js";
import { normExceptDim, type WeightNormOptions, withLength } from "./weight-norm.js";

class SpectralNorm extends Module {
  static readonly name: string = "_SpectralNorm";

  readonly dim: number;
  readonly eps: number;
  readonly nPowerIterations: number;

  constructor(weight: Tensor, nPowerIterations: number, dim: number, eps: number) {
    super();
    const rank = weight.ndim;
    if (dim >= rank || dim < -rank) {
      throw new ArgumentError(
        `spectralNorm: Dimension out of range (expected to be in range of [-${rank}, ${rank - 1}] but got ${dim})`,
      );
    }
    this.dim = dim < 0 ? dim + rank : dim;
    this.eps = eps;
    this.nPowerIterations = nPowerIterations;
    if (rank < 2) return;
    const matrix = unrecorded(() => asMatrix(weight, this.dim));
    const [height, width] = matrix.shape as [number, number];
    const u = this.registerBuffer("_u", unitVector(height, weight, eps));
    const v = this.registerBuffer("_v", unitVector(width, weight, eps));
    iterate(matrix, u, v, 15, eps, false);
  }

  override forward(weight: Tensor): Tensor {
    if (weight.ndim < 2) return normalize(weight, { dim: 0, eps: this.eps });
    const [u, v] = [this.getBuffer("_u"), this.getBuffer("_v")];
    return temporaries(() => {
      const matrix = asMatrix(weight, this.dim);
      if (this.training) iterate(matrix, u, v, this.nPowerIterations, this.eps, false);
      // Copies, so that the next pass may write the vectors before this one's gradient is taken.
      return div(weight, sigmaOf(matrix, clone(u), clone(v)));
    });
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * Makes a module's weight itself divided by its largest singular value, followed by power iteration: Miyato et al., "Spectral
 * normalization for GANs" (2018). Options: `name` ("weight"), `nPowerIterations` (1), `eps`, `dim`. Returns the module.
 */
export function spectralNorm<M extends Module>(module: M, ...rest: SpectralNormRest): M {
  const { name, nPowerIterations, eps, dim } = spectralOptions("spectralNorm", rest);
  const { value } = placeOf("spectralNorm", module, name);
  return registerParametrization(module, name, new SpectralNorm(value, nPowerIterations, outputDim(module, dim), eps));
}

class WeightNorm extends Module {
  static readonly name: string = "_WeightNorm";

  constructor(readonly dim: number) {
    super();
  }

  override forward(g: Tensor, v: Tensor): Tensor {
    return withLength(v, g, this.dim);
  }

  rightInverse(weight: Tensor): [Tensor, Tensor] {
    return [normExceptDim(weight, this.dim), clone(weight)];
  }
}

/**
 * Makes a module's weight w = g v / ‖v‖ of lengths g, `original0`, and directions v, `original1`: Salimans & Kingma, "Weight
 * normalization" (2016). Options: `name` ("weight"), `dim` (0, null for one length). Returns the module.
 */
export function weightNorm<M extends Module>(
  module: M,
  ...rest: [name?: string | WeightNormOptions, dim?: number | null | WeightNormOptions, options?: WeightNormOptions]
): M {
  const { name, dim } = parse("weightNorm", rest, { name: "weight", dim: 0 as number | null }, ["name", "dim"]);
  return registerParametrization(module, name, new WeightNorm(dim ?? -1), { unsafe: true });
}

/** How a matrix is made orthogonal: by the matrix exponential, Cayley's map, or Householder reflections. */
export type OrthogonalMap = "matrix_exp" | "cayley" | "householder";

const turned = (x: Tensor): Tensor => transpose(x, -2, -1);
const diagonalOf = (x: Tensor): Tensor => diagonal(x, { dim1: -2, dim2: -1 });
const sizesOf = (x: Tensor): [number, number] => [x.shape.at(-2) as number, x.shape.at(-1) as number];

/** Q of a QR decomposition whose R has a positive diagonal. */
function orthonormal(x: Tensor): Tensor {
  const { Q, R } = qr(x);
  return mul(Q, unsqueeze(sign(diagonalOf(R)), -2));
}

class Orthogonal extends Module {
  static readonly name: string = "_Orthogonal";

  readonly shape: readonly number[];
  base: Tensor | null = null;

  constructor(
    weight: Tensor,
    readonly orthogonalMap: OrthogonalMap,
    readonly useTrivialization: boolean,
  ) {
    super();
    this.shape = weight.shape;
    if (useTrivialization) this.registerBuffer("base", null);
  }

  override forward(given: Tensor): Tensor {
    return temporaries(() => {
      const wide = given.shape.at(-2)! < given.shape.at(-1)!;
      const x = wide ? turned(given) : given;
      let Q = this.orthogonalMap === "householder" ? this.byReflections(x) : this.byRotation(x);
      if (this.base !== null) Q = matmul(this.base, Q);
      return wide ? turned(Q) : Q;
    });
  }

  private byRotation(given: Tensor): Tensor {
    const [n, k] = sizesOf(given);
    let x = tril(given);
    if (n !== k) x = cat([x, zeros([...x.shape.slice(0, -1), n - k], { dtype: x.dtype })], -1);
    const A = sub(x, turned(x));
    const one = (): Tensor => eye(n, { dtype: A.dtype });
    const Q =
      this.orthogonalMap === "matrix_exp"
        ? matrixExp(A)
        : solve(add(one(), A, { alpha: -0.5 }), add(one(), A, { alpha: 0.5 }));
    return n === k ? Q : narrow(Q, -1, 0, k);
  }

  private byReflections(x: Tensor): Tensor {
    const A = tril(x, -1);
    const tau = div(2, add(sum(mul(A, A), -2), 1));
    return mul(householderProduct(A, tau), unsqueeze(trunc(diagonalOf(x)), -2));
  }

  rightInverse(value: Tensor): Tensor {
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError(
        `orthogonal: Expected a matrix or batch of matrices of shape ${formatShape(this.shape)}. Got a tensor of shape ${formatShape(value.shape)}.`,
      );
    }
    return this.useTrivialization ? this.fromBase(value) : this.reflectionsOf(value);
  }

  /** Moves the base to `value` and gives what `forward` takes to stay there. */
  private fromBase(value: Tensor): Tensor {
    const old = this.base;
    const base = temporaries(() => {
      const Q = sizesOf(value)[0] < sizesOf(value)[1] ? turned(value) : value;
      const [n, k] = sizesOf(Q);
      if (n !== k) {
        const more = randn([...Q.shape.slice(0, -1), n - k], { dtype: Q.dtype });
        return orthonormal(cat([Q, more], -1));
      }
      const step = Q.dtype === "float64" ? 2 ** -52 : 2 ** -23;
      const near = allclose(matmul(turned(Q), Q), eye(n, { dtype: Q.dtype }), { atol: 10 * n * step });
      return near ? clone(Q) : orthonormal(Q);
    });
    if (old !== null && sameShape(old.shape, base.shape)) {
      copy_(old, base);
      base.dispose();
    } else this.base = base;
    return temporaries(() => {
      const start = zerosLike(value);
      fill_(diagonalOf(start), -1);
      return start;
    });
  }

  private reflectionsOf(value: Tensor): Tensor {
    if (this.orthogonalMap !== "householder") {
      throw new ArgumentError(
        "orthogonal: It is not possible to assign to the matrix exponential or the Cayley parametrizations when useTrivialization is false.",
      );
    }
    return temporaries(() => {
      const wide = sizesOf(value)[0] < sizesOf(value)[1];
      const { a, tau } = geqrf(wide ? turned(value) : value);
      const signs = sign(diagonalOf(a));
      copy_(diagonalOf(a), where(eq(tau, 0), mul(signs, -1), signs));
      return wide ? turned(a) : a;
    });
  }
}

/** Options of `orthogonal`. */
export interface OrthogonalOptions {
  /** The name of the weight: "weight". */
  readonly name?: string;
  /** "matrix_exp" for square matrices, else "householder". */
  readonly orthogonalMap?: OrthogonalMap | null;
  /** Whether the weight moves from a base that assignments change: true. */
  readonly useTrivialization?: boolean;
}

/** Keeps a module's weight, a matrix or a batch of them, with orthonormal rows or columns. Returns the module. */
export function orthogonal<M extends Module>(
  module: M,
  ...rest: [
    name?: string | OrthogonalOptions,
    orthogonalMap?: OrthogonalMap | null | OrthogonalOptions,
    options?: OrthogonalOptions,
  ]
): M {
  const op = "orthogonal";
  const given = parse<Required<OrthogonalOptions>>(
    op,
    rest,
    { name: "weight", orthogonalMap: null, useTrivialization: true },
    ["name", "orthogonalMap"],
  );
  const { value: weight } = placeOf(op, module, given.name);
  if (weight.ndim < 2)
    throw new ShapeError(`${op}: Expected a matrix or batch of matrices. Got a tensor of ${weight.ndim} dimensions.`);
  const square = weight.shape.at(-2) === weight.shape.at(-1);
  const map = oneOf(op, "orthogonal_map", given.orthogonalMap ?? (square ? "matrix_exp" : "householder"), [
    "matrix_exp",
    "cayley",
    "householder",
  ] as const);
  const parametrization = new Orthogonal(weight, map, given.useTrivialization);
  return registerParametrization(module, given.name, parametrization, { unsafe: true });
}
