// The namespace `linalg`.

export { matmul } from "../matmul.js";
export { type CholeskyOptions, cholesky, choleskyEx } from "./cholesky.js";
export { det, slogdet } from "./determinant.js";
export { cross, diagonal } from "./diagonal.js";
export { type EighOptions, eigh, eigvalsh } from "./eigen.js";
export { type LdlOptions, ldlFactor, ldlFactorEx, ldlSolve } from "./ldl.js";
export { type LeastSquares, type LstsqOptions, lstsq } from "./lstsq.js";
export {
  type ExOptions,
  inv,
  invEx,
  type LuOptions,
  type LuSolveOptions,
  lu,
  luFactor,
  luFactorEx,
  luSolve,
  type SolveOptions,
  solve,
  solveEx,
} from "./lu.js";
export {
  cond,
  type MatrixNormOptions,
  type MatrixOrder,
  matrixNorm,
  matrixRank,
  norm,
  pinv,
  type ToleranceOptions,
} from "./norms.js";
export { matrixExp, matrixPower, multiDot, tensorinv, tensorsolve, vander, vecdot } from "./products.js";
export { householderProduct, type QrMode, type QrOptions, qr } from "./qr.js";
export { type SvdOptions, svd, svdvals } from "./svd.js";
export { type SolveTriangularOptions, solveTriangular } from "./triangular.js";
export { type VectorNormOptions, vectorNorm } from "./vector-norm.js";
