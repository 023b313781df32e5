// Containers of parameters: ParameterList and ParameterDict.

import { ArgumentError } from "../errors.js";
import { describe } from "../op/args.js";
import { Tensor } from "../tensor/tensor.js";
import { Held, HeldList, mapOf } from "./held.js";
import { Parameter } from "./parameter.js";

function asParameter(op: string, value: unknown): Parameter {
  if (value instanceof Parameter) return value;
  if (value instanceof Tensor) return new Parameter(value);
  throw new ArgumentError(`${op}: expected a parameter or a tensor, got ${describe(value)}`);
}

const sizeText = (x: Tensor): string => x.shape.join("x");
const TYPES: Readonly<Record<string, string>> = {
  float32: "FloatTensor",
  float64: "DoubleTensor",
  int32: "IntTensor",
  bool: "BoolTensor",
};

/** Parameters in a list; tensors become parameters. `list[0]`, `list.length`, `for (const p of list)`. */
export class ParameterList extends HeldList<Parameter> {
  static readonly name: string = "ParameterList";

  constructor(values: Iterable<Parameter | Tensor> = []) {
    super();
    this.extend(values as Iterable<Parameter>);
  }

  protected override asEntry(value: Parameter | Tensor): Parameter {
    return asParameter("ParameterList", value);
  }

  override append(value: Parameter | Tensor): this {
    return super.append(value as Parameter);
  }

  override extraRepr(): string {
    return this.values()
      .map((p, i) => `  (${i}): Parameter containing: [torch.${p.dtype} of size ${sizeText(p)}]`)
      .join("\n");
  }

  override forward(): never {
    throw new ArgumentError("ParameterList should not be called.");
  }
}

/** Parameters by name; tensors become parameters. */
export class ParameterDict extends Held<Parameter> {
  static readonly name: string = "ParameterDict";

  constructor(values: Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]> | ParameterDict = {}) {
    super();
    this.update(values);
  }

  /** The parameter of a name. @throws ArgumentError if there is none. */
  get(name: string): Parameter {
    return this.entry(name);
  }

  /** Puts a parameter under a name. */
  set(name: string, value: Parameter | Tensor): this {
    this.put(name, asParameter("ParameterDict", value));
    return this;
  }

  /** Puts in all of another dictionary, object, map or pairs. */
  update(values: Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]> | ParameterDict): this {
    for (const [name, value] of mapOf(values instanceof ParameterDict ? values.entries() : values)) {
      this.set(name, value as Tensor);
    }
    return this;
  }

  override extraRepr(): string {
    return this.entries()
      .map(
        ([name, p]) => `  (${name}): Parameter containing: [torch.${TYPES[p.dtype] ?? p.dtype} of size ${sizeText(p)}]`,
      )
      .join("\n");
  }

  override forward(): never {
    throw new ArgumentError("ParameterDict should not be called.");
  }
}
