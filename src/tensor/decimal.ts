// Numbers as C's printf writes them, from the exact binary value and with ties to even, which JavaScript's own do not.

/** C's `%.<digits>f`: `0.0312` for 0.03125 with 4 digits, `-0.0`, `nan`, `inf`, and no exponent however large. */
export function fixed(x: number, digits: number): string {
  if (!Number.isFinite(x)) return special(x);
  const size = Math.abs(x);
  // From 10²¹ on toFixed turns to an exponent; all such doubles are integers.
  if (size >= 1e21) return signed(x, digits > 0 ? `${BigInt(size)}.${"0".repeat(digits)}` : String(BigInt(size)));
  // A tie is a half in the last place: size · 10^digits · 2 is an odd integer, and so is size · 2^(digits + 1).
  const tie = isOdd(timesPowerOfTwo(size, digits + 1));
  return signed(x, tie ? evenLast(size.toFixed(digits)) : size.toFixed(digits));
}

/** C's `%.<digits>e`: `1.0000e+05`, at least two digits in the exponent. */
export function scientific(x: number, digits: number): string {
  if (!Number.isFinite(x)) return special(x);
  const size = Math.abs(x);
  const [digitsText, exponentText] = size.toExponential(digits).split("e");
  const exponent = Number(exponentText);
  const mantissa = isTie(size, exponent - digits) ? evenLast(digitsText) : digitsText;
  const sign = exponent < 0 ? "-" : "+";
  return signed(x, `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`);
}

/** Whether `size` lies in the middle between two multiples of 10^place. */
function isTie(size: number, place: number): boolean {
  if (place < 0) return isOdd(timesPowerOfTwo(size, 1 - place));
  // An odd multiple of 10^place / 2 has the factor 5^place, which no double above 5²² has beside its powers of two.
  if (place > 22) return false;
  const unit = Number(`1e${place}`);
  return size % unit === unit / 2;
}

/** Exact, since it only moves the exponent. */
function timesPowerOfTwo(x: number, power: number): number {
  let result = x;
  for (let i = 0; i < power; i++) result *= 2;
  return result;
}

function isOdd(x: number): boolean {
  return x % 2 === 1;
}

/** JavaScript rounds a tie up; the even neighbour is the one below where that made the last digit odd. */
function evenLast(text: string): string {
  const last = text.charCodeAt(text.length - 1) - 48;
  return last % 2 === 0 ? text : text.slice(0, -1) + (last - 1);
}

function signed(x: number, text: string): string {
  return x < 0 || Object.is(x, -0) ? `-${text}` : text;
}

function special(x: number): string {
  if (Number.isNaN(x)) return "nan";
  return x > 0 ? "inf" : "-inf";
}
