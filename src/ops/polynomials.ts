// Orthogonal polynomials; members of the namespace `special`. The degree is cut to a whole number. They have no derivative.

import { type Binary, elementwise } from "../op/elementwise.js";
import { someTensor } from "../op/operands.js";

/** Chebyshev polynomial of the first kind, Tₙ(x), element by element; 0 for a negative degree. */
export const chebyshevPolynomialT: Binary = elementwise({
  name: "chebyshevPolynomialT",
  kernel: "chebyshev_polynomial_t",
  dtype: "floating",
  check: (_, operands) => someTensor("chebyshevPolynomialT", operands),
  partials: { x: null, n: null },
});

/** Chebyshev polynomial of the second kind, Uₙ(x), element by element; 0 for a negative degree. */
export const chebyshevPolynomialU: Binary = elementwise({
  name: "chebyshevPolynomialU",
  kernel: "chebyshev_polynomial_u",
  dtype: "floating",
  check: (_, operands) => someTensor("chebyshevPolynomialU", operands),
  partials: { x: null, n: null },
});

/** Chebyshev polynomial of the third kind, Vₙ(x), element by element; 0 for a negative degree. */
export const chebyshevPolynomialV: Binary = elementwise({
  name: "chebyshevPolynomialV",
  kernel: "chebyshev_polynomial_v",
  dtype: "floating",
  check: (_, operands) => someTensor("chebyshevPolynomialV", operands),
  partials: { x: null, n: null },
});

/** Chebyshev polynomial of the fourth kind, Wₙ(x), element by element; 0 for a negative degree. */
export const chebyshevPolynomialW: Binary = elementwise({
  name: "chebyshevPolynomialW",
  kernel: "chebyshev_polynomial_w",
  dtype: "floating",
  check: (_, operands) => someTensor("chebyshevPolynomialW", operands),
  partials: { x: null, n: null },
});

/** Tₙ(2x − 1), element by element; 0 for a negative degree. */
export const shiftedChebyshevPolynomialT: Binary = elementwise({
  name: "shiftedChebyshevPolynomialT",
  kernel: "shifted_chebyshev_polynomial_t",
  dtype: "floating",
  check: (_, operands) => someTensor("shiftedChebyshevPolynomialT", operands),
  partials: { x: null, n: null },
});

/** Uₙ(2x − 1), element by element; 0 for a negative degree. */
export const shiftedChebyshevPolynomialU: Binary = elementwise({
  name: "shiftedChebyshevPolynomialU",
  kernel: "shifted_chebyshev_polynomial_u",
  dtype: "floating",
  check: (_, operands) => someTensor("shiftedChebyshevPolynomialU", operands),
  partials: { x: null, n: null },
});

/** Vₙ(2x − 1), element by element; 0 for a negative degree. */
export const shiftedChebyshevPolynomialV: Binary = elementwise({
  name: "shiftedChebyshevPolynomialV",
  kernel: "shifted_chebyshev_polynomial_v",
  dtype: "floating",
  check: (_, operands) => someTensor("shiftedChebyshevPolynomialV", operands),
  partials: { x: null, n: null },
});

/** Wₙ(2x − 1), element by element; 0 for a negative degree. */
export const shiftedChebyshevPolynomialW: Binary = elementwise({
  name: "shiftedChebyshevPolynomialW",
  kernel: "shifted_chebyshev_polynomial_w",
  dtype: "floating",
  check: (_, operands) => someTensor("shiftedChebyshevPolynomialW", operands),
  partials: { x: null, n: null },
});

/** Physicists' Hermite polynomial Hₙ(x), element by element; 0 for a negative degree. */
export const hermitePolynomialH: Binary = elementwise({
  name: "hermitePolynomialH",
  kernel: "hermite_polynomial_h",
  dtype: "floating",
  check: (_, operands) => someTensor("hermitePolynomialH", operands),
  partials: { x: null, n: null },
});

/** Probabilists' Hermite polynomial Heₙ(x), element by element; 0 for a negative degree. */
export const hermitePolynomialHe: Binary = elementwise({
  name: "hermitePolynomialHe",
  kernel: "hermite_polynomial_he",
  dtype: "floating",
  check: (_, operands) => someTensor("hermitePolynomialHe", operands),
  partials: { x: null, n: null },
});

/** Laguerre polynomial Lₙ(x), element by element; 0 for a negative degree. */
export const laguerrePolynomialL: Binary = elementwise({
  name: "laguerrePolynomialL",
  kernel: "laguerre_polynomial_l",
  dtype: "floating",
  check: (_, operands) => someTensor("laguerrePolynomialL", operands),
  partials: { x: null, n: null },
});

/** Legendre polynomial Pₙ(x), element by element; 0 for a negative degree. */
export const legendrePolynomialP: Binary = elementwise({
  name: "legendrePolynomialP",
  kernel: "legendre_polynomial_p",
  dtype: "floating",
  check: (_, operands) => someTensor("legendrePolynomialP", operands),
  partials: { x: null, n: null },
});
