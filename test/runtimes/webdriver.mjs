// The few lines of the WebDriver protocol that opening a page takes.
import { writeFileSync } from "node:fs";

/** Keys as the protocol writes them. */
const KEYS = { Enter: "\uE007", Tab: "\uE004", Space: " " };

/** Opens a session, waiting for the driver to come up; what it returns drives its one window. */
export async function webdriver(address, capabilities) {
  const call = async (method, path, body) => {
    const response = await fetch(address + path, {
      method,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebDriver ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  for (let tries = 0; ; tries++) {
    const ready = await call("GET", "/status").catch((error) => (tries < 100 ? null : Promise.reject(error)));
    if (ready) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { sessionId } = await call("POST", "/session", { capabilities: { alwaysMatch: capabilities } });
  return {
    open: (url) => call("POST", `/session/${sessionId}/url`, { url }),
    evaluate: (script) => call("POST", `/session/${sessionId}/execute/sync`, { script, args: [] }),
    resize: (width, height) => call("POST", `/session/${sessionId}/window/rect`, { width, height }),
    screenshot: async (path) => {
      writeFileSync(path, Buffer.from(await call("GET", `/session/${sessionId}/screenshot`), "base64"));
    },
    press: (key) => {
      const actions = ["keyDown", "keyUp"].map((type) => ({ type, value: KEYS[key] }));
      return call("POST", `/session/${sessionId}/actions`, { actions: [{ type: "key", id: "keyboard", actions }] });
    },
    close: () => call("DELETE", `/session/${sessionId}`),
  };
}
