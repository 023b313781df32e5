// Trains inside a worker: answers each request with the result.
import * as wg from "wengert";
import { withoutThreads } from "./on-threads.mjs";
import { smoke } from "./smoke.mjs";

export default {
  async fetch() {
    await wg.init();
    await withoutThreads(wg, /no workers/);
    return Response.json(smoke(wg));
  },
};
