// The parameter of a module: a tensor that optimisers learn.

import { DTypeError } from "../errors.js";
import { asBoolean, asTensor, parse, type Trailing } from "../op/args.js";
import { isFloat } from "../tensor/dtype.js";
import { installInspect } from "../tensor/inspect.js";
import { Tensor } from "../tensor/tensor.js";

/** Options of `Parameter`. */
export interface ParameterOptions {
  /** False makes a parameter that is saved and moved with its module, but not learnt. */
  readonly requiresGrad?: boolean;
}

/**
 * A tensor that, as a field of a `Module`, is one of its `parameters()`. It shares the memory of `data`, has no history and
 * requires gradients unless told otherwise.
 *
 * ```js
 * this.scale = new nn.Parameter(ones([3]));
 * ```
 * @throws DTypeError for a dtype that cannot require gradients.
 */
export class Parameter extends Tensor {
  /** Tells the types of parameters from those of other tensors; not there when the program runs. */
  declare private readonly brand: "parameter";

  constructor(data: Tensor, ...rest: Trailing<[requiresGrad: boolean | undefined], ParameterOptions>) {
    asTensor("Parameter", data, "data");
    const { requiresGrad } = parse("Parameter", rest, { requiresGrad: true }, ["requiresGrad"]);
    asBoolean("Parameter", requiresGrad, "requiresGrad");
    if (requiresGrad && !isFloat(data.dtype)) {
      throw new DTypeError(
        `Parameter: only Tensors of floating point dtype can require gradients, got ${data.dtype}; give { requiresGrad: false }`,
      );
    }
    data.storage.hold();
    super(data.storage, data.layout, data.dtype);
    if (data.inference) this.inference = true;
    this.collects = requiresGrad;
  }

  /** PyTorch's text: `Parameter containing:` and below it the tensor's. */
  override toString(): string {
    return `Parameter containing:\n${Tensor.prototype.toString.call(this)}`;
  }
}
installInspect(Parameter.prototype, (self) => self.toString());

/** A parameter around a tensor that nobody else needs: its handle is freed at once. */
export function parameterOf(data: Tensor, requiresGrad = true): Parameter {
  const made = new Parameter(data, requiresGrad);
  data.dispose();
  return made;
}
