// Which line of the user's code is at work: from the stack, past the library's own frames.

import { stackText } from "../tape/stack.js";

/** A place in a file: "file:///program.js:12:5". */
const PLACE = /((?:[a-z][\w+.-]*:\/\/|\/|[A-Za-z]:[\\/])?[^\s()@]+):(\d+):(\d+)\)?$/;
/** Frames to ask for: engines give ten, and operations that are made of others have more. */
const DEPTH = 200;

interface Frame {
  readonly file: string;
  readonly place: string;
}

function frames(): Frame[] {
  const found: Frame[] = [];
  for (const line of stackText(DEPTH).split("\n")) {
    const match = PLACE.exec(line.trim());
    if (match !== null) found.push({ file: match[1] as string, place: `${match[1]}:${match[2]}:${match[3]}` });
  }
  // The first is that of whoever makes the text.
  return found.slice(1);
}

/** Frames on the stack at this moment: those of whoever calls the user's function. */
export function depthHere(): number {
  return frames().length - 1;
}

/**
 * The place in the user's code, or "" where the engine tells none: the first frame outside the library's folder, or, where
 * the library was bundled with the program, the frame of the function that was called at `depth`.
 */
export function userPlace(depth: number): string {
  const all = frames();
  const own = all[0]?.file ?? "";
  const folder = /^(.*[\\/])capture[\\/]where\.[jt]s/.exec(own)?.[1] ?? null;
  const outside = folder === null ? undefined : all.find(({ file }) => !file.startsWith(folder));
  const frame = outside ?? all[all.length - depth - 1];
  return frame === undefined ? "" : frame.place;
}
