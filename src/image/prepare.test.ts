import { describe, expect, it } from "vitest";
import { noise, png } from "../../test/photographs.js";
import { Fault } from "../core/index.js";
import { encodePng, encodeRaster, prepare, type View } from "./index.js";

const view = (mode: View["mode"], size: number, cropFraction?: number): View => ({
  mode,
  size,
  kernel: "cubic",
  ...(cropFraction === undefined ? {} : { cropFraction }),
});

/** A picture whose left half is red and whose right half is blue. */
function halves(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const red = Math.floor(i / 3) % width < width / 2;
    return [red ? 255 : 0, 0, red ? 0 : 255][i % 3]!;
  });
}

const pixel = (pixels: Uint8Array, size: number, x: number, y: number): number[] => [
  ...pixels.subarray((y * size + x) * 3, (y * size + x) * 3 + 3),
];

describe("prepare", () => {
  it("leaves a picture of the right size as it is", async () => {
    const pixels = noise("same", 32, 32);
    for (const mode of ["squash", "crop", "letterbox"] as const)
      expect(await prepare(await encodePng(pixels, 32, 32), view(mode, 32))).toEqual(pixels);
  });

  it("squashes the whole picture into the square", async () => {
    const pixels = await prepare(await encodePng(halves(64, 32), 64, 32), view("squash", 16));
    expect(pixel(pixels, 16, 0, 8)).toEqual([255, 0, 0]);
    expect(pixel(pixels, 16, 15, 8)).toEqual([0, 0, 255]);
  });

  it("crops the centre square of a proportional resize", async () => {
    // The middle third of a 96 × 32 picture; the outer thirds are black.
    const source = Uint8Array.from({ length: 96 * 32 * 3 }, (_, i) => {
      const x = Math.floor(i / 3) % 96;
      return x >= 32 && x < 64 ? 200 : 0;
    });
    const pixels = await prepare(await encodePng(source, 96, 32), view("crop", 28, 0.875));
    expect(pixels.length).toBe(28 * 28 * 3);
    expect(Math.min(...pixels)).toBe(200);
  });

  it("crops the same way as extracting by hand", async () => {
    const pixels = noise("crop", 40, 40);
    const cropped = await prepare(await encodePng(pixels, 40, 40), view("crop", 35, 0.875));
    const expected = Uint8Array.from({ length: 35 * 35 * 3 }, (_, i) => {
      const x = Math.floor(i / 3) % 35;
      const y = Math.floor(i / 3 / 35);
      return pixels[((y + 2) * 40 + x + 2) * 3 + (i % 3)]!;
    });
    expect(cropped).toEqual(expected);
  });

  it("pads a letterbox with gray on both sides", async () => {
    const pixels = await prepare(await encodePng(halves(32, 16), 32, 16), view("letterbox", 32));
    expect(pixel(pixels, 32, 3, 0)).toEqual([127, 127, 127]);
    expect(pixel(pixels, 32, 3, 31)).toEqual([127, 127, 127]);
    expect(pixel(pixels, 32, 3, 16)).toEqual([255, 0, 0]);
  });

  it("obeys EXIF orientation", async () => {
    const raster = { data: halves(32, 32), width: 32, height: 32, channels: 3 } as const;
    for (const orientation of [3, 6, 8] as const) {
      const file = await encodeRaster(raster, { format: "jpeg", quality: 100, orientation });
      const pixels = await prepare(file, view("squash", 32));
      expect(pixel(pixels, 32, 4, 16)[0]).toBeGreaterThan(240);
      expect(pixel(pixels, 32, 28, 16)[2]).toBeGreaterThan(240);
    }
  });

  it("lays transparency on white", async () => {
    const clear = { data: new Uint8Array(8 * 8 * 4), width: 8, height: 8, channels: 4 } as const;
    const pixels = await prepare(await encodeRaster(clear, { format: "png" }), view("letterbox", 8));
    expect(new Set(pixels)).toEqual(new Set([255]));
  });

  it("enlarges single pixels and survives extreme shapes", async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 5000],
      [5000, 1],
    ] as const)
      for (const mode of ["squash", "crop", "letterbox"] as const)
        expect((await prepare(await png("thin", width, height), view(mode, 24, 0.875))).length).toBe(24 * 24 * 3);
  });

  it("refuses what is no picture with one fault", async () => {
    const failure = await prepare(Buffer.from("hello"), view("squash", 8)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Fault);
    expect((failure as Fault).code).toBe("image-unreadable");
    await expect(prepare(await png(1), view("crop", 8, 1.5))).rejects.toMatchObject({ code: "internal" });
  });
});
