// Who keeps memory that tensors give back: captures, which use it again at every step.

import { recording } from "../wasm/recording.js";

/** Somebody whose memory is not the allocator's to give to others. */
export interface Owner {
  /** Whether the memory at an address, which a tensor gives back, is the owner's. */
  owns(address: number): boolean;
}

let owners: readonly Owner[] = [];

function ask(address: number): boolean {
  for (const owner of owners) if (owner.owns(address)) return true;
  return false;
}

/** Asks an owner from now on, before all others. */
export function enlist(owner: Owner): void {
  owners = [owner, ...owners];
  recording.owns = ask;
}

/** Asks an owner no more. */
export function dismiss(owner: Owner): void {
  owners = owners.filter((each) => each !== owner);
  if (owners.length === 0) recording.owns = null;
}
