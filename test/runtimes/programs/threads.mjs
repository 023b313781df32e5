// Trains on two threads; what is large is computed on one as well and compared: for Node, Deno and Bun.

import { onThreads } from "./on-threads.mjs";
import { smoke } from "./smoke.mjs";

const wg = await import(process.argv[2] ?? "wengert");
await onThreads(wg, 2);
console.log(JSON.stringify(smoke(wg)));
