import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  cacheFolder,
  cacheLimit,
  clearCache,
  decodeSafetensors,
  encodeSafetensors,
  keepTestShare,
  listCache,
  lockFolder,
  openLedger,
  openRunFolder,
  pruneCache,
  stateFolder,
  writeFileAtomic,
} from "./index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-store-"));
});

const identity = { images: "/photos", seed: 1 };

describe("run folders", () => {
  test("a new folder is made and remembers its run", async () => {
    const run = await openRunFolder(join(folder, "a", "run"), identity, false);
    expect(run.resumed).toBe(false);
    await run.close();
    const again = await openRunFolder(run.path, { ...identity }, true);
    expect(again.resumed).toBe(true);
    await again.close();
  });

  test("an earlier run is never overwritten", async () => {
    const run = await openRunFolder(join(folder, "run"), identity, false);
    await run.close();
    await expect(openRunFolder(run.path, identity, false)).rejects.toMatchObject({
      code: "output-exists",
      remedy: expect.stringContaining("--resume") as string,
    });
  });

  test("nor are other files", async () => {
    writeFileSync(join(folder, "thesis.txt"), "years of work");
    await expect(openRunFolder(folder, identity, false)).rejects.toMatchObject({ code: "output-exists" });
    await expect(openRunFolder(folder, identity, true)).rejects.toMatchObject({ code: "run-mismatch" });
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  test("a run of other options is not resumed, and the fault says which", async () => {
    const run = await openRunFolder(join(folder, "run"), identity, false);
    await run.close();
    await expect(openRunFolder(run.path, { ...identity, seed: 2 }, true)).rejects.toMatchObject({
      code: "run-mismatch",
      message: expect.stringContaining("seed") as string,
    });
  });

  test("a file in the way is a fault", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(openRunFolder(join(folder, "file"), identity, false)).rejects.toMatchObject({
      code: "output-unwritable",
    });
    await expect(openRunFolder(join(folder, "file", "run"), identity, false)).rejects.toMatchObject({
      code: "output-unwritable",
    });
  });

  test("only one process works in it; the lock of a dead one is taken over", async () => {
    const run = await openRunFolder(join(folder, "run"), identity, false);
    await expect(openRunFolder(run.path, identity, true)).rejects.toMatchObject({ code: "output-locked" });
    await run.close();
    writeFileSync(join(run.path, ".lock"), "999999999");
    const after = await openRunFolder(run.path, identity, true);
    await after.close();
  });

  test("discard takes back a new folder, not a resumed one", async () => {
    const run = await openRunFolder(join(folder, "run"), identity, false);
    await run.discard();
    await run.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("atomic files leave nothing half-written behind", async () => {
  await writeFileAtomic(join(folder, "x", "y.txt"), "one");
  await writeFileAtomic(join(folder, "x", "y.txt"), "two");
  expect(readFileSync(join(folder, "x", "y.txt"), "utf8")).toBe("two");
  expect(readdirSync(join(folder, "x"))).toEqual(["y.txt"]);
  mkdirSync(join(folder, "x", "z"));
  await expect(writeFileAtomic(join(folder, "x", "z"), "three")).rejects.toMatchObject({ code: "output-unwritable" });
  expect(readdirSync(join(folder, "x")).toSorted()).toEqual(["y.txt", "z"]);
});

describe("safetensors", () => {
  const file = {
    tensors: {
      a: { dtype: "F16", shape: [2, 3], data: new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) },
      b: { dtype: "U8", shape: [0], data: new Uint8Array() },
    },
    metadata: { seconds: "1.5" },
  } as const;

  test("survive writing and reading", () => {
    expect(decodeSafetensors(encodeSafetensors(file))).toEqual(file);
  });

  test("follow the published layout", () => {
    const bytes = Buffer.from(encodeSafetensors(file));
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString("utf8", 8, 8 + length))).toMatchObject({ a: { data_offsets: [0, 12] } });
    expect(bytes.length).toBe(8 + length + 12);
  });

  test.each([0, 7, 30, 140])("cut off after %d bytes they are refused", (length) => {
    const bytes = encodeSafetensors(file);
    expect(() => decodeSafetensors(bytes.subarray(0, Math.min(length, bytes.length - 1)))).toThrow(/cut off/);
  });
});

describe("the ledger", () => {
  let minute = 0;
  const now = (): Date => new Date(Date.UTC(2026, 0, 1, 0, minute++));
  const image = (name: string, label = "x"): { pixelHash: string; label: string } => ({
    pixelHash: name.repeat(64),
    label,
  });
  const images = ["a", "b", "c"].map((name) => image(name));
  const opening = async (
    bundle: string,
    shown: readonly { pixelHash: string; label: string }[],
    clock = now,
  ): Promise<number> => (await openLedger(join(folder, "ledger"), clock).open(bundle, shown)).opening;

  test("counts the openings of the most-opened photograph; the same bundle on the same photographs again is free", async () => {
    expect(await opening("bundle 1", images)).toBe(1);
    expect(await opening("bundle 1", images.toReversed())).toBe(1);
    expect(await opening("bundle 2", images.slice(1))).toBe(2);
    expect(await opening("bundle 3", images)).toBe(3);
    expect(await opening("bundle 2", images.slice(1))).toBe(2);
    expect(await opening("bundle 1", images)).toBe(1);
    expect(await opening("bundle 4", [image("d")])).toBe(1);
    expect(readdirSync(join(folder, "ledger"))).toHaveLength(4);
  });

  test("leaving photographs out, adding some, or changing a label is an opening of its own", async () => {
    expect(await opening("bundle 1", images)).toBe(1);
    expect(await opening("bundle 1", images.slice(1))).toBe(2);
    expect(await opening("bundle 1", [...images, image("d")])).toBe(3);
    expect(await opening("bundle 1", [image("a", "y"), ...images.slice(1)])).toBe(4);
  });

  test("does not depend on the clock", async () => {
    const back = (): Date => new Date(0);
    expect(await opening("bundle 1", images)).toBe(1);
    expect(await opening("bundle 2", images, back)).toBe(2);
    expect(await opening("bundle 2", images, back)).toBe(2);
    expect(await opening("bundle 1", images)).toBe(1);
  });

  test("openings side by side are counted one by one", async () => {
    const bundles = ["1", "2", "3", "4", "5"];
    const numbers = await Promise.all(bundles.map((bundle) => opening(bundle, images)));
    expect(numbers.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    expect(await Promise.all(bundles.map((bundle) => opening(bundle, images)))).toEqual(numbers);
  });

  test("an unreadable entry is a fault, not a fresh start", async () => {
    await opening("bundle 1", images);
    writeFileSync(join(folder, "ledger", "0.json"), "{");
    await expect(opening("bundle 2", images)).rejects.toMatchObject({ code: "internal" });
  });
});

test("a stale lock goes to one of many", async () => {
  writeFileSync(join(folder, ".lock"), "999999999 gone");
  const taken = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
  expect(taken.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("the test share of a folder never shrinks", async () => {
  expect(await keepTestShare(folder, "/photos", 0.2)).toBe(0.2);
  expect(await keepTestShare(folder, "/photos", 0.3)).toBe(0.3);
  expect(await keepTestShare(folder, "/photos", 0.15)).toBe(0.3);
  expect(await keepTestShare(folder, "/others", 0.15)).toBe(0.15);
});

test("folders can be moved by variables", () => {
  expect(cacheFolder({ ASSAY_CACHE: folder })).toBe(folder);
  expect(stateFolder({ ASSAY_STATE: folder })).toBe(folder);
  expect(cacheFolder({})).not.toBe(stateFolder({}));
});

describe("the size of the cache", () => {
  const write = async (name: string, bytes: number, minute: number): Promise<void> => {
    await writeFileAtomic(join(folder, name), new Uint8Array(bytes));
    const time = new Date(Date.UTC(2026, 0, 1, 0, minute));
    utimesSync(join(folder, name), time, time);
  };

  test("is that of what assay wrote; the oldest goes first, nothing else is touched", async () => {
    await write("features/a/1.safetensors", 100, 1);
    await write("features/b/2.safetensors", 50, 3);
    await write("scans/s.json", 30, 2);
    await write("mine.txt", 1000, 0);
    const names = async (): Promise<string[]> =>
      (await listCache(folder)).map(({ path }) => basename(path)).toSorted((a, b) => a.localeCompare(b));
    expect(await pruneCache(folder, 1000)).toBe(0);
    expect(await pruneCache(folder, 100)).toBe(100);
    expect(await names()).toEqual(["2.safetensors", "s.json"]);
    await clearCache(folder);
    expect(await names()).toEqual([]);
    expect(statSync(join(folder, "mine.txt")).size).toBe(1000);
  });

  test("has a limit in GB that the environment gives", () => {
    expect(cacheLimit({})).toBe(20e9);
    expect(cacheLimit({ ASSAY_CACHE_LIMIT: "1.5" })).toBe(1.5e9);
    expect(() => cacheLimit({ ASSAY_CACHE_LIMIT: "much" })).toThrow(/no number of GB/);
  });
});
