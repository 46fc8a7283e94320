/** Photographs in and out: decode, orient, hash, prepare for a network, encode. The only module that imports sharp (libvips). */
export { explainDecodeError, UnreadableImage, type UnreadableKind, unsupportedFormat } from "./decode-error.js";
export { decodePixels, losslessCopy } from "./copies.js";
export { encodeJpeg, encodePng, thumbnail } from "./encode.js";
export {
  claimedFormat,
  fileExtension,
  foreignByName,
  type FormatName,
  imageExtensions,
  sniffBytes,
  sniffFormat,
} from "./formats.js";
export { type ImageFacts, inspect, type Inspection, type OpenedPicture, openPicture } from "./inspect.js";
export { type DecodeLimits, defaultPixelLimit, imageLibraryVersions, setImageThreads } from "./library.js";
export { blurPixels, orientedPixels } from "./oriented.js";
export { prepare, prepareAll } from "./prepare.js";
export { type RandomView, type View, type ViewMode, viewName } from "./view.js";
export {
  encodeRaster,
  type EncodeOptions,
  type Raster,
  reencodePicture,
  renderSvg,
  type RenderOptions,
} from "./render.js";
