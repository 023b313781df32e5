// Everything that users import but the methods on tensors: bundles hold what they name and no more.

export * as autograd from "./autograd/index.js";
export { type CapturedStep, capture, type StepInput, type StepInputs } from "./capture/capture.js";
export * from "./errors.js";
export * from "./fit/index.js";
export * as func from "./func/index.js";
export * as io from "./io/index.js";
export { load, save } from "./io/index.js";
export { gridSampler, gridSampler2d, gridSampler3d } from "./nn/functional/grid.js";

export { constantPadNd } from "./nn/functional/pad.js";
export * as F from "./nn/functional.js";
export * as nn from "./nn/index.js";
export * from "./ops/arithmetic.js";
export * from "./ops/bitwise.js";
export * from "./ops/cast.js";
export * from "./ops/chain.js";
export * from "./ops/combinations.js";
export * from "./ops/combine.js";
export * from "./ops/compaction.js";
export * from "./ops/compare.js";
export * from "./ops/coordinates.js";
export * from "./ops/covariance.js";
export * from "./ops/creation.js";
export * from "./ops/decompositions.js";
export * from "./ops/detach.js";
export * from "./ops/difference.js";
export * from "./ops/einsum.js";
export * from "./ops/extrema.js";
export * from "./ops/extremum.js";
export * as fft from "./ops/fft.js";
export * from "./ops/flip.js";
export * from "./ops/gamma.js";
export * from "./ops/gather.js";
export * from "./ops/histogram.js";
export * from "./ops/index-writing.js";
export * from "./ops/indexing.js";
export * from "./ops/join.js";
export * as linalg from "./ops/linalg/index.js";
export * from "./ops/matmul.js";
export * from "./ops/median.js";
export * from "./ops/member.js";
export * from "./ops/moments.js";
export * from "./ops/multinomial.js";
export * from "./ops/nonzero.js";
export * from "./ops/norm.js";
export * from "./ops/parts.js";
export * from "./ops/pointwise.js";
export * from "./ops/product.js";
export * from "./ops/quantile.js";
export * from "./ops/random.js";
export * from "./ops/random-like.js";
export * from "./ops/reals.js";
export * from "./ops/reduce.js";
export * from "./ops/repetition.js";
export * from "./ops/reshaping.js";
export * from "./ops/rounding.js";
export * from "./ops/scan.js";
export * from "./ops/scatter.js";
export * from "./ops/scatter-reduce.js";
export * from "./ops/search.js";
export * from "./ops/shape.js";
export * as signal from "./ops/signal/index.js";
export * from "./ops/softmax.js";
export * from "./ops/sort.js";
export * as special from "./ops/special.js";
export * from "./ops/splitting.js";
export * from "./ops/triangle.js";
export * from "./ops/trigonometric.js";
export * from "./ops/unique.js";
export * from "./ops/view-writing.js";
export * from "./ops/views.js";
export * from "./ops/where.js";
export * as optim from "./optim/index.js";
export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from "./tape/mode.js";
export {
  bfloat16,
  bool,
  type DType,
  double,
  float,
  float16,
  float32,
  float64,
  getDefaultDtype,
  half,
  int,
  int8,
  int16,
  int32,
  int64,
  long,
  setDefaultDtype,
  short,
  uint8,
} from "./tensor/dtype.js";
export { getPrintoptions, setPrintoptions } from "./tensor/format.js";
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from "./tensor/generator.js";
export { type FloatInfo, finfo, type IntegerInfo, iinfo } from "./tensor/info.js";
export { keep, Scope, scope } from "./tensor/scope.js";
export { Tensor } from "./tensor/tensor.js";
export { setNumThreads, type Threads, threads } from "./threads/index.js";
export * as utils from "./utils/index.js";
export { memory } from "./wasm/memory.js";
