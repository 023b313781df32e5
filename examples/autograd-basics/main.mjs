// PyTorch's introduction to autograd: a tensor that requires grad, plus one, squared in place.
import { arange, float32 } from "wengert";

const x = arange(0, 10, 1, { dtype: float32, requiresGrad: true });
console.log(String(x));

const y = x.add(1);
console.log(String(y));

y.pow_(2);
console.log(String(y));
