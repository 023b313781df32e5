// A language that Intl takes, where the browser names one that it does not take itself: WebKitGTK says "C" in that locale.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en" });
}
