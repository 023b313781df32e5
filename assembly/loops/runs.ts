// Moves the elements of one run, by width: copies and fills, dense or strided.

/** Bytes from an element to the `n`-th behind it. */
@inline export function along(n: u32, stride: isize): usize {
  return <usize>n * <usize>stride;
}

/** Bytes from which the engine's own copy is faster than a loop of ours: its call costs about 15 ns. */
const LARGE: usize = 1024;

/** Copies bytes between places that do not overlap (or are the same). */
export function copyBytes(out: usize, from: usize, bytes: usize): void {
  if (bytes >= LARGE) {
    memory.copy(out, from, bytes);
    return;
  }
  if (bytes < 16) {
    if (bytes & 8) {
      store<u64>(out, load<u64>(from));
      out += 8;
      from += 8;
    }
    if (bytes & 4) {
      store<u32>(out, load<u32>(from));
      out += 4;
      from += 4;
    }
    if (bytes & 2) {
      store<u16>(out, load<u16>(from));
      out += 2;
      from += 2;
    }
    if (bytes & 1) store<u8>(out, load<u8>(from));
    return;
  }
  // The last vector may overlap the one before it.
  const last = out + bytes - 16;
  const ending = v128.load(from + bytes - 16);
  while (out + 48 <= last) {
    const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    out += 64;
    from += 64;
  }
  while (out < last) {
    v128.store(out, v128.load(from));
    out += 16;
    from += 16;
  }
  v128.store(last, ending);
}

/** Writes a 16-byte pattern `bytes` long; `bytes` is a multiple of the pattern's period and at least 16. */
function fillPattern(out: usize, pattern: v128, bytes: usize): void {
  const last = out + bytes - 16;
  while (out + 48 <= last) {
    v128.store(out, pattern);
    v128.store(out, pattern, 16);
    v128.store(out, pattern, 32);
    v128.store(out, pattern, 48);
    out += 64;
  }
  while (out < last) {
    v128.store(out, pattern);
    out += 16;
  }
  v128.store(last, pattern);
}

/** Writes `n` times the same element. */
export function fillRun<T>(out: usize, value: T, n: u32, stride: isize): void {
  if (stride == <isize>sizeof<T>() && n >= 16 / <u32>sizeof<T>()) {
    fillPattern(out, v128.splat<T>(value), <usize>n * sizeof<T>());
    return;
  }
  for (let i: u32 = 0; i < n; i++) {
    store<T>(out, value);
    out += stride;
  }
}

/** Copies `n` elements between strided places. */
export function copyRun<T>(out: usize, from: usize, n: u32, outStride: isize, fromStride: isize): void {
  const size = <isize>sizeof<T>();
  if (outStride == size && fromStride == size) {
    copyBytes(out, from, <usize>n * sizeof<T>());
    return;
  }
  if (fromStride == 0) {
    if (n) fillRun<T>(out, load<T>(from), n, outStride);
    return;
  }
  for (; n >= 4; n -= 4) {
    const a = load<T>(from), b = load<T>(from + fromStride);
    from += fromStride * 2;
    const c = load<T>(from), d = load<T>(from + fromStride);
    from += fromStride * 2;
    store<T>(out, a);
    store<T>(out + outStride, b);
    out += outStride * 2;
    store<T>(out, c);
    store<T>(out + outStride, d);
    out += outStride * 2;
  }
  for (; n; n--) {
    store<T>(out, load<T>(from));
    out += outStride;
    from += fromStride;
  }
}
