// Imports the entry that carries the artifact and trains without init.
import * as wg from "wengert/inline";
import { smoke } from "./smoke.mjs";

console.log(JSON.stringify(smoke(wg)));
