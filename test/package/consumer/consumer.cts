// A CommonJS program of a user of the package: only to be compiled.
import wg = require("wengert");

const x = wg.tensor([1, 2, 3]);
console.log(x.shape, wg.memory().live);
