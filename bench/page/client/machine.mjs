// What a page can know of the machine it is on.

const BROWSERS = [
  [/Edg\/([\d.]+)/, "Edge"],
  [/OPR\/([\d.]+)/, "Opera"],
  [/Firefox\/([\d.]+)/, "Firefox"],
  [/Chrom(?:e|ium)\/([\d.]+)/, "Chromium"],
  [/Version\/([\d.]+).*Safari/, "Safari or another WebKit"],
];
const SYSTEMS = [
  [/Android [\d.]+/, null],
  [/(?:iPhone|iPad)/, null],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux [\w]+/, null],
];

/** Browser, system, cores and, where the browser tells, memory, from what it says of itself. */
export function machineHere({ userAgent, hardwareConcurrency, deviceMemory } = navigator) {
  const browser = BROWSERS.flatMap(([pattern, name]) => {
    const found = pattern.exec(userAgent);
    return found === null ? [] : [`${name} ${found[1]}`];
  })[0];
  const system = SYSTEMS.flatMap(([pattern, name]) => {
    const found = pattern.exec(userAgent);
    return found === null ? [] : [name ?? found[0]];
  })[0];
  return {
    browser: browser ?? userAgent,
    system: system ?? "an unknown system",
    cores: hardwareConcurrency ?? 1,
    ...(deviceMemory === undefined ? {} : { memory: `${deviceMemory} GiB or more` }),
    isolated: globalThis.crossOriginIsolated === true,
  };
}

/** Why this page cannot have threads, else null. */
export function noThreads() {
  if (globalThis.crossOriginIsolated !== true || typeof SharedArrayBuffer !== "function") {
    return "This page may not share memory with workers: its server does not send the headers that isolate it.";
  }
  try {
    const channel = new MessageChannel();
    channel.port1.postMessage(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
    channel.port1.close();
    return null;
  } catch {
    return "This browser shares no memory with workers.";
  }
}
