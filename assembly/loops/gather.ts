// Bringing strided elements together in scratch memory, and back.

function gather1(to: usize, from: usize, stride: isize, n: u32): void {
  for (; n; n--, to++, from += stride) store<u8>(to, load<u8>(from));
}
function gather4(to: usize, from: usize, stride: isize, n: u32): void {
  for (; n >= 4; n -= 4, to += 16, from += stride << 2) {
    const third = from + (stride << 1);
    const a = load<u32>(from), b = load<u32>(from + stride), c = load<u32>(third), d = load<u32>(third + stride);
    store<u32>(to, a);
    store<u32>(to, b, 4);
    store<u32>(to, c, 8);
    store<u32>(to, d, 12);
  }
  for (; n; n--, to += 4, from += stride) store<u32>(to, load<u32>(from));
}
function gather8(to: usize, from: usize, stride: isize, n: u32): void {
  for (; n; n--, to += 8, from += stride) store<u64>(to, load<u64>(from));
}

/** Copies `n` elements of 1, 4 or 8 bytes that are `stride` bytes apart to neighbouring places. */
export function gather(size: usize, to: usize, from: usize, stride: isize, n: u32): void {
  if (stride == <isize>size) memory.copy(to, from, <usize>n * size);
  else if (size == 4) gather4(to, from, stride, n);
  else if (size == 8) gather8(to, from, stride, n);
  else gather1(to, from, stride, n);
}

/** Copies `n` neighbouring elements of 4 or 8 bytes to places that are `stride` bytes apart. */
export function scatter(size: usize, to: usize, from: usize, stride: isize, n: u32): void {
  if (stride == <isize>size) memory.copy(to, from, <usize>n * size);
  else if (size == 4) for (; n; n--, to += stride, from += 4) store<u32>(to, load<u32>(from));
  else for (; n; n--, to += stride, from += 8) store<u64>(to, load<u64>(from));
}
