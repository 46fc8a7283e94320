/** Vector drawings to pixels and pixels to files, for the pictures that assay draws itself (demo, report, tests). */
import sharp, { type Sharp } from "sharp";

/** Pixels row by row, [height, width, channels], sRGB; channels 3 (RGB) or 4 (RGBA, not premultiplied). */
export interface Raster {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

export interface RenderOptions {
  /** Gaussian blur of the drawing and its transparency, in pixels; none below 0.3. */
  readonly blurSigma?: number;
}

/** Draws an SVG document (paths and gradients; no fonts, no references) to RGBA pixels at its own size. */
export async function renderSvg(svg: string, options: RenderOptions = {}): Promise<Raster> {
  const drawing = sharp(Buffer.from(svg)).ensureAlpha();
  const sigma = options.blurSigma ?? 0;
  if (sigma >= 0.3) drawing.blur(sigma);
  const { data, info } = await drawing.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 4 };
}

/** Clockwise quarter turns that undo what a viewer does for an EXIF orientation (Exif 2.32, tag 274). */
const storedTurn = { 3: 180, 6: 270, 8: 90 } as const;

export interface EncodeOptions {
  readonly format: "jpeg" | "png";
  /** JPEG only, 1 to 100; 85 when absent. */
  readonly quality?: number;
  /** JPEG only: four inks instead of sRGB. */
  readonly cmyk?: boolean;
  /** EXIF orientation: the pixels are stored turned, so that a viewer that obeys it shows the picture upright. */
  readonly orientation?: keyof typeof storedTurn;
}

/** Encodes pixels as a file; the same pixels and options give the same bytes on one platform. */
export function encodeRaster(raster: Raster, options: EncodeOptions): Promise<Uint8Array> {
  const { data, width, height, channels } = raster;
  return encode(sharp(data, { raw: { width, height, channels } }), options);
}

/** Writes the pixels of a picture file as another file; its metadata is left behind. */
export function reencodePicture(file: Uint8Array, options: EncodeOptions): Promise<Uint8Array> {
  return encode(sharp(file), options);
}

function encode(picture: Sharp, options: EncodeOptions): Promise<Uint8Array> {
  if (options.orientation !== undefined) {
    picture.rotate(storedTurn[options.orientation]).withMetadata({ orientation: options.orientation });
  }
  if (options.format === "png") return picture.png({ compressionLevel: 6 }).toBuffer();
  if (options.cmyk) picture.toColorspace("cmyk");
  return picture.jpeg({ quality: options.quality ?? 85 }).toBuffer();
}
