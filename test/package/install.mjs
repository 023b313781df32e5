// Packs the project as it would be published and installs the tarball in an empty folder.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a program to its end; throws what it printed when it fails. */
export function run(command, parameters, options = {}) {
  const done = spawnSync(command, parameters, { encoding: "utf8", timeout: 300_000, ...options });
  if (done.status === 0) return done.stdout;
  const why = done.error ?? (done.signal ? `ended by ${done.signal}` : `exit code ${done.status}`);
  throw new Error(`${command} ${parameters.join(" ")}: ${why}\n${done.stdout ?? ""}${done.stderr ?? ""}`);
}

/** The tarball of the project, written to build/package/. */
export function pack() {
  const folder = join(root, "build/package");
  mkdirSync(folder, { recursive: true });
  const report = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
  const [{ filename, files }] = JSON.parse(report);
  return { tarball: join(folder, filename), files: files.map((file) => file.path) };
}

/** A fresh folder named `name` below build/package/ with the tarball installed and nothing else. */
export function install(tarball, name) {
  const folder = join(root, "build/package", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", tarball], { cwd: folder });
  return folder;
}
