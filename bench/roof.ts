// The roof for benchmarks: multiply and add on registers alone, as fast as the engine's code generator lets them run.

/** 2 · 4 · 12 · rounds float32 operations, no memory traffic; the result keeps them alive. */
export function roof_f32(rounds: u32): f32 {
  const x = f32x4.splat(0.5);
  const y = f32x4.splat(0.25);
  let s0 = x, s1 = x, s2 = x, s3 = x, s4 = x, s5 = x;
  let t0 = y, t1 = y, t2 = y, t3 = y, t4 = y, t5 = y;
  for (let i: u32 = 0; i < rounds; i++) {
    s0 = f32x4.add(f32x4.mul(s0, x), y);
    s1 = f32x4.add(f32x4.mul(s1, x), y);
    s2 = f32x4.add(f32x4.mul(s2, x), y);
    s3 = f32x4.add(f32x4.mul(s3, x), y);
    s4 = f32x4.add(f32x4.mul(s4, x), y);
    s5 = f32x4.add(f32x4.mul(s5, x), y);
    t0 = f32x4.add(f32x4.mul(t0, x), y);
    t1 = f32x4.add(f32x4.mul(t1, x), y);
    t2 = f32x4.add(f32x4.mul(t2, x), y);
    t3 = f32x4.add(f32x4.mul(t3, x), y);
    t4 = f32x4.add(f32x4.mul(t4, x), y);
    t5 = f32x4.add(f32x4.mul(t5, x), y);
  }
  const s = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(s4, s5));
  const t = f32x4.add(f32x4.add(f32x4.add(t0, t1), f32x4.add(t2, t3)), f32x4.add(t4, t5));
  return f32x4.extract_lane(f32x4.add(s, t), 0);
}

/** c ← a + b over that many bytes each, a multiple of 64: what memory lets the engine stream. */
export function stream_f32(c: usize, a: usize, b: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 64) {
    v128.store(c + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
    v128.store(c + i, f32x4.add(v128.load(a + i, 16), v128.load(b + i, 16)), 16);
    v128.store(c + i, f32x4.add(v128.load(a + i, 32), v128.load(b + i, 32)), 32);
    v128.store(c + i, f32x4.add(v128.load(a + i, 48), v128.load(b + i, 48)), 48);
  }
}
