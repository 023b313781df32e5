// Rows of matrices: what the factorisations are made of. Elements of a row are neighbours.

/** y += a · x for n elements. */
export function axpy<T extends number>(y: usize, x: usize, a: T, n: u32): void {
  const lanes = <u32>(16 / sizeof<T>());
  const v = v128.splat<T>(a);
  for (; n >= lanes; n -= lanes, x += 16, y += 16) {
    v128.store(y, v128.add<T>(v128.load(y), v128.mul<T>(v, v128.load(x))));
  }
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>()) store<T>(y, (load<T>(y) + a * load<T>(x)) as T);
}

/** Σ x · y over n elements. */
export function dot<T extends number>(x: usize, y: usize, n: u32): T {
  const lanes = <u32>(16 / sizeof<T>());
  let v = v128.splat<T>(<T>0);
  for (; n >= lanes; n -= lanes, x += 16, y += 16) v = v128.add<T>(v, v128.mul<T>(v128.load(x), v128.load(y)));
  let sum = (v128.extract_lane<T>(v, 0) + v128.extract_lane<T>(v, 1)) as T;
  if (sizeof<T>() == 4) sum = (sum + (v128.extract_lane<T>(v, 2) + v128.extract_lane<T>(v, 3))) as T;
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>()) sum = (sum + load<T>(x) * load<T>(y)) as T;
  return sum;
}

/** Exchanges n elements. */
export function exchange<T extends number>(x: usize, y: usize, n: u32): void {
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>()) {
    const a = load<T>(x);
    store<T>(x, load<T>(y));
    store<T>(y, a);
  }
}

/** Rotates two rows: x, y = c · x − s · y, s · x + c · y. */
export function rotate<T extends number>(x: usize, y: usize, c: T, s: T, n: u32): void {
  const lanes = <u32>(16 / sizeof<T>());
  const vc = v128.splat<T>(c), vs = v128.splat<T>(s);
  for (; n >= lanes; n -= lanes, x += 16, y += 16) {
    const a = v128.load(x), b = v128.load(y);
    v128.store(x, v128.sub<T>(v128.mul<T>(vc, a), v128.mul<T>(vs, b)));
    v128.store(y, v128.add<T>(v128.mul<T>(vs, a), v128.mul<T>(vc, b)));
  }
  for (; n > 0; n--, x += sizeof<T>(), y += sizeof<T>()) {
    const a = load<T>(x), b = load<T>(y);
    store<T>(x, (c * a - s * b) as T);
    store<T>(y, (s * a + c * b) as T);
  }
}
