/**
 * The header of the plainest JPEG (ITU-T T.81, annex B): three colors or gray, 8 bits, and no metadata that could mean anything.
 * Most photographs of most data sets are like that, and asking the library for their header costs a tenth of decoding them.
 * Whatever is not plain is left to the library.
 */

export interface PlainJpeg {
  readonly width: number;
  readonly height: number;
  readonly components: 1 | 3;
}

const startOfScan = 0xda;
/** Baseline, extended and progressive frames with Huffman coding. */
const frames = new Set([0xc0, 0xc1, 0xc2]);
/** Tables, restart interval, JFIF, comments. Any other segment, such as EXIF or a color profile, is not plain. */
const meaningless = new Set([0xdb, 0xc4, 0xdd, 0xe0, 0xfe]);

/** Width, height and components, or null for what is not a plain JPEG. */
export function readPlainJpeg(bytes: Uint8Array): PlainJpeg | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  let frame: PlainJpeg | null = null;
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff) return null;
    if (marker === startOfScan) return frame;
    if (frames.has(marker)) frame = readFrame(bytes, at + 4);
    else if (!meaningless.has(marker)) return null;
    if (frames.has(marker) && !frame) return null;
    at += 2 + uint16(bytes, at + 2);
  }
  return null;
}

function readFrame(bytes: Uint8Array, at: number): PlainJpeg | null {
  const [precision, components] = [bytes[at], bytes[at + 5]];
  const [height, width] = [uint16(bytes, at + 1), uint16(bytes, at + 3)];
  const plain = precision === 8 && (components === 1 || components === 3) && width > 0 && height > 0;
  return plain ? { width, height, components } : null;
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
