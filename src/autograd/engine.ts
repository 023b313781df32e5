// The backward walk: newest node first, one gradient per node output, no recursion.

import { DTypeError, GraphError, ShapeError } from "../errors.js";
import { add } from "../ops/arithmetic.js";
import { to } from "../ops/cast.js";
import { leveled } from "../ops/hiding.js";
import { sumToSize } from "../ops/shape.js";
import { mode } from "../tape/mode.js";
import { type Node, type OutputFacts, running } from "../tape/node.js";
import { sameLevels } from "../tensor/batch.js";
import { isFloat } from "../tensor/dtype.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import {
  closeScope,
  enterEngine,
  leaveEngine,
  openScope,
  type ScopeRecord,
  type ScopesBefore,
} from "../tensor/lifetime.js";
import type { History, Tensor } from "../tensor/tensor.js";
import { accumulate } from "./accumulate.js";
import { NodeState, Ready } from "./ready.js";
import { checkNan, withForwardStack } from "./trace.js";
import { onGradients, replacing, tensorHooks } from "./user-code.js";

/** What a pass is asked for. */
export interface Pass {
  /** Where it starts. */
  readonly roots: readonly History[];
  /** The gradients it starts with. */
  readonly gradients: readonly Tensor[];
  /** Keep saved values for another pass. */
  readonly retainGraph: boolean;
  /** Record the pass itself. */
  readonly createGraph: boolean;
  /** Only gradients of these are wanted; all leaves if null. */
  readonly inputs: readonly History[] | null;
  /** Tensors to whose `grad` the gradients of `inputs` are added rather than returned; null for places without a tensor. */
  readonly accumulate: readonly (Tensor | null)[] | null;
}

let present: Pass | null = null;
let endings: (() => void)[] = [];

/** The pass that is under way, by identity. */
export function currentPass(): object | null {
  return present;
}

/** Whether the pass that is under way was asked for some gradients only. */
export function asksForSome(): boolean {
  return present !== null && present.inputs !== null;
}

/** Calls `action` when the pass that is under way ends, well or not. */
export function onPassEnd(action: () => void): void {
  endings.push(action);
}

/** Visits everything that can be reached from the roots and counts, for each node, the newer ones that lead to it. */
function visit(pass: Pass, visited: NodeState[]): void {
  const stack: NodeState[] = [];
  for (const { node } of pass.roots) {
    if (stateOf(node, pass) === null) stack.push(enter(node, pass, visited));
  }
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    for (const next of state.node.nodes) {
      if (next === null) continue;
      let nextState = stateOf(next, pass);
      if (nextState === null) {
        nextState = enter(next, pass, visited);
        stack.push(nextState);
      }
      nextState.pending++;
    }
  }
}

function stateOf(node: Node, pass: Pass): NodeState | null {
  const state = node.state as NodeState | null;
  return state !== null && state.pass === pass ? state : null;
}

function enter(node: Node, pass: Pass, visited: NodeState[]): NodeState {
  const state = new NodeState(pass, node, node.state);
  node.state = state;
  visited.push(state);
  return state;
}

/** Finds the nodes on a path to what is wanted: edges lead to older nodes, so oldest first settles each in one look. */
function prune(pass: Pass, visited: readonly NodeState[], inputs: readonly History[]): void {
  for (const state of visited) state.wanted = false;
  inputs.forEach(({ node, index }, place) => {
    const state = stateOf(node, pass);
    if (state === null) return;
    state.wanted = true;
    state.captures ??= [];
    state.captures.push({ index, place });
  });
  const oldestFirst = [...visited].sort((a, b) => a.node.sequence - b.node.sequence);
  for (const state of oldestFirst) {
    state.wanted ||= state.node.nodes.some((next) => next !== null && (stateOf(next, pass)?.wanted ?? false));
  }
}

/**
 * Runs a backward pass and returns, for each of `inputs`, its gradient or null where none reached it. Whatever is
 * thrown inside goes on as it is; the engine's state is put back, gradients in flight are freed.
 */
export function runPass(pass: Pass): (Tensor | null)[] {
  const run = begin(pass);
  try {
    const ready = prepare(run);
    for (let state = ready.pop(); state !== undefined; state = ready.pop()) {
      if (state.wanted) step(run, state);
      release(pass, state.node, ready);
    }
    run.finished = true;
    return run.results;
  } finally {
    end(run);
  }
}

// What follows keeps the frames small that are on the stack while a node runs: its backward may start another pass.

/** A pass that is under way, and what was before it. */
interface Run {
  readonly pass: Pass;
  readonly visited: NodeState[];
  readonly results: (Tensor | null)[];
  readonly grad: boolean;
  readonly outer: Pass | null;
  readonly endings: (() => void)[];
  readonly scopes: ScopesBefore;
  finished: boolean;
}

function begin(pass: Pass): Run {
  const run: Run = {
    pass,
    visited: [],
    results: pass.inputs === null ? [] : pass.inputs.map(() => null),
    grad: mode.grad,
    outer: present,
    endings,
    scopes: enterEngine(),
    finished: false,
  };
  mode.grad = pass.createGraph;
  present = pass;
  endings = [];
  return run;
}

/** Finds what the pass goes through; gives the roots, with their gradients, as far as nothing newer leads to them. */
function prepare({ pass, visited }: Run): Ready {
  visit(pass, visited);
  if (pass.inputs !== null) prune(pass, visited, pass.inputs);
  const ready = new Ready();
  pass.roots.forEach(({ node, index }, i) => deliver(pass, node, index, pass.gradients[i] as Tensor));
  for (const { node } of pass.roots) {
    const state = stateOf(node, pass) as NodeState;
    // A root that is listed twice is ready once.
    if (state.pending === 0) {
      state.pending = -1;
      ready.push(state);
    }
  }
  return ready;
}

function end(run: Run): void {
  leaveEngine(run.scopes);
  mode.grad = run.grad;
  for (const action of endings) action();
  present = run.outer;
  endings = run.endings;
  for (const state of run.visited) {
    for (const gradient of state.gradients) gradient?.unclaim();
    state.node.state = state.outer;
  }
  for (const result of run.results) {
    if (run.finished) result?.expose();
    result?.unclaim();
  }
}

/** Counts a node that ran off the older ones that it leads to. */
function release(pass: Pass, node: Node, ready: Ready): void {
  for (const next of node.nodes) {
    const nextState = next === null ? null : stateOf(next, pass);
    if (nextState !== null && --nextState.pending === 0) {
      nextState.pending = -1;
      ready.push(nextState);
    }
  }
}

/** Adds a gradient to what a node's output has so far. Only a sum that the engine itself made is written in place. */
function deliver(pass: Pass, node: Node, index: number, gradient: Tensor): void {
  const state = stateOf(node, pass) as NodeState;
  const sofar = state.gradients[index] ?? null;
  if (sofar === null) {
    state.gradients[index] = gradient.claim();
    return;
  }
  const own =
    sofar.temporary &&
    sofar.claims === 1 &&
    sofar.storage.exclusive &&
    sofar.viewOf === null &&
    sameLevels(sofar.storage.batch, gradient.storage.batch);
  if (own && !mode.grad && sofar.tangents === null && gradient.tangents === null) {
    add.inplace(sofar, gradient);
    return;
  }
  const total = add(sofar, gradient);
  total.temporary = true;
  state.gradients[index] = total.claim();
  sofar.unclaim();
}

/** Runs one node: hooks, formulas for the inputs that are wanted, and its gradients on to older nodes. */
function step(run: Run, state: NodeState): void {
  open(state);
  try {
    const needs = needsOf(run.pass, state, run.results);
    if (needs !== null) hand(run.pass, state, needs, state.node.backward.run(state.node, given(state), needs));
  } catch (error) {
    throw state.running ? withForwardStack(error, state.node) : error;
  } finally {
    close(state);
  }
}

function open(state: NodeState): void {
  const { node } = state;
  state.token = mode.trace === null ? -1 : mode.trace.begin(node.label, state.gradients, node);
  state.scope = openScope();
  state.parent = running.node;
}

/** Ends a step: what nobody claims is freed. */
function close(state: NodeState): void {
  running.node = state.parent;
  closeTemporaries(state.scope as ScopeRecord);
  state.gradients.forEach((gradient, i) => {
    state.gradients[i] = null;
    gradient?.unclaim();
  });
  if (state.token >= 0) mode.trace?.end(state.token);
}

/** Which inputs of a node want a gradient, after the hooks on its outputs ran; null if it need not run. */
function needsOf(pass: Pass, state: NodeState, results: (Tensor | null)[]): readonly boolean[] | null {
  const { node } = state;
  tensorHooks(node, state);
  capture(pass, state, results);
  if (node.variable !== null) {
    if (pass.inputs === null) accumulateInto(node, state);
    return null;
  }
  const needs = node.nodes.map((next) => next !== null && (stateOf(next, pass)?.wanted ?? false));
  // An input to accumulate into runs like in a whole pass, hooks and all.
  return !needs.includes(true) && (pass.accumulate === null || state.captures === null) ? null : needs;
}

/** The gradients that a node runs on, after its hooks before it runs. */
function given(state: NodeState): (Tensor | null)[] {
  const { node } = state;
  let outputs = state.gradients.slice();
  for (const hook of node.hooks?.before.all ?? []) {
    outputs = replacing(
      outputs,
      onGradients(outputs, () => hook(outputs)),
    );
  }
  node.assertSaved();
  state.outputs = outputs;
  state.running = true;
  running.node = node;
  return outputs;
}

/** Hands what a node gave, after its hooks, on to the nodes that its inputs came from. */
function hand(pass: Pass, state: NodeState, needs: readonly boolean[], gave: (Tensor | null)[]): void {
  const { node, outputs } = state;
  state.running = false;
  running.node = state.parent;
  let inputs = gave;
  if (mode.anomaly && mode.checkNan) checkNan(node, inputs);
  for (const hook of node.hooks?.after.all ?? []) {
    inputs = replacing(
      inputs,
      onGradients([...inputs, ...outputs], () => hook(inputs, outputs)),
    );
  }
  if (!pass.retainGraph) node.free();
  for (let i = 0; i < node.nodes.length; i++) {
    const next = node.nodes[i];
    const gradient = inputs[i];
    if (next === null || next === undefined || gradient === null || gradient === undefined || !needs[i]) continue;
    const index = node.indices[i] as number;
    deliver(pass, next, index, settled(node, i, gradient, next.outputs[index] as OutputFacts));
  }
}

/** Ends a node's scope: what the engine claims lives on as its own, the rest is freed. */
function closeTemporaries(scope: ScopeRecord): void {
  const claimed: Tensor[] = [];
  closeScope(scope, (tensor) => {
    if (tensor.claims === 0) return false;
    claimed.push(tensor);
    return true;
  });
  for (const tensor of claimed) tensor.temporary = true;
}

/** Brings a gradient to the shape and dtype of the value it belongs to: sums broadcast dims, casts between floats. */
function settled(node: Node, input: number, gradient: Tensor, facts: OutputFacts): Tensor {
  let result = gradient.storage.batch === facts.batch ? gradient : leveled(gradient, facts.batch);
  if (!sameShape(result.shape, facts.shape)) {
    if (!sumsTo(result.shape, facts.shape)) {
      throw new ShapeError(
        `Function ${node.label} returned an invalid gradient at index ${input} - got ${formatShape(result.shape)} but expected ` +
          `shape compatible with ${formatShape(facts.shape)}`,
      );
    }
    result = sumToSize(result, facts.shape);
  }
  if (result.dtype !== facts.dtype && !(facts.casts === false && isFloat(result.dtype))) {
    if (!isFloat(result.dtype)) {
      throw new DTypeError(
        `Function ${node.label} returned an invalid gradient at index ${input} - expected dtype ${facts.dtype} but got ${result.dtype}`,
      );
    }
    result = to(result, facts.dtype);
  }
  return result;
}

function sumsTo(from: readonly number[], shape: readonly number[]): boolean {
  const extra = from.length - shape.length;
  return extra >= 0 && shape.every((size, d) => size === 1 || size === from[d + extra]);
}

/** Gradients that were asked for, as they are after the hooks. */
function capture(pass: Pass, state: NodeState, results: (Tensor | null)[]): void {
  if (state.captures === null) return;
  for (const { index, place } of state.captures) {
    const gradient = state.gradients[index] ?? null;
    if (gradient === null) continue;
    const target = pass.accumulate?.[place];
    if (target !== undefined) {
      if (target === null) continue;
      if (state.node.variable !== null) accumulateInto(state.node, state);
      else if (target.hooks?.retain !== target) accumulate(target, gradient, mode.grad);
    } else results[place] = gradient.claim();
  }
}

/** Adds a leaf's gradient into it, with the hooks around. */
function accumulateInto(node: Node, state: NodeState): void {
  const leaf = node.variable as Tensor;
  let gradients = [state.gradients[0] ?? null];
  for (const hook of node.hooks?.before.all ?? []) {
    gradients = replacing(
      gradients,
      onGradients(gradients, () => hook(gradients)),
    );
  }
  const gradient = gradients[0] ?? null;
  if (gradient !== null && leaf.collects && !leaf.isDisposed) {
    accumulate(leaf, gradient, mode.grad);
    for (const hook of node.hooks?.accumulated.all ?? []) {
      const said: unknown = onGradients([], () => hook(leaf));
      if (said !== undefined && said !== null)
        throw new GraphError("registerPostAccumulateGradHook: hooks should return nothing (PyTorch: None)");
    }
  }
  for (const hook of node.hooks?.after.all ?? []) onGradients(gradients, () => hook([], gradients));
}
