// Charts of dots by uPlot: a row for each workload, a mark for each library, along a logarithmic axis.
import "./locale.mjs";
import uPlot from "uplot";

/** Below this width names stand above their rows. */
const NARROW = 640;
const AXIS = 44;
const SIZE = 5;

/** Marks that differ in shape, so that colour alone tells nothing. */
const SHAPES = {
  circle: (path) => path.arc(0, 0, 1, 0, 2 * Math.PI),
  square: (path) => path.rect(-0.9, -0.9, 1.8, 1.8),
  diamond: (path) => polygon(path, [0, -1.3, 1.1, 0, 0, 1.3, -1.1, 0]),
  up: (path) => polygon(path, [0, -1.2, 1.2, 0.9, -1.2, 0.9]),
  down: (path) => polygon(path, [0, 1.2, 1.2, -0.9, -1.2, -0.9]),
  right: (path) => polygon(path, [1.2, 0, -0.9, 1.2, -0.9, -1.2]),
  left: (path) => polygon(path, [-1.2, 0, 0.9, 1.2, 0.9, -1.2]),
  bar: (path) => path.rect(-0.5, -1.4, 1, 2.8),
};

/** The shape of a library, by its key; its colour is the style sheet's variable of the same name. */
const STYLES = {
  wengert: "circle",
  captured: "diamond",
  threads: "square",
  "captured-threads": "bar",
  tfjs: "up",
  jax: "down",
  jit: "right",
  "jit-threads": "left",
};

function polygon(path, points) {
  for (let i = 0; i < points.length; i += 2) path.lineTo(points[i], points[i + 1]);
  path.closePath();
}

function mark(key, x, y, radius) {
  const path = new Path2D();
  const unit = new Path2D();
  SHAPES[STYLES[key]](unit);
  path.addPath(unit, new DOMMatrix([radius, 0, 0, radius, x, y]));
  return path;
}

/** A mark as an element, for legends. */
export function markElement(key, hollow = false) {
  const canvas = document.createElement("canvas");
  const scale = devicePixelRatio;
  canvas.width = 18 * scale;
  canvas.height = 18 * scale;
  canvas.className = "mark";
  canvas.setAttribute("aria-hidden", "true");
  paint(canvas.getContext("2d"), key, 9 * scale, 9 * scale, SIZE * scale, hollow);
  return canvas;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function paint(context, key, x, y, radius, hollow) {
  const path = mark(key, x, y, radius);
  context.lineWidth = radius / 2.5;
  context.strokeStyle = hollow ? colour(key) : colour("paper");
  context.fillStyle = hollow ? colour("paper") : colour(key);
  if (!hollow) context.stroke(path);
  context.fill(path);
  if (hollow) context.stroke(path);
}

/** Steps of 1, 2 and 5, or decades where there is no room for more. */
function ticks(low, high, room) {
  const decades = Math.log10(high / low);
  const steps = room / decades > 190 ? [1, 2, 5] : [1];
  const every = steps.length === 1 ? Math.max(1, Math.ceil((decades * 56) / room)) : 1;
  const out = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    if (power % every !== 0) continue;
    for (const step of steps) {
      const value = Number((step * 10 ** power).toPrecision(3));
      if (value >= low && value <= high) out.push(value);
    }
  }
  return out;
}

/**
 * A chart in an element. `draw({ names, series, text, least, line })`: a row for each name; each of `series` has `key`,
 * `hollow` and `values` (null where there is none); `text` writes a value; `least` is the least range of the axis; `line` is
 * a value that is marked.
 */
export class Chart {
  #element;
  #plot = null;
  #data = null;
  #width = 0;

  constructor(element) {
    this.#element = element;
    new ResizeObserver(() => {
      if (Math.abs(element.clientWidth - this.#width) > 1) this.#build();
    }).observe(element);
  }

  draw(data) {
    this.#data = data;
    this.#build();
  }

  #build() {
    this.#plot?.destroy();
    this.#plot = null;
    const width = this.#element.clientWidth;
    this.#width = width;
    if (this.#data === null || width === 0 || this.#data.names.length === 0) return;
    const { names, series, text, least, line } = this.#data;
    const narrow = width < NARROW;
    const height = names.length * (narrow ? 44 : 30) + AXIS;
    const left = narrow ? 6 : Math.round(Math.min(380, width * 0.42));
    const all = series.flatMap(({ values }) => values.filter((value) => value !== null));
    const range = [Math.min(...all, least[0]) / 1.25, Math.max(...all, least[1]) * 1.25];
    const ink = { stroke: colour("quiet"), font: "12px system-ui, sans-serif" };
    const grid = { stroke: colour("line"), width: 1 };
    const options = {
      width,
      height,
      padding: [0, 14, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, ori: 1, dir: -1, range: [-0.5, names.length - 0.5] },
        y: { ori: 0, dir: 1, distr: 3, range },
      },
      axes: [
        {
          side: 3,
          size: left,
          gap: 0,
          ticks: { show: false },
          grid: { show: false },
          splits: () => [],
          values: () => [],
        },
        {
          ...ink,
          side: 2,
          size: AXIS,
          grid,
          ticks: { show: false },
          splits: () => ticks(range[0], range[1], width - left - 14),
          filter: (_plot, splits) => splits,
          values: (_plot, splits) => splits.map(text),
        },
      ],
      series: [
        {},
        ...series.map(({ key, hollow }) => ({ label: key, paths: () => null, points: { show: false }, hollow })),
      ],
      hooks: {
        drawAxes: [(plot) => background(plot, names, narrow, line)],
        draw: [(plot) => series.forEach((one) => dots(plot, one, narrow))],
      },
    };
    this.#plot = new uPlot(options, [names.map((_, i) => i), ...series.map(({ values }) => values)], this.#element);
  }
}

/** The middle of a row, on the canvas; names of narrow charts have the upper part of it. */
function middle(plot, row, narrow) {
  return plot.valToPos(row, "x", true) + (narrow ? 9 * devicePixelRatio : 0);
}

function background(plot, names, narrow, line) {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = `${13 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  names.forEach((name, row) => {
    const y = middle(plot, row, narrow);
    ctx.strokeStyle = colour("line");
    ctx.lineWidth = scale;
    ctx.setLineDash([scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillStyle = colour("ink");
    ctx.textAlign = narrow ? "left" : "right";
    const room = narrow ? bbox.width : bbox.left - 12 * scale;
    const x = narrow ? bbox.left : bbox.left - 10 * scale;
    ctx.fillText(fitted(ctx, name, room), x, narrow ? y - 18 * scale : y);
  });
  if (line !== undefined) {
    const x = plot.valToPos(line, "y", true);
    ctx.setLineDash([]);
    ctx.strokeStyle = colour("quiet");
    ctx.lineWidth = 1.5 * scale;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** A text that is cut where it has no room. */
function fitted(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length).trimEnd()}…`;
}

function dots(plot, { key, hollow, values }, narrow) {
  const { ctx } = plot;
  ctx.save();
  values.forEach((value, row) => {
    if (value === null) return;
    const x = plot.valToPos(value, "y", true);
    paint(ctx, key, x, middle(plot, row, narrow), SIZE * devicePixelRatio, hollow);
  });
  ctx.restore();
}
