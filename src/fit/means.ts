// Means of several values over samples that come in batches.

/** Sums by name, weighted by the sizes of the batches. */
export class Means {
  /** Samples so far. */
  count = 0;
  private readonly sums = new Map<string, number>();

  add(samples: number, values: Readonly<Record<string, number>>): void {
    this.count += samples;
    for (const [name, value] of Object.entries(values)) {
      this.sums.set(name, (this.sums.get(name) ?? 0) + value * samples);
    }
  }

  values(): Record<string, number> {
    return Object.fromEntries([...this.sums].map(([name, sum]) => [name, sum / Math.max(this.count, 1)]));
  }
}
