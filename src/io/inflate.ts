// Decompression for zip archives: the one module that takes fflate in; the build bundles it.

export { inflateSync } from "fflate";
