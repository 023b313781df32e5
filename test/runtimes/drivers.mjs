// The browsers and how they are driven: puppeteer for Chromium and Firefox, WebKitGTK by its own driver.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { run } from "../package/install.mjs";
import { webdriver } from "./webdriver.mjs";

/** Starts a browser that puppeteer drives. */
async function puppet(browser, executablePath) {
  if (!existsSync(executablePath)) throw new Error(`SKIP: ${executablePath} is not installed`);
  const userDataDir = mkdtempSync(join(tmpdir(), "wengert-browser-"));
  const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  const driver = await puppeteer.launch({
    browser,
    executablePath,
    headless: true,
    userDataDir,
    args: browser === "chrome" ? ["--no-sandbox", ...quiet, "--disable-component-update", "--disable-sync"] : [],
  });
  let page = null;
  return {
    open: async (address) => {
      page = await driver.newPage();
      await page.goto(address);
    },
    evaluate: (text) => page.evaluate(`(() => {${text}})()`),
    resize: (width, height) => page.setViewport({ width, height }),
    screenshot: (path) => page.screenshot({ path, fullPage: true }),
    // Puppeteer does this by Chromium's own protocol only.
    dark:
      browser === "chrome"
        ? (on) => page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: on ? "dark" : "light" }])
        : undefined,
    press: (key) => page.keyboard.press(key),
    close: async () => {
      await driver.close();
      rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Starts WebKitGTK's driver on a virtual display. */
async function webkit() {
  const driver = "/usr/bin/WebKitWebDriver";
  if (!existsSync(driver)) throw new Error("SKIP: WebKitWebDriver is not installed");
  const files = run("dpkg", ["-L", "libwebkit2gtk-4.1-0"]).split("\n");
  const binary = files.find((file) => file.endsWith("/MiniBrowser"));
  const port = 4400 + (process.pid % 1000);
  const server = spawn("xvfb-run", ["-a", driver, `--port=${port}`], { stdio: "ignore", detached: true });
  const options = { "webkitgtk:browserOptions": { binary, args: ["--automation"] } };
  const stop = () => process.kill(-server.pid, "SIGTERM");
  try {
    const session = await webdriver(`http://127.0.0.1:${port}`, options);
    return {
      ...session,
      close: async () => {
        await session.close();
        stop();
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/**
 * Starts a browser: `{ open(address), evaluate(text), resize(width, height), screenshot(path), press(key), close() }`;
 * `evaluate` runs the body of a function in the page that was opened last. One that is not installed throws "SKIP: …".
 */
export const drivers = {
  Chromium: () => puppet("chrome", "/usr/bin/chromium"),
  Firefox: () => puppet("firefox", "/usr/bin/firefox-esr"),
  WebKitGTK: webkit,
};
