// What a worker's thread does: instantiates the artifact on the shared memory, and serves until it is told to quit.
//
// The build makes one file of this module that is neither a script of another kind than a module nor needs another
// file, so that it may lie beside any bundle: it must not be bundled into the library.

/** What the main thread sends: first the artifact and the memory, then, when they took, the worker's part. */
export type Order =
  | { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
  | { readonly control: number; readonly index: number; readonly arena: number };

/** What a worker answers: it has instantiated the artifact, it begins to serve, it has ended; or why it cannot go on. */
export type Answer = "here" | "serving" | "ended" | { readonly failure: string };

interface Exports {
  serve(control: number, index: number, arena: number): void;
  breakOff(control: number): void;
}

/** What a worker is reached by: a port of Node's, or the worker's own global scope. */
interface Port {
  postMessage(answer: Answer): void;
  on?(name: "message", listener: (order: Order) => void): void;
  onmessage?: ((event: { readonly data: Order }) => void) | null;
}

const { process } = globalThis as {
  process?: { getBuiltinModule?(name: string): { parentPort: Port | null } | undefined };
};
const port = process?.getBuiltinModule?.("node:worker_threads")?.parentPort ?? (globalThis as unknown as Port);

let exports: Exports | null = null;

/** The functions that a build of the artifact with assertions imports. */
function functionsOf(module: WebAssembly.Module): Record<string, () => never> {
  const names = WebAssembly.Module.imports(module).filter(({ kind }) => kind === "function");
  return Object.fromEntries(
    names.map(({ name }) => [
      name,
      () => {
        throw new Error(name);
      },
    ]),
  );
}

function follow(order: Order): void {
  try {
    if ("module" in order) {
      const { module, memory } = order;
      exports = new WebAssembly.Instance(module, { env: { ...functionsOf(module), memory } })
        .exports as unknown as Exports;
      port.postMessage("here");
      return;
    }
    port.postMessage("serving");
    exports?.serve(order.control, order.index, order.arena);
    port.postMessage("ended");
  } catch (error) {
    if ("control" in order) exports?.breakOff(order.control);
    port.postMessage({ failure: error instanceof Error ? error.message : String(error) });
  }
}

if (port.on) port.on("message", follow);
else port.onmessage = ({ data }) => follow(data);
