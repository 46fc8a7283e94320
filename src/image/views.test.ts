/** Several views from one decode, and random views. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jpeg, noise, png } from "../../test/photographs.js";
import { applyDrawn, drawView } from "./augment.js";
import { encodeRaster, prepare, prepareAll, type RandomView, type View, viewName } from "./index.js";

const views: readonly View[] = [
  { mode: "squash", size: 40, kernel: "cubic" },
  { mode: "crop", size: 40, cropFraction: 1, kernel: "cubic" },
  { mode: "crop", size: 35, cropFraction: 0.875, kernel: "linear" },
  { mode: "letterbox", size: 48, kernel: "lanczos3" },
];

const randomView: RandomView = {
  mode: "random",
  size: 24,
  kernel: "cubic",
  area: [0.35, 1],
  jitter: 0.2,
  seed: 1,
  draw: 0,
};

describe("several views of one picture", () => {
  const folder = join(import.meta.dirname, "..", "audit", "test-data");
  const odd = readdirSync(folder).filter((name) => /\.(?:jpe?g|png|gif|webp|tif|avif)$/.test(name));

  test.each(odd)("of %s are those of `prepare`, byte for byte", async (name) => {
    const file = readFileSync(join(folder, name));
    const alone = await Promise.allSettled(views.map((view) => prepare(file, view)));
    const together = await prepareAll(file, views, "x").catch(() => null);
    if (together === null) expect(alone.map(({ status }) => status)).toContain("rejected");
    else expect(together).toEqual(alone.map((one) => (one.status === "fulfilled" ? one.value : null)));
  });

  // Around the sizes at which libjpeg would halve, quarter … the picture while decoding.
  test.each([30, 69, 70, 71, 79, 80, 81, 95, 96, 140, 160, 320, 641])(
    "of JPEGs with a shorter side of %d pixels are those of `prepare`, byte for byte",
    async (side) => {
      const upright = { data: noise(side, side, side + 17), width: side, height: side + 17, channels: 3 } as const;
      for (const file of [
        await jpeg(side, side + 17, side),
        await encodeRaster(upright, { format: "jpeg", orientation: 6 }),
      ])
        expect(await prepareAll(file, [...views, randomView], "x").then((all) => all.slice(0, views.length))).toEqual(
          await Promise.all(views.map((view) => prepare(file, view))),
        );
    },
  );

  test.each([
    [64, 200],
    [200, 64],
    [60, 330],
    [78, 96],
  ])("of a JPEG of %d×%d pixels too, longer than wide or wider than long", async (width, height) => {
    const file = await jpeg(width, height, 1);
    const alone = await Promise.all(views.map((view) => prepare(file, view)));
    expect(await prepareAll(file, views, "x")).toEqual(alone);
  });

  test("of what is no picture are one fault", async () => {
    await expect(prepareAll(Buffer.from("hello"), [...views, randomView], "x")).rejects.toMatchObject({
      code: "image-unreadable",
    });
    await expect(prepareAll(await png(1), [{ ...randomView, area: [0, 1] }], "x")).rejects.toMatchObject({
      code: "internal",
    });
  });
});

describe("random views", () => {
  test("are the same for the same seed, draw and name, and others for others", async () => {
    const file = await jpeg("random", 90, 60);
    const draw = async (changes: Partial<RandomView>, name = "a"): Promise<string> => {
      const [pixels] = await prepareAll(file, [{ ...randomView, ...changes }], name);
      return Buffer.from(pixels!).toString("base64");
    };
    expect(await draw({})).toBe(await draw({}));
    const different = [await draw({}), await draw({ seed: 2 }), await draw({ draw: 1 }), await draw({}, "b")];
    expect(new Set(different).size).toBe(4);
  });

  test("see a region of the wanted area and shape, inside of the picture", () => {
    const shares: number[] = [];
    let flips = 0;
    for (let draw = 0; draw < 400; draw++) {
      const { region, flip } = drawView({ ...randomView, draw }, "x", 300, 200);
      const { left, top, width, height } = region;
      expect(left >= 0 && top >= 0 && left + width <= 300 && top + height <= 200).toBe(true);
      expect(width / height).toBeGreaterThan(0.74);
      expect(width / height).toBeLessThan(1.35);
      shares.push((width * height) / 60_000);
      flips += Number(flip);
    }
    expect(Math.min(...shares)).toBeGreaterThan(0.34);
    expect(Math.min(...shares)).toBeLessThan(0.4);
    expect(Math.max(...shares)).toBeGreaterThan(0.8);
    expect(flips).toBeGreaterThan(150);
    expect(flips).toBeLessThan(250);
  });

  test("of extreme shapes see the middle", () => {
    const { region } = drawView({ ...randomView, area: [0.9, 1] }, "x", 1000, 10);
    expect(region).toEqual({ left: 493, top: 0, width: 13, height: 10 });
    expect(drawView({ ...randomView, area: [0.9, 1] }, "x", 1, 1).region).toMatchObject({ width: 1, height: 1 });
  });

  test("change colors as Pillow's ImageEnhance does, up to its rounding", () => {
    // Pillow 13: Brightness(1.2), Contrast(0.8), Color(1.2) of the pixels (200, 100, 50) and (10, 20, 30), each by itself.
    const recolored = (property: "brightness" | "contrast" | "saturation", factor: number): number[] => {
      const pixels = Uint8Array.of(200, 100, 50, 10, 20, 30, 200, 100, 50, 10, 20, 30);
      applyDrawn(pixels, 2, {
        region: { left: 0, top: 0, width: 2, height: 2 },
        flip: false,
        colors: [{ property, factor }],
      });
      return [...pixels.subarray(0, 6)];
    };
    const near = (got: number[], expected: number[]): void =>
      got.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1));
    near(recolored("brightness", 1.2), [240, 120, 60, 12, 24, 36]);
    near(recolored("contrast", 0.8), [174, 94, 54, 22, 30, 38]);
    near(recolored("saturation", 1.2), [215, 95, 35, 8, 20, 32]);
  });

  test("mirror every row", () => {
    const pixels = Uint8Array.from({ length: 3 * 3 * 3 }, (_, i) => i);
    applyDrawn(pixels, 3, { region: { left: 0, top: 0, width: 3, height: 3 }, flip: true, colors: [] });
    expect([...pixels.subarray(0, 9)]).toEqual([6, 7, 8, 3, 4, 5, 0, 1, 2]);
    expect([...pixels.subarray(18)]).toEqual([24, 25, 26, 21, 22, 23, 18, 19, 20]);
  });

  test("have names of their own for each thing that changes them", () => {
    const changes: Partial<RandomView>[] = [
      {},
      { size: 25 },
      { area: [0.1, 1] },
      { jitter: 0 },
      { seed: 2 },
      { draw: 1 },
    ];
    expect(new Set(changes.map((change) => viewName({ ...randomView, ...change }))).size).toBe(changes.length);
  });
});
