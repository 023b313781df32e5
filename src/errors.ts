// The error classes: every failure a user can cause or meet is one of these.

/** What all errors of this library have in common. */
export class WengertError extends Error {
  // Written out in each class, so that it stays what it is when a bundler shortens the classes' names.
  override get name(): string {
    return "WengertError";
  }

  /** Puts another operation's name in front of the text, for the one that threw is a part of that. */
  inNameOf(operation: string): this {
    const text = `${operation}: ${this.message.replace(/^[\w.]+: /, "")}`;
    // The stack holds the text of its own, and is what a console shows.
    if (typeof this.stack === "string") this.stack = this.stack.replace(this.message, () => text);
    this.message = text;
    return this;
  }
}

/** Shapes, ranks or strides that do not fit the operation. */
export class ShapeError extends WengertError {
  override get name(): string {
    return "ShapeError";
  }
}

/** A dtype that the operation does not take, or dtypes that do not go together. */
export class DTypeError extends WengertError {
  override get name(): string {
    return "DTypeError";
  }
}

/** An argument with a wrong value: unknown options, dims and indices out of range. */
export class ArgumentError extends WengertError {
  override get name(): string {
    return "ArgumentError";
  }
}

/** A file that is damaged, cut, forged, of another format, or that holds what is not read. */
export class FormatError extends ArgumentError {
  override get name(): string {
    return "FormatError";
  }
}

/** Use of a tensor after it was disposed. */
export class DisposedError extends WengertError {
  override get name(): string {
    return "DisposedError";
  }
}

/** Misuse of the tape: freed or missing history, forbidden writes in place. */
export class GraphError extends WengertError {
  override get name(): string {
    return "GraphError";
  }
}

/** A derivative that disagrees with finite differences. */
export class GradcheckError extends GraphError {
  override get name(): string {
    return "GradcheckError";
  }
}

/** A function under `checkpoint` that did not do the same when it ran again. */
export class CheckpointError extends GraphError {
  override get name(): string {
    return "CheckpointError";
  }
}

/** Linear memory cannot grow any further. */
export class OutOfMemoryError extends WengertError {
  override get name(): string {
    return "OutOfMemoryError";
  }
}

/** What only the data can tell: a singular matrix, an integer division by zero. */
export class NumericalError extends WengertError {
  override get name(): string {
    return "NumericalError";
  }
}
