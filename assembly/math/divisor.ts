// The greatest common divisor of two integers.

/** Euclid's algorithm, on magnitudes; 0 of two zeros. Integers of 32 bits widen to it without a loss. */
export function divisor(a: i64, b: i64): u64 {
  let x = <u64>abs(a), y = <u64>abs(b);
  while (y) {
    const rest = x % y;
    x = y;
    y = rest;
  }
  return x;
}
