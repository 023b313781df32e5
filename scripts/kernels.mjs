// Moves the artifact's kernels from its exports into its table, with their names in a section of their own.
//
// An engine makes an object for every export when it instantiates a module, and looks each name up: for hundreds of
// kernels that takes longer than all else. From a table a kernel is taken when it is first needed, and its place there is
// its number for captures and threads.

/** Exports that are kernels have the dtype's word, or a width, behind an underscore; chains and flat calls are some as well. */
export const KERNEL = /_[a-z]*\d+$|^(chain|flats)$/;

/** The section that has the names, in the order of places from the first on. */
const SECTION = "kernels";

const TABLE = 4;
const EXPORT = 7;
const ELEMENT = 9;
const FUNCTION_KIND = 0;

/** An unsigned number in LEB128. */
function leb(value) {
  const bytes = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) + 128);
  }
}

function reader(bytes, start = 0) {
  let at = start;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (length) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  return { number, take, byte: () => bytes[at++], done: () => at >= bytes.length };
}

/** The module with its kernels in its table; the first two places of a table are the compiler's. */
export function packKernels(module) {
  const sections = [];
  const whole = reader(module, 8);
  while (!whole.done()) {
    const id = whole.byte();
    sections.push({ id, body: [...whole.take(whole.number())] });
  }
  const section = (id) => sections.find((each) => each.id === id);

  const kernels = [];
  const others = [];
  const exports = reader(Uint8Array.from(section(EXPORT).body));
  for (let left = exports.number(); left > 0; left--) {
    const raw = exports.take(exports.number());
    const name = new TextDecoder().decode(raw);
    const kind = exports.byte();
    const index = exports.number();
    if (kind === FUNCTION_KIND && KERNEL.test(name)) kernels.push({ name, index });
    else others.push([...leb(raw.length), ...raw, kind, ...leb(index)]);
  }
  kernels.sort((a, b) => (a.name < b.name ? -1 : 1));
  section(EXPORT).body = [...leb(others.length), ...others.flat()];

  const table = reader(Uint8Array.from(section(TABLE).body));
  if (table.number() !== 1) throw new Error("kernels: the artifact has not one table");
  const type = table.byte();
  const bounded = table.byte() === 1;
  const first = table.number();
  if (bounded && table.number() < first) throw new Error("kernels: the table's limits are wrong");
  section(TABLE).body = [1, type, 0, ...leb(first + kernels.length)];

  const added = [
    0,
    0x41,
    ...signed(first),
    0x0b,
    ...leb(kernels.length),
    ...kernels.flatMap(({ index }) => leb(index)),
  ];
  const elements = section(ELEMENT);
  if (elements === undefined) {
    const after = sections.findIndex(({ id }) => id > ELEMENT && id !== 12);
    sections.splice(after, 0, { id: ELEMENT, body: [1, ...added] });
  } else {
    const old = reader(Uint8Array.from(elements.body));
    const count = old.number();
    elements.body = [...leb(count + 1), ...elements.body.slice(leb(count).length), ...added];
  }

  const text = new TextEncoder().encode(`${first} ${kernels.map(({ name }) => name).join(" ")}`);
  sections.push({ id: 0, body: [...leb(SECTION.length), ...new TextEncoder().encode(SECTION), ...text] });
  return Uint8Array.from([
    ...module.subarray(0, 8),
    ...sections.flatMap(({ id, body }) => [id, ...leb(body.length), ...body]),
  ]);
}

/** A signed number in LEB128, of those that are not negative. */
function signed(value) {
  const bytes = leb(value);
  return bytes[bytes.length - 1] < 64 ? bytes : [...bytes.slice(0, -1), bytes[bytes.length - 1] + 128, 0];
}
