// The namespace `nn.utils.rnn`: sequences of several lengths.

export {
  PackedSequence,
  type PackOptions,
  type PackPaddedOptions,
  type PadPackedOptions,
  type PadSequenceOptions,
  packPaddedSequence,
  packSequence,
  padPackedSequence,
  padSequence,
  unpackSequence,
  unpadSequence,
} from "./packed.js";
