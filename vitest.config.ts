// How vitest finds and runs the tests; WENGERT_ARTIFACT=debug runs them on the artifact with assertions.
import { defineConfig } from "vitest/config";

const debug = process.env.WENGERT_ARTIFACT === "debug";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/runtimes/**", "test/package/**"],
    setupFiles: debug ? ["test/debug.setup.ts"] : [],
    testTimeout: debug ? 120_000 : 30_000,
    hookTimeout: 60_000,
  },
});
