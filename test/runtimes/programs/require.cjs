// Requires the installed package, an ECMAScript module, from CommonJS, and trains.
const wg = require("wengert");
const { smoke } = require("./smoke.mjs");

console.log(JSON.stringify(smoke(wg)));
