// Packing for matrix multiplication: panels that the innermost kernels read front to back, whatever the strides were.
//
// B is the type of an element's bits, u32 or u64: packing copies bits, so float32 and int32 share its code.

/**
 * Copies `width` (1 to 16 / sizeof<B>()) lines of `k` elements into one column of vectors: element p of line i goes to
 * to + p · toStep + i elements. Lanes without a line become zero.
 */
function strip<B extends number>(
  to: usize, toStep: usize, from: usize, line: usize, step: usize, width: u32, k: u32,
): void {
  const lanes = <u32>(16 / sizeof<B>());
  if (width == lanes && line == sizeof<B>()) {
    for (; k != 0; k--) {
      v128.store(to, v128.load(from));
      to += toStep;
      from += step;
    }
    return;
  }
  if (width == lanes && step == sizeof<B>()) {
    for (; k >= lanes; k -= lanes) {
      transposed<B>(to, toStep, from, line);
      to += toStep * lanes;
      from += 16;
    }
  }
  for (; k != 0; k--) {
    for (let i: usize = 0; i < lanes; i++) {
      store<B>(to + i * sizeof<B>(), <u32>i < width ? load<B>(from + i * line) : <B>0);
    }
    to += toStep;
    from += step;
  }
}

/** Copies `k` pairs of vectors that lie `step` apart: both halves while their cache line is at hand. */
function pairs(to: usize, from: usize, step: usize, k: u32): void {
  for (; k != 0; k--) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    to += 32;
    from += step;
  }
}

/** A square of one vector's length on each side, rows to columns. */
@inline function transposed<B extends number>(to: usize, toStep: usize, from: usize, line: usize): void {
  const x0 = v128.load(from);
  const x1 = v128.load(from + line);
  if (sizeof<B>() == 8) {
    v128.store(to, v128.shuffle<u64>(x0, x1, 0, 2));
    v128.store(to + toStep, v128.shuffle<u64>(x0, x1, 1, 3));
    return;
  }
  const x2 = v128.load(from + line * 2);
  const x3 = v128.load(from + line * 3);
  const low01 = v128.shuffle<u32>(x0, x1, 0, 4, 1, 5);
  const high01 = v128.shuffle<u32>(x0, x1, 2, 6, 3, 7);
  const low23 = v128.shuffle<u32>(x2, x3, 0, 4, 1, 5);
  const high23 = v128.shuffle<u32>(x2, x3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<u64>(low01, low23, 0, 2));
  v128.store(to + toStep, v128.shuffle<u64>(low01, low23, 1, 3));
  v128.store(to + toStep * 2, v128.shuffle<u64>(high01, high23, 0, 2));
  v128.store(to + toStep * 3, v128.shuffle<u64>(high01, high23, 1, 3));
}

/**
 * Packs `count` lines (rows of a, columns of b) of `k` elements into panels of `vectors` vectors side by side. A panel
 * takes k · vectors · 16 bytes; in the last one, only as many vectors as it needs lie side by side when `tight`.
 */
export function pack<B extends number>(
  to: usize, from: usize, line: usize, step: usize, count: u32, k: u32, vectors: u32, tight: bool,
): void {
  const lanes = <u32>(16 / sizeof<B>());
  while (count != 0) {
    let width = min(count, lanes * vectors);
    count -= width;
    if (tight && width <= lanes) vectors = 1;
    const toStep = <usize>vectors << 4;
    let column = to;
    to += toStep * k;
    if (width == 2 * lanes && line == sizeof<B>()) {
      pairs(column, from, step, k);
      from += 32;
      continue;
    }
    while (width != 0) {
      const here = min(width, lanes);
      strip<B>(column, toStep, from, line, step, here, k);
      column += 16;
      from += line * here;
      width -= here;
    }
  }
}
