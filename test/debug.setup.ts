// Makes a test run use the artifact with assertions: what is installed first stays.
import { readFileSync } from "node:fs";
import { install } from "../src/wasm/load.js";

const bytes = readFileSync(new URL("../dist/wengert.debug.wasm", import.meta.url));
install(new WebAssembly.Module(bytes), () => bytes);
