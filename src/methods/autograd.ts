// The properties and methods of tensors that belong to the tape.

import { backwardOf } from "../autograd/backward.js";
import {
  dataOf,
  detach_,
  gradDtype,
  gradFn,
  gradOf,
  isLeaf,
  registerHook,
  registerPostAccumulateGradHook,
  requiresGrad,
  requiresGrad_,
  retainGrad,
  retainsGrad,
  setData,
  setGrad,
  setGradDtype,
} from "../autograd/properties.js";
import { GraphError } from "../errors.js";
import { detach } from "../ops/detach.js";
import type { Node } from "../tape/node.js";
import type { DType } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { install, type MethodsOf } from "./install.js";

const family = {
  backward: backwardOf,
  detach,
  detach_,
  registerHook,
  registerPostAccumulateGradHook,
  requiresGrad_,
  retainGrad,
};

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {
    /** Whether operations on the tensor are recorded. Settable on leaves. */
    requiresGrad: boolean;
    /** The gradient collected so far, or null. Set to null or undefined to clear it. */
    get grad(): Tensor | null;
    // TypeScript takes what was assigned for what is read next; undefined, which reading never gives, it does not.
    set grad(value: Tensor | null | undefined);
    /** The dtype that a leaf's gradients are cast to; null where they keep the one they come with. */
    gradDtype: DType | null;
    /** The same memory without history and with a version of its own; set to replace memory and shape. */
    data: Tensor;
    /** The node that made the tensor, null for leaves. */
    readonly gradFn: Node | null;
    /** Whether the tensor has no history. */
    readonly isLeaf: boolean;
    /** Which output of its node the tensor is. */
    readonly outputNr: number;
    /** Whether `retainGrad` was called on a tensor that is no leaf. */
    readonly retainsGrad: boolean;
    /** Writes in place so far, shared with all views. */
    readonly version: number;
    /** The tensor that this one is a view of, or null. */
    readonly base: Tensor | null;
    /** Whether the tensor is a view of another. */
    readonly isView: boolean;
  }
}

install(family);

function property<T>(name: string, get: (x: Tensor) => T, set?: (x: Tensor, value: T) => void): void {
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return get(this);
    },
    set:
      set &&
      function (this: Tensor, value: T) {
        set(this, value);
      },
    configurable: true,
  });
}

property("requiresGrad", requiresGrad, requiresGrad_);
property("grad", gradOf, setGrad);
property("gradDtype", gradDtype, setGradDtype);
property("data", dataOf, setData);
property("gradFn", gradFn);
property("isLeaf", isLeaf);
property("outputNr", (x) => x.history?.index ?? 0);
property("retainsGrad", retainsGrad);
property("version", (x) => {
  if (x.inference) throw new GraphError("version: Inference tensors do not track version counter.");
  return x.storage.version;
});
property("base", (x) => x.viewOf?.base ?? null);
property("isView", (x) => x.viewOf !== null);
