// Draws how cost grows: a curve for each library over doubling sizes, both axes logarithmic, readable in light and dark.
import { writeFileSync } from "node:fs";
import { scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { libraries } from "../libraries.mjs";
import { series } from "../workloads/index.mjs";

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 64;
const RIGHT = 130;
const TOP = 44;
const BOTTOM = 48;
/** Distance of labels at the ends of curves. */
const LABEL = 15;

/** Colours that differ in lightness too (light, dark), and dashes, so that hue alone tells nothing. */
const styles = {
  wengert: { light: "#0b57d0", dark: "#7cb0ff", dash: "" },
  captured: { light: "#7b1fa2", dark: "#d9a2ef", dash: "7 3" },
  tfjs: { light: "#a34a00", dark: "#ffb068", dash: "2 3" },
  jit: { light: "#00695c", dark: "#5fd4c0", dash: "9 3 2 3" },
  torch: { light: "#5f6368", dark: "#b8bcc2", dash: "1 2" },
};

const title = (key) => libraries.find((library) => library.key === key).title;

function css() {
  const colours = (shade) =>
    Object.entries(styles)
      .map(([key, style]) => `.${key}{stroke:${style[shade]}}.${key}-text{fill:${style[shade]}}`)
      .join("");
  return [
    "svg{background:#fff}text{font:12px system-ui,sans-serif;fill:#202124}.title{font-size:15px;font-weight:600}",
    ".grid{stroke:#e0e0e0}.curve{fill:none;stroke-width:2}.dot{stroke-width:5;stroke-linecap:round}",
    colours("light"),
    "@media (prefers-color-scheme:dark){svg{background:#16181c}text{fill:#e8eaed}.grid{stroke:#3a3d42}",
    `${colours("dark")}}`,
  ].join("");
}

const sizeText = (n) => (n >= 2 ** 20 ? `${n / 2 ** 20} M` : n >= 1024 ? `${n / 1024} K` : `${n}`);
const timeText = (ms) => (ms >= 1 ? `${ms} ms` : `${Number((ms * 1000).toPrecision(2))} µs`);

/** The file's text for a series; `points` are its records. */
function drawn({ title: heading, axis }, points) {
  const ok = points.filter(({ status }) => status === "ok");
  const sizes = [...new Set(ok.map(({ size }) => size))].sort((a, b) => a - b);
  const times = ok.map(({ times: { median } }) => median);
  const x = scaleLog()
    .base(2)
    .domain([sizes[0], sizes.at(-1)])
    .range([LEFT, WIDTH - RIGHT]);
  const decades = [10 ** Math.floor(Math.log10(Math.min(...times))), 10 ** Math.ceil(Math.log10(Math.max(...times)))];
  const y = scaleLog()
    .domain(decades)
    .range([HEIGHT - BOTTOM, TOP]);
  const path = line()
    .x(({ size }) => x(size))
    .y(({ times: { median } }) => y(median));
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${heading}">`,
    `<style>${css()}</style><text class="title" x="${LEFT}" y="24">${heading}</text>`,
  ];
  for (let ms = decades[0]; ms <= decades[1] * 1.001; ms *= 10) {
    const at = y(ms).toFixed(1);
    out.push(`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`);
    out.push(
      `<text x="${LEFT - 8}" y="${Number(at) + 4}" text-anchor="end">${timeText(Number(ms.toPrecision(2)))}</text>`,
    );
  }
  for (const size of sizes) {
    const at = x(size).toFixed(1);
    out.push(`<line class="grid" y1="${TOP}" y2="${HEIGHT - BOTTOM}" x1="${at}" x2="${at}"/>`);
    out.push(`<text x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${sizeText(size)}</text>`);
  }
  out.push(`<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${axis}</text>`);
  const ends = [];
  for (const [key, { dash }] of Object.entries(styles)) {
    const own = ok.filter(({ library }) => library === key).sort((a, b) => a.size - b.size);
    if (own.length === 0) continue;
    out.push(`<path class="curve ${key}" stroke-dasharray="${dash}" d="${path(own)}"/>`);
    for (const point of own) {
      const [cx, cy] = [x(point.size).toFixed(1), y(point.times.median).toFixed(1)];
      out.push(`<line class="dot ${key}" x1="${cx}" x2="${cx}" y1="${cy}" y2="${cy}"/>`);
    }
    ends.push({ key, at: y(own.at(-1).times.median) });
  }
  ends.sort((a, b) => a.at - b.at);
  ends.forEach((end, i) => {
    if (i > 0) end.at = Math.max(end.at, ends[i - 1].at + LABEL);
    out.push(
      `<text class="${end.key}-text" x="${WIDTH - RIGHT + 10}" y="${(end.at + 4).toFixed(1)}">${title(end.key)}</text>`,
    );
  });
  return `${out.join("\n")}\n</svg>\n`;
}

/** Writes an SVG for each series that has at least two sizes into a folder; gives the files' names. */
export function plots(records, folder = "bench/results") {
  return series.flatMap((one) => {
    const points = records.filter((record) => record.series === one.key);
    if (new Set(points.filter(({ status }) => status === "ok").map(({ size }) => size)).size < 2) return [];
    const file = `${folder}/growth-${one.key}.svg`;
    writeFileSync(file, drawn(one, points));
    return [file];
  });
}
