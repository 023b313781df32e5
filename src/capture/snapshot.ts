// What JavaScript objects hold, to be put back: fields, and the arrays, maps and plain objects in them.

import { isPlain } from "../autograd/trees.js";
import { Tensor } from "../tensor/tensor.js";

type Container = unknown[] | Map<unknown, unknown> | Set<unknown> | Record<string, unknown>;

function isContainer(value: unknown): value is Container {
  return Array.isArray(value) || value instanceof Map || value instanceof Set || isPlain(value);
}

function membersOf(container: Container): unknown[] {
  if (Array.isArray(container)) return container;
  if (container instanceof Map || container instanceof Set) return [...container.values()];
  return Object.values(container);
}

/** Puts the members of a container back, in the same container. */
function keeperOf(container: Container): () => void {
  if (Array.isArray(container)) {
    const copy = [...container];
    return () => {
      container.splice(0, container.length, ...copy);
    };
  }
  if (container instanceof Map) {
    const copy = [...container];
    return () => {
      container.clear();
      for (const [key, value] of copy) container.set(key, value);
    };
  }
  if (container instanceof Set) {
    const copy = [...container];
    return () => {
      container.clear();
      for (const value of copy) container.add(value);
    };
  }
  const copy = { ...container };
  return () => {
    for (const key of Object.keys(container)) if (!Object.hasOwn(copy, key)) delete container[key];
    Object.assign(container, copy);
  };
}

/** The containers that can be reached from an object's fields, the object first; other objects are not looked into. */
function reach(owner: object): Container[] {
  const found = new Set<Container>([owner as Container]);
  for (const container of found) for (const member of membersOf(container)) if (isContainer(member)) found.add(member);
  return [...found];
}

function tensorsIn(containers: readonly Container[]): Set<Tensor> {
  const found = new Set<Tensor>();
  for (const container of containers) {
    for (const member of membersOf(container)) if (member instanceof Tensor) found.add(member);
  }
  return found;
}

/** Notes what an object holds; the function puts it back, and frees the tensors that have come since. */
export function snapshot(owner: object): () => void {
  const before = reach(owner);
  const tensors = tensorsIn(before);
  const keepers = before.map(keeperOf);
  return () => {
    const come = tensorsIn(reach(owner));
    for (const keep of keepers) keep();
    const left = tensorsIn(before);
    for (const tensor of come) if (!tensors.has(tensor) && !left.has(tensor)) tensor.dispose();
  };
}
