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
  | { readonly broken: BrokenKind; readonly says: RegExp }
  | { readonly ignored: IgnoredKind };

interface Case {
  readonly file: string;
  readonly make: () => Promise<Uint8Array> | Uint8Array;
  readonly outcome: Outcome;
  /** Every finding that names the file. */
  readonly findings: readonly FindingId[];
}

const width = 60;
const height = 40;

/** It is read, these facts hold, and exactly these findings name it. */
const reads = (file: string, make: Case["make"], picture: Partial<ImageFacts>, ...findings: FindingId[]): Case => ({
  file,
  make,
  outcome: { picture },
  findings,
});
/** It cannot be read for this reason, counted by this finding. */
const fails = (file: string, make: Case["make"], broken: BrokenKind, finding: FindingId, says = /./): Case => ({
  file,
  make,
  outcome: { broken, says },
  findings: [finding],
});
/** It is passed over; the finding has the same name. */
const skips = (file: string, make: Case["make"], ignored: IgnoredKind & FindingId): Case => ({
  file,
  make,
  outcome: { ignored },
  findings: [ignored],
});

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

/** Entities of entities: ten letters that become ten billion. */
function laughs(): string {
  const letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
  const entities = letters.map(
    (letter, i) => `<!ENTITY ${letter} "${i === 0 ? "lol" : `&${letters[i - 1]!};`.repeat(10)}">`,
  );
  return `<!DOCTYPE svg [${entities.join("")}]>${svg('width="40" height="40"', "<text>&j;</text>")}`;
}

const plain: readonly Case[] = [
  reads("baseline.jpg", () => photo().jpeg().toBuffer(), jpegFacts),
  reads("progressive.jpg", () => photo().jpeg({ progressive: true }).toBuffer(), jpegFacts),
  reads("full-chroma.jpeg", () => photo().jpeg({ chromaSubsampling: "4:4:4" }).toBuffer(), jpegFacts),
  reads("mozjpeg.JPE", () => photo().jpeg({ mozjpeg: true }).toBuffer(), jpegFacts),
  reads("restart-markers.jfif", stored("restart-markers.jpg"), { format: "jpeg" }, "tiny"),
  reads("quarter-chroma.jpg", stored("411.jpg"), { format: "jpeg" }, "tiny"),
  reads("plain.png", () => photo().png().toBuffer(), { format: "png", ...size }),
  reads("interlaced.png", () => photo().png({ progressive: true }).toBuffer(), { format: "png", ...size }),
  reads("palette.png", () => photo().png({ palette: true, colors: 16 }).toBuffer(), {
    format: "png",
    ...size,
    channels: 3,
  }),
  reads("lossy.webp", () => photo().webp().toBuffer(), { format: "webp", ...size }),
  reads("lossless.webp", () => photo().webp({ lossless: true }).toBuffer(), { format: "webp", ...size }),
  reads("eight.avif", () => photo().avif().toBuffer(), { format: "avif", ...size, bitDepth: 8 }),
  reads("pillow.avif", stored("pillow.avif"), { format: "avif" }, "tiny"),
  reads("still.gif", () => photo().gif().toBuffer(), { format: "gif", ...size, pages: 1 }),
  reads("interlaced.gif", stored("interlaced.gif"), { format: "gif" }, "tiny"),
  reads("lzw.tif", () => photo().tiff({ compression: "lzw" }).toBuffer(), { format: "tiff", ...size }),
  reads("bare.tiff", () => photo().tiff({ compression: "none" }).toBuffer(), { format: "tiff", ...size }),
  reads(
    "tiled.tif",
    () => photo().tiff({ compression: "deflate", tile: true, tileWidth: 32, tileHeight: 32 }).toBuffer(),
    { format: "tiff", ...size },
  ),
  reads("jpeg-inside.tif", () => photo().tiff({ compression: "jpeg" }).toBuffer(), { format: "tiff", ...size }),
  reads("packbits.tif", stored("packbits.tif"), { format: "tiff" }, "tiny"),
  reads("big.tif", stored("big.tif"), { format: "tiff" }, "tiny"),
  reads("drawing.svg", text(svg('width="40" height="40"')), { format: "svg", width: 40, height: 40 }, "alpha"),
  reads("two-pictures.jpg", stored("two-pictures.jpg"), { format: "jpeg", pages: 1 }, "tiny"),
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
  reads("cmyk.jpg", () => photo().toColourspace("cmyk").jpeg().toBuffer(), { space: "cmyk", channels: 4 }, "cmyk"),
  reads("adobe-cmyk.jpg", stored("adobe-cmyk.jpg"), { space: "cmyk" }, "cmyk", "tiny"),
  reads("cmyk.tif", () => photo().toColourspace("cmyk").tiff().toBuffer(), { space: "cmyk" }, "cmyk"),
  reads("gray.jpg", () => photo().toColourspace("b-w").jpeg().toBuffer(), { space: "b-w", channels: 1 }, "gray"),
  reads("gray.png", () => photo().toColourspace("b-w").png().toBuffer(), { space: "b-w" }, "gray"),
  reads("one-bit.png", stored("one-bit.png"), { bitDepth: 1 }, "gray", "tiny"),
  reads("fax.tif", stored("fax.tif"), { bitDepth: 1 }, "gray", "tiny"),
  reads(
    "gray-sixteen.png",
    stored("gray-sixteen.png"),
    { space: "grey16", bitDepth: 16 },
    "sixteen-bit",
    "gray",
    "tiny",
  ),
  reads(
    "sixteen.png",
    () => photo().toColourspace("rgb16").png().toBuffer(),
    { space: "rgb16", bitDepth: 16 },
    "sixteen-bit",
  ),
  reads("sixteen.tif", stored("sixteen.tif"), { bitDepth: 16 }, "sixteen-bit", "gray", "tiny"),
  reads("ten.avif", () => photo().avif({ bitdepth: 10 }).toBuffer(), { format: "avif", bitDepth: 10 }, "sixteen-bit"),
  reads("float.tif", stored("float.tif"), { bitDepth: 32 }, "sixteen-bit", "gray", "tiny"),
  reads("signed.tif", stored("signed.tif"), { bitDepth: 32 }, "sixteen-bit", "gray", "tiny"),
  reads(
    "display-p3.jpg",
    () => photo().withIccProfile("p3").jpeg().toBuffer(),
    { hasProfile: true, profile: "sP3C" },
    "color-profile",
  ),
  reads("srgb-profile.jpg", () => photo().withIccProfile("srgb").jpeg().toBuffer(), {
    hasProfile: true,
    profile: "sRGB",
  }),
  reads("alpha.png", () => photo().ensureAlpha(0.5).png().toBuffer(), { hasAlpha: true, channels: 4 }, "alpha"),
  reads("alpha.webp", () => photo().ensureAlpha(0.5).webp().toBuffer(), { hasAlpha: true }, "alpha"),
  reads(
    "gray-alpha.png",
    () => photo().ensureAlpha(0.5).toColourspace("b-w").png().toBuffer(),
    { hasAlpha: true, channels: 2 },
    "gray",
    "alpha",
  ),
  reads("palette-transparent.png", stored("palette-transparent.png"), { hasAlpha: true }, "alpha", "tiny"),
];

const shapes: readonly Case[] = [
  reads("two-frames.gif", stored("two-frames.gif"), { pages: 2, height: 18 }, "alpha", "animated", "tiny"),
  reads("two-frames.webp", stored("two-frames.webp"), { pages: 2, height: 18 }, "animated", "tiny"),
  reads("two-frames.png", stored("two-frames.png"), { height: 18 }, "tiny"),
  reads("two-pages.tif", stored("two-pages.tif"), { pages: 2, height: 18 }, "animated", "tiny"),
  reads("pixel.png", () => photo(1, 1).png().toBuffer(), { width: 1, height: 1 }, "tiny"),
  reads("small.jpg", () => photo(31, 64).jpeg().toBuffer(), { width: 31 }, "tiny"),
  reads("just-enough.jpg", () => photo(32, 64).jpeg().toBuffer(), { width: 32 }),
  reads("banner.jpg", () => photo(400, 50).jpeg().toBuffer(), { width: 400 }, "extreme-aspect"),
  reads("line.png", () => photo(1, 3000).png().toBuffer(), { height: 3000 }, "tiny", "extreme-aspect"),
  reads("widest.jpg", () => photo(65_500, 2).jpeg().toBuffer(), { width: 65_500 }, "tiny", "extreme-aspect"),
];

const damaged: readonly Case[] = [
  fails("half.jpg", () => cut(noisyJpeg(), 0.5), "truncated", "unreadable"),
  fails("almost.jpg", () => cut(noisyJpeg(), 0.97), "truncated", "unreadable"),
  fails("half-progressive.jpg", () => cut(noisyJpeg({ progressive: true }), 0.5), "truncated", "unreadable"),
  fails("head-only.jpg", async () => (await noisyJpeg()).subarray(0, 24), "truncated", "unreadable"),
  fails("no-end-marker.jpg", async () => (await noisyJpeg()).subarray(0, -2), "truncated", "unreadable"),
  reads(
    "half-with-end-marker.jpg",
    () => join2(cut(noisyJpeg(), 0.5), Buffer.from([0xff, 0xd9])),
    { warning: "damaged in a place that could be skipped" },
    "damaged",
  ),
  reads("more-after-the-end.jpg", () => join2(photo().jpeg().toBuffer(), Buffer.alloc(999, 7)), jpegFacts),
  fails(
    "zeros-after-half.jpg",
    async () => join2(cut(noisyJpeg(), 0.5), Buffer.alloc(9000)),
    "truncated",
    "unreadable",
  ),
  reads("broken-exif.jpg", stored("broken-exif.jpg"), { orientation: 1 }),
  fails("half.png", () => cut(noisyPng(), 0.5), "truncated", "unreadable"),
  fails(
    "bad-checksum.png",
    async () => {
      const bytes = await noisyPng();
      bytes[bytes.length - 20]! ^= 255;
      return bytes;
    },
    "corrupt",
    "unreadable",
  ),
  fails("lying.png", () => lyingPng(90, 60), "corrupt", "unreadable"),
  fails("half.webp", () => cut(photo(99, 99).webp().toBuffer(), 0.5), "truncated", "unreadable"),
  fails("half.gif", () => cut(photo(99, 99).gif().toBuffer(), 0.5), "truncated", "unreadable"),
  fails("half.tif", () => cut(photo(99, 99).tiff().toBuffer(), 0.5), "truncated", "unreadable"),
  fails("half.avif", () => cut(photo(99, 99).avif().toBuffer(), 0.5), "truncated", "unreadable"),
  fails("half.svg", text(svg('width="40" height="40"').slice(0, 60)), "truncated", "unreadable"),
];

const impostors: readonly Case[] = [
  fails("empty.jpg", text(""), "empty", "unreadable"),
  fails("zeros.jpg", () => Buffer.alloc(5000), "not-image", "unreadable", /zero bytes/),
  fails("noise.jpg", () => noise("impostor"), "not-image", "unreadable"),
  fails("page.jpg", text("<!DOCTYPE html><html><body>404</body></html>"), "not-image", "unreadable", /web page/),
  fails(
    "pointer.png",
    text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
    "not-image",
    "unreadable",
    /Git LFS/,
  ),
  fails("report.jpg", text("%PDF-1.7\n%âãÏÓ"), "not-image", "unreadable", /PDF/),
  fails("archive.jpg", text("PK\u0003\u0004rest"), "not-image", "unreadable", /ZIP/),
  fails("film.jpg", text("\0\0\0\x18ftypisom\0\0\0\0isomavc1"), "not-image", "unreadable", /video/),
  fails("error.jpg", text('{"error":"rate limit"}'), "not-image", "unreadable", /text/),
  fails("bomb.png", stored("bomb.png"), "too-large", "too-large", /20,000 × 20,000/),
  fails("claims-too-much.png", () => lyingPng(60_000, 60_000), "too-large", "too-large"),
  fails("claims-too-much.svg", text(svg('width="30000" height="30000"')), "too-large", "too-large"),
  fails("laughs.svg", text(laughs()), "corrupt", "unreadable"),
];

const foreign: readonly Case[] = [
  fails("phone.heic", stored("hevc.heic"), "unsupported", "heic", /^HEIC/),
  fails("phone.HEIF", stored("hevc.heic"), "unsupported", "heic", /^HEIC/),
  fails("phone-renamed.jpg", stored("hevc-as.jpg"), "unsupported", "heic", /^HEIC/),
  fails("bitmap.bmp", stored("bitmap.bmp"), "unsupported", "unsupported-format", /^BMP/),
  fails("wavelet.jp2", stored("wavelet.jp2"), "unsupported", "unsupported-format"),
  fails("codestream.j2k", stored("codestream.j2k"), "unsupported", "unsupported-format"),
  fails("icon.ico", stored("icon.ico"), "unsupported", "unsupported-format"),
  fails("targa.tga", stored("targa.tga"), "unsupported", "unsupported-format", /^Targa/),
  fails("netpbm.ppm", stored("netpbm.ppm"), "unsupported", "unsupported-format"),
  fails("negative.dng", () => photo().tiff().toBuffer(), "unsupported", "unsupported-format", /^camera raw/),
  fails("lab.tif", stored("lab.tif"), "corrupt", "unreadable"),
];

const misnamed: readonly Case[] = [
  reads("really-png.jpg", () => photo().png().toBuffer(), { format: "png" }, "wrong-extension"),
  reads("really-jpeg.png", () => photo().jpeg().toBuffer(), { format: "jpeg" }, "wrong-extension"),
  reads("really-webp.jpg", () => photo().webp().toBuffer(), { format: "webp" }, "wrong-extension"),
  reads("really-jpeg.heic", () => photo().jpeg().toBuffer(), { format: "jpeg" }, "wrong-extension"),
  reads("really-jpeg.nef", () => photo().jpeg().toBuffer(), { format: "jpeg" }, "wrong-extension"),
  reads("no-extension", () => photo().jpeg().toBuffer(), { format: "jpeg" }, "wrong-extension"),
  reads("photo.jpg.bak", () => photo().jpeg().toBuffer(), { format: "jpeg" }, "wrong-extension"),
  skips("notes.txt", text("x"), "not-image"),
  skips("page.html", text(`<html>${svg("")}</html>`), "not-image"),
  skips("drawing.xml", text(svg('width="9" height="9"')), "not-image"),
  skips(".hidden.jpg", () => photo().jpeg().toBuffer(), "hidden"),
  skips("._resource.jpg", text("\0\x05\x16\x07"), "hidden"),
  skips("Thumbs.db", text("x"), "hidden"),
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

  it.each(cases)("$file", ({ file, outcome, findings }) => {
    const path = `odd/${file}`;
    const found = {
      picture: dataset.pictures.find((one) => one.path === path),
      broken: dataset.broken.find((one) => one.path === path),
      ignored: dataset.ignored.find((one) => one.path === path),
    };
    if ("picture" in outcome) expect(found.picture?.facts ?? found.broken).toMatchObject(outcome.picture);
    if ("broken" in outcome) {
      expect(found.broken ?? found.picture?.facts).toMatchObject({ kind: outcome.broken });
      expect(found.broken!.reason).toMatch(outcome.says);
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
