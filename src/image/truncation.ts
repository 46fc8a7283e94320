/**
 * Whether a file that does not decode was cut off, by the structure of its format. libvips keeps the messages of all threads in
 * one buffer, so what it says of a file may be meant for another one that failed at the same moment: only the bytes are asked.
 */
import type { FormatName } from "./formats.js";

const isCutOff: Partial<Readonly<Record<FormatName, (bytes: Buffer) => boolean>>> = {
  // An end marker after the first scan; the one of an EXIF thumbnail comes before.
  jpeg: (bytes) => {
    const scan = findScan(bytes);
    return scan === null || bytes.lastIndexOf(Buffer.from([0xff, 0xd9])) < scan;
  },
  png: (bytes) => !bytes.includes("IEND"),
  gif: (bytes) => bytes.at(-1) !== 0x3b,
  webp: (bytes) => bytes.length < 12 || bytes.readUInt32LE(4) + 8 > bytes.length,
  tiff: (bytes) =>
    bytes.length < 8 || (bytes[0] === 0x49 ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4)) + 2 > bytes.length,
  avif: (bytes) => {
    let at = 0;
    while (at + 8 <= bytes.length) {
      const size = bytes.readUInt32BE(at);
      if (size === 0) return false; // to the end of the file
      if (size < 8) return false; // 64-bit sizes and nonsense: no judgment
      at += size;
    }
    return at > bytes.length;
  },
  svg: (bytes) => !bytes.includes("</svg") && !bytes.includes("/>"),
};

/** Whether a file of this format ends before it should. */
export function isTruncated(format: FormatName, content: Uint8Array): boolean {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  return isCutOff[format]?.(bytes) ?? false;
}

/** The offset of a JPEG's first scan; null where the file ends before. */
function findScan(bytes: Buffer): number | null {
  for (let at = 2; at + 4 <= bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at] !== 0xff) return at; // no marker where one should be: the rest counts as data
    if (bytes[at + 1] === 0xda) return at;
  }
  return null;
}
