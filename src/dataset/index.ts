/** The user's photographs as data: scan of a folder, manifests, and the split into train, select, calibrate and test. Nothing of the user's is ever written. */
export { givenSplit } from "./layout.js";
export type {
  BrokenFile,
  BrokenKind,
  Dataset,
  GivenSplit,
  IgnoredEntry,
  IgnoredKind,
  Layout,
  Picture,
  SplitName,
  SplitRow,
} from "./picture.js";
export { scan, type ScanOptions } from "./scan.js";
export { countClassSplits, countSplits, splitDataset, type SplitOptions } from "./split.js";
export { formatCsvRow, formatSplits, parseSplits } from "./splits-file.js";
export {
  chooseTestShare,
  explainTestShare,
  type ShareOption,
  type TestShare,
  type TestShareRequest,
  usualShare,
} from "./test-share.js";
export { findContradictions } from "./units.js";
