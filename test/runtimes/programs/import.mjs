// Imports the installed package and trains: for Node, Deno and Bun.
import * as wg from "wengert";
import { smoke } from "./smoke.mjs";

await wg.init();
console.log(JSON.stringify(smoke(wg)));
