/** File formats by extension and by their first bytes. */

interface Format {
  readonly extensions: readonly string[];
  /** Whether the libraries that come with sharp decode it. */
  readonly decoded: boolean;
  /** Whether files of this content look like this one by their first bytes. */
  readonly matches?: (head: Uint8Array) => boolean;
  /** For formats that are not decoded: how to get a picture that is. */
  readonly convert?: string;
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
  jpeg: { extensions: ["jpg", "jpeg", "jpe", "jfif"], decoded: true, matches: startsWith(0xff, 0xd8, 0xff) },
  png: { extensions: ["png"], decoded: true, matches: startsWith(0x89, 0x50, 0x4e, 0x47) },
  webp: {
    extensions: ["webp"],
    decoded: true,
    matches: (head) => ascii(head, 0, 4) === "RIFF" && ascii(head, 8, 4) === "WEBP",
  },
  gif: { extensions: ["gif"], decoded: true, matches: (head) => ascii(head, 0, 4) === "GIF8" },
  avif: { extensions: ["avif"], decoded: true, matches: brand("avif", "avis") },
  tiff: {
    extensions: ["tif", "tiff"],
    decoded: true,
    matches: (head) =>
      [startsWith(0x49, 0x49, 0x2a, 0), startsWith(0x4d, 0x4d, 0, 0x2a), startsWith(0x49, 0x49, 0x2b, 0)].some((test) =>
        test(head),
      ) || startsWith(0x4d, 0x4d, 0, 0x2b)(head),
  },
  svg: {
    extensions: ["svg"],
    decoded: true,
    matches: (head) => /^\s*(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*<svg[\s>]/.test(ascii(head, 0, head.length)),
  },
  heic: {
    extensions: ["heic", "heif", "hif"],
    decoded: false,
    matches: brand("heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"),
    convert:
      "convert it to JPEG (macOS: `sips -s format jpeg photo.heic --out photo.jpg`; Linux: `heif-convert photo.heic photo.jpg`), or set the phone's camera to “most compatible”",
  },
  bmp: {
    extensions: ["bmp", "dib"],
    decoded: false,
    matches: (head) => ascii(head, 0, 2) === "BM",
    convert: "convert it to PNG (`magick photo.bmp photo.png`), which loses nothing",
  },
  "jpeg 2000": {
    extensions: ["jp2", "j2k", "jpx", "jpf"],
    decoded: false,
    matches: (head) => ascii(head, 4, 4) === "jP  " || startsWith(0xff, 0x4f, 0xff, 0x51)(head),
    convert: reExport,
  },
  "jpeg xl": {
    extensions: ["jxl"],
    decoded: false,
    matches: (head) => ascii(head, 4, 4) === "JXL " || startsWith(0xff, 0x0a)(head),
    convert: "convert it with `djxl photo.jxl photo.jpg`",
  },
  photoshop: {
    extensions: ["psd", "psb"],
    decoded: false,
    matches: (head) => ascii(head, 0, 4) === "8BPS",
    convert: reExport,
  },
  "camera raw": { extensions: rawExtensions, decoded: false, convert: "develop it and export it as JPEG" },
  netpbm: {
    extensions: ["ppm", "pgm", "pbm", "pnm"],
    decoded: false,
    matches: (head) => /^P[1-7]\s/.test(ascii(head, 0, 3)),
    convert: "convert it to PNG",
  },
  icon: { extensions: ["ico", "cur"], decoded: false, matches: startsWith(0, 0, 1, 0), convert: "convert it to PNG" },
  targa: { extensions: ["tga"], decoded: false, convert: "convert it to PNG" },
  exr: { extensions: ["exr", "hdr"], decoded: false, matches: startsWith(0x76, 0x2f, 0x31, 0x01), convert: reExport },
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

/** How to convert a format that is not decoded, or null for one that is. */
export function conversionAdvice(name: FormatName): string | null {
  const format: Format = formats[name];
  return format.convert ?? null;
}

/** Whether pictures of this format are decoded. */
export function isDecoded(name: FormatName): boolean {
  return formats[name].decoded;
}
