// Tables of figures, beside each chart and for those who do not see it.

function cell(tag, content, attributes = {}) {
  const element = document.createElement(tag);
  element.append(content);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function row(...cells) {
  const element = document.createElement("tr");
  element.append(...cells);
  return element;
}

/** Fills a table: heads of the columns, and rows of a head and cells, each a text or `{ text, strong, title }`. */
export function fill(table, heads, rows) {
  const head = document.createElement("thead");
  head.append(row(...heads.map((text) => cell("th", text, { scope: "col" }))));
  const body = document.createElement("tbody");
  for (const [name, ...cells] of rows) {
    const made = cells.map((content) => {
      const { text, strong } = typeof content === "string" ? { text: content } : content;
      return cell("td", text, strong ? { class: "strong" } : {});
    });
    body.append(row(cell("th", name, { scope: "row" }), ...made));
  }
  const caption = table.querySelector("caption");
  table.replaceChildren(caption, head, body);
}

/** Fills a list with texts; an empty one is hidden together with what `around` is. */
export function list(element, texts, around = element) {
  element.replaceChildren(...texts.map((text) => cell("li", text)));
  around.hidden = texts.length === 0;
}

/** Lets regions that scroll be reached by the keyboard while there is something to scroll. */
export function reachable(regions) {
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const region = target.closest(".scroll");
      if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    }
  });
  for (const region of regions) {
    watch.observe(region);
    watch.observe(region.querySelector("table"));
  }
}
