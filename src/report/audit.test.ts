import { afterAll, expect, test } from "vitest";
import { makeFolder, png, removeFolders } from "../../test/photographs.js";
import { auditDataset } from "../audit/index.js";
import { scan, splitDataset } from "../dataset/index.js";
import { renderAudit } from "./audit.js";
import { measureWidth } from "./width.js";

afterAll(removeFolders);

test("says everything on a screen, whatever the names", async () => {
  const files: Record<string, Uint8Array | string> = { "a/x.jpg": "no image", "b/notes.txt": "text" };
  for (let i = 0; i < 30; i++) files[`a/${i}.png`] = await png(`a${i}`);
  for (let i = 0; i < 3; i++) files[`line\nbreak/${i}.png`] = await png(`b${i}`);
  const dataset = await scan(await makeFolder(files));
  const audit = auditDataset(dataset, splitDataset(dataset, { seed: 1 }));
  const text = renderAudit(audit, 80);
  expect(text).toContain("33 labelled images of 2 classes, 33 different");
  expect(text).toMatch(/^a +30 +\d+ +\d+ +\d+ +0\.55$/m);
  expect(text).toContain("a/x.jpg");
  expect(audit.findings.length).toBeGreaterThan(2);
  const flat = text.replace(/\s+/g, " ");
  for (const { text: sentence, remedy } of audit.findings) {
    expect(flat).toContain(sentence.replace(/\s+/g, " "));
    if (remedy !== "none needed") expect(flat).toContain(remedy);
  }
  for (const line of text.split("\n")) expect(measureWidth(line)).toBeLessThanOrEqual(80);
  expect(text.split("\n").some((line) => line.startsWith("break"))).toBe(false);
});

test("weights stand in the table only where the classes differ in size", async () => {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < 20; i++) files[`${i % 2 ? "a" : "b"}/${i}.png`] = await png(`e${i}`);
  const dataset = await scan(await makeFolder(files));
  const text = renderAudit(auditDataset(dataset, splitDataset(dataset, { seed: 1 })), 80);
  expect(text).toMatch(/^a +10( +\d+){3}$/m);
  expect(text).not.toContain("weight");
});
