// Installs the peers of the bench on first use, into bench/peers, from its lock file.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("peers/", import.meta.url));

/** Whether the versions that bench/peers/package.json names are installed. */
function installed() {
  const { devDependencies } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  return Object.entries(devDependencies).every(([name, version]) => {
    const file = `${folder}node_modules/${name}/package.json`;
    return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === version;
  });
}

/** Runs `npm ci` in bench/peers unless that was done, or none of these libraries is a package. */
export async function install(libraries) {
  if (libraries.every((library) => library.package === undefined) || installed()) return;
  console.log("Installing the peers (npm ci in bench/peers) …");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  execFileSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, stdio: "inherit" });
}
