// The vector mathematics as functions that are called, for kernels that use it among other things: one copy for all.

import { exp, exp2 } from "../math/exp";
import { erf } from "../math/erf";
import { log, log1p } from "../math/log";
import { tanh } from "../math/tanh";
import { sin } from "../math/trig";

// The callee is not exported itself: the compiler warns of vectors in exported signatures.

function erfShared<T>(x: v128): v128 {
  return erf<T>(x);
}
@inline export function erfCalled<T>(x: v128): v128 {
  return erfShared<T>(x);
}

function expShared<T>(x: v128): v128 {
  return exp<T>(x);
}
@inline export function expCalled<T>(x: v128): v128 {
  return expShared<T>(x);
}

function exp2Shared<T>(x: v128): v128 {
  return exp2<T>(x);
}
@inline export function exp2Called<T>(x: v128): v128 {
  return exp2Shared<T>(x);
}

function logShared<T>(x: v128): v128 {
  return log<T>(x);
}
@inline export function logCalled<T>(x: v128): v128 {
  return logShared<T>(x);
}

function log1pShared<T>(x: v128): v128 {
  return log1p<T>(x);
}
@inline export function log1pCalled<T>(x: v128): v128 {
  return log1pShared<T>(x);
}

function sinShared<T>(x: v128): v128 {
  return sin<T>(x);
}
@inline export function sinCalled<T>(x: v128): v128 {
  return sinShared<T>(x);
}

function tanhShared<T>(x: v128): v128 {
  return tanh<T>(x);
}
@inline export function tanhCalled<T>(x: v128): v128 {
  return tanhShared<T>(x);
}
