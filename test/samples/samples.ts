// Samples for the laws: for each operator arguments on which it is smooth, in float64.

import * as wengert from "../../src/entries/node.js";
import { F, float64, int32, manualSeed, rand, slice, Tensor, tensor } from "../../src/entries/node.js";
import { camel, decode, documents } from "../parity/cases.js";
import { created, ordered, reductions } from "./along.js";
import type { Values } from "./collect.js";
import { binary, ternary, unary } from "./elementwise.js";
import { moves } from "./moves.js";
import { linear, products } from "./products.js";
import { transforms } from "./transforms.js";

export interface Sample {
  readonly name: string;
  readonly call: (...args: unknown[]) => unknown;
  readonly args: readonly unknown[];
  readonly inplace?: (...args: unknown[]) => unknown;
  /** False where there is no derivative, or none that differences can find. */
  readonly differentiable?: boolean;
  /** False where the second derivative is not defined. */
  readonly twice?: boolean;
}

type Callable = (...args: unknown[]) => unknown;
const library = wengert as unknown as Record<string, Callable> & {
  readonly special: Record<string, Callable>;
  readonly linalg: Record<string, Callable>;
};
const functional = F as unknown as Record<string, Callable>;

/** Functions that are exported but are no operators on tensors, or have tests of their own. */
export const exceptions: ReadonlySet<string> = new Set(
  (
    "tensor asTensor fromTypedArray empty emptyLike rand randn randint randperm randLike randnLike randintLike linspace logspace " +
    "emptyStrided trilIndices triuIndices broadcastShapes " +
    "manualSeed seed initialSeed getRngState setRngState setDefaultDtype getDefaultDtype setPrintoptions getPrintoptions init memory scope keep save load " +
    "noGrad enableGrad inferenceMode isGradEnabled isInferenceModeEnabled setGradEnabled " +
    "bernoulli bernoulli_ poisson uniform_ normal_ exponential_ geometric_ cauchy_ logNormal_ multinomial normal " +
    "nn.functional.dropout nn.functional.dropout_ nn.functional.dropout1d nn.functional.dropout2d nn.functional.dropout3d " +
    "nn.functional.alphaDropout nn.functional.alphaDropout_ nn.functional.featureAlphaDropout nn.functional.rrelu nn.functional.rrelu_ " +
    "nn.functional.gumbelSoftmax " +
    // takes its inputs through a projection of thirteen arguments: held by its own recorded case where dropout is off
    "nn.functional.multiHeadAttentionForward " +
    // real tensors have no imaginary part: it refuses them
    "imag"
  ).split(" "),
);

/** Values without ties or kinks, the same every time. */
function values(shape: readonly number[], low: number, high: number): Tensor {
  return rand(shape, { dtype: float64 })
    .mul(high - low)
    .add(low);
}

/** Unary functions by the interval on which they are smooth. */
const UNARY: readonly (readonly [names: string, low: number, high: number])[] = [
  [
    "abs absolute negative neg exp expm1 sin tan atan arctan tanh sinh asinh arcsinh erf relu sign sgn positive frac deg2rad rad2deg sinc",
    0.1,
    0.9,
  ],
  ["asin arcsin acos arccos atanh arctanh erfinv", -0.8, 0.8],
  ["sqrt log1p", 0.3, 3],
  ["arccosh", 1.3, 3],
  ["ceil floor trunc fix", 0.1, 0.9],
];

const BINARY: readonly (readonly [names: string, low: number, high: number])[] = [
  ["arctan2 divide multiply subtract", 0.5, 2],
];

const UNDIFFERENTIABLE =
  "isinf isnan isneginf isposinf signbit greater greaterEqual less lessEqual notEqual bitwiseNot";

function made(): Sample[] {
  manualSeed(7);
  const list: Sample[] = [];
  const add = (
    names: string,
    args: readonly unknown[],
    more: Partial<Sample> = {},
    from: Record<string, Callable> = library,
    path = "",
  ) => {
    for (const name of names.split(" ")) {
      const call = from[name];
      if (call === undefined) throw new Error(`no function ${path}${name} for its sample`);
      const inplace =
        from === library ? (Tensor.prototype as unknown as Record<string, Callable>)[`${name}_`] : undefined;
      const writes =
        inplace === undefined || more.inplace === null
          ? {}
          : { inplace: (self: unknown, ...rest: unknown[]) => inplace.apply(self, rest) };
      list.push({ name: `${path}${name}`, call, args, ...writes, ...more });
    }
  };
  for (const [names, low, high] of UNARY) add(names, [values([2, 3], low, high)]);
  for (const [names, low, high] of BINARY) add(names, [values([2, 3], low, high), values([2, 3], low + 1, high + 1)]);
  add("isinf isnan isneginf isposinf signbit", [values([2, 3], -1, 1)], { differentiable: false });
  for (const name of "greater greaterEqual less lessEqual notEqual".split(" ")) {
    list.push({
      name,
      call: library[name] as Callable,
      args: [values([4], 0, 1), values([4], 0, 1)],
      differentiable: false,
    });
  }
  const ints = tensor([1, 2, 3, 12], { dtype: int32 });
  for (const name of "bitwiseAnd bitwiseOr bitwiseXor bitwiseLeftShift bitwiseRightShift gcd lcm".split(" ")) {
    list.push({
      name,
      call: library[name] as Callable,
      args: [ints, tensor([3, 1, 2, 4], { dtype: int32 })],
      differentiable: false,
    });
  }
  list.push({ name: "bitwiseNot", call: library.bitwiseNot as Callable, args: [ints], differentiable: false });
  const x = values([3, 4], 0.2, 0.9);
  const matrix = values([3, 3], -1, 1);
  add("clamp clip", [x, 0.3, 0.8], {});
  add("clampMin", [x, 0.35]);
  add("clampMax", [x, 0.75]);
  add("clone contiguous", [x.t()]);
  add("to", [x, "float32"], { differentiable: false });
  add("bmm", [values([2, 2, 3], -1, 1), values([2, 3, 2], -1, 1)]);
  add("addbmm", [values([2, 2], -1, 1), values([3, 2, 3], -1, 1), values([3, 3, 2], -1, 1)]);
  add("baddbmm", [values([2, 2, 2], -1, 1), values([2, 2, 3], -1, 1), values([2, 3, 2], -1, 1)]);
  add("ger", [values([3], -1, 1), values([2], -1, 1)]);
  add("concat concatenate rowStack", [[x, values([2, 4], 0, 1)]]);
  add("moveaxis", [values([2, 3, 2], 0, 1), 0, 2]);
  add("swapaxes swapdims", [x, 0, 1], { inplace: undefined });
  add("gather", [
    x,
    1,
    tensor(
      [
        [0, 1],
        [3, 3],
        [2, 0],
      ],
      { dtype: int32 },
    ),
  ]);
  list.push({ name: "index", call: library.index as Callable, args: [x, slice(0, 2), [1, 1, 3]] });
  add("fliplr flipud", [x]);
  add("variance", [x, 1]);
  add("detach", [x], { differentiable: false, inplace: undefined });
  add("logit", [x]);
  for (const name of "softmax logSoftmax".split(" "))
    list.push({ name: `nn.functional.${name}`, call: functional[name] as Callable, args: [x, 1] });
  for (const name of "sigmoid tanh".split(" "))
    list.push({ name: `nn.functional.${name}`, call: functional[name] as Callable, args: [x] });
  list.push({
    name: "nn.functional.oneHot",
    call: functional.oneHot as Callable,
    args: [tensor([0, 2, 1], { dtype: int32 })],
    differentiable: false,
  });
  list.push({
    name: "mv with a transposed matrix",
    call: (m, v) => (m as Tensor).t().mv(v as Tensor),
    args: [matrix, values([3], -1, 1)],
  });
  add("sumToSize", [x, [1, 4]]);
  add("msort", [x]);
  add("nansum nanmean", [x, 0]);
  add("bincount", [tensor([1, 3, 1], { dtype: int32 })], { differentiable: false });
  add("angle", [x], { inplace: undefined });
  add("constantPadNd", [x, [1, 1], 0.5]);
  add("sliceScatter", [x, values([3, 2], 0, 1), 1, 1, 3]);
  add("indexCopy", [x, 1, tensor([2, 0], { dtype: int32 }), values([3, 2], 0, 1)]);
  add("put", [x, tensor([5, 1], { dtype: int32 }), values([2], 0, 1)]);
  list.push({
    name: "setIndex",
    call: (a, b) => (a as Tensor).clone().setIndex([0], b as Tensor),
    args: [x, values([4], 0, 1)],
  });
  list.push({ name: "copy_", call: (a, b) => (a as Tensor).clone().copy_(b as Tensor), args: [x, values([4], 0, 1)] });
  list.push({ name: "fill_", call: (a, b) => (a as Tensor).clone().fill_(b as Tensor), args: [x, values([], 0, 1)] });
  const image = values([1, 1, 4, 4], 0, 1);
  const volume = values([1, 1, 2, 4, 2], 0, 1);
  const places = tensor([5], { dtype: int32 }).reshape([1, 1, 1, 1, 1]);
  const layers: readonly (readonly [names: string, args: readonly unknown[]])[] = [
    ["avgPool2d maxPool2dWithIndices", [image, 2]],
    ["avgPool3d maxPool3d maxPool3dWithIndices", [volume, 2]],
    ["maxPool1dWithIndices", [values([1, 6], 0, 1), 2]],
    ["adaptiveMaxPool3d", [volume, 1]],
    ["lpPool1d", [values([1, 6], 0.1, 1), 2, 2]],
    ["lpPool2d", [values([1, 1, 4, 4], 0.1, 1), 2, 2]],
    ["lpPool3d", [values([1, 1, 2, 4, 2], 0.1, 1), 2, 2]],
    ["maxUnpool3d", [values([1, 1, 1, 1, 1], 0, 1), places, 2]],
    ["fold", [values([1, 4, 4], 0, 1), [3, 3], 2]],
    ["convTranspose3d", [values([1, 1, 2, 2, 2], -1, 1), values([1, 1, 2, 1, 1], -1, 1)]],
    ["channelShuffle", [values([1, 4, 2, 2], 0, 1), 2]],
    ["scaledDotProductAttention", [values([1, 3, 2], -1, 1), values([1, 3, 2], -1, 1), values([1, 3, 2], -1, 1)]],
    [
      "rnnTanhCell rnnReluCell",
      [values([2, 3], 0.1, 1), values([2, 2], 0.1, 1), values([2, 3], 0.1, 1), values([2, 2], 0.1, 1)],
    ],
    ["gruCell", [values([2, 3], -1, 1), values([2, 2], -1, 1), values([6, 3], -1, 1), values([6, 2], -1, 1)]],
    [
      "lstmCell",
      [
        values([2, 3], -1, 1),
        [values([2, 2], -1, 1), values([2, 2], -1, 1)],
        values([8, 3], -1, 1),
        values([8, 2], -1, 1),
      ],
    ],
    ["affineGrid", [values([1, 2, 3], -1, 1), [1, 1, 2, 2]]],
    ["gridSample", [values([1, 1, 3, 3], 0, 1), values([1, 2, 2, 2], 0.1, 0.45), { alignCorners: false }]],
    ["upsample", [values([1, 1, 3], 0, 1), { size: 5 }]],
  ];
  for (const [names, args] of layers) {
    for (const name of names.split(" "))
      list.push({ name: `nn.functional.${name}`, call: functional[name] as Callable, args });
  }
  add("gridSampler gridSampler2d", [values([1, 1, 3, 3], 0, 1), values([1, 2, 2, 2], 0.1, 0.45), 0, 0, false]);
  for (const name of "besselJ0 besselJ1 besselY1".split(" ")) {
    list.push({ name: `special.${name}`, call: library.special[name] as Callable, args: [x], differentiable: false });
  }
  // Away from singular, and with gaps between eigenvalues.
  const regular = matrix.add(
    tensor(
      [
        [3, 0, 0],
        [0, 5, 0],
        [0, 0, 8],
      ],
      { dtype: float64 },
    ),
  );
  const lower = regular.tril();
  const linear: readonly (readonly [name: string, call: Callable, args: readonly unknown[]])[] = [
    ["chainMatmul", library.chainMatmul as Callable, [values([2, 3], -1, 1), matrix, values([3, 2], -1, 1)]],
    ["kron", library.kron as Callable, [values([2, 2], -1, 1), values([1, 3], -1, 1)]],
    ["det", library.det as Callable, [regular]],
    ["slogdet", library.slogdet as Callable, [regular]],
    ["inverse", library.inverse as Callable, [regular]],
    ["matrixPower", library.matrixPower as Callable, [regular, 2]],
    // PyTorch gives the gradient of the whole factor, of which only a triangle is read.
    ["choleskyInverse", (x) => library.choleskyInverse?.((x as Tensor).tril()), [lower]],
    ["triangularSolve", (b, a) => library.triangularSolve?.(b, a, { upper: false }), [values([3, 2], -1, 1), lower]],
    ["linalg.matrixExp", library.linalg.matrixExp as Callable, [matrix]],
    ["linalg.tensorinv", library.linalg.tensorinv as Callable, [regular.reshape([3, 3, 1]), { ind: 1 }]],
    ["cholesky of a product", (x) => library.linalg.cholesky?.((x as Tensor).matmul((x as Tensor).t())), [regular]],
    ["eigvalsh of a product", (x) => library.linalg.eigvalsh?.((x as Tensor).matmul((x as Tensor).t())), [regular]],
    [
      "pinv of a product",
      (x) => library.linalg.pinv?.((x as Tensor).matmul((x as Tensor).t()), { hermitian: true }),
      [regular],
    ],
  ];
  for (const [name, call, args] of linear) list.push({ name, call, args });
  const mask = tensor([[true, false, true, false]]);
  for (const name of ["maskedScatter", "maskedScatter_"]) {
    list.push({ name, call: (a, b) => library.maskedScatter?.(a, mask, b), args: [x, values([8], 0, 1)] });
  }
  const triplet = [values([2, 3], 0, 1), values([2, 3], 0, 1), values([2, 3], 2, 3)];
  list.push({
    name: "nn.functional.tripletMarginWithDistanceLoss",
    call: functional.tripletMarginWithDistanceLoss as Callable,
    args: [...triplet, { margin: 10 }],
  });
  return list;
}

/** Recorded cases small enough to differentiate by differences. */
function recorded(): Sample[] {
  const list: Sample[] = [];
  for (const { op, variant, cases } of documents) {
    if (/[^_]_$/.test(op) || op === "__getitem__") continue;
    const path = op.split(".").map(camel);
    let call: unknown = wengert;
    for (const part of path) call = (call as Record<string, unknown> | undefined)?.[part];
    if (typeof call !== "function") continue;
    const small = cases.find((each) => {
      const count = (value: unknown): number =>
        value !== null && typeof value === "object" && "tensor" in value
          ? (value as { readonly tensor: readonly unknown[] }).tensor.length
          : Array.isArray(value)
            ? value.reduce((sum: number, item) => sum + count(item), 0)
            : 0;
      return each.grads !== undefined && count(each.args) <= 30 && count(Object.values(each.opts)) === 0;
    });
    if (small === undefined) continue;
    const args = decode(small.args, "float64", [], (y) => y) as unknown[];
    const opts = decode(Object.values(small.opts), "float64", [], (y) => y) as unknown[];
    const options = Object.fromEntries(Object.keys(small.opts).map((name, i) => [name, opts[i]]));
    const given = Object.keys(options).length === 0 ? args : [...args, options];
    list.push({
      name: `${path.join(".")}${variant ? ` (${variant})` : ""}`,
      call: call as Callable,
      args: given,
      differentiable: small.gradgrads !== undefined,
    });
  }
  return list;
}

/**
 * Recorded operators whose derivatives differences cannot find at the recorded place: they read one triangle of a
 * symmetric matrix, so that moving one element of a pair is not what their symmetric gradients mean (products of a
 * matrix with itself stand in for them above), or they are at a kink.
 */
const KINKED: ReadonlySet<string> = new Set([
  "cholesky",
  "linalg.cholesky",
  "linalg.choleskyEx",
  "linalg.eigh",
  "linalg.eigvalsh",
  "linalg.pinv (hermitian)",
  "linalg.norm (subgradients_at_zero)",
]);

/** The files of samples, each of a family of operators. */
const FAMILIES: readonly ((from: Values) => Sample[])[] = [
  moves,
  unary,
  binary,
  ternary,
  products,
  linear,
  reductions,
  ordered,
  created,
  transforms,
];

let all: Sample[] | null = null;

/** All samples. */
export function samples(): readonly Sample[] {
  all ??= [
    ...made(),
    ...FAMILIES.flatMap((family) => {
      // Each from the beginning, so that what one draws changes nothing in the others.
      manualSeed(7);
      return family(values);
    }),
    ...recorded(),
  ].map((sample) => (KINKED.has(sample.name) ? { ...sample, differentiable: false } : sample));
  return all;
}

/** The exported functions, by their path, that have samples here or recorded cases; aliases and in-place forms go along. */
export function covered(): Set<string> {
  const names = new Set(samples().map(({ name }) => name.replace(/ \(.*\)$/, "")));
  for (const { op } of documents) names.add(op.split(".").map(camel).join("."));
  for (const name of UNDIFFERENTIABLE.split(" ")) names.add(name);
  const at = (path: string): unknown =>
    path.split(".").reduce((from: unknown, part) => (from as Record<string, unknown> | undefined)?.[part], wengert);
  const functions = new Set([...names].map(at));
  const { special, linalg, fft } = wengert;
  const spaces = { "": wengert, "special.": special, "linalg.": linalg, "fft.": fft, "nn.functional.": F } as Record<
    string,
    object
  >;
  for (const [path, space] of Object.entries(spaces)) {
    for (const [name, value] of Object.entries(space)) if (functions.has(value)) names.add(`${path}${name}`);
  }
  for (const name of [...names]) names.add(`${name}_`);
  return names;
}
