// Random generators: PyTorch's CPU generator, its state in linear memory.

import { ArgumentError } from "../errors.js";
import { artifact, views } from "../wasm/memory.js";
import { aside, refuseWhileRecording } from "../wasm/recording.js";
import { outsideScopes } from "./lifetime.js";
import { Storage } from "./storage.js";

/** The seed of a generator that nobody seeded, as in PyTorch. */
const DEFAULT_SEED = 67280421310721;

/**
 * A seed of 53 random bits, as many as PyTorch takes.
 * Edge runtimes have no randomness outside a request; there it is the seed of every generator that nobody seeded.
 */
function unforeseen(): number {
  try {
    const [low, high] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
    return (high >>> 11) * 2 ** 32 + low;
  } catch {
    return DEFAULT_SEED;
  }
}

/**
 * A random generator (MT19937): the same seed gives the numbers PyTorch's CPU generator gives, in every runtime.
 *
 * ```js
 * rand([2], { generator: new Generator().manualSeed(1) })
 * ```
 */
export class Generator {
  private storage: Storage | null = null;
  /** `null` until a generator that starts differently in each program is first used. */
  private seeded: number | null = DEFAULT_SEED;

  /** @internal A generator that starts differently in each program, like PyTorch's default one. */
  static unseeded(): Generator {
    const generator = new Generator();
    generator.seeded = null;
    return generator;
  }

  /** @internal Address of the state; made on first use. */
  get address(): number {
    if (this.storage === null) {
      this.storage = aside(() => outsideScopes(() => new Storage("Generator", artifact().mt_state_bytes())));
      this.storage.watch();
      this.fill();
    }
    return this.storage.address;
  }

  private fill(): void {
    const seed = this.initialSeed();
    const { address } = this.storage as Storage;
    artifact().mt_seed(address, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
  }

  /** Starts the sequence that belongs to a seed, a whole number; returns the generator. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed))
      throw new ArgumentError(`manualSeed: expected a whole number below 2^53, got ${String(seed)}`);
    refuseWhileRecording("manualSeed", "starts a generator anew");
    this.seeded = seed;
    if (this.storage !== null) this.fill();
    return this;
  }

  /** The seed that the sequence started from. */
  initialSeed(): number {
    this.seeded ??= unforeseen();
    return this.seeded;
  }

  /** Starts a sequence from a seed that nobody can foresee, and returns that seed. */
  seed(): number {
    const seed = unforeseen();
    this.manualSeed(seed);
    return seed;
  }

  /** A copy of the state: what `setState` continues from. */
  getState(): Uint8Array {
    refuseWhileRecording("getState", "reads a generator's state");
    const { address } = this;
    return views.u8.slice(address, address + (this.storage as Storage).bytes);
  }

  /** Continues from a state that `getState` gave; returns the generator. */
  setState(state: Uint8Array): this {
    refuseWhileRecording("setState", "writes a generator's state");
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

/** The generator that functions use when none is given; unless seeded, it starts differently in each program. */
export const defaultGenerator: Generator = /* @__PURE__ */ Generator.unseeded();

/** Seeds the default generator, and returns it. */
export function manualSeed(seed: number): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** Starts the default generator from a seed that nobody can foresee, and returns that seed. */
export function seed(): number {
  return defaultGenerator.seed();
}

/** The seed that the default generator's sequence started from. */
export function initialSeed(): number {
  return defaultGenerator.initialSeed();
}

/** A copy of the default generator's state. */
export function getRngState(): Uint8Array {
  return defaultGenerator.getState();
}

/** Puts the default generator into a state that `getRngState` gave. */
export function setRngState(state: Uint8Array): void {
  defaultGenerator.setState(state);
}
