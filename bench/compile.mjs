// Compiles AssemblyScript by itself, as the build compiles the artifact: the machine's roof, and kernels to be measured.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

/** The bytes of a module made of sources, whose names are those from the root on. */
export async function compile(sources, options = []) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    writeFileSync(join(folder, "asconfig.json"), "{}");
    const outFile = join(folder, "module.wasm");
    const { error, stderr } = await main([
      ...[...sources, "--baseDir", root, "--config", join(folder, "asconfig.json"), "--outFile", outFile],
      ...["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--use", "abort=", ...options],
    ]);
    if (error) throw new Error(stderr.toString());
    return readFileSync(outFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The bytes of the roof's module, for `loadRoof` of roof.mjs. */
export function compileRoof() {
  return compile(["bench/roof.ts"]);
}
