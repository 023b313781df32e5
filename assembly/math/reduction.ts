// Exact reduction of huge arguments modulo π / 2 (Payne and Hanek, 1983), one number at a time.

/** Bits of 1 / π after the point, preceded by 64 zeros, in words from high to low. */
const INVERSE_PI = memory.data<u64>([
  0x0000000000000000, 0x517cc1b727220a94, 0xfe13abe8fa9a6ee0, 0x6db14acc9e21c820,
  0xff28b1d5ef5de2b0, 0xdb92371d2126e970, 0x0324977504e8c90e, 0x7f0ef58e5894d39f,
  0x74411afa975da242, 0x74ce38135a2fbf20, 0x9cc8eb1cc1a99cfa, 0x4e422fc5defc941d,
  0x8ffc4bffef02cc07, 0xf79788c5ad05368f, 0xb69b3f6793e584db, 0xa7a31fb34f2ff516,
  0xba93dd63f5f2f8bd, 0x9e839cfbc5294975, 0x35fdafd88fc6ae84, 0x2b0198237e3db5d5,
  0xf867de104d7a1b0e,
]);

/** π in two parts, the first of 27 bits. */
const PI_HIGH: f64 = 3.141592651605606;
const PI_LOW: f64 = 1.984187159361081e-9;

/** High 64 bits of a product of 64-bit numbers. */
function highProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  return aHigh * bHigh + (middle >> 32) + (((middle & 0xffffffff) + aLow * bHigh) >> 32);
}

/** 64 bits of the table from bit `at` on. */
function word(at: u32): u64 {
  const from = INVERSE_PI + <usize>((at >> 6) << 3);
  const shift = <u64>(at & 63);
  // The second shift is split because a shift by 64 would be one by 0.
  return (load<u64>(from) << shift) | ((load<u64>(from, 8) >> 1) >> (63 - shift));
}

/**
 * For finite x ≥ 1000: lane 0 is x − nπ/2 with n the nearest whole number, rounded; lane 1 is what that rounding lost,
 * its last two bits replaced by those of n. NaN for ∞ and NaN.
 */
export function reduceHuge(x: f64): v128 {
  const bits = reinterpret<u64>(x);
  const exponent = <u32>((bits >> 52) & 0x7ff);
  if (exponent == 0x7ff) return f64x2.splat(NaN);
  const m = (bits & 0x000fffffffffffff) | 0x0010000000000000;
  // x = m · 2^(exponent − 1075). The window starts at the bit of 1 / π that, times x, weighs m, so at the bit of 2 / π
  // that weighs 2m: what stands before it only gives multiples of 4.
  const at = 63 + exponent - 1075;
  const w0 = word(at);
  const w1 = word(at + 64);
  const w2 = word(at + 128);
  let low = m * w1 + highProduct(m, w2);
  let high = m * w0 + highProduct(m, w1) + u64(low < m * w1);
  // The upper two bits are n, the third tells a half: rounding up adds 1 to n and takes 1 off the fraction.
  const n = (high >> 62) + ((high >> 61) & 1);
  high = (high << 2) | (low >> 62);
  low <<= 2;
  const negative = <i64>high < 0;
  if (negative) {
    high = ~high;
    low = ~low;
  }
  const shift = clz(high);
  if (shift) high = (high << shift) | (low >> (64 - shift));
  // The fraction is high · 2^(−64 − shift); 26 bits of it times 27 of π are exact. The scale halves π as well.
  const scale = reinterpret<f64>((1023 - 65 - shift) << 52);
  const front = <f64>((high >> 38) << 38) * scale;
  const back = <f64>(high & 0x3fffffffff) * scale;
  const main = negative ? -front * PI_HIGH : front * PI_HIGH;
  const small = front * PI_LOW + back * (PI_HIGH + PI_LOW);
  const rest = negative ? -small : small;
  const r = main + rest;
  const lost = reinterpret<u64>(rest - (r - main));
  return f64x2.replace_lane(f64x2.splat(r), 1, reinterpret<f64>((lost & ~3) | (n & 3)));
}
