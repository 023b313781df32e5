// The generator behind all random kernels: the Mersenne Twister, seeded and drawn from as PyTorch does on the CPU.
//
// MT19937 (Matsumoto, Nishimura: "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudorandom number
// generator", 1998), with its seeding of 2002 by one 32-bit word. The state of a generator is a block of memory, a
// plain copy of which is a valid state:
//
//     byte 0     the seed, 64 bits, low word first
//     byte 8     words drawn from the current 624, 0 to 624
//     byte 12    1 when a normal number is left over, else 0
//     byte 16    that number, a float64
//     byte 24    unused, 0
//     byte 32    624 words, untempered

const INDEX: usize = 8;
const NORMAL_LEFT: usize = 12;
const NORMAL: usize = 16;
const TWISTER: usize = 32;

const N: u32 = 624;
const M: u32 = 397;

/** Bytes of a generator's state. */
export const STATE_BYTES: u32 = <u32>TWISTER + N * 4;

/** Seeds a generator: the state follows from the low word alone, the whole seed is only remembered. */
export function seedState(state: usize, low: u32, high: u32): void {
  store<u32>(state, low);
  store<u32>(state, high, 4);
  store<u32>(state, N, INDEX);
  store<u32>(state, 0, NORMAL_LEFT);
  store<f64>(state, 0, NORMAL);
  store<u64>(state, 0, 24);
  let word = low;
  store<u32>(state, word, TWISTER);
  for (let i: u32 = 1; i < N; i++) {
    word = 1812433253 * (word ^ (word >> 30)) + i;
    store<u32>(state + (<usize>i << 2), word, TWISTER);
  }
}

/** What a word and its successor contribute to the word that follows them in the recurrence. */
@inline function twist(word: u32, next: u32): u32 {
  return (((word & 0x80000000) | (next & 0x7fffffff)) >> 1) ^ ((0 - (next & 1)) & 0x9908b0df);
}

/** Replaces word `at` from the word `far` bytes on, and its successor. */
@inline function step(at: usize, successor: usize, far: isize): void {
  store<u32>(at, load<u32>(at + far) ^ twist(load<u32>(at), load<u32>(successor)));
}

/** The same for four words at once. */
@inline function stepMany(at: usize, far: isize): void {
  const next = v128.load(at, 4);
  const mixed = v128.bitselect(v128.load(at), next, i32x4.splat(i32.MIN_VALUE));
  const odd = v128.and(i32x4.shr_s(i32x4.shl(next, 31), 31), i32x4.splat(0x9908b0df));
  v128.store(at, v128.xor(v128.load(at + far), v128.xor(i32x4.shr_u(mixed, 1), odd)));
}

/** Makes the next 624 words. */
function renew(state: usize): void {
  const first = state + TWISTER;
  const far: isize = M << 2;
  const back = far - (N << 2);
  // The first 227 words look ahead into old words, the others back to new ones.
  let at = first;
  for (; at < first + (224 << 2); at += 16) stepMany(at, far);
  for (; at < first + (227 << 2); at += 4) step(at, at + 4, far);
  for (; at < first + (623 << 2); at += 16) stepMany(at, back);
  step(at, first, back);
}

/** Number of words drawn from the current ones, after making new ones if all were. */
@inline function position(state: usize): u32 {
  const index = load<u32>(state, INDEX);
  if (index < N) return index;
  renew(state);
  return 0;
}

/** The next 32 random bits. */
export function draw32(state: usize): u32 {
  const index = position(state);
  store<u32>(state, index + 1, INDEX);
  return temper(load<u32>(state + (<usize>index << 2), TWISTER));
}

/** The next 64 random bits, high word first. */
function draw64(state: usize): u64 {
  const high = <u64>draw32(state);
  return (high << 32) | <u64>draw32(state);
}

/** The next double in [0, 1), a multiple of 2⁻⁵³. */
export function drawUnit(state: usize): f64 {
  return unit(draw64(state));
}

/** The double in [0, 1) that 64 random bits stand for. */
@inline function unit(bits: u64): f64 {
  return <f64>(<i64>bits & 0x1fffffffffffff) * 1.1102230246251565e-16;
}

@inline function temper(word: u32): u32 {
  word ^= word >> 11;
  word ^= (word << 7) & 0x9d2c5680;
  word ^= (word << 15) & 0xefc60000;
  return word ^ (word >> 18);
}

@inline function temperMany(words: v128): v128 {
  words = v128.xor(words, i32x4.shr_u(words, 11));
  words = v128.xor(words, v128.and(i32x4.shl(words, 7), i32x4.splat(0x9d2c5680)));
  words = v128.xor(words, v128.and(i32x4.shl(words, 15), i32x4.splat(0xefc60000)));
  return v128.xor(words, i32x4.shr_u(words, 18));
}

/** Writes the next `count` words of 32 random bits to `to`. */
export function drawWords(state: usize, to: usize, count: u32): void {
  while (count != 0) {
    const index = position(state);
    const n = min<u32>(count, N - index);
    let from = state + TWISTER + (<usize>index << 2);
    const stop = from + (<usize>n << 2);
    for (; from + 16 <= stop; from += 16, to += 16) v128.store(to, temperMany(v128.load(from)));
    for (; from < stop; from += 4, to += 4) store<u32>(to, temper(load<u32>(from)));
    store<u32>(state, index + n, INDEX);
    count -= n;
  }
}

/** Draws `n` numbers in [0, 1) to `to`: 24 bits of one word for each f32, 53 bits of two words for each f64. */
export function drawUnits<T extends number>(state: usize, to: usize, n: u32): void {
  drawWords(state, to, n * (<u32>sizeof<T>() >> 2));
  const stop = to + <usize>n * sizeof<T>();
  if (sizeof<T>() == 4) {
    for (; to + 16 <= stop; to += 16) {
      const bits = v128.and(v128.load(to), i32x4.splat(0xffffff));
      v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(bits), f32x4.splat(5.9604644775390625e-8)));
    }
    for (; to < stop; to += 4) store<f32>(to, <f32>(load<i32>(to) & 0xffffff) * 5.9604644775390625e-8);
  } else {
    for (; to + 16 <= stop; to += 16) {
      const words = v128.load(to);
      const high = v128.and(i32x4.shuffle(words, words, 0, 2, 0, 2), i32x4.splat(0x1fffff));
      const low = i32x4.shuffle(words, words, 1, 3, 1, 3);
      const a = f64x2.mul(f64x2.convert_low_i32x4_u(high), f64x2.splat(4.76837158203125e-7));
      const b = f64x2.mul(f64x2.convert_low_i32x4_u(low), f64x2.splat(1.1102230246251565e-16));
      v128.store(to, f64x2.add(a, b));
    }
    for (; to < stop; to += 8) store<f64>(to, unit(rotl<u64>(load<u64>(to), 32)));
  }
}

/** Is a normal number left over from the last pair? */
@inline export function hasNormal(state: usize): bool {
  return load<u32>(state, NORMAL_LEFT) != 0;
}

/** Takes the normal number that is left over. */
@inline export function takeNormal(state: usize): f64 {
  store<u32>(state, 0, NORMAL_LEFT);
  return load<f64>(state, NORMAL);
}

/** Leaves the second normal number of a pair for later. */
@inline export function leaveNormal(state: usize, value: f64): void {
  store<f64>(state, value, NORMAL);
  store<u32>(state, 1, NORMAL_LEFT);
}
