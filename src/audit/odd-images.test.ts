/** Every kind of odd image that we know of, made by real encoders, with the outcome that it should have. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeFolder, noise, png, removeFolders } from "../../test/photographs.js";
import { type BrokenKind, type Dataset, type IgnoredKind, scan, splitDataset } from "../dataset/index.js";
import { type ImageFacts, prepare } from "../image/index.js";
import { type Audit, auditDataset, type FindingId } from "./index.js";

type Outcome =
  | { readonly picture: Partial<ImageFacts> }
  | { readonly broken: BrokenKind; readonly says?: RegExp }
  | { readonly ignored: IgnoredKind };

interface Case {
  readonly file: string;
  readonly make: () => Promise<Uint8Array> | Uint8Array;
  readonly outcome: Outcome;
  /** Every finding that names the file. */
  readonly findings?: readonly FindingId[];
}

const width = 60;
const height = 40;

let number = 0;
/** A smooth colored picture, another one for every call. */
function photo(w = width, h = height): Sharp {
  const seed = ++number;
  const pixels = Uint8Array.from({ length: w * h * 3 }, (_, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % w, Math.floor(i / 3 / w), i % 3];
    return (x * (3 + channel) + y * 2 + seed * (7 + 31 * channel)) % 256;
  });
  return sharp(pixels, { raw: { width: w, height: h, channels: 3 } });
}

const stored = (name: string) => async (): Promise<Uint8Array> =>
  readFile(join(import.meta.dirname, "test-data", name));
const text = (content: string) => (): Uint8Array => Buffer.from(content);
const cut = async (whole: Promise<Uint8Array>, share: number): Promise<Uint8Array> => {
  const bytes = await whole;
  return bytes.subarray(0, Math.floor(bytes.length * share));
};
const join2 = async (whole: Promise<Uint8Array>, more: Uint8Array): Promise<Uint8Array> =>
  Buffer.concat([await whole, more]);
const size = { width, height };
const jpegFacts = { format: "jpeg", ...size, channels: 3, bitDepth: 8, orientation: 1, space: "srgb" } as const;

/** A JPEG of noise, so that damage hits data that matters. */
const noisyJpeg = (options: { progressive?: boolean } = {}): Promise<Buffer> =>
  sharp(noise("damage", 200, 150), { raw: { width: 200, height: 150, channels: 3 } })
    .jpeg({ quality: 90, ...options })
    .toBuffer();

const noisyPng = (): Promise<Buffer> =>
  sharp(noise("png", 90, 60), { raw: { width: 90, height: 60, channels: 3 } })
    .png()
    .toBuffer();

function pngChunk(type: string, data: Uint8Array): Buffer {
  const table = Array.from({ length: 256 }, (_, n) =>
    Array.from({ length: 8 }).reduce<number>((c) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), n),
  );
  const body = Buffer.concat([Buffer.from(type), data]);
  const crc = ~body.reduce((c, byte) => table[(c ^ byte) & 255]! ^ (c >>> 8), -1) >>> 0;
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc, body.length + 4);
  return out;
}

/** A PNG whose header claims what its data does not hold. */
function lyingPng(claimedWidth: number, claimedHeight: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(claimedWidth);
  header.writeUInt32BE(claimedHeight, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(Buffer.alloc(100))),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

const svg = (attributes: string, body = '<rect width="40" height="30" fill="red"/>'): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${body}</svg>`;

const plain: readonly Case[] = [
  { file: "baseline.jpg", make: () => photo().jpeg().toBuffer(), outcome: { picture: jpegFacts } },
  {
    file: "progressive.jpg",
    make: () => photo().jpeg({ progressive: true }).toBuffer(),
    outcome: { picture: jpegFacts },
  },
  {
    file: "full-chroma.jpeg",
    make: () => photo().jpeg({ chromaSubsampling: "4:4:4" }).toBuffer(),
    outcome: { picture: jpegFacts },
  },
  { file: "mozjpeg.JPE", make: () => photo().jpeg({ mozjpeg: true }).toBuffer(), outcome: { picture: jpegFacts } },
  {
    file: "restart-markers.jfif",
    make: stored("restart-markers.jpg"),
    outcome: { picture: { format: "jpeg" } },
    findings: ["tiny"],
  },
  { file: "quarter-chroma.jpg", make: stored("411.jpg"), outcome: { picture: { format: "jpeg" } }, findings: ["tiny"] },
  { file: "plain.png", make: () => photo().png().toBuffer(), outcome: { picture: { format: "png", ...size } } },
  {
    file: "interlaced.png",
    make: () => photo().png({ progressive: true }).toBuffer(),
    outcome: { picture: { format: "png", ...size } },
  },
  {
    file: "palette.png",
    make: () => photo().png({ palette: true, colors: 16 }).toBuffer(),
    outcome: { picture: { format: "png", ...size, channels: 3 } },
  },
  { file: "lossy.webp", make: () => photo().webp().toBuffer(), outcome: { picture: { format: "webp", ...size } } },
  {
    file: "lossless.webp",
    make: () => photo().webp({ lossless: true }).toBuffer(),
    outcome: { picture: { format: "webp", ...size } },
  },
  {
    file: "eight.avif",
    make: () => photo().avif().toBuffer(),
    outcome: { picture: { format: "avif", ...size, bitDepth: 8 } },
  },
  { file: "pillow.avif", make: stored("pillow.avif"), outcome: { picture: { format: "avif" } }, findings: ["tiny"] },
  {
    file: "still.gif",
    make: () => photo().gif().toBuffer(),
    outcome: { picture: { format: "gif", ...size, pages: 1 } },
  },
  {
    file: "interlaced.gif",
    make: stored("interlaced.gif"),
    outcome: { picture: { format: "gif" } },
    findings: ["tiny"],
  },
  {
    file: "lzw.tif",
    make: () => photo().tiff({ compression: "lzw" }).toBuffer(),
    outcome: { picture: { format: "tiff", ...size } },
  },
  {
    file: "bare.tiff",
    make: () => photo().tiff({ compression: "none" }).toBuffer(),
    outcome: { picture: { format: "tiff", ...size } },
  },
  {
    file: "tiled.tif",
    make: () => photo().tiff({ compression: "deflate", tile: true, tileWidth: 32, tileHeight: 32 }).toBuffer(),
    outcome: { picture: { format: "tiff", ...size } },
  },
  {
    file: "jpeg-inside.tif",
    make: () => photo().tiff({ compression: "jpeg" }).toBuffer(),
    outcome: { picture: { format: "tiff", ...size } },
  },
  { file: "packbits.tif", make: stored("packbits.tif"), outcome: { picture: { format: "tiff" } }, findings: ["tiny"] },
  { file: "big.tif", make: stored("big.tif"), outcome: { picture: { format: "tiff" } }, findings: ["tiny"] },
  {
    file: "drawing.svg",
    make: text(svg('width="40" height="40"')),
    outcome: { picture: { format: "svg", width: 40, height: 40 } },
    findings: ["alpha"],
  },
  {
    file: "two-pictures.jpg",
    make: stored("two-pictures.jpg"),
    outcome: { picture: { format: "jpeg", pages: 1 } },
    findings: ["tiny"],
  },
];

const turned: readonly Case[] = ([1, 2, 3, 4, 5, 6, 7, 8] as const).map((orientation) => ({
  file: `orientation-${orientation}.jpg`,
  make: () => photo().withMetadata({ orientation }).jpeg().toBuffer(),
  outcome: {
    picture: { orientation, width: orientation > 4 ? height : width, height: orientation > 4 ? width : height },
  },
  findings: orientation === 1 ? [] : ["orientation"],
}));

const colors: readonly Case[] = [
  {
    file: "cmyk.jpg",
    make: () => photo().toColourspace("cmyk").jpeg().toBuffer(),
    outcome: { picture: { space: "cmyk", channels: 4 } },
    findings: ["cmyk"],
  },
  {
    file: "adobe-cmyk.jpg",
    make: stored("adobe-cmyk.jpg"),
    outcome: { picture: { space: "cmyk" } },
    findings: ["cmyk", "tiny"],
  },
  {
    file: "cmyk.tif",
    make: () => photo().toColourspace("cmyk").tiff().toBuffer(),
    outcome: { picture: { space: "cmyk" } },
    findings: ["cmyk"],
  },
  {
    file: "gray.jpg",
    make: () => photo().toColourspace("b-w").jpeg().toBuffer(),
    outcome: { picture: { space: "b-w", channels: 1 } },
    findings: ["gray"],
  },
  {
    file: "gray.png",
    make: () => photo().toColourspace("b-w").png().toBuffer(),
    outcome: { picture: { space: "b-w" } },
    findings: ["gray"],
  },
  {
    file: "one-bit.png",
    make: stored("one-bit.png"),
    outcome: { picture: { bitDepth: 1 } },
    findings: ["gray", "tiny"],
  },
  { file: "fax.tif", make: stored("fax.tif"), outcome: { picture: { bitDepth: 1 } }, findings: ["gray", "tiny"] },
  {
    file: "gray-sixteen.png",
    make: stored("gray-sixteen.png"),
    outcome: { picture: { space: "grey16", bitDepth: 16 } },
    findings: ["sixteen-bit", "gray", "tiny"],
  },
  {
    file: "sixteen.png",
    make: () => photo().toColourspace("rgb16").png().toBuffer(),
    outcome: { picture: { space: "rgb16", bitDepth: 16 } },
    findings: ["sixteen-bit"],
  },
  {
    file: "sixteen.tif",
    make: () => photo().toColourspace("rgb16").tiff().toBuffer(),
    outcome: { picture: { bitDepth: 16 } },
    findings: ["sixteen-bit"],
  },
  {
    file: "ten.avif",
    make: () => photo().avif({ bitdepth: 10 }).toBuffer(),
    outcome: { picture: { format: "avif", bitDepth: 10 } },
    findings: ["sixteen-bit"],
  },
  {
    file: "float.tif",
    make: stored("float.tif"),
    outcome: { picture: { bitDepth: 32 } },
    findings: ["sixteen-bit", "gray", "tiny"],
  },
  {
    file: "signed.tif",
    make: stored("signed.tif"),
    outcome: { picture: { bitDepth: 32 } },
    findings: ["sixteen-bit", "gray", "tiny"],
  },
  {
    file: "display-p3.jpg",
    make: () => photo().withIccProfile("p3").jpeg().toBuffer(),
    outcome: { picture: { hasProfile: true, profile: "sP3C" } },
    findings: ["color-profile"],
  },
  {
    file: "srgb-profile.jpg",
    make: () => photo().withIccProfile("srgb").jpeg().toBuffer(),
    outcome: { picture: { hasProfile: true, profile: "sRGB" } },
  },
  {
    file: "alpha.png",
    make: () => photo().ensureAlpha(0.5).png().toBuffer(),
    outcome: { picture: { hasAlpha: true, channels: 4 } },
    findings: ["alpha"],
  },
  {
    file: "alpha.webp",
    make: () => photo().ensureAlpha(0.5).webp().toBuffer(),
    outcome: { picture: { hasAlpha: true } },
    findings: ["alpha"],
  },
  {
    file: "gray-alpha.png",
    make: () => photo().ensureAlpha(0.5).toColourspace("b-w").png().toBuffer(),
    outcome: { picture: { hasAlpha: true, channels: 2 } },
    findings: ["gray", "alpha"],
  },
  {
    file: "palette-transparent.png",
    make: stored("palette-transparent.png"),
    outcome: { picture: { hasAlpha: true } },
    findings: ["alpha", "tiny"],
  },
];

const shapes: readonly Case[] = [
  {
    file: "two-frames.gif",
    make: stored("two-frames.gif"),
    outcome: { picture: { pages: 2, height: 18 } },
    findings: ["alpha", "animated", "tiny"],
  },
  {
    file: "two-frames.webp",
    make: stored("two-frames.webp"),
    outcome: { picture: { pages: 2, height: 18 } },
    findings: ["animated", "tiny"],
  },
  { file: "two-frames.png", make: stored("two-frames.png"), outcome: { picture: { height: 18 } }, findings: ["tiny"] },
  {
    file: "two-pages.tif",
    make: stored("two-pages.tif"),
    outcome: { picture: { pages: 2, height: 18 } },
    findings: ["animated", "tiny"],
  },
  {
    file: "pixel.png",
    make: () => photo(1, 1).png().toBuffer(),
    outcome: { picture: { width: 1, height: 1 } },
    findings: ["tiny"],
  },
  {
    file: "small.jpg",
    make: () => photo(31, 64).jpeg().toBuffer(),
    outcome: { picture: { width: 31 } },
    findings: ["tiny"],
  },
  { file: "just-enough.jpg", make: () => photo(32, 64).jpeg().toBuffer(), outcome: { picture: { width: 32 } } },
  {
    file: "banner.jpg",
    make: () => photo(400, 50).jpeg().toBuffer(),
    outcome: { picture: { width: 400 } },
    findings: ["extreme-aspect"],
  },
  {
    file: "line.png",
    make: () => photo(1, 3000).png().toBuffer(),
    outcome: { picture: { height: 3000 } },
    findings: ["tiny", "extreme-aspect"],
  },
  {
    file: "widest.jpg",
    make: () => photo(65_500, 2).jpeg().toBuffer(),
    outcome: { picture: { width: 65_500 } },
    findings: ["tiny", "extreme-aspect"],
  },
];

const damaged: readonly Case[] = [
  { file: "half.jpg", make: () => cut(noisyJpeg(), 0.5), outcome: { broken: "truncated" }, findings: ["unreadable"] },
  {
    file: "almost.jpg",
    make: () => cut(noisyJpeg(), 0.97),
    outcome: { broken: "truncated" },
    findings: ["unreadable"],
  },
  {
    file: "half-progressive.jpg",
    make: () => cut(noisyJpeg({ progressive: true }), 0.5),
    outcome: { broken: "truncated" },
    findings: ["unreadable"],
  },
  {
    file: "head-only.jpg",
    make: async () => (await noisyJpeg()).subarray(0, 24),
    outcome: { broken: "truncated" },
    findings: ["unreadable"],
  },
  {
    file: "no-end-marker.jpg",
    make: async () => (await noisyJpeg()).subarray(0, -2),
    outcome: { picture: { format: "jpeg" } },
  },
  {
    file: "more-after-the-end.jpg",
    make: () => join2(photo().jpeg().toBuffer(), Buffer.alloc(999, 7)),
    outcome: { picture: jpegFacts },
  },
  {
    file: "zeros-after-half.jpg",
    make: async () => join2(cut(noisyJpeg(), 0.5), Buffer.alloc(9000)),
    outcome: { picture: { warning: "damaged in a place that could be skipped" } },
    findings: ["damaged"],
  },
  { file: "broken-exif.jpg", make: stored("broken-exif.jpg"), outcome: { picture: { orientation: 1 } } },
  { file: "half.png", make: () => cut(noisyPng(), 0.5), outcome: { broken: "corrupt" }, findings: ["unreadable"] },
  {
    file: "bad-checksum.png",
    make: async () => {
      const bytes = await noisyPng();
      bytes[bytes.length - 20]! ^= 255;
      return bytes;
    },
    outcome: { broken: "corrupt" },
    findings: ["unreadable"],
  },
  { file: "lying.png", make: () => lyingPng(90, 60), outcome: { broken: "corrupt" }, findings: ["unreadable"] },
  {
    file: "half.webp",
    make: () => cut(photo(99, 99).webp().toBuffer(), 0.5),
    outcome: { broken: "corrupt" },
    findings: ["unreadable"],
  },
  {
    file: "half.gif",
    make: () => cut(photo(99, 99).gif().toBuffer(), 0.5),
    outcome: { broken: "truncated" },
    findings: ["unreadable"],
  },
  {
    file: "half.tif",
    make: () => cut(photo(99, 99).tiff().toBuffer(), 0.5),
    outcome: { broken: "truncated" },
    findings: ["unreadable"],
  },
  {
    file: "half.avif",
    make: () => cut(photo(99, 99).avif().toBuffer(), 0.5),
    outcome: { broken: "truncated" },
    findings: ["unreadable"],
  },
  {
    file: "half.svg",
    make: text(svg('width="40" height="40"').slice(0, 60)),
    outcome: { broken: "corrupt" },
    findings: ["unreadable"],
  },
];

const impostors: readonly Case[] = [
  { file: "empty.jpg", make: text(""), outcome: { broken: "empty" }, findings: ["unreadable"] },
  {
    file: "zeros.jpg",
    make: () => Buffer.alloc(5000),
    outcome: { broken: "not-image", says: /zero bytes/ },
    findings: ["unreadable"],
  },
  { file: "noise.jpg", make: () => noise("impostor"), outcome: { broken: "not-image" }, findings: ["unreadable"] },
  {
    file: "page.jpg",
    make: text("<!DOCTYPE html><html><body>404</body></html>"),
    outcome: { broken: "not-image", says: /web page/ },
    findings: ["unreadable"],
  },
  {
    file: "pointer.png",
    make: text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
    outcome: { broken: "not-image", says: /Git LFS/ },
    findings: ["unreadable"],
  },
  {
    file: "report.jpg",
    make: text("%PDF-1.7\n%âãÏÓ"),
    outcome: { broken: "not-image", says: /PDF/ },
    findings: ["unreadable"],
  },
  {
    file: "archive.jpg",
    make: text("PK\u0003\u0004rest"),
    outcome: { broken: "not-image", says: /ZIP/ },
    findings: ["unreadable"],
  },
  {
    file: "film.jpg",
    make: text("\0\0\0\x18ftypisom\0\0\0\0isomavc1"),
    outcome: { broken: "not-image", says: /video/ },
    findings: ["unreadable"],
  },
  {
    file: "error.jpg",
    make: text('{"error":"rate limit"}'),
    outcome: { broken: "not-image", says: /text/ },
    findings: ["unreadable"],
  },
  {
    file: "bomb.png",
    make: stored("bomb.png"),
    outcome: { broken: "too-large", says: /20,000 × 20,000/ },
    findings: ["too-large"],
  },
  {
    file: "claims-too-much.png",
    make: () => lyingPng(60_000, 60_000),
    outcome: { broken: "too-large" },
    findings: ["too-large"],
  },
  {
    file: "claims-too-much.svg",
    make: text(svg('width="30000" height="30000"')),
    outcome: { broken: "too-large" },
    findings: ["too-large"],
  },
  {
    file: "laughs.svg",
    make: text(
      `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">${[..."bcdefghij"].map((c, i) => `<!ENTITY ${c} "${`&${"abcdefghij"[i]!};`.repeat(10)}">`).join("")}]>${svg('width="40" height="40"', "<text>&j;</text>")}`,
    ),
    outcome: { broken: "corrupt" },
    findings: ["unreadable"],
  },
];

const foreign: readonly Case[] = [
  {
    file: "phone.heic",
    make: stored("hevc.heic"),
    outcome: { broken: "unsupported", says: /^HEIC/ },
    findings: ["heic"],
  },
  {
    file: "phone.HEIF",
    make: stored("hevc.heic"),
    outcome: { broken: "unsupported", says: /^HEIC/ },
    findings: ["heic"],
  },
  {
    file: "phone-renamed.jpg",
    make: stored("hevc-as.jpg"),
    outcome: { broken: "unsupported", says: /^HEIC/ },
    findings: ["heic"],
  },
  {
    file: "bitmap.bmp",
    make: stored("bitmap.bmp"),
    outcome: { broken: "unsupported", says: /^BMP/ },
    findings: ["unsupported-format"],
  },
  {
    file: "wavelet.jp2",
    make: stored("wavelet.jp2"),
    outcome: { broken: "unsupported" },
    findings: ["unsupported-format"],
  },
  {
    file: "codestream.j2k",
    make: stored("codestream.j2k"),
    outcome: { broken: "unsupported" },
    findings: ["unsupported-format"],
  },
  { file: "icon.ico", make: stored("icon.ico"), outcome: { broken: "unsupported" }, findings: ["unsupported-format"] },
  {
    file: "targa.tga",
    make: stored("targa.tga"),
    outcome: { broken: "unsupported", says: /^Targa/ },
    findings: ["unsupported-format"],
  },
  {
    file: "netpbm.ppm",
    make: stored("netpbm.ppm"),
    outcome: { broken: "unsupported" },
    findings: ["unsupported-format"],
  },
  {
    file: "negative.dng",
    make: () => photo().tiff().toBuffer(),
    outcome: { broken: "unsupported", says: /^camera raw/ },
    findings: ["unsupported-format"],
  },
  { file: "lab.tif", make: stored("lab.tif"), outcome: { broken: "corrupt" }, findings: ["unreadable"] },
];

const misnamed: readonly Case[] = [
  {
    file: "really-png.jpg",
    make: () => photo().png().toBuffer(),
    outcome: { picture: { format: "png" } },
    findings: ["wrong-extension"],
  },
  {
    file: "really-jpeg.png",
    make: () => photo().jpeg().toBuffer(),
    outcome: { picture: { format: "jpeg" } },
    findings: ["wrong-extension"],
  },
  {
    file: "really-webp.jpg",
    make: () => photo().webp().toBuffer(),
    outcome: { picture: { format: "webp" } },
    findings: ["wrong-extension"],
  },
  {
    file: "really-jpeg.heic",
    make: () => photo().jpeg().toBuffer(),
    outcome: { picture: { format: "jpeg" } },
    findings: ["wrong-extension"],
  },
  {
    file: "really-jpeg.nef",
    make: () => photo().jpeg().toBuffer(),
    outcome: { picture: { format: "jpeg" } },
    findings: ["wrong-extension"],
  },
  {
    file: "no-extension",
    make: () => photo().jpeg().toBuffer(),
    outcome: { picture: { format: "jpeg" } },
    findings: ["wrong-extension"],
  },
  {
    file: "photo.jpg.bak",
    make: () => photo().jpeg().toBuffer(),
    outcome: { picture: { format: "jpeg" } },
    findings: ["wrong-extension"],
  },
  { file: "notes.txt", make: text("x"), outcome: { ignored: "not-image" }, findings: ["not-image"] },
  {
    file: "page.html",
    make: text(`<html>${svg("")}</html>`),
    outcome: { ignored: "not-image" },
    findings: ["not-image"],
  },
  {
    file: "drawing.xml",
    make: text(svg('width="9" height="9"')),
    outcome: { ignored: "not-image" },
    findings: ["not-image"],
  },
  { file: ".hidden.jpg", make: () => photo().jpeg().toBuffer(), outcome: { ignored: "hidden" }, findings: ["hidden"] },
  { file: "._resource.jpg", make: text("\0\x05\x16\x07"), outcome: { ignored: "hidden" }, findings: ["hidden"] },
  { file: "Thumbs.db", make: text("x"), outcome: { ignored: "hidden" }, findings: ["hidden"] },
];

const cases: readonly Case[] = [
  ...plain,
  ...turned,
  ...colors,
  ...shapes,
  ...damaged,
  ...impostors,
  ...foreign,
  ...misnamed,
];

describe(`${cases.length} kinds of odd image`, () => {
  let root: string;
  let dataset: Dataset;
  let audit: Audit;

  beforeAll(async () => {
    const files: Record<string, Uint8Array> = { "other/1.png": await png("other", 64, 64) };
    for (const { file, make } of cases) files[`odd/${file}`] = await make();
    root = await makeFolder(files);
    dataset = await scan(root);
    audit = auditDataset(dataset, splitDataset(dataset, { seed: 1 }));
  });
  afterAll(removeFolders);

  it("are sixty and more, each once", async () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
    expect(new Set(cases.map(({ file }) => file)).size).toBe(cases.length);
    expect((await readdir(join(root, "odd"))).length).toBe(cases.length);
    expect(dataset.pictures.length + dataset.broken.length + dataset.ignored.length).toBe(cases.length + 1);
  });

  it.each(cases)("$file", ({ file, outcome, findings = [] }) => {
    const path = `odd/${file}`;
    const found = {
      picture: dataset.pictures.find((one) => one.path === path),
      broken: dataset.broken.find((one) => one.path === path),
      ignored: dataset.ignored.find((one) => one.path === path),
    };
    if ("picture" in outcome) expect(found.picture?.facts ?? found.broken).toMatchObject(outcome.picture);
    if ("broken" in outcome) {
      expect(found.broken ?? found.picture?.facts).toMatchObject({ kind: outcome.broken });
      expect(found.broken!.reason).toMatch(outcome.says ?? /./);
      expect(found.broken!.remedy).not.toBe("");
    }
    if ("ignored" in outcome) expect(found.ignored?.kind).toBe(outcome.ignored);
    const named = audit.findings.filter(({ files }) => files.includes(path)).map(({ id }) => id);
    expect(named.toSorted()).toEqual(findings.toSorted());
  });

  it("every readable one can be prepared, at the same size", async () => {
    for (const { path } of dataset.pictures)
      for (const mode of ["squash", "crop", "letterbox"] as const) {
        const bytes = await readFile(join(root, path));
        const pixels = await prepare(bytes, { mode, size: 32, cropFraction: 0.875, kernel: "cubic" });
        expect([path, pixels.length]).toEqual([path, 32 * 32 * 3]);
      }
  });
});
