// A program of a user of the package: only to be compiled, with the declarations checked as well.
import * as wg from "wengert";
import { type InitOptions, init, tensor } from "wengert";
import { tensor as inlined } from "wengert/inline";

const options: InitOptions = { url: "/wengert.wasm" };
await init(options);
const x = tensor([1, 2, 3], { requiresGrad: true });
const y = x.mul(2).sum();
y.backward();
const gradient: number[] | undefined = x.grad?.tolist() as number[] | undefined;
const value: number = wg.scope(() => inlined([1]).add(1).item() as number);
console.log(gradient, value);

// @ts-expect-error a misspelt option is an error of the compiler
await init({ adress: "/wengert.wasm" });
