/** The pages that a bundle carries, and that assay.json vouches for them without their being part of its identity. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type BundleManifest, readManifest } from "../src/bundle/index.js";
import { sha256 } from "../src/core/index.js";
import { encodeJpeg } from "../src/image/index.js";
import { describeService } from "../src/serve/index.js";
import { writeRandomBundle } from "./small-bundle.js";

const story = { asA: "buyer of <fabric>", iWant: "patterns told apart", soThat: null };
const pages = ["README.md", "MODEL_CARD.md", "bundle.test.mjs", "openapi.json"];
const read = (folder: string, name: string): string => readFileSync(join(folder, name), "utf8");

let plain: string;
let told: string;
beforeAll(async () => {
  const photograph = await encodeJpeg(new Uint8Array(96 * 80 * 3).fill(90), 96, 80);
  plain = await writeRandomBundle([photograph]);
  told = await writeRandomBundle([photograph], { story });
});

test("the card gives classes, splits, calibration, accuracy, limits, and the story where there is one", () => {
  const card = read(told, "MODEL_CARD.md");
  for (const text of [
    "- Who: buyer of \\<fabric\\>\n- Wants: patterns told apart\n\n",
    "| checks | 1 |\n| rings | 2 |\n| stripes | 0 |",
    "| train | 3 |",
    "| select | 1 |",
    "| calibrate | 1 |",
    "| test | 2 | sealed",
    "license Apache-2.0",
    "divided by 1.500, fitted on 6 photographs",
    "training photographs: 75.0 %",
    "fewest training photographs: stripes (0)",
    "verdicts on the requirements, with their bounds, are in the run's report",
  ])
    expect(card).toContain(text);
  expect(read(plain, "MODEL_CARD.md")).not.toContain("In the words of the specification");
});

test("names of classes are text, not markup", async () => {
  const photograph = await encodeJpeg(new Uint8Array(96 * 80 * 3).fill(90), 96, 80);
  const odd = ["<b>|a|</b>", "new\nline", "*_`"];
  const folder = await writeRandomBundle([photograph], { labels: odd });
  for (const page of ["README.md", "MODEL_CARD.md"])
    for (const cell of ["| \\<b\\>\\|a\\|\\</b\\> |", "| new line |", "| \\*\\_\\` |"])
      expect(read(folder, page)).toContain(cell);
});

test("assay.json has the pages' hashes; the bundle's identity does not depend on them", async () => {
  const manifests: BundleManifest[] = [await readManifest(plain), await readManifest(told)];
  for (const [i, folder] of [plain, told].entries())
    for (const page of pages) expect(manifests[i]!.files[page]).toBe(sha256(readFileSync(join(folder, page))));
  expect(manifests[0]!.files["MODEL_CARD.md"]).not.toBe(manifests[1]!.files["MODEL_CARD.md"]);
  expect(manifests[0]!.bundleHash).toBe(manifests[1]!.bundleHash);
});

test("openapi.json describes a service with the bundle's classes", () => {
  expect(JSON.parse(read(plain, "openapi.json"))).toEqual(describeService(["checks", "rings", "stripes"]));
});

test("docs/bundle.md describes every field of assay.json and every file", () => {
  const documented = readFileSync(join(import.meta.dirname, "..", "docs", "bundle.md"), "utf8");
  const manifest = JSON.parse(read(plain, "assay.json")) as BundleManifest;
  for (const field of Object.keys(manifest)) expect(documented).toMatch(new RegExp(`^\\|.*\`${field}\`.* \\|`, "m"));
  for (const name of Object.keys(manifest.files)) expect(documented).toContain(`\`${name.replace(/\d+/, "N")}\``);
});
