// The error classes: every failure a user can cause or meet is one of these.

/** What all errors of this library have in common. */
export class WengertError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** Shapes, ranks or strides that do not fit the operation. */
export class ShapeError extends WengertError {}

/** A dtype that the operation does not take, or dtypes that do not go together. */
export class DTypeError extends WengertError {}

/** An argument with a wrong value: unknown options, dims and indices out of range. */
export class ArgumentError extends WengertError {}

/** A file that is damaged, cut, forged, of another format, or that holds what is not read. */
export class FormatError extends ArgumentError {}

/** Use of a tensor after it was disposed. */
export class DisposedError extends WengertError {}

/** Misuse of the tape: freed or missing history, forbidden writes in place. */
export class GraphError extends WengertError {}

/** A derivative that disagrees with finite differences. */
export class GradcheckError extends GraphError {}

/** A function under `checkpoint` that did not do the same when it ran again. */
export class CheckpointError extends GraphError {}

/** Linear memory cannot grow any further. */
export class OutOfMemoryError extends WengertError {}

/** What only the data can tell: a singular matrix, an integer division by zero. */
export class NumericalError extends WengertError {}
