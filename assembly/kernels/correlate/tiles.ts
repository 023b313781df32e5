// The innermost kernels of correlations: sums in registers over taps, or over windows.
//
// A tap's element for a group of neighbouring windows is the vector at the group's base plus the tap's offset, which comes
// from a table: no element of an image is moved to be multiplied.

@inline function multiplyAdd<T extends number>(sum: v128, x: v128, y: v128): v128 {
  return v128.add<T>(sum, v128.mul<T>(x, y));
}

/**
 * 4 rows × 2 groups at a time: to[r, j] = start + Σₚ a[p, r] · x[placeⱼ + table[p]], p ascending, for `groups` groups of
 * windows j, `a` packed four rows side by side. The start is bias[r], or, where `bias` is 0, what is there already. Lists of
 * places and results have an entry for each window.
 */
export function fourByTwo<T extends number>(
  k: u32, a: usize, table: usize, x: usize, places: usize, groups: u32, to: usize, results: usize, toRow: usize, bias: usize,
): void {
  const zero = v128.splat<T>(<T>0);
  const size = sizeof<T>();
  const end = table + (k << 2);
  const toRow2 = toRow * 2, toRow3 = toRow * 3;
  while (true) {
    // A last group without a second one is both of them.
    const second: usize = groups > 1 ? 64 / size : 0;
    const base0 = x + load<u32>(places), base1 = x + load<u32>(places + second);
    let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
    let b0: v128, b1: v128, ax: v128, at: usize;
    let y = a, offsets = table;
    do {
      at = <usize>load<u32>(offsets);
      b0 = v128.load(base0 + at);
      b1 = v128.load(base1 + at);
      ax = v128.load_splat<T>(y);
      s00 = multiplyAdd<T>(s00, ax, b0);
      s01 = multiplyAdd<T>(s01, ax, b1);
      ax = v128.load_splat<T>(y, size);
      s10 = multiplyAdd<T>(s10, ax, b0);
      s11 = multiplyAdd<T>(s11, ax, b1);
      ax = v128.load_splat<T>(y, 2 * size);
      s20 = multiplyAdd<T>(s20, ax, b0);
      s21 = multiplyAdd<T>(s21, ax, b1);
      ax = v128.load_splat<T>(y, 3 * size);
      s30 = multiplyAdd<T>(s30, ax, b0);
      s31 = multiplyAdd<T>(s31, ax, b1);
      y += 4 * size;
      offsets += 4;
    } while (offsets != end);
    const to0 = to + load<u32>(results), to1 = to + load<u32>(results + second);
    if (bias != 0) {
      ax = v128.load_splat<T>(bias);
      s00 = v128.add<T>(ax, s00);
      s01 = v128.add<T>(ax, s01);
      ax = v128.load_splat<T>(bias, size);
      s10 = v128.add<T>(ax, s10);
      s11 = v128.add<T>(ax, s11);
      ax = v128.load_splat<T>(bias, 2 * size);
      s20 = v128.add<T>(ax, s20);
      s21 = v128.add<T>(ax, s21);
      ax = v128.load_splat<T>(bias, 3 * size);
      s30 = v128.add<T>(ax, s30);
      s31 = v128.add<T>(ax, s31);
    } else {
      // All is read before anything is written, as both groups may be one and the same.
      s00 = v128.add<T>(v128.load(to0), s00);
      s01 = v128.add<T>(v128.load(to1), s01);
      s10 = v128.add<T>(v128.load(to0 + toRow), s10);
      s11 = v128.add<T>(v128.load(to1 + toRow), s11);
      s20 = v128.add<T>(v128.load(to0 + toRow2), s20);
      s21 = v128.add<T>(v128.load(to1 + toRow2), s21);
      s30 = v128.add<T>(v128.load(to0 + toRow3), s30);
      s31 = v128.add<T>(v128.load(to1 + toRow3), s31);
    }
    v128.store(to0, s00);
    v128.store(to1, s01);
    v128.store(to0 + toRow, s10);
    v128.store(to1 + toRow, s11);
    v128.store(to0 + toRow2, s20);
    v128.store(to1 + toRow2, s21);
    v128.store(to0 + toRow3, s30);
    v128.store(to1 + toRow3, s31);
    if (groups <= 2) return;
    groups -= 2;
    places += 128 / size;
    results += 128 / size;
  }
}

/** 1 row × 4 groups at a time: the same for one of the rows that are packed. */
export function oneByFour<T extends number>(
  k: u32, a: usize, table: usize, x: usize, places: usize, groups: u32, to: usize, results: usize, bias: usize,
): void {
  const zero = v128.splat<T>(<T>0);
  const size = sizeof<T>();
  const end = table + (k << 2);
  const pace: usize = 64 / size;
  while (true) {
    const last = min(groups - 1, 3);
    const second = pace * min(last, 1), third = pace * min(last, 2), fourth = pace * last;
    const base0 = x + load<u32>(places), base1 = x + load<u32>(places + second);
    const base2 = x + load<u32>(places + third), base3 = x + load<u32>(places + fourth);
    let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    let y = a, offsets = table;
    if (base1 - base0 == 16 && base2 - base0 == 32 && base3 - base0 == 48) {
      do {
        const at = base0 + load<u32>(offsets);
        const ax = v128.load_splat<T>(y);
        s0 = multiplyAdd<T>(s0, ax, v128.load(at));
        s1 = multiplyAdd<T>(s1, ax, v128.load(at, 16));
        s2 = multiplyAdd<T>(s2, ax, v128.load(at, 32));
        s3 = multiplyAdd<T>(s3, ax, v128.load(at, 48));
        y += 4 * size;
        offsets += 4;
      } while (offsets != end);
    } else {
      do {
        const at = <usize>load<u32>(offsets);
        const ax = v128.load_splat<T>(y);
        s0 = multiplyAdd<T>(s0, ax, v128.load(base0 + at));
        s1 = multiplyAdd<T>(s1, ax, v128.load(base1 + at));
        s2 = multiplyAdd<T>(s2, ax, v128.load(base2 + at));
        s3 = multiplyAdd<T>(s3, ax, v128.load(base3 + at));
        y += 4 * size;
        offsets += 4;
      } while (offsets != end);
    }
    const to0 = to + load<u32>(results), to1 = to + load<u32>(results + second);
    const to2 = to + load<u32>(results + third), to3 = to + load<u32>(results + fourth);
    let c0: v128, c1: v128, c2: v128, c3: v128;
    if (bias != 0) c0 = c1 = c2 = c3 = v128.load_splat<T>(bias);
    else {
      c0 = v128.load(to0);
      c1 = v128.load(to1);
      c2 = v128.load(to2);
      c3 = v128.load(to3);
    }
    v128.store(to0, v128.add<T>(c0, s0));
    v128.store(to1, v128.add<T>(c1, s1));
    v128.store(to2, v128.add<T>(c2, s2));
    v128.store(to3, v128.add<T>(c3, s3));
    if (groups <= 4) return;
    groups -= 4;
    places += 4 * pace;
    results += 4 * pace;
  }
}

/** Sum of the lanes, in a fixed order. */
@inline function across<T extends number>(sum: v128): T {
  const left = (v128.extract_lane<T>(sum, 0) + v128.extract_lane<T>(sum, 1)) as T;
  if (sizeof<T>() == 8) return left;
  return (left + ((v128.extract_lane<T>(sum, 2) + v128.extract_lane<T>(sum, 3)) as T)) as T;
}

/** Puts a sum over windows where it belongs, or adds it to what is there. */
function settle<T extends number>(to: usize, sum: v128, adds: bool): void {
  const found = across<T>(sum);
  store<T>(to, adds ? (load<T>(to) + found) as T : found);
}

/**
 * 4 rows × 2 taps: to[r, j] (+)= Σᵥ g[v, r] · x[baseⱼ + table[v]] over vectors v of neighbouring windows. Vectors of four
 * rows of g lie side by side.
 */
export function windowsOfFour<T extends number>(
  count: u32, g: usize, table: usize, base0: usize, base1: usize,
  to: usize, toRow: usize, taps: u32, adds: bool,
): void {
  const zero = v128.splat<T>(<T>0);
  let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
  let x0: v128, x1: v128, y: v128, at: usize;
  for (; count != 0; count--) {
    at = <usize>load<u32>(table);
    x0 = v128.load(base0 + at);
    x1 = v128.load(base1 + at);
    y = v128.load(g);
    s00 = multiplyAdd<T>(s00, y, x0);
    s01 = multiplyAdd<T>(s01, y, x1);
    y = v128.load(g, 16);
    s10 = multiplyAdd<T>(s10, y, x0);
    s11 = multiplyAdd<T>(s11, y, x1);
    y = v128.load(g, 32);
    s20 = multiplyAdd<T>(s20, y, x0);
    s21 = multiplyAdd<T>(s21, y, x1);
    y = v128.load(g, 48);
    s30 = multiplyAdd<T>(s30, y, x0);
    s31 = multiplyAdd<T>(s31, y, x1);
    g += 64;
    table += 4;
  }
  const row2 = toRow * 2, row3 = toRow * 3;
  settle<T>(to, s00, adds);
  settle<T>(to + toRow, s10, adds);
  settle<T>(to + row2, s20, adds);
  settle<T>(to + row3, s30, adds);
  if (taps < 2) return;
  to += sizeof<T>();
  settle<T>(to, s01, adds);
  settle<T>(to + toRow, s11, adds);
  settle<T>(to + row2, s21, adds);
  settle<T>(to + row3, s31, adds);
}

/**
 * 1 row × 5 taps: the same for one row of g, vectors `step` bytes apart: `whole` vectors, then `ragged` ones, of which only the
 * lanes in the mask at `lanes` count.
 */
export function windowsOfOne<T extends number>(
  whole: u32, ragged: u32, lanes: usize, g: usize, step: usize, table: usize,
  base0: usize, base1: usize, base2: usize, base3: usize, base4: usize, to: usize, taps: u32, adds: bool,
): void {
  const zero = v128.splat<T>(<T>0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero;
  for (; whole != 0; whole--, g += step, table += 4) {
    const at = <usize>load<u32>(table);
    const y = v128.load(g);
    s0 = multiplyAdd<T>(s0, y, v128.load(base0 + at));
    s1 = multiplyAdd<T>(s1, y, v128.load(base1 + at));
    s2 = multiplyAdd<T>(s2, y, v128.load(base2 + at));
    s3 = multiplyAdd<T>(s3, y, v128.load(base3 + at));
    s4 = multiplyAdd<T>(s4, y, v128.load(base4 + at));
  }
  const mask = v128.load(lanes);
  for (; ragged != 0; ragged--, g += step, table += 4) {
    const at = <usize>load<u32>(table);
    const y = v128.load(g);
    s0 = multiplyAdd<T>(s0, y, v128.and(v128.load(base0 + at), mask));
    s1 = multiplyAdd<T>(s1, y, v128.and(v128.load(base1 + at), mask));
    s2 = multiplyAdd<T>(s2, y, v128.and(v128.load(base2 + at), mask));
    s3 = multiplyAdd<T>(s3, y, v128.and(v128.load(base3 + at), mask));
    s4 = multiplyAdd<T>(s4, y, v128.and(v128.load(base4 + at), mask));
  }
  const size = sizeof<T>();
  settle<T>(to, s0, adds);
  if (taps > 1) settle<T>(to + size, s1, adds);
  if (taps > 2) settle<T>(to + 2 * size, s2, adds);
  if (taps > 3) settle<T>(to + 3 * size, s3, adds);
  if (taps > 4) settle<T>(to + 4 * size, s4, adds);
}
