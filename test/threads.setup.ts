// Makes a test run use two threads for whatever they may be used for, however small.
import { afterAll } from "vitest";
import { setNumThreads } from "../src/entries/node.js";
import { grains } from "../src/wasm/grain.js";

Object.assign(grains, { least: 64, waking: 64, piece: 16 });
await setNumThreads(2);
afterAll(() => setNumThreads(1));
