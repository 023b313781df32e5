// How vitest finds and runs the tests; `vitest run --mode debug` runs them on the artifact with assertions,
// `--mode threads` on two threads.
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => {
  const debug = mode === "debug";
  const threads = mode === "threads";
  return {
    test: {
      include: ["test/**/*.test.ts"],
      // These run the built package in programs of their own, or run nothing: assertions would not be in what they test.
      exclude: [...configDefaults.exclude, ...(debug ? ["test/examples/**", "test/architecture.test.ts"] : [])],
      setupFiles: debug ? ["test/debug.setup.ts"] : threads ? ["test/threads.setup.ts"] : [],
      testTimeout: debug ? 120_000 : 30_000,
      hookTimeout: 60_000,
    },
  };
});
