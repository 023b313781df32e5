// The backward walk: newest node first, one gradient per node output, no recursion.

import { Operation } from "../op/operation.js";
import { add } from "../ops/arithmetic.js";
import { mode } from "../tape/mode.js";
import { type Node, type OutputFacts, running } from "../tape/node.js";
import { sameLevels } from "../tensor/batch.js";
import { isDenseNonOverlapping } from "../tensor/layout.js";
import { enterEngine, leaveEngine, type ScopesBefore, StepScope } from "../tensor/lifetime.js";
import type { History, Tensor } from "../tensor/tensor.js";
import { accumulate } from "./accumulate.js";
import { accumulateInto } from "./leaf.js";
import { NodeState, Ready } from "./ready.js";
import { settled } from "./settled.js";
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
    const { nodes } = state.node;
    for (let i = 0; i < nodes.length; i++) {
      const next = nodes[i] as Node | null;
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
  const state = NodeState.of(node, pass);
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
  pass.roots.forEach(({ node, index }, i) =>
    sumUp(stateOf(node, pass) as NodeState, index, pass.gradients[i] as Tensor),
  );
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
  for (const state of run.visited) state.done();
  for (const result of run.results) {
    if (run.finished) result?.expose();
    result?.unclaim();
  }
}

/** Counts a node that ran off the older ones that it leads to. */
function release(pass: Pass, node: Node, ready: Ready): void {
  const { nodes } = node;
  for (let i = 0; i < nodes.length; i++) {
    const next = nodes[i] as Node | null;
    const nextState = next === null ? null : stateOf(next, pass);
    if (nextState !== null && --nextState.pending === 0) {
      nextState.pending = -1;
      ready.push(nextState);
    }
  }
}

/** Adds a gradient to what a node's output has so far. Only a sum that the engine itself made is written in place. */
function sumUp(state: NodeState, index: number, gradient: Tensor): void {
  const sofar = state.gradients[index] ?? null;
  if (sofar === null) {
    state.gradients[index] = gradient.claim();
    return;
  }
  const own =
    sofar.temporary &&
    sofar.claims === 1 &&
    sofar.storage.exclusive &&
    (sofar.viewOf === null || isDenseNonOverlapping(sofar.layout)) &&
    sameLevels(sofar.storage.batch, gradient.storage.batch);
  if (own && !mode.grad && sofar.tangents === null && gradient.tangents === null) {
    // A view that has the memory for itself is one no more.
    sofar.viewOf = null;
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
  const { pass } = run;
  open(state);
  try {
    if (isPlain(state)) {
      quick(pass, state);
      return;
    }
    const needs = needsOf(pass, state, run.results);
    if (needs !== null) hand(pass, state, needs, state.node.backward.run(state.node, given(state), needs));
  } catch (error) {
    throw state.running ? withForwardStack(error, state.node) : error;
  } finally {
    close(state);
  }
}

/** Whether nothing but the formulas of an operation with one result has to run, as for most nodes. */
function isPlain({ node, captures }: NodeState): boolean {
  return (
    captures === null &&
    node.hooks === null &&
    node.tensorHooks === null &&
    node.inner === null &&
    node.outputs.length === 1 &&
    !node.freed &&
    !mode.anomaly &&
    node.backward instanceof Operation
  );
}

/** The same as the long way for such a node, without lists. */
function quick(pass: Pass, state: NodeState): void {
  const { node } = state;
  if (state.gradients[0] !== null) spread(pass, state, node.backward as Operation);
  if (!pass.retainGraph) node.free();
}

/** Runs the formulas of an operation with one result, and hands what they give on. */
function spread(pass: Pass, state: NodeState, operation: Operation): void {
  const { node } = state;
  const { nodes } = node;
  state.running = true;
  running.node = node;
  const values = operation.show(node, state.gradients);
  for (let i = 0; i < nodes.length; i++) {
    const next = nodes[i] as Node | null;
    const nextState = next === null ? null : stateOf(next, pass);
    if (nextState === null || !nextState.wanted) continue;
    const gradient = operation.gradientOf(node, values, i);
    if (gradient === null) continue;
    const index = node.indices[i] as number;
    sumUp(nextState, index, settled(node, i, gradient, nextState.node.outputs[index] as OutputFacts));
  }
  operation.hide(node, values);
  state.running = false;
  running.node = state.parent;
}

function open(state: NodeState): void {
  const { node } = state;
  state.token = mode.trace === null ? -1 : mode.trace.begin(node.label, state.gradients, node);
  state.scope = StepScope.open();
  state.parent = running.node;
}

/** Ends a step: what nobody claims is freed. */
function close(state: NodeState): void {
  running.node = state.parent;
  state.scope?.close();
  state.scope = null;
  const { gradients } = state;
  for (let i = 0; i < gradients.length; i++) {
    const gradient = gradients[i] as Tensor | null;
    gradients[i] = null;
    if (gradient !== null) gradient.unclaim();
  }
  if (state.token >= 0) mode.trace?.end(state.token);
}

/** Which inputs of a node want a gradient, after the hooks on its outputs ran; null if it need not run. */
function needsOf(pass: Pass, state: NodeState, results: (Tensor | null)[]): readonly boolean[] | null {
  const { node } = state;
  if (node.tensorHooks !== null) tensorHooks(node, state);
  if (state.captures !== null) capture(pass, state, results);
  if (node.variable !== null) {
    if (pass.inputs === null) accumulateInto(node, state);
    return null;
  }
  const { nodes } = node;
  const needs: boolean[] = [];
  let any = false;
  for (let i = 0; i < nodes.length; i++) {
    const next = nodes[i] as Node | null;
    const need = next !== null && (stateOf(next, pass)?.wanted ?? false);
    needs.push(need);
    any ||= need;
  }
  // An input to accumulate into runs like in a whole pass, hooks and all.
  return !any && (pass.accumulate === null || state.captures === null) ? null : needs;
}

/** The gradients that a node runs on, after its hooks before it runs. */
function given(state: NodeState): (Tensor | null)[] {
  const { node } = state;
  let outputs = state.gradients.slice();
  if (node.hooks !== null) {
    for (const hook of node.hooks.before.all) {
      outputs = replacing(
        outputs,
        onGradients(outputs, () => hook(outputs)),
      );
    }
  }
  if (node.freed || node.inner !== null) node.assertSaved();
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
  if (node.hooks !== null) {
    for (const hook of node.hooks.after.all) {
      inputs = replacing(
        inputs,
        onGradients([...inputs, ...outputs], () => hook(inputs, outputs)),
      );
    }
  }
  if (!pass.retainGraph) node.free();
  for (let i = 0; i < node.nodes.length; i++) {
    const next = node.nodes[i];
    const gradient = inputs[i];
    if (next === null || next === undefined || gradient === null || gradient === undefined || !needs[i]) continue;
    const index = node.indices[i] as number;
    sumUp(stateOf(next, pass) as NodeState, index, settled(node, i, gradient, next.outputs[index] as OutputFacts));
  }
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
