// The few lines of the WebDriver protocol that opening a page takes.

/** Opens a session, waiting for the driver to come up; returns `{ open, close }`. */
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
    close: () => call("DELETE", `/session/${sessionId}`),
  };
}
