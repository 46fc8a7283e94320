import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Extraction } from "../features/index.js";
import { Workload } from "./workload.js";

const file = (): string => join(mkdtempSync(join(tmpdir(), "assay-workload-")), "spent.json");

/** Features of taps that once took so many seconds and bytes. */
function found(earlier: Readonly<Record<string, number>>, peakBytes = 0): Promise<Extraction> {
  const entries = Object.entries(earlier).map(([key, seconds]) => [key, { seconds, peakBytes }] as const);
  return Promise.resolve({ features: [], cached: 0, earlier: new Map(entries) } as unknown as Extraction);
}

test("a resumed run counts on from what its earlier processes spent, found features once", async () => {
  const path = file();
  const first = await Workload.open(path);
  await first.record(found({ old: 100, own: 0 }, 9e12));
  await first.close();
  const second = await Workload.open(path);
  await second.record(found({ old: 100, own: 30 })); // its own features come from the cache now
  expect(second.seconds).toBeGreaterThanOrEqual(first.seconds - 1);
  expect(second.seconds).toBeLessThan(130);
  expect(second.peakBytes).toBe(9e12);
  await second.record(found({ new: 50 }));
  await second.close();
  const third = await Workload.open(path);
  expect(third.seconds).toBeGreaterThanOrEqual(150);
  await third.close();
});

test("a run of its own counts what it finds, each tap by its largest part, and keeps nothing where it has no folder", async () => {
  const workload = await Workload.open(null);
  await workload.record(found({ a: 10, b: 5 }));
  await workload.record(found({ a: 20 }));
  expect(workload.seconds).toBeGreaterThanOrEqual(25);
  expect(workload.seconds).toBeLessThan(35);
  await workload.close();
});

test("what cannot be kept ends nothing", async () => {
  const folder = file();
  writeFileSync(folder, "{}");
  const workload = await Workload.open(join(folder, "spent.json"));
  await expect(workload.close()).resolves.toBeUndefined();
});
