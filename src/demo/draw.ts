/** Writes the demo data set into a folder and tells what was planted in it. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { checkInterrupted, Fault, mapBounded, type Progress, quoteName, silent } from "../core/index.js";
import { reencodePicture } from "../image/index.js";
import { photograph } from "./photograph.js";
import { type AddedFault, type PictureFault, type PlannedPicture, planPictures } from "./plan.js";
import { type ProductName, productNames } from "./products/index.js";

/** One thing that is wrong on purpose. */
export interface PlantedFault {
  /**
   * duplicate: the bytes of another file; recoded: its pixels as PNG; truncated: a JPEG that ends too early; rotated: upright only
   * by EXIF orientation 6; cmyk: four inks; mislabeled: shows another class; stray: a text file; hidden: a file that begins with a dot.
   */
  readonly kind: PictureFault | AddedFault;
  /** Relative to the demo's folder, with "/". */
  readonly path: string;
  /** duplicate, recoded: the file it repeats. */
  readonly of?: string;
  /** mislabeled: the class it shows. */
  readonly truth?: ProductName;
}

export interface DemoManifest {
  readonly seed: number;
  /** Readable image files by folder name, copies and wrong labels included. */
  readonly classes: Readonly<Record<ProductName, number>>;
  /** Readable image files in all. */
  readonly pictures: number;
  /** Sorted by path. */
  readonly faults: readonly PlantedFault[];
}

export interface DrawOptions {
  readonly seed: number;
  /** Pictures to draw, at least 60; 2,000 when absent. */
  readonly count?: number;
  /** Pictures under way at a time; the number of cores when absent. */
  readonly threads?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

const strays = {
  stray: ["shoe/notes.txt", "recount the second shelf on Friday\n"],
  hidden: ["mug/.DS_Store", "\0\0\0\x01Bud1"],
} as const satisfies Record<string, readonly [string, string]>;

/**
 * Draws about 2,000 pictures of 20 products into an empty or new folder, as class/file, with planted faults. The same seed and count
 * give the same bytes on one platform. Throws `output-exists`, `output-unwritable`, `usage`, `interrupted`.
 */
export async function drawDemoSet(folder: string, options: DrawOptions): Promise<DemoManifest> {
  const { seed, count = 2000, threads = availableParallelism(), progress = silent, signal } = options;
  const plan = planPictures(seed, count);
  await prepareFolder(folder);
  let done = 0;
  await mapBounded(plan, threads, async (picture) => {
    checkInterrupted(signal);
    await writePicture(folder, picture, await photograph(seed, picture));
    progress({ stage: "draw", done: ++done, total: plan.length, unit: "images" });
  });
  for (const [path, text] of Object.values(strays)) await writeFile(join(folder, path), text);
  return describePlan(seed, plan);
}

async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const present = await readdir(folder);
    if (present.length > 0)
      throw new Fault("output-exists", {
        what: `the folder ${quoteName(folder)} is not empty`,
        remedy: "give another folder with --out",
      });
    for (const name of productNames) await mkdir(join(folder, name));
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault("output-unwritable", { what: `the folder ${quoteName(folder)} cannot be made`, cause });
  }
}

async function writePicture(folder: string, picture: PlannedPicture, file: Uint8Array): Promise<void> {
  try {
    await writeFile(join(folder, picture.path), file);
    for (const { kind, path } of picture.copies) {
      await writeFile(join(folder, path), kind === "duplicate" ? file : await reencodePicture(file, { format: "png" }));
    }
  } catch (cause) {
    throw new Fault("output-unwritable", { what: `the picture ${quoteName(picture.path)} cannot be written`, cause });
  }
}

function describePlan(seed: number, plan: readonly PlannedPicture[]): DemoManifest {
  const classes = Object.fromEntries(productNames.map((name) => [name, 0])) as Record<ProductName, number>;
  for (const { label, fault, copies } of plan) classes[label] += (fault === "truncated" ? 0 : 1) + copies.length;
  const faults = [
    ...plan.flatMap(describePicture),
    ...Object.entries(strays).map(([kind, [path]]): PlantedFault => ({ kind: kind as AddedFault, path })),
  ];
  const pictures = Object.values(classes).reduce((sum, number) => sum + number, 0);
  return { seed, classes, pictures, faults: faults.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

function describePicture({ path, product, fault, copies }: PlannedPicture): PlantedFault[] {
  const own: PlantedFault[] = fault
    ? [{ kind: fault, path, ...(fault === "mislabeled" ? { truth: product } : {}) }]
    : [];
  return [...own, ...copies.map((copy): PlantedFault => ({ kind: copy.kind, path: copy.path, of: path }))];
}
