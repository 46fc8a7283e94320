import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoManifest, drawDemoSet, type PlantedFault, productNames } from "./index.js";

const count = 60;
const folders: string[] = [];

async function drawInto(seed: number, threads: number): Promise<{ folder: string; manifest: DemoManifest }> {
  const folder = await mkdtemp(join(tmpdir(), "assay-demo-"));
  folders.push(folder);
  return { folder, manifest: await drawDemoSet(folder, { seed, count, threads }) };
}

/** Relative path with "/" → SHA-256, for everything in the folder. */
async function hashFolder(folder: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const label of await readdir(folder)) {
    for (const file of await readdir(join(folder, label))) {
      hashes[`${label}/${file}`] = createHash("sha256")
        .update(await readFile(join(folder, label, file)))
        .digest("hex");
    }
  }
  return hashes;
}

describe("the demo data set", () => {
  let first: { folder: string; manifest: DemoManifest };
  let hashes: Record<string, string>;
  const planted = (kind: PlantedFault["kind"]): readonly PlantedFault[] =>
    first.manifest.faults.filter((fault) => fault.kind === kind);
  const pixels = (path: string): Promise<Buffer> =>
    sharp(join(first.folder, path)).toColorspace("srgb").removeAlpha().raw().toBuffer();

  beforeAll(async () => {
    first = await drawInto(5, 2);
    hashes = await hashFolder(first.folder);
  });
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  it("has the same bits for one seed, whatever the number of threads, and others for another seed", async () => {
    const again = await drawInto(5, 4);
    expect(again.manifest).toEqual(first.manifest);
    expect(await hashFolder(again.folder)).toEqual(hashes);
    const other = await drawInto(6, 2);
    const before = new Set(Object.values(hashes));
    const shared = Object.entries(await hashFolder(other.folder)).filter(([, hash]) => before.has(hash));
    expect(shared.map(([path]) => path)).toEqual(["mug/.DS_Store", "shoe/notes.txt"]);
  });

  it("has a folder for each of the twenty products, filled as the manifest says", async () => {
    expect(productNames).toHaveLength(20);
    expect((await readdir(first.folder)).toSorted()).toEqual(productNames.toSorted());
    const unread = new Set(
      [...planted("truncated"), ...planted("stray"), ...planted("hidden")].map(({ path }) => path),
    );
    const read = Object.keys(hashes).filter((path) => !unread.has(path));
    expect(read).toHaveLength(first.manifest.pictures);
    for (const name of productNames) {
      expect(read.filter((path) => path.startsWith(`${name}/`))).toHaveLength(first.manifest.classes[name]);
    }
  });

  it("decodes every picture that it does not call truncated, at the promised sizes", async () => {
    const broken = new Set(planted("truncated").map(({ path }) => path));
    for (const path of Object.keys(hashes).filter((name) => /\.(jpg|png)$/.test(name) && !broken.has(name))) {
      const { info } = await sharp(join(first.folder, path)).raw().toBuffer({ resolveWithObject: true });
      expect(Math.min(info.width, info.height)).toBeGreaterThanOrEqual(256);
      expect(Math.max(info.width, info.height)).toBeLessThanOrEqual(400);
    }
    expect(broken.size).toBe(1);
    for (const path of broken) await expect(sharp(join(first.folder, path)).raw().toBuffer()).rejects.toThrow();
  });

  it("plants copies of the same bytes, and one of the same pixels in another format", async () => {
    expect(planted("duplicate").length).toBeGreaterThanOrEqual(3);
    for (const { path, of } of planted("duplicate")) expect(hashes[path]).toBe(hashes[of!]);
    expect(planted("recoded")).toHaveLength(1);
    const { path, of } = planted("recoded")[0]!;
    expect((await sharp(join(first.folder, path)).metadata()).format).toBe("png");
    expect((await pixels(path)).equals(await pixels(of!))).toBe(true);
  });

  it("plants one picture turned by EXIF and one in four inks", async () => {
    expect(planted("rotated")).toHaveLength(1);
    expect((await sharp(join(first.folder, planted("rotated")[0]!.path)).metadata()).orientation).toBe(6);
    expect(planted("cmyk")).toHaveLength(1);
    expect((await sharp(join(first.folder, planted("cmyk")[0]!.path)).metadata()).space).toBe("cmyk");
  });

  it("plants two wrong labels, and a stray and a hidden file", () => {
    expect(planted("mislabeled")).toHaveLength(2);
    for (const { path, truth } of planted("mislabeled")) {
      expect(productNames).toContain(truth);
      expect(path.startsWith(`${truth!}/`)).toBe(false);
    }
    for (const kind of ["stray", "hidden"] as const) expect(hashes).toHaveProperty([planted(kind)[0]!.path]);
  });

  it("keeps the largest class ten times the smallest at full size", async () => {
    const { countClasses } = await import("./plan.js");
    const counts = Object.values(countClasses(2000));
    expect(counts.reduce((sum, number) => sum + number, 0)).toBe(2000);
    expect(Math.max(...counts) / Math.min(...counts)).toBeCloseTo(10, 0);
  });

  it("refuses a folder that is not empty, a set that is too small, and stops on a signal", async () => {
    await expect(drawDemoSet(first.folder, { seed: 1 })).rejects.toMatchObject({ code: "output-exists" });
    const folder = await mkdtemp(join(tmpdir(), "assay-demo-"));
    folders.push(folder);
    await expect(drawDemoSet(folder, { seed: 1, count: 10 })).rejects.toMatchObject({ code: "usage" });
    await expect(drawDemoSet(folder, { seed: 1, count, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "interrupted",
    });
  });
});
