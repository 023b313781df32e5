// The benchmark page: builds it and serves it. npm run bench:page [-- --port 8080] [-- --build] [-- --out FOLDER]
import { parseArgs } from "node:util";
import { buildPage, OUT } from "./build.mjs";
import { servePage } from "./serve.mjs";

const help = `npm run bench:page [-- options]

  --port N       where it is served on this machine, 8484
  --build        only build the folder of static files
  --out FOLDER   that folder, bench/page/dist
  --help         this text

Any web server will do for the folder. Threads need its answers to have the headers in its file _headers.`;

function given() {
  try {
    return parseArgs({
      options: {
        port: { type: "string", default: "8484" },
        build: { type: "boolean", default: false },
        out: { type: "string", default: OUT },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    console.error(`bench:page: ${error.message}; see npm run bench:page -- --help`);
    process.exit(2);
  }
}

const { port, build, out, help: asked } = given();
if (asked) {
  console.log(help);
} else {
  const folder = await buildPage(out);
  console.log(`The page is in ${folder}`);
  if (!build) {
    const { address } = await servePage(folder, { port: Number(port) });
    console.log(`and at ${address} (Ctrl+C ends it)`);
  }
}
