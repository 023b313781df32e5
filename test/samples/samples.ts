// Samples for the laws: for each operator arguments on which it is smooth, in float64.

import * as wengert from "../../src/entries/node.js";
import { F, float64, int32, manualSeed, rand, slice, type Tensor, tensor } from "../../src/entries/node.js";
import { created, ordered, reductions } from "./along.js";
import type { Values } from "./collect.js";
import { binary, ternary, unary } from "./elementwise.js";
import { activations, layers, losses, windows } from "./layers.js";
import { moves } from "./moves.js";
import { indices, views } from "./places.js";
import { linear, products } from "./products.js";
import { recorded } from "./recorded.js";
import { transforms } from "./transforms.js";

export interface Sample {
  readonly name: string;
  readonly call: (...args: unknown[]) => unknown;
  readonly args: readonly unknown[];
  /** A form in place that is not found by its name. */
  readonly inplace?: (...args: unknown[]) => unknown;
  /** Names of the forms in place, where they are not the function's with an underscore. */
  readonly writes?: readonly string[];
  /** Paths of the exported functions that `call` runs, where it is not itself one. */
  readonly covers?: readonly string[];
  /** The tensors among the arguments to differentiate by; all floating-point ones if left out. */
  readonly leaves?: readonly Tensor[];
  /** False where there is no derivative. */
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
    "manualSeed seed initialSeed getRngState setRngState setDefaultDtype getDefaultDtype setPrintoptions getPrintoptions init memory setNumThreads threads capture scope keep save load fit finfo iinfo " +
    "noGrad enableGrad inferenceMode isGradEnabled isInferenceModeEnabled setGradEnabled " +
    "bernoulli bernoulli_ poisson uniform_ normal_ exponential_ geometric_ cauchy_ logNormal_ multinomial normal " +
    "nn.functional.dropout nn.functional.dropout_ nn.functional.dropout1d nn.functional.dropout2d nn.functional.dropout3d " +
    "nn.functional.alphaDropout nn.functional.alphaDropout_ nn.functional.featureAlphaDropout nn.functional.rrelu nn.functional.rrelu_ " +
    "nn.functional.gumbelSoftmax " +
    // takes its inputs through a projection of thirteen arguments: held by its own recorded case where dropout is off
    "nn.functional.multiHeadAttentionForward " +
    // real tensors have no imaginary part: it refuses them
    "imag " +
    // the tape's own switch: held by the tests of autograd
    "requiresGrad_"
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
      list.push({ name: `${path}${name}`, call, args, ...more });
    }
  };
  for (const [names, low, high] of UNARY) add(names, [values([2, 3], low, high)]);
  for (const [names, low, high] of BINARY) add(names, [values([2, 3], low, high), values([2, 3], low + 1, high + 1)]);
  add("isinf isnan isneginf isposinf signbit", [values([2, 3], -1, 1)], { differentiable: false });
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
  add("to", [x, "float32"]);
  add("bmm", [values([2, 2, 3], -1, 1), values([2, 3, 2], -1, 1)]);
  add("addbmm", [values([2, 2], -1, 1), values([3, 2, 3], -1, 1), values([3, 3, 2], -1, 1)]);
  add("baddbmm", [values([2, 2, 2], -1, 1), values([2, 2, 3], -1, 1), values([2, 3, 2], -1, 1)]);
  add("ger", [values([3], -1, 1), values([2], -1, 1)]);
  add("concat concatenate rowStack", [[x, values([2, 4], 0, 1)]]);
  add("moveaxis", [values([2, 3, 2], 0, 1), 0, 2]);
  add("swapaxes swapdims", [x, 0, 1]);
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
  add("detach", [x], { differentiable: false });
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
  add("angle", [x]);
  add("constantPadNd", [x, [1, 1], 0.5]);
  add("sliceScatter", [x, values([3, 2], 0, 1), 1, 1, 3]);
  add("indexCopy", [x, 1, tensor([2, 0], { dtype: int32 }), values([3, 2], 0, 1)]);
  add("put", [x, tensor([5, 1], { dtype: int32 }), values([2], 0, 1)]);
  list.push({
    name: "indexPut",
    call: library.indexPut as Callable,
    args: [x, [0], values([4], 0, 1)],
    writes: ["setIndex", "indexPut_"],
  });
  list.push({
    name: "a copy",
    call: (a, b) => (b as Tensor).expandAs(a as Tensor).clone(),
    args: [x, values([4], 0, 1)],
    writes: ["copy_"],
  });
  list.push({
    name: "zerosLike",
    call: library.zerosLike as Callable,
    args: [x],
    differentiable: false,
    writes: ["zero_"],
  });
  list.push({
    name: "polygamma",
    call: (a, n) => library.polygamma?.(n, a),
    args: [values([4], 0.5, 2), 1],
    covers: ["polygamma"],
    writes: ["polygamma_"],
  });
  add("where", [tensor([[true], [false], [true]]), x, values([1], 0, 1)]);
  add("maskedScatter", [x, tensor([[true, false, true, false]]), values([8], 0, 1)]);
  add(
    "greater greaterEqual less lessEqual notEqual logicalAnd logicalOr logicalXor",
    [values([4], 0, 1), values([4], 0, 1)],
    {
      differentiable: false,
    },
  );
  add("logicalNot", [values([4], 0, 1)], { differentiable: false });
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
  const linear: readonly (readonly [
    name: string,
    call: Callable,
    args: readonly unknown[],
    covers?: readonly string[],
  ])[] = [
    ["chainMatmul", library.chainMatmul as Callable, [values([2, 3], -1, 1), matrix, values([3, 2], -1, 1)]],
    ["kron", library.kron as Callable, [values([2, 2], -1, 1), values([1, 3], -1, 1)]],
    ["det", library.det as Callable, [regular]],
    ["slogdet", library.slogdet as Callable, [regular]],
    ["inverse", library.inverse as Callable, [regular]],
    ["matrixPower", library.matrixPower as Callable, [regular, 2]],
    // PyTorch gives the gradient of the whole factor, of which only a triangle is read.
    ["choleskyInverse", (x) => library.choleskyInverse?.((x as Tensor).tril()), [lower], ["choleskyInverse"]],
    [
      "triangularSolve",
      (b, a) => library.triangularSolve?.(b, a, { upper: false }),
      [values([3, 2], -1, 1), lower],
      ["triangularSolve"],
    ],
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
  for (const [name, call, args, covers = []] of linear) list.push({ name, call, args, covers });
  const triplet = [values([2, 3], 0, 1), values([2, 3], 0, 1), values([2, 3], 2, 3)];
  list.push({
    name: "nn.functional.tripletMarginWithDistanceLoss",
    call: functional.tripletMarginWithDistanceLoss as Callable,
    args: [...triplet, { margin: 10 }],
  });
  return list;
}

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
  activations,
  layers,
  windows,
  losses,
  views,
  indices,
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
  ];
  return all;
}
