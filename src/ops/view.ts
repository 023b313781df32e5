// The view kind: results that share their input's storage, and the history of views whose storage was written.

import { asTensor } from "../op/args.js";
import { type Label, labelOf, Operation } from "../op/operation.js";
import type { Slices } from "../tape/inplace.js";
import { mode } from "../tape/mode.js";
import { type Backward, Node } from "../tape/node.js";
import { edgeOf, factsOf } from "../tape/record.js";
import { type ViewGraph, type ViewKind, ViewOf } from "../tape/view.js";
import { contiguous, type Layout, sameLayout } from "../tensor/layout.js";
import { alias, type History, type Tensor } from "../tensor/tensor.js";
import { add } from "./arithmetic.js";
import { cutOut, placed, region } from "./region.js";

export interface View<Parameters> {
  /** The operation's name, the same as that of the exported function. */
  readonly name: string;
  /** The node's name where it is not "NameBackward0". */
  readonly label?: string | ((parameters: Parameters) => string);
  /** The results' layouts: arithmetic on the input's. Throws before anything is made. */
  readonly layouts: (layout: Layout, parameters: Parameters) => readonly Layout[];
  /**
   * The gradient of the input from those of the results; `shape` is the input's. If left out, the gradient is put
   * into zeros where the view sees it.
   */
  readonly adjoint?: (
    gradients: readonly (Tensor | null)[],
    shape: readonly number[],
    parameters: Parameters,
  ) => Tensor;
  /** The operation gives several results, which may then not be written in place. */
  readonly several?: boolean;
  /** The layouts depend on where the input lies in its storage, not only on its shape. */
  readonly absolute?: boolean;
}

/** What a declaration of the view kind gives: called by the exported function once the arguments are checked. */
export interface AppliedView<Parameters> {
  (x: Tensor, parameters: Parameters): Tensor;
  readonly all: (x: Tensor, parameters: Parameters) => Tensor[];
  readonly spec: { readonly name: string };
}

interface Made<Parameters> {
  readonly own: Parameters;
  readonly from: Layout;
  /** Bytes of the input's storage. */
  readonly bytes: number;
}

const copySlices: Backward = {
  run(node, [g], needs) {
    const inner = node.inner as Node;
    const slices = node.parameters as Slices;
    if (g === null || g === undefined) return needs.map(() => null);
    const results = inner.backward.run(inner, [region([g], slices)], needs);
    if (!needs[0]) return results;
    const rest = cutOut([g], slices);
    const written = results[0] ?? null;
    return [written === null ? rest : add(rest, placed([written], slices)), ...results.slice(1)];
  },
};

const regrown: Backward = {
  run(node, [g]) {
    return [g === null || g === undefined ? null : placed([g], node.parameters as Slices)];
  },
};

/** How views get their history anew. */
export const viewGraph: ViewGraph = {
  copySlices,
  regrow(view: Tensor, base: Tensor): History {
    const { node, index } = edgeOf(base) as History;
    const slices: Slices = { base: base.layout, view: view.layout };
    return { node: new Node("AsStridedBackward0", regrown, [node], [index], [factsOf(view)], slices), index: 0 };
  },
};

/** Makes `out`, which shares the storage of `x`, a view of it for the tape. */
export function asViewOf(out: Tensor, x: Tensor, kind: ViewKind): void {
  const own = x.viewOf !== null && !x.collects ? x.viewOf : null;
  const base = own === null ? x : own.base;
  const inherited = own !== null && own.kind !== "plain" && kind === "plain" ? own.kind : kind;
  out.viewOf = new ViewOf(base, inherited, viewGraph);
}

/** Declares a view by what it does to a layout. Both modes, and writing in place through it, follow. */
/* @__NO_SIDE_EFFECTS__ */
export function view<Parameters = null>(spec: View<Parameters>): AppliedView<Parameters> {
  const { adjoint, label } = spec;
  const slicesOf = ({ own, from }: Made<Parameters>): Slices => {
    const base = spec.absolute === true ? from : contiguous(from.shape);
    return { base, view: spec.layouts(base, own)[0] as Layout };
  };
  const formula = {
    slots: [],
    of: ({ gradients }: { gradients: readonly (Tensor | null)[] }, made: Made<Parameters>) =>
      adjoint === undefined
        ? placed([gradients[0] as Tensor], slicesOf(made))
        : adjoint(gradients, made.from.shape, made.own),
  };
  const operation = new Operation(
    spec.name,
    (label === undefined
      ? labelOf(spec.name)
      : typeof label === "string"
        ? label
        : ({ own }: Made<Parameters>) => label(own)) as Label,
    ["x"],
    1,
    [formula as never],
    "linear",
    (inputs, made: Made<Parameters>) => {
      const x = inputs[0] as Tensor;
      const moved = spec.absolute === true && (x.storage.bytes < made.bytes || !sameLayout(x.layout, made.from));
      return moved ? [region([x], slicesOf(made))] : all(x, made.own);
    },
  );
  const several = spec.several === true;
  const all = (x: Tensor, parameters: Parameters): Tensor[] => {
    asTensor(spec.name, x);
    const token = mode.trace === null ? -1 : mode.trace.begin(spec.name, [x], null);
    const kind: ViewKind = several ? "multi" : mode.inference ? "inference" : mode.grad ? "plain" : "noGrad";
    const seen = spec.layouts(x.layout, parameters);
    const outputs = new Array<Tensor>(seen.length);
    for (let i = 0; i < seen.length; i++) {
      const out = alias(x, seen[i] as Layout);
      asViewOf(out, x, kind);
      outputs[i] = out;
    }
    if (mode.levels > 0 || (mode.grad && x.tracked)) {
      const made = { own: parameters, from: x.layout, bytes: x.storage.bytes } satisfies Made<Parameters>;
      operation.finish([x], outputs, made);
    }
    if (token >= 0) mode.trace?.end(token, outputs, parameters);
    return outputs;
  };
  const one = (x: Tensor, parameters: Parameters): Tensor => all(x, parameters)[0] as Tensor;
  one.all = all;
  one.spec = spec;
  return one;
}
