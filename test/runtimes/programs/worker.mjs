// Trains inside a worker: answers each request with the result.
import * as wg from "wengert";
import { smoke } from "./smoke.mjs";

export default {
  async fetch() {
    await wg.init();
    return Response.json(smoke(wg));
  },
};
