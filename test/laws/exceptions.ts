// Where a law does not hold to the letter, operator by operator, and why.

type Reasons = Readonly<Record<string, string>>;

const each = (names: string, reason: string): Reasons => Object.fromEntries(names.split(" ").map((n) => [n, reason]));

/** Operators that look at memory itself: in another layout they are another question. */
export const OF_MEMORY: Reasons = {
  ...each("asStrided asStridedScatter", "sizes and strides are those of the storage"),
  view: "needs a layout that allows it, and refuses others as PyTorch does",
};

/** Operators that write into some of their operands, which therefore must not be broadcast. */
export const WRITING: Reasons = each("nn.functional.batchNorm nn.functional.instanceNorm", "keeps running statistics");

/**
 * Operators that add up (or multiply) elements in the order of memory, or blocks of them by the layout of the matrix:
 * another layout gives another order of the same terms, so that last digits differ.
 */
export const IN_MEMORY_ORDER: Reasons = {
  ...each(
    "sum renorm nn.functional.cosineSimilarity nn.functional.normalize nansum nanmean prod std stdMean var variance varMean trapezoid linalg.matrixNorm dist cov",
    "sums of all elements, in memory order",
  ),
  ...each(
    "nn.functional.binaryCrossEntropy nn.functional.binaryCrossEntropyWithLogits nn.functional.cosineEmbeddingLoss " +
      "nn.functional.crossEntropy nn.functional.gaussianNllLoss nn.functional.hingeEmbeddingLoss " +
      "nn.functional.marginRankingLoss nn.functional.softMarginLoss nn.functional.tripletMarginLoss " +
      "nn.functional.tripletMarginWithDistanceLoss",
    "the sum over all elements at the end, and the gradient of a sum",
  ),
  ...each("pow floatPower nn.functional.prelu", "the gradient of a broadcast operand is a sum in memory order"),
  ...each(
    "matmul linalg.matmul mv addmv tensordot einsum nn.functional.linear nn.functional.bilinear",
    "products choose a path by layout",
  ),
  cdist: "the gradient is a product",
  ...each(
    "softmax logSoftmax nn.functional.softmax nn.functional.logSoftmax",
    "sums along a dim, in blocks where its elements lie side by side and one by one where they do not",
  ),
  "nn.functional.cosineSimilarity": "sums of products along a dim, in memory order",
};

/** Sums of up to 200 terms in another order: 200 roundings of at most the largest value. */
export const REORDERED = 200 * 2 ** -52;

/** Operators without a derivative whose results yet require gradients, as in PyTorch, and refuse in the backward pass. */
export const REFUSING: Reasons = each(
  "floorDivide heaviside igamma igammac special.gammainc special.gammaincc special.zeta unique uniqueConsecutive",
  "the derivative is not implemented in PyTorch either; backward says so",
);

const TRIANGLE = "reads one triangle of a symmetric matrix: its symmetric gradient is not that of moving one element";

/** Operators at which differences cannot find the derivative; by operator, or one sample of it. */
export const NOT_BY_DIFFERENCES: Reasons = {
  ...each("cholesky linalg.cholesky linalg.choleskyEx linalg.eigh linalg.eigvalsh", TRIANGLE),
  "linalg.pinv (hermitian)": TRIANGLE,
  choleskySolve: "reads one triangle of the factor; the gradient is of the whole, as in PyTorch",
  to: "rounds to float32, which is coarser than the step of the differences",
  float: "rounds to float32, which is coarser than the step of the differences",
  "nn.functional.maxUnpool1d #36": "a place is named twice: which value stays there is not defined",
  "nn.functional.maxUnpool1d #108": "a place is named twice",
  "nn.functional.maxUnpool2d #72": "a place is named twice",
  "nn.functional.maxUnpool2d #144": "a place is named twice",
};

/** Operators whose second derivative differences cannot find. */
export const NOT_TWICE: Reasons = {
  "linalg.norm (subgradients_at_zero)": "at zero the norm has a kink: its gradient is one of many there",
};

/** Whether an exception is made of a sample: by its name, its operator and variant, or its operator. */
export function excepted(reasons: Reasons, name: string): boolean {
  return [name, name.replace(/ #.*$/, ""), name.replace(/ [(#].*$/, "")].some((key) => Object.hasOwn(reasons, key));
}
