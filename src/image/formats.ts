/** File formats by extension and by their first bytes. */

interface Format {
  readonly extensions: readonly string[];
  /** Whether files of this content look like this one by their first bytes. */
  readonly matches?: (head: Uint8Array) => boolean;
  /** For formats that are not decoded: their name for people, and how to get a picture that is decoded. */
  readonly foreign?: { readonly title: string; readonly advice: string };
}

const ascii = (head: Uint8Array, start: number, length: number): string =>
  String.fromCharCode(...head.subarray(start, start + length));

const startsWith =
  (...bytes: readonly number[]) =>
  (head: Uint8Array): boolean =>
    bytes.every((byte, index) => head[index] === byte);

/** ISO base media files name their brand after "ftyp". */
const brand =
  (...brands: readonly string[]) =>
  (head: Uint8Array): boolean =>
    ascii(head, 4, 4) === "ftyp" && brands.includes(ascii(head, 8, 4));

const reExport = "export it as JPEG or PNG";
const rawExtensions = ["dng", "nef", "cr2", "cr3", "arw", "orf", "rw2", "raf", "pef", "srw"];

/** Every format that is known, whether it is decoded or only recognized. The first whose content matches wins. */
export const formats = {
  jpeg: { extensions: ["jpg", "jpeg", "jpe", "jfif"], matches: startsWith(0xff, 0xd8, 0xff) },
  png: { extensions: ["png"], matches: startsWith(0x89, 0x50, 0x4e, 0x47) },
  webp: {
    extensions: ["webp"],
    matches: (head) => ascii(head, 0, 4) === "RIFF" && ascii(head, 8, 4) === "WEBP",
  },
  gif: { extensions: ["gif"], matches: (head) => ascii(head, 0, 4) === "GIF8" },
  avif: { extensions: ["avif"], matches: brand("avif", "avis") },
  tiff: {
    extensions: ["tif", "tiff"],
    // Either byte order, and BigTIFF (43) beside the plain one (42).
    matches: (head) => /^(II[*+]\0|MM\0[*+])/.test(ascii(head, 0, 4)),
  },
  svg: {
    extensions: ["svg"],
    matches: (head) =>
      /^\s*(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*(<svg[\s>]|<!doctype svg)/i.test(ascii(head, 0, head.length)),
  },
  heic: {
    extensions: ["heic", "heif", "hif"],
    matches: brand("heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"),
    foreign: {
      title: "HEIC (HEVC)",
      advice:
        "convert it to JPEG (macOS: `sips -s format jpeg photo.heic --out photo.jpg`; Linux: `heif-convert photo.heic photo.jpg`), or set the phone's camera to “most compatible”",
    },
  },
  bmp: {
    extensions: ["bmp", "dib"],
    matches: (head) => ascii(head, 0, 2) === "BM",
    foreign: { title: "BMP", advice: "convert it to PNG (`magick photo.bmp photo.png`), which loses nothing" },
  },
  "jpeg 2000": {
    extensions: ["jp2", "j2k", "jpx", "jpf"],
    matches: (head) => ascii(head, 4, 4) === "jP  " || startsWith(0xff, 0x4f, 0xff, 0x51)(head),
    foreign: { title: "JPEG 2000", advice: reExport },
  },
  "jpeg xl": {
    extensions: ["jxl"],
    matches: (head) => ascii(head, 4, 4) === "JXL " || startsWith(0xff, 0x0a)(head),
    foreign: { title: "JPEG XL", advice: "convert it with `djxl photo.jxl photo.jpg`" },
  },
  photoshop: {
    extensions: ["psd", "psb"],
    matches: (head) => ascii(head, 0, 4) === "8BPS",
    foreign: { title: "Photoshop", advice: reExport },
  },
  "camera raw": {
    extensions: rawExtensions,
    foreign: { title: "camera raw", advice: "develop it and export it as JPEG" },
  },
  netpbm: {
    extensions: ["ppm", "pgm", "pbm", "pnm"],
    matches: (head) => /^P[1-7]\s/.test(ascii(head, 0, 3)),
    foreign: { title: "Netpbm", advice: "convert it to PNG" },
  },
  icon: {
    extensions: ["ico", "cur"],
    matches: startsWith(0, 0, 1, 0),
    foreign: { title: "icon", advice: "convert it to PNG" },
  },
  targa: { extensions: ["tga"], foreign: { title: "Targa", advice: "convert it to PNG" } },
  exr: {
    extensions: ["exr", "hdr"],
    matches: startsWith(0x76, 0x2f, 0x31, 0x01),
    foreign: { title: "OpenEXR or HDR", advice: reExport },
  },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;

const table = Object.entries(formats) as readonly (readonly [FormatName, Format])[];

/** Extensions, in lower case and without the dot, of the files that are tried as images; those that cannot be decoded become findings. */
export const imageExtensions: ReadonlySet<string> = new Set(table.flatMap(([, format]) => format.extensions));

const byExtension = new Map(table.flatMap(([name, format]) => format.extensions.map((extension) => [extension, name])));

/** "a/b/Photo.JPG" → "jpg"; "" where there is none. */
export function fileExtension(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** The format that a file's name claims, or null. */
export function claimedFormat(path: string): FormatName | null {
  return byExtension.get(fileExtension(path)) ?? null;
}

/** How many of a file's first bytes `sniffFormat` wants. */
export const sniffBytes = 256;

/** The format that a file's first bytes show, or null. */
export function sniffFormat(head: Uint8Array): FormatName | null {
  const start = head.subarray(0, sniffBytes);
  return table.find(([, format]) => format.matches?.(start))?.[0] ?? null;
}

/** What to call a format that is not decoded, and how to convert it; null for one that is decoded. */
export function foreignFormat(name: FormatName): { readonly title: string; readonly advice: string } | null {
  const format: Format = formats[name];
  return format.foreign ?? null;
}

/**
 * The format that a file's name claims, where that is one that is not decoded and the content is no other picture. Camera raw
 * files begin like TIFF and hold a thumbnail that the decoder would take for the photograph.
 */
export function foreignByName(
  path: string,
  bytes: Uint8Array,
): { readonly title: string; readonly advice: string } | null {
  const claimed = claimedFormat(path);
  const foreign = claimed && foreignFormat(claimed);
  if (!foreign || bytes.length === 0) return null;
  const shown = sniffFormat(bytes);
  const another = shown !== null && !foreignFormat(shown) && !(claimed === "camera raw" && shown === "tiff");
  return another ? null : foreign;
}
