// The namespace `utils.data`.

export { type Collated, defaultCollate, defaultConvert } from "./collate.js";
export {
  CsvDataset,
  type CsvDatasetOptions,
  type CsvOptions,
  type CsvRow,
  type CsvTensorOptions,
  type CsvValue,
  csvTensor,
  parseCsv,
} from "./csv.js";
export {
  ChainDataset,
  ConcatDataset,
  Dataset,
  type Indexed,
  IterableDataset,
  type IterableLike,
  type MapLike,
  randomSplit,
  StackDataset,
  Subset,
  TensorDataset,
} from "./dataset.js";
export { DataLoader, type LoaderOptions } from "./loader.js";
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedSamplerOptions,
} from "./sampler.js";
export { LineDataset, linesOf, piecesOf, StreamDataset, type StreamSource } from "./stream.js";
