import { existsSync } from "node:fs";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { addFiles, makeFolder, noise, png, removeFolders } from "../../test/photographs.js";
import { sharedPath } from "../../test/shared.js";
import { scan, type ScanOptions, splitDataset } from "../dataset/index.js";
import { encodePng, encodeRaster } from "../image/index.js";
import { type Audit, auditDataset, type Finding, type FindingId, findingIds } from "./index.js";

afterAll(removeFolders);

async function auditOf(root: string, options: ScanOptions = {}): Promise<Audit> {
  const dataset = await scan(root, options);
  return auditDataset(dataset, splitDataset(dataset, { seed: 1 }));
}

const find = (audit: Audit, id: FindingId): Finding | undefined => audit.findings.find((one) => one.id === id);

/** `count` different pictures in a folder. */
async function many(folder: string, count: number): Promise<Record<string, Uint8Array>> {
  const entries = Array.from(
    { length: count },
    async (_, i) => [`${folder}/${i}.png`, await png(`${folder} ${i}`, 40, 40)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** The pixels of `png(name)` in a file with other bytes. */
const samePixels = (name: string): Promise<Uint8Array> =>
  encodeRaster({ data: noise(name, 40, 40), width: 40, height: 40, channels: 3 }, { format: "png" });

test("what a small class could prove is said at the level of a first opening, as lines are judged", async () => {
  const audit = await auditOf(await makeFolder({ ...(await many("a", 60)), ...(await many("b", 12)) }));
  const { test: tested } = audit.classes[1]!.splits;
  const recall = Math.round(100 * 0.04 ** (1 / tested));
  expect(find(audit, "untested-class")?.examples).toContain(
    `"b" (${tested} in test: all right would prove a recall of ${recall} %)`,
  );
});

describe("copies", () => {
  it("are named with the picture that they are copies of", async () => {
    const audit = await auditOf(
      await makeFolder({ ...(await many("a", 20)), ...(await many("b", 20)), "a/copy.png": await samePixels("a 3") }),
    );
    expect([audit.images, audit.distinct]).toEqual([41, 40]);
    const total = (counts: Audit["splits"]): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
    expect([total(audit.splits), total(audit.distinctSplits)]).toEqual([41, 40]);
    expect(audit.classes.map(({ distinctSplits }) => total(distinctSplits))).toEqual([20, 20]);
    expect(find(audit, "duplicate")).toMatchObject({
      severity: "info",
      certainty: "certain",
      count: 1,
      files: ["a/copy.png"],
      examples: ['"a/copy.png" (is a/3.png)'],
      text: "1 photograph with the same pixels as another (40 different pictures in all).",
    });
    expect(find(audit, "label-conflict")).toBeUndefined();
  });

  it("under two labels are a conflict", async () => {
    const audit = await auditOf(
      await makeFolder({ ...(await many("a", 20)), ...(await many("b", 20)), "b/a.png": await samePixels("a 3") }),
    );
    expect(find(audit, "label-conflict")).toMatchObject({ severity: "warning", files: ["a/3.png", "b/a.png"] });
    expect(audit.splits.excluded).toBe(2);
  });

  it("across given splits are a leak", async () => {
    const root = await makeFolder({
      ...(await many("train/a", 20)),
      ...(await many("train/b", 20)),
      ...(await many("test/a", 5)),
      ...(await many("test/b", 5)),
      "test/a/again.png": await samePixels("train/a 3"),
    });
    const audit = await auditOf(root);
    expect(find(audit, "split-leak")).toMatchObject({
      files: ["train/a/3.png"],
      examples: ['"train/a/3.png" (is test/a/again.png)'],
    });
    expect(find(audit, "class-sets")).toBeUndefined();
  });

  it("a group in two splits leaks too", async () => {
    const files = { ...(await many("p", 12)) };
    const rows = Object.keys(files).map(
      (path, i) => `${path},${i % 2},${i < 8 ? "train" : "test"},${i === 1 || i === 9 ? "both" : `g${i}`}`,
    );
    const root = await makeFolder({ ...files, "list.csv": `path,label,split,group\n${rows.join("\n")}\n` });
    expect(find(await auditOf(join(root, "list.csv")), "group-leak")).toMatchObject({
      files: ["p/1.png"],
      examples: ['"p/1.png" (group both)'],
    });
  });
});

describe("classes", () => {
  it("have counts, splits and balanced weights", async () => {
    const audit = await auditOf(
      await makeFolder({ ...(await many("a", 60)), ...(await many("b", 20)), ...(await many("c", 4)) }),
    );
    expect(audit.classes.map(({ label, images }) => [label, images])).toEqual([
      ["a", 60],
      ["b", 20],
      ["c", 4],
    ]);
    // scikit-learn: compute_class_weight("balanced", classes=[0, 1, 2], y=[0] * 60 + [1] * 20 + [2] * 4)
    const expected = [0.4666666666666667, 1.4, 7];
    for (const [i, { weight }] of audit.classes.entries()) expect(weight).toBeCloseTo(expected[i]!, 12);
    for (const { images, splits } of audit.classes) expect(Object.values(splits).reduce((a, b) => a + b)).toBe(images);
    expect(audit.imbalance).toBe(15);
    expect(find(audit, "imbalance")).toMatchObject({ severity: "warning", classes: ["c", "a"] });
    expect(find(audit, "small-class")).toMatchObject({ classes: ["c"], examples: ['"c" (4 photographs)'] });
    expect(find(audit, "untested-class")!.classes).toContain("b");
  });

  it("left out, empty, or similar by name are findings", async () => {
    const root = await makeFolder({
      ...(await many("Shirt", 12)),
      ...(await many("shirt ", 12)),
      ...(await many("Not sure", 3)),
      ...(await many("cafe\u0301", 12)),
      "bad/1.jpg": "broken",
    });
    const audit = await auditOf(root, { exclude: ["Not sure"] });
    expect(find(audit, "excluded-class")).toMatchObject({ classes: ["Not sure"], examples: ['"Not sure" (3 files)'] });
    expect(find(audit, "excluded-class")!.text).toBe('1 class left out by --exclude: "Not sure".');
    expect(find(audit, "empty-class")).toMatchObject({ classes: ["bad"] });
    expect(find(audit, "similar-names")).toMatchObject({ classes: ["Shirt", "shirt "] });
    expect(find(audit, "merged-names")).toMatchObject({ classes: ["caf\u00e9"] });
  });

  it("that a given split lacks are findings, without training an error", async () => {
    const root = await makeFolder({
      ...(await many("train/a", 12)),
      ...(await many("train/b", 12)),
      ...(await many("test/a", 12)),
      ...(await many("test/c", 12)),
    });
    const audit = await auditOf(root);
    expect(find(audit, "class-sets")).toMatchObject({
      classes: ["b", "c"],
      examples: ['"b" (none in test)', '"c" (none in train)'],
    });
    expect(find(audit, "untrained-class")).toMatchObject({
      severity: "error",
      classes: ["c"],
      examples: ['"c" (12 in test)'],
    });
    expect(audit.findings[0]!.severity).toBe("error");
  });

  it("named like a split are doubted", async () => {
    const audit = await auditOf(await makeFolder({ ...(await many("train", 3)), ...(await many("other", 3)) }));
    expect(find(audit, "split-like-class")).toMatchObject({ classes: ["train"] });
  });
});

describe("entries that are passed over", () => {
  it("each have their finding", async () => {
    const root = await makeFolder({
      ...(await many("a", 3)),
      ...(await many("b", 3)),
      "top.png": await png(1),
      "readme.txt": "x",
      ".git/x": "x",
    });
    const outside = await makeFolder({ "far.png": await png("far") });
    await symlink(outside, join(root, "c"));
    await symlink(root, join(root, "a/up"));
    await symlink("nowhere", join(root, "a/gone.png"));
    const audit = await auditOf(root);
    const files = (id: FindingId): readonly string[] | undefined => find(audit, id)?.files;
    expect(files("stray")).toEqual(["top.png"]);
    expect(files("not-image")).toEqual(["readme.txt"]);
    expect(files("hidden")).toEqual([".git"]);
    expect(files("followed-link")).toEqual(["c"]);
    expect(files("unfollowed-link")).toEqual(["a/up"]);
    expect(files("broken-link")).toEqual(["a/gone.png"]);
  });

  it("images that a manifest does not list are named", async () => {
    const root = await makeFolder(await many("p", 4));
    await addFiles(root, { "list.jsonl": '{"path":"p/0.png","label":"a"}\n{"path":"p/1.png","label":"b"}\n' });
    expect(find(await auditOf(join(root, "list.jsonl")), "unlisted")?.files).toEqual(["p/2.png", "p/3.png"]);
  });
});

describe("every finding", () => {
  it("is complete, in plain sentences, the gravest first", async () => {
    const root = await makeFolder({
      ...(await many("a", 40)),
      ...(await many("b", 3)),
      "a/x.jpg": "x",
      "a/gray.png": await encodePng(new Uint8Array(48), 4, 4),
      "x.txt": "",
    });
    const audit = await auditOf(root);
    expect(audit.findings.length).toBeGreaterThan(3);
    for (const finding of audit.findings) {
      expect(finding.count).toBe(finding.files.length + finding.classes.length);
      expect(finding.examples.length).toBe(Math.min(5, finding.count));
      for (const sentence of [finding.text, finding.cost]) expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
      expect(finding.remedy).toMatch(/^[a-z].*[^.]$/);
    }
    const order = ["error", "warning", "info"];
    const ranks = audit.findings.map(({ severity }) => order.indexOf(severity));
    expect(ranks).toEqual(ranks.toSorted((x, y) => x - y));
    expect(JSON.parse(JSON.stringify(audit))).toEqual(audit);
  });

  it("stands in docs/images.md", async () => {
    const docs = await readFile(join(import.meta.dirname, "../../docs/images.md"), "utf8");
    const listed = [...docs.matchAll(/^\| `([a-z-]+)` \| (info|warning|error)/gm)].map(([, id]) => id);
    expect(listed).toEqual([...findingIds]);
  });
});

const clothing = sharedPath === undefined ? undefined : join(sharedPath, "data", "clothing");
describe.runIf(clothing && existsSync(clothing))("the clothing photographs", () => {
  it("are audited right", async () => {
    const audit = await auditOf(clothing!, { exclude: ["Not sure", "Other", "Skip"] });
    expect([audit.images, audit.distinct, audit.classes.length]).toEqual([4724, 4724, 17]);
    expect(find(audit, "excluded-class")?.examples).toEqual([
      '"Not sure" (228 files)',
      '"Other" (67 files)',
      '"Skip" (7 files)',
    ]);
    expect(audit.imbalance).toBeCloseTo(959 / 23, 10);
    expect(audit.findings.map(({ id }) => id)).toEqual(["untested-class", "imbalance", "excluded-class"]);
    expect(audit.splits.test / audit.images).toBeCloseTo(0.2, 1);
  });
});
