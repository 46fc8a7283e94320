/** What a run's report shows of photographs: mistakes of validation, none with --no-images, those of test only with --reveal. */
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { inspect } from "../src/image/index.js";
import type { Evidence } from "../src/verify/index.js";
import { assay, newHome } from "./cli.js";
import { drawProducts } from "./products.js";

const spec = `As a tester
I want patterns told apart
So that the report has mistakes to show

## CONSTRAINTS
- At least 50% accuracy on test photographs

## GOAL STATE
- Model size < 50 MB
`;

let home: string;
let images: string;
const at = (...parts: string[]): string => join(home, ...parts);
const read = (...parts: string[]): string => readFileSync(at(...parts), "utf8");
const evidenceOf = (folder: string): Evidence => JSON.parse(read(folder, "evidence.json")) as Evidence;

const run = (out: string, ...options: string[]) =>
  assay(home, "run", images, "--spec", at("spec.md"), "--out", at(out), "--budget", "0", ...options);

/** Photographs in a report, or heat maps, as bytes. */
function picturesOf(page: string, kind: "photograph" | "heat" = "photograph"): Buffer[] {
  return [...page.matchAll(new RegExp(`<img class="${kind}" src="data:image/jpeg;base64,([^"]+)"`, "g"))].map(
    ([, data]) => Buffer.from(data!, "base64"),
  );
}

beforeAll(async () => {
  home = newHome();
  images = await drawProducts(60);
  writeFileSync(at("spec.md"), spec);
  // Mistakes for sure, in every split: every fourth picture of rings lies among the checks.
  for (let i = 0; i < 60; i += 4) {
    const name = `${String(i).padStart(2, "0")}.jpg`;
    renameSync(join(images, "rings", name), join(images, "checks", `ring-${name}`));
  }
  await run("first");
}, 300_000);

describe("the report of a run", () => {
  test("shows mistakes of validation as small pictures without metadata, and none of test", async () => {
    const page = read("first", "report.html");
    const splits = new Map(
      read("first", "splits.csv")
        .split("\n")
        .map((row) => row.split(",") as [string, string, string])
        .map(([path, , split]) => [path, split]),
    );
    const shown = [...page.matchAll(/<code><bdi>((?:rings|checks|stripes)\/[^<]+)<\/bdi><\/code><\/div><\/li>/g)].map(
      ([, path]) => splits.get(path!),
    );
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.filter((split) => split !== "select" && split !== "calibrate")).toEqual([]);
    const pictures = picturesOf(page);
    expect(pictures).toHaveLength(shown.length);
    for (const picture of pictures) {
      expect(picture.includes("Exif")).toBe(false);
      const { facts } = await inspect(picture);
      expect(Math.max(facts.width, facts.height)).toBeLessThanOrEqual(200);
    }
    // Of the delivered model, which judged calibrate but not select.
    expect(picturesOf(page, "heat")).toHaveLength(shown.filter((split) => split === "calibrate").length);
    expect(page).not.toContain("this test split is spent");
  });

  test("tells what was learned by the way: labels to review", () => {
    const { doubtfulLabels } = JSON.parse(read("first", "insights.json")) as {
      doubtfulLabels: { count: number; worst: { path: string }[] };
    };
    expect(doubtfulLabels.count).toBeGreaterThan(0);
    // The planted ones come before all others.
    expect(doubtfulLabels.worst[0]!.path).toContain("ring-");
  });

  test("with --no-images no photograph is in report or bundle, and the model is the same", async () => {
    await run("bare", "--no-images");
    const page = read("bare", "report.html");
    expect(page).not.toContain("data:image");
    expect(page).toContain("Photographs are kept out of this report");
    expect(evidenceOf("bare").run.bundleHash).toBe(evidenceOf("first").run.bundleHash);
    const goldens = (folder: string): string[] =>
      readdirSync(at(folder, "bundle", "golden")).filter((name) => /^\d+\.png$/.test(name));
    expect(goldens("bare")).toHaveLength(4);
    // Photographs of this set have 96 × 80 pixels; the patterns are drawn at another size.
    const sizes = await Promise.all(
      goldens("bare").map(async (name) => inspect(readFileSync(at("bare", "bundle", "golden", name)))),
    );
    for (const { facts } of sizes) expect([facts.width, facts.height]).toEqual([320, 320]);
    expect((await assay(home, "predict", at("bare", "bundle"), join(images, "rings"))).code).toBe(0);
  });

  test("--reveal shows the mistakes of test, and from then on the split proves nothing for another bundle", async () => {
    const data = ["--spec", at("spec.md"), "--data", images];
    const shown = await assay(home, "verify", at("first", "bundle"), ...data, "--out", at("shown"), "--reveal");
    expect(shown.err).toBe("");
    expect(read("shown", "report.html")).toContain("this test split is spent");
    expect(picturesOf(read("shown", "report.html")).length).toBeGreaterThan(0);
    expect(evidenceOf("shown").run.testSpentAt).toBeNull();
    expect(evidenceOf("shown").requirements[0]!.verdict).toBe("met");
    const later = await run("later", "--seed", "2");
    const { requirements, run: about } = evidenceOf("later");
    expect(about.testSpentAt).toMatch(/^20/);
    expect(requirements.map(({ verdict }) => verdict)).toEqual(["unproven", "met"]);
    expect(requirements[0]!.evidence).toContain("spent test");
    expect(later.code).toBe(4);
    expect(read("later", "report.html")).toContain("Spent test.");
  }, 120_000);
});
