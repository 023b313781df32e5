// What containers of modules and of parameters have in common: entries by name, or in a list.

import { ArgumentError } from "../errors.js";
import { asInteger, describe } from "../op/args.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkName, type Member, nameOf } from "./hidden.js";
import { Module } from "./module.js";

/** Entries of an object, a map or pairs. */
export function mapOf(given: unknown): Iterable<readonly [string, unknown]> {
  if (given !== null && typeof given === "object") {
    return Symbol.iterator in given ? (given as Iterable<readonly [string, unknown]>) : Object.entries(given);
  }
  throw new ArgumentError(`expected an object, a map or pairs, got ${describe(given)}`);
}

/** A container of entries by name, in the order in which they were put in. */
export class Held<T extends Module | Tensor> extends Module {
  /** @internal */
  protected readonly held: Map<string, T> = new Map();

  /** @internal */
  override members(): Member[] {
    const own = super.members();
    const held = [...this.held].map(([key, value]) => ({ key, field: key, value }));
    return own.length === 0 ? held : [...held, ...own];
  }

  /** @internal */
  override replaceMember(field: string, value: unknown): void {
    if (this.held.has(field)) this.held.set(field, value as T);
    else super.replaceMember(field, value);
  }

  /** @internal */
  protected put(name: string, value: T): void {
    checkName(this, value instanceof Module ? "module" : "parameter", name, true);
    this.held.set(name, value);
  }

  /** @internal */
  protected entry(name: string): T {
    const found = this.held.get(name);
    if (found === undefined) {
      throw new ArgumentError(
        `${nameOf(this)}: there is no entry "${name}"; there are ${[...this.held.keys()].join(", ")}`,
      );
    }
    return found;
  }

  /** How many there are. */
  get length(): number {
    return this.held.size;
  }

  /** Whether there is an entry of this name. */
  has(name: string): boolean {
    return this.held.has(name);
  }

  /** The names. */
  keys(): string[] {
    return [...this.held.keys()];
  }

  /** The entries. */
  values(): T[] {
    return [...this.held.values()];
  }

  /** Names and entries. */
  entries(): [string, T][] {
    return [...this.held];
  }

  /** PyTorch's name for `entries`. */
  items(): [string, T][] {
    return this.entries();
  }

  /** Takes an entry out and returns it. */
  pop(name: string): T {
    const found = this.entry(name);
    this.held.delete(name);
    return found;
  }

  /** Takes out an entry; tells whether it was there. */
  delete(name: string): boolean {
    return this.held.delete(name);
  }

  /** Takes out all. */
  clear(): void {
    this.held.clear();
  }
}

/** A list whose entries are named by their place. `list[i]` reads and replaces one. */
export class HeldList<T extends Module | Tensor> extends Module {
  [index: number]: T;

  /** @internal */
  protected held: Map<string, T> = new Map();

  /** @internal */
  override members(): Member[] {
    return [...[...this.held].map(([key, value]) => ({ key, field: key, value })), ...super.members()];
  }

  /** @internal */
  override replaceMember(field: string, value: unknown): void {
    if (this.held.has(field)) this.held.set(field, value as T);
    else super.replaceMember(field, value);
  }

  /** @internal Checks an entry, and makes one of what is accepted in its place. */
  protected asEntry(value: T): T {
    return value;
  }

  /** @internal */
  protected put(name: string, value: T): void {
    checkName(this, value instanceof Module ? "module" : "parameter", name, true);
    this.held.set(name, value);
    reachByIndex(this.held.size);
  }

  /** How many there are. */
  get length(): number {
    return this.held.size;
  }

  /** The entry at a place, counted from the end if negative, or of a name. @throws ArgumentError if there is none. */
  get(index: number | string): T {
    if (typeof index === "string") {
      const found = this.held.get(index);
      if (found === undefined) throw new ArgumentError(`${nameOf(this)}: there is no entry "${index}"`);
      return found;
    }
    return this.held.get(this.nameAt(index)) as T;
  }

  /** Replaces the entry at a place. */
  set(index: number, value: T): this {
    this.held.set(this.nameAt(index), this.asEntry(value));
    return this;
  }

  /** Adds one at the end. */
  append(value: T): this {
    this.put(String(this.held.size), this.asEntry(value));
    return this;
  }

  /** Adds several at the end. */
  extend(values: Iterable<T>): this {
    if (values === null || typeof values !== "object" || !(Symbol.iterator in values))
      throw new ArgumentError(`${nameOf(this)}.extend should be called with an iterable, but got ${describe(values)}`);
    for (const value of [...values]) this.append(value);
    return this;
  }

  /** Puts one in at a place; those from there on move up. */
  insert(index: number, value: T): this {
    asInteger(`${nameOf(this)}.insert`, index, "index");
    const count = this.held.size;
    const place = index < 0 ? index + count : index;
    if (place < 0 || place > count)
      throw new ArgumentError(`${nameOf(this)}.insert: index ${index} is out of range of ${count}`);
    const entry = this.asEntry(value);
    this.rename([...this.values().slice(0, place), entry, ...this.values().slice(place)]);
    return this;
  }

  /** Takes out the entry at a place (the last) and returns it. */
  pop(index = -1): T {
    const name = this.nameAt(index);
    const found = this.held.get(name) as T;
    this.rename(this.values().filter((_, i) => i !== this.keys().indexOf(name)));
    return found;
  }

  /** The names: places as text, unless given. */
  keys(): string[] {
    return [...this.held.keys()];
  }

  /** The entries. */
  values(): T[] {
    return [...this.held.values()];
  }

  /** The entries in order. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.held.values();
  }

  /** Gives the entries new names by place where the old ones were places; given names stay with their places. */
  private rename(values: readonly T[]): void {
    const names = this.keys();
    const plain = names.every((name, i) => name === String(i));
    this.held = new Map(values.map((value, i) => [plain ? String(i) : (names[i] ?? String(i)), value]));
    reachByIndex(this.held.size);
  }

  private nameAt(index: number): string {
    asInteger(nameOf(this), index, "index");
    const count = this.held.size;
    const name = [...this.held.keys()][index < 0 ? index + count : index];
    if (name === undefined) throw new ArgumentError(`${nameOf(this)}: index ${index} is out of range of ${count}`);
    return name;
  }
}

let reachable = 0;

/** Makes `list[i]` work for the first places, on the class, so that lists themselves stay plain objects. */
function reachByIndex(count: number): void {
  for (; reachable < count; reachable++) {
    const index = reachable;
    Object.defineProperty(HeldList.prototype, index, {
      get(this: HeldList<Tensor>) {
        return index < this.length ? this.get(index) : undefined;
      },
      set(this: HeldList<Tensor>, value: Tensor) {
        this.set(index, value);
      },
      configurable: true,
    });
  }
}
