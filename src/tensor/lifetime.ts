// Who answers for a tensor: the scope it was made in, or, where there is none, the garbage collector.

import type { Storage } from "./storage.js";
import type { Tensor } from "./tensor.js";

/** An open scope: the tensors it answers for, and storages whose handle is gone while the tape still holds them. */
export interface ScopeRecord {
  readonly tensors: Tensor[];
  readonly storages: Storage[];
  readonly outer: ScopeRecord | null;
}

let current: ScopeRecord | null = null;

/** Makes the innermost open scope, or else the garbage collector, answer for a tensor. */
export function adopt(tensor: Tensor): void {
  if (current !== null) current.tensors.push(tensor);
  else tensor.storage.watch();
}

/** The scope the user's code is in while the engine works in scopes of its own; `undefined` when it does not. */
let userScope: ScopeRecord | null | undefined;

/** What the scopes were before an engine's pass, or the user's code inside one, was entered. */
export type ScopesBefore = ScopeRecord | null | undefined;

// Pairs of calls and not functions that take a function: passes nest as deep as the stack has room for their frames.

/** Begins an engine's pass: until `leaveEngine` the present scope is that of the user's code. */
export function enterEngine(): ScopesBefore {
  const before = userScope;
  userScope = current;
  return before;
}

/** Ends an engine's pass. */
export function leaveEngine(before: ScopesBefore): void {
  userScope = before;
}

/** Goes over to the user's code inside an engine's pass, as if in the scope in which the pass was started. */
export function enterUser(): ScopesBefore {
  if (userScope === undefined) return undefined;
  const before = current;
  current = userScope;
  return before;
}

/** Comes back from the user's code. */
export function leaveUser(before: ScopesBefore): void {
  if (before !== undefined) current = before;
}

/** Makes the scope of the user's code answer for a tensor. */
export function adoptForUser(tensor: Tensor): void {
  const before = enterUser();
  adopt(tensor);
  leaveUser(before);
}

/** The same for a storage that somebody still holds after its handle was disposed. */
export function answerFor(storage: Storage): void {
  if (current !== null) current.storages.push(storage);
  else storage.watch();
}

/** Opens a scope inside the current one. */
export function openScope(): ScopeRecord {
  current = { tensors: [], storages: [], outer: current };
  return current;
}

/** Scopes of steps that have ended, to be used again: as many as steps were ever inside of one another. */
const ended: StepScope[] = [];

/** The scope of one step of an engine's pass, or of the body of one operation. */
export class StepScope implements ScopeRecord {
  readonly tensors: Tensor[] = [];
  readonly storages: Storage[] = [];
  outer: ScopeRecord | null = null;

  /** Opens one inside the current scope. */
  static open(): StepScope {
    const scope = ended.pop() ?? new StepScope();
    scope.outer = current;
    current = scope;
    return scope;
  }

  /**
   * Ends it: what the engine claims lives on as its own, with nobody but its claims to answer for it; what a leaf keeps as
   * its gradient goes to the scope of the user's code; the rest is freed.
   */
  close(): void {
    this.leave();
    const { tensors } = this;
    // Taken from the end: to set a list's length costs more than to empty a short one.
    for (let tensor = tensors.pop(); tensor !== undefined; tensor = tensors.pop()) {
      if (tensor.isDisposed) continue;
      if (tensor.kept) adoptForUser(tensor);
      else if (tensor.claims > 0) tensor.temporary = true;
      else {
        if (tensor.gradient !== null) releaseGradient(tensor, isClaimed);
        tensor.dispose();
      }
    }
    this.end();
  }

  /** Ends it: what `survives` goes to the enclosing scope, the rest is freed. */
  closeBut(survives: ((tensor: Tensor) => boolean) | null): void {
    this.leave();
    const { tensors } = this;
    for (let tensor = tensors.pop(); tensor !== undefined; tensor = tensors.pop()) leaveScope(tensor, survives);
    this.end();
  }

  private leave(): void {
    while (current !== null && current !== this && encloses(this)) closeScope(current, null);
    current = this.outer;
    this.outer = null;
  }

  private end(): void {
    const { storages } = this;
    for (let storage = storages.pop(); storage !== undefined; storage = storages.pop()) {
      if (storage.alive) answerFor(storage);
    }
    ended.push(this);
  }
}

const isClaimed = (tensor: Tensor): boolean => tensor.claims > 0;

/**
 * Ends a scope and every scope left open inside it: what `survives` goes to the enclosing scope, what is kept to the
 * garbage collector, the rest is freed. Newest first, so that a graph lets go of its values before they are looked at.
 */
export function closeScope(record: ScopeRecord, survives: ((tensor: Tensor) => boolean) | null): void {
  while (current !== null && current !== record && encloses(record)) closeScope(current, null);
  current = record.outer;
  const { tensors, storages } = record;
  for (let i = tensors.length - 1; i >= 0; i--) leaveScope(tensors[i] as Tensor, survives);
  for (const storage of storages) if (storage.alive) answerFor(storage);
}

/** A tensor whose scope has ended. */
function leaveScope(tensor: Tensor, survives: ((tensor: Tensor) => boolean) | null): void {
  if (tensor.isDisposed) return;
  if (tensor.kept) tensor.storage.watch();
  else if (survives?.(tensor)) adopt(tensor);
  else {
    if (tensor.gradient !== null) releaseGradient(tensor, survives);
    tensor.dispose();
  }
}

/** The gradient of a leaf that ends with its scope ends with it, unless it survives by itself. */
function releaseGradient(tensor: Tensor, survives: ((tensor: Tensor) => boolean) | null): void {
  const { gradient } = tensor;
  if (gradient === null || !tensor.gradientOwned) return;
  if (survives?.(gradient)) {
    tensor.gradient = null;
    gradient.kept = false;
    adopt(gradient);
  } else tensor.gradientSeen = false;
}

function encloses(record: ScopeRecord): boolean {
  for (let at = current; at !== null; at = at.outer) if (at === record) return true;
  return false;
}

/** Runs `f` as if `scope` were the innermost open one. */
export function inScope<T>(scope: ScopeRecord | null, f: () => T): T {
  const saved = current;
  current = scope;
  try {
    return f();
  } finally {
    current = saved;
  }
}

/** Runs `f` with no scope open, so that what it makes outlives every scope. */
export function outsideScopes<T>(f: () => T): T {
  return inScope(null, f);
}

/** Tensors in a result of an operation: itself, or the members of an array or object. */
type Result = Tensor | null | readonly (Tensor | null)[] | { readonly [field: string]: Tensor };

/**
 * Runs the body of an operation made of other operations: its temporaries are freed, its results handed to the
 * enclosing scope. On a throw everything is freed.
 */
export function temporaries<T extends Result>(f: () => T): T {
  const scope = StepScope.open();
  let survives: ((tensor: Tensor) => boolean) | null = null;
  try {
    const result = f();
    if (result !== null) {
      if ("storage" in result) {
        const only: unknown = result;
        survives = (tensor) => tensor === only;
      } else {
        const results = Object.values(result);
        survives = (tensor) => results.includes(tensor);
      }
    }
    return result;
  } finally {
    scope.closeBut(survives);
  }
}
