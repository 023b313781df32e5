// The namespace `nn.utils`.

export { clipGradNorm_, clipGradsWithNorm_, clipGradValue_, getTotalNorm, type NormOptions } from "./clip.js";
export { fuseConvBnEval, fuseLinearBnEval } from "./fusion.js";
export * as parametrizations from "./parametrizations.js";
export * as parametrize from "./parametrize.js";
export * as rnn from "./rnn.js";
export { removeSpectralNorm, type SpectralNormOptions, spectralNorm } from "./spectral-norm.js";
export { parametersToVector, vectorToParameters } from "./vector.js";
export { removeWeightNorm, type WeightNormOptions, weightNorm } from "./weight-norm.js";
