// Trees: tensors, and arrays and plain objects of them, as functions of functions take and give.

import { Tensor } from "../tensor/tensor.js";

/** A tensor, anything that is none, or an array or plain object of such. */
export type Tree = unknown;

/** Whether a value is an object that is no instance of a class. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The tensors of a tree, in order. */
export function leavesOf(tree: Tree, found: Tensor[] = []): Tensor[] {
  if (tree instanceof Tensor) found.push(tree);
  else if (Array.isArray(tree)) for (const each of tree) leavesOf(each, found);
  else if (isPlain(tree)) for (const each of Object.values(tree)) leavesOf(each, found);
  return found;
}

/** A tree of the same structure with other tensors; what is no tensor stays. */
export function mapTree(tree: Tree, f: (x: Tensor) => unknown): Tree {
  if (tree instanceof Tensor) return f(tree);
  if (Array.isArray(tree)) return tree.map((each) => mapTree(each, f));
  if (isPlain(tree)) return Object.fromEntries(Object.entries(tree).map(([name, each]) => [name, mapTree(each, f)]));
  return tree;
}

/** Whether two trees have tensors in the same places. */
export function sameStructure(a: Tree, b: Tree): boolean {
  if (a instanceof Tensor || b instanceof Tensor) return a instanceof Tensor && b instanceof Tensor;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((each, i) => sameStructure(each, b[i]));
  if (isPlain(a)) {
    if (!isPlain(b)) return false;
    const names = Object.keys(a);
    return (
      names.length === Object.keys(b).length && names.every((name) => name in b && sameStructure(a[name], b[name]))
    );
  }
  return true;
}
