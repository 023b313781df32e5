// Rules: what an elementwise kernel computes, given to the shared loops as a type argument.
//
// A rule is never instantiated: the loops call it through `changetype<Rule>(0)`, so it inlines fully.
// `many` works on a vector of lanes. The loops bring strided operands and the last few elements of a row
// into vectors too, so an element has the same bits wherever it lies and a rule states its formula once.
// A rule without a vector form gives `one` for an element, and `many` by `lanewise1` or `lanewise2`.

/** Number of lanes of `T` in a vector. */
@inline export function lanes<T>(): i32 {
  return 16 / <i32>sizeof<T>();
}

/** One operand, result of the same dtype. */
export abstract class Unary<T> {
  abstract many(a: v128): v128;
}

/** Two operands, result of the same dtype. */
export abstract class Binary<T> {
  abstract many(a: v128, b: v128): v128;
}

/** Three operands, result of the same dtype. */
export abstract class Ternary<T> {
  abstract many(a: v128, b: v128, c: v128): v128;
}

/** A question about one operand: lanes of ones where it holds. */
export abstract class Test<T> {
  abstract many(a: v128): v128;
}

/** A question about two operands: lanes of ones where it holds. */
export abstract class Comparison<T> {
  abstract many(a: v128, b: v128): v128;
}

/** `many` of a rule that is given element by element, as `one`: `R` is the rule's own class, so the call inlines. */
@inline export function lanewise1<T, R>(a: v128): v128 {
  const rule = changetype<R>(0);
  let r = a;
  r = v128.replace_lane<T>(r, 0, rule.one(v128.extract_lane<T>(a, 0)));
  r = v128.replace_lane<T>(r, 1, rule.one(v128.extract_lane<T>(a, 1)));
  if (sizeof<T>() == 4) {
    r = v128.replace_lane<T>(r, 2, rule.one(v128.extract_lane<T>(a, 2)));
    r = v128.replace_lane<T>(r, 3, rule.one(v128.extract_lane<T>(a, 3)));
  }
  return r;
}

/** The same for rules of two operands. */
@inline export function lanewise2<T, R>(a: v128, b: v128): v128 {
  const rule = changetype<R>(0);
  let r = a;
  r = v128.replace_lane<T>(r, 0, rule.one(v128.extract_lane<T>(a, 0), v128.extract_lane<T>(b, 0)));
  r = v128.replace_lane<T>(r, 1, rule.one(v128.extract_lane<T>(a, 1), v128.extract_lane<T>(b, 1)));
  if (sizeof<T>() == 4) {
    r = v128.replace_lane<T>(r, 2, rule.one(v128.extract_lane<T>(a, 2), v128.extract_lane<T>(b, 2)));
    r = v128.replace_lane<T>(r, 3, rule.one(v128.extract_lane<T>(a, 3), v128.extract_lane<T>(b, 3)));
  }
  return r;
}
