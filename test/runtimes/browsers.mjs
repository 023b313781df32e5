// Browsers: pages under a strict content security policy, which post what they computed back to a local server.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { drivers } from "./drivers.mjs";

/** What lets pages share memory with workers, whose own files need the second too. */
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };
const PATIENCE = 60_000;

/** Serves the package and the programs of `folder`; `result(search)` waits for what a page posts. */
async function serve(folder) {
  const waiting = new Map();
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url, "http://localhost");
    const isolated = search.includes("&isolated") || pathname !== "/" ? ISOLATED : {};
    const policy = search.includes("&blob") ? `${POLICY}; worker-src blob:` : POLICY;
    const headers = { "content-security-policy": policy, "cache-control": "no-store", ...isolated };
    if (pathname === "/") {
      response.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8" });
      response.end(`<!doctype html><title>wengert</title><script type="module" src="/page.mjs"></script>`);
    } else if (pathname === "/result") {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        response.writeHead(204).end();
        waiting.get(search)?.(JSON.parse(Buffer.concat(chunks).toString()));
      });
    } else {
      const path = normalize(pathname);
      const file = path.startsWith("/package/")
        ? join(folder, "node_modules/wengert", path.slice("/package".length))
        : path.startsWith("/untyped/")
          ? join(folder, "node_modules/wengert/dist", path.slice("/untyped".length))
          : join(folder, path);
      const found = existsSync(file);
      const type = path.startsWith("/untyped/") ? "application/octet-stream" : TYPES[/\.\w+$/.exec(path)?.[0]];
      response.writeHead(found ? 200 : 404, { ...headers, "content-type": type ?? "text/plain" });
      response.end(found ? readFileSync(file) : "not found");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    result: (search) =>
      new Promise((resolve, reject) => {
        const clock = setTimeout(() => reject(new Error(`no result within ${PATIENCE / 1000} s`)), PATIENCE);
        waiting.set(search, (value) => {
          clearTimeout(clock);
          resolve(value);
        });
      }),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const PAGES = [
  ["await init()", "entry=browser&load=default"],
  ["default entry", "entry=default&load=default"],
  ["init({ url })", "entry=browser&load=url"],
  ["init({ url }), wrong type", "entry=browser&load=untyped"],
  ["init({ bytes })", "entry=browser&load=bytes"],
  ["init({ module })", "entry=browser&load=module"],
  ["wengert/inline", "entry=inline&load=none"],
];

/** The same on threads; WebKitGTK shares no memory with workers, whatever the headers. */
const ON_THREADS = [
  ["two threads", "entry=browser&load=default&isolated&threads=2"],
  ["wengert/inline, two threads by a blob", "entry=inline&load=none&isolated&blob&threads=2"],
  ["wengert/inline, two threads by the file", "entry=inline&load=none&isolated&threads=2"],
];
const ALONE = [
  ["a page that is not isolated stays on one thread", "entry=browser&load=default&alone=not.cross-origin.isolated"],
  ["a module without bytes stays on one thread", "entry=browser&load=module&isolated&alone=compiled.module"],
];

const EXPECTED = [
  /wengert|loaded|init\(\)/,
  /init: unknown option "adress"; known are module, url and bytes/,
  /init: .*missing\.wasm answered 404/,
  /init: the artifact could not be loaded/,
];

/** Pages with threads, for a browser. */
function pagesOf(name) {
  if (name !== "WebKitGTK") return [...ON_THREADS, ...ALONE];
  return [...ALONE.slice(0, 1), ["stays on one thread", "entry=browser&load=default&isolated&alone=memory"]];
}

/** The checks of this file; `close` ends what they started. */
export async function browsers(folder) {
  const server = await serve(folder);
  const started = new Map();
  const driven = (name) => {
    if (!started.has(name)) started.set(name, drivers[name]());
    return started.get(name);
  };
  const checks = Object.keys(drivers).flatMap((name) =>
    [...PAGES, ...pagesOf(name)].map(([title, query]) => [
      `${name}, ${title}`,
      async () => {
        const driver = await driven(name);
        const search = `?${query}&browser=${name}`;
        const result = server.result(search);
        await Promise.race([result, driver.open(server.address + search)]);
        const { errors, failure, ...values } = await result;
        if (failure) throw new Error(failure);
        errors.forEach((message, index) => {
          if (!EXPECTED[index].test(message) || /^(no error|foreign)/.test(message)) {
            throw new Error(`error ${index} was: ${message}`);
          }
        });
        return values;
      },
    ]),
  );
  const close = async () => {
    for (const driver of started.values()) {
      await driver.then(({ close }) => close()).catch(() => {});
    }
    server.close();
  };
  return { checks, close };
}
