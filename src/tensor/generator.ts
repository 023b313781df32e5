// Random generators: PyTorch's CPU generator, its state in linear memory.

import { ArgumentError } from "../errors.js";
import { artifact, views } from "../wasm/memory.js";
import { outsideScopes } from "./lifetime.js";
import { Storage } from "./storage.js";

/** The seed of a generator that nobody seeded, as in PyTorch. */
const DEFAULT_SEED = 67280421310721;

/**
 * A random generator (MT19937): the same seed gives the numbers PyTorch's CPU generator gives, in every runtime.
 *
 * ```js
 * rand([2], { generator: new Generator().manualSeed(1) })
 * ```
 */
export class Generator {
  private storage: Storage | null = null;
  private seeded = DEFAULT_SEED;

  /** @internal Address of the state; made on first use. */
  get address(): number {
    if (this.storage === null) {
      this.storage = outsideScopes(() => new Storage("Generator", artifact().mt_state_bytes()));
      this.storage.watch();
      this.fill();
    }
    return this.storage.address;
  }

  private fill(): void {
    const high = Math.floor(this.seeded / 2 ** 32);
    artifact().mt_seed((this.storage as Storage).address, this.seeded >>> 0, high >>> 0);
  }

  /** Starts the sequence that belongs to a seed, a whole number; returns the generator. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed))
      throw new ArgumentError(`manualSeed: expected a whole number below 2^53, got ${String(seed)}`);
    this.seeded = seed;
    if (this.storage !== null) this.fill();
    return this;
  }

  /** The seed that the sequence started from. */
  initialSeed(): number {
    return this.seeded;
  }

  /** A copy of the state: what `setState` continues from. */
  getState(): Uint8Array {
    const { address } = this;
    return views.u8.slice(address, address + (this.storage as Storage).bytes);
  }

  /** Continues from a state that `getState` gave; returns the generator. */
  setState(state: Uint8Array): this {
    const { address } = this;
    const { bytes } = this.storage as Storage;
    if (!(state instanceof Uint8Array) || state.length !== bytes) {
      throw new ArgumentError(
        `setState: expected a Uint8Array of ${bytes} bytes from getState(), got ${String(state?.length)}`,
      );
    }
    views.u8.set(state, address);
    return this;
  }
}

/** The generator that functions use when none is given. */
export const defaultGenerator: Generator = /* @__PURE__ */ new Generator();

/** Seeds the default generator, and returns it. */
export function manualSeed(seed: number): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** A copy of the default generator's state. */
export function getRngState(): Uint8Array {
  return defaultGenerator.getState();
}

/** Puts the default generator into a state that `getRngState` gave. */
export function setRngState(state: Uint8Array): void {
  defaultGenerator.setState(state);
}
