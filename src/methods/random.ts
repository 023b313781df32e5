// Methods of tensors: the family ops/random, but the functions that make tensors.

import { multinomial } from "../ops/multinomial.js";
import {
  bernoulli,
  bernoulli_,
  cauchy_,
  exponential_,
  geometric_,
  logNormal_,
  normal_,
  uniform_,
} from "../ops/random.js";
import { install, type MethodsOf } from "./install.js";

const family = {
  multinomial,
  bernoulli,
  bernoulli_,
  cauchy_,
  exponential_,
  geometric_,
  logNormal_,
  normal_,
  uniform_,
};

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
