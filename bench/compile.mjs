// Compiles the machine's roof (roof.ts) to a module of its own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

/** The bytes of the roof's module, for `loadRoof` of roof.mjs. */
export async function compileRoof() {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "roof-"));
  try {
    writeFileSync(join(folder, "asconfig.json"), "{}");
    const outFile = join(folder, "roof.wasm");
    const { error, stderr } = await main([
      ...["bench/roof.ts", "--baseDir", root, "--config", join(folder, "asconfig.json"), "--outFile", outFile],
      ...["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--use", "abort="],
    ]);
    if (error) throw new Error(stderr.toString());
    return readFileSync(outFile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
