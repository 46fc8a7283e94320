import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { noise } from "../../test/photographs.js";
import { sharedPath } from "../../test/shared.js";
import { readPlainJpeg } from "./plain-jpeg.js";

/** What the library says of the same file, in the same form. */
async function byLibrary(bytes: Uint8Array): Promise<unknown> {
  const { width, height, channels, orientation, hasProfile, depth, space, pages } = await sharp(bytes).metadata();
  expect([orientation ?? 1, hasProfile, depth, pages ?? 1]).toEqual([1, false, "uchar", 1]);
  expect(space).toBe(channels === 1 ? "b-w" : "srgb");
  return { width, height, components: channels };
}

describe("the header of a plain JPEG", () => {
  const source = sharp(noise("plain", 61, 37), { raw: { width: 61, height: 37, channels: 3 } });

  it("reads as the library reads it", async () => {
    const files = await Promise.all([
      source.clone().jpeg().toBuffer(),
      source.clone().jpeg({ progressive: true, chromaSubsampling: "4:4:4" }).toBuffer(),
      source.clone().jpeg({ mozjpeg: true }).toBuffer(),
      source.clone().toColourspace("b-w").jpeg().toBuffer(),
    ]);
    for (const bytes of files) expect(readPlainJpeg(bytes)).toEqual(await byLibrary(bytes));
  });

  it("is left to the library when there is more in it", async () => {
    const files = await Promise.all([
      source.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      source.clone().withIccProfile("p3").jpeg().toBuffer(),
      source.clone().toColourspace("cmyk").jpeg().toBuffer(),
      source.clone().png().toBuffer(),
    ]);
    for (const bytes of files) expect(readPlainJpeg(bytes)).toBeNull();
  });

  it("of any damaged file is null or a header, never an error", async () => {
    const whole = await source.clone().jpeg().toBuffer();
    for (let length = 0; length < 700; length++) readPlainJpeg(whole.subarray(0, length));
    for (let at = 0; at < 650; at++) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0xff;
      readPlainJpeg(bytes);
    }
    expect(readPlainJpeg(whole.subarray(0, 100))).toBeNull();
  });

  describe.runIf(sharedPath)("on real photographs", () => {
    it("agrees with the library", async () => {
      const folder = join(sharedPath!, "data", "imagenet-sample");
      const names = (await readdir(folder)).filter((name) => name.endsWith(".JPEG"));
      let plain = 0;
      for (const name of names) {
        const bytes = await readFile(join(folder, name));
        const header = readPlainJpeg(bytes);
        if (!header) continue;
        plain++;
        expect([name, header]).toEqual([name, await byLibrary(bytes)]);
      }
      expect(plain).toBeGreaterThan(100);
    });
  });
});
