// Trains inside an edge-light runtime: answers each request with the result.
import * as wg from "wengert";
import { smoke } from "./smoke.mjs";

addEventListener("fetch", (event) => {
  event.respondWith(new Response(JSON.stringify(smoke(wg))));
});
