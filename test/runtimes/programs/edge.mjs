// Trains inside an edge-light runtime: answers each request with the result.
import * as wg from "wengert";
import { withoutThreads } from "./on-threads.mjs";
import { smoke } from "./smoke.mjs";

addEventListener("fetch", (event) => {
  const answer = withoutThreads(wg, /no workers/).then(() => new Response(JSON.stringify(smoke(wg))));
  event.respondWith(answer);
});
