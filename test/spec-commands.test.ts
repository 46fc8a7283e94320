/** `assay init`, `assay audit`, and a run without a spec, from the outside. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Audit } from "../src/audit/index.js";
import { parseSpec } from "../src/spec/index.js";
import type { Evidence } from "../src/verify/index.js";
import { assay, newHome, program } from "./cli.js";
import { addFiles, removeFolders } from "./photographs.js";
import { drawProducts } from "./products.js";

let home: string;
let images: string;
beforeAll(async () => {
  home = newHome();
  images = await drawProducts(20);
});
afterAll(removeFolders);

describe("init", () => {
  test("writes a spec from flags, with sensible lines for the rest, and it parses to them", async () => {
    const folder = join(home, "by flags");
    const { code, out } = await assay(
      home,
      "init",
      folder,
      "--i-want",
      "to sort mugs",
      "--constraint",
      "At least 90% accuracy",
      "Model size < 30 MB",
    );
    expect(code).toBe(0);
    expect(out).toContain("spec.md");
    const spec = parseSpec(readFileSync(join(folder, "spec.md"), "utf8"), "spec.md", "markdown");
    expect(spec.story.iWant).toBe("to sort mugs");
    const constraints = spec.requirements.filter(({ list }) => list === "constraints");
    expect(constraints.map(({ kind, target }) => [kind, target?.value])).toEqual([
      ["accuracy", 0.9],
      ["model-size", 30e6],
    ]);
    expect(spec.requirements.some(({ list }) => list === "penalties")).toBe(true);
  });

  test("never overwrites", async () => {
    writeFileSync(join(home, "spec.md"), "mine");
    const { code, err } = await assay(home, "init", home);
    expect(code).toBe(1);
    expect(err).toContain("spec.md exists");
    expect(readFileSync(join(home, "spec.md"), "utf8")).toBe("mine");
  });

  test("a line that cannot be read is refused and nothing is written", async () => {
    const folder = join(home, "unreadable");
    const { code, err } = await assay(home, "init", folder, "--constraint", "140% accuracy");
    expect(code).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(existsSync(join(folder, "spec.md"))).toBe(false);
  });
});

describe("a run without a spec", () => {
  test("infers one from the folder, prints and saves it, and judges by it", async () => {
    const out = join(home, "inferred");
    const run = await assay(home, "run", images, "--budget", "0", "--out", out);
    expect(run.err).toBe("");
    expect([0, 3, 4]).toContain(run.code);
    expect(run.out).toContain("At least 3 classes");
    const saved = parseSpec(readFileSync(join(out, "spec.md"), "utf8"), "spec.md", "markdown");
    const evidence = JSON.parse(readFileSync(join(out, "evidence.json"), "utf8")) as Evidence;
    expect(evidence.requirements.map(({ text }) => text)).toEqual(saved.requirements.map(({ text }) => text));
    expect(saved.requirements.find(({ kind }) => kind === "image-count")!.target!.value).toBe(60);
  });
});

describe("audit", () => {
  test("prints a summary, writes audit.json with all files, and needs no spec", async () => {
    const folder = await drawProducts(20, 3);
    await addFiles(folder, { "rings/broken.jpg": "no image", "rings/.hidden": "x", "checks/notes.txt": "y" });
    const out = join(home, "audited");
    const { code, out: text } = await assay(home, "audit", folder, "--out", out);
    expect(code).toBe(0);
    expect(text).toContain("60 labelled images of 3 classes");
    expect(text).toContain("broken.jpg");
    const audit = JSON.parse(readFileSync(join(out, "audit.json"), "utf8")) as Audit;
    expect(audit.classes.map(({ label, images: count }) => [label, count])).toEqual([
      ["checks", 20],
      ["rings", 20],
      ["stripes", 20],
    ]);
    expect(audit.findings.flatMap(({ files }) => files)).toContain("rings/broken.jpg");
  });

  test("--json prints the audit and writes nothing", async () => {
    const { out } = await assay(home, "audit", images, "--json");
    expect((JSON.parse(out) as Audit).images).toBe(60);
    expect(existsSync(join(home, "audit.json"))).toBe(false);
  });

  test("a file of that name which is no audit is not overwritten", async () => {
    writeFileSync(join(home, "audit.json"), '{"mine": true}');
    const { code, err } = await assay(home, "audit", images);
    expect(code).toBe(1);
    expect(err).toContain("audit.json");
    expect(readFileSync(join(home, "audit.json"), "utf8")).toBe('{"mine": true}');
  });
});

test("a premise that fails is said before training and does not change the exit code", async () => {
  writeFileSync(
    join(home, "premise.md"),
    "## CONSTRAINTS\n- 10,000 labeled images available\n- At least 30% accuracy\n",
  );
  const { code, out } = await assay(
    home,
    "run",
    images,
    "--spec",
    join(home, "premise.md"),
    "--out",
    join(home, "premise"),
    "--budget",
    "0",
  );
  expect(code).toBe(0);
  expect(out.indexOf("C1 does not hold")).toBeGreaterThanOrEqual(0);
  expect(out.indexOf("C1 does not hold")).toBeLessThan(out.indexOf("features"));
  expect(out).toMatch(/not met +10,000 labeled images available/);
});

describe.runIf(process.platform === "linux" && spawnSync("script", ["--version"]).status === 0)(
  "init at a terminal",
  () => {
    test("asks for the story and the lists; Enter takes what is offered; pasted lines are not lost", () => {
      const folder = join(home, "asked");
      const input = "shopkeeper\nto sort hats from shoes\nthe shelf is right\nAt least 95% accuracy\n\n\n\n\n";
      const command = `"${process.execPath}" "${program}" init "${folder}"`;
      const { status } = spawnSync("script", ["-qec", command, "/dev/null"], { input });
      expect(status).toBe(0);
      const spec = parseSpec(readFileSync(join(folder, "spec.md"), "utf8"), "spec.md", "markdown");
      expect(spec.story).toEqual({ asA: "shopkeeper", iWant: "to sort hats from shoes", soThat: "the shelf is right" });
      expect(spec.requirements.filter(({ list }) => list === "constraints").map(({ text }) => text)).toEqual([
        "At least 95% accuracy",
      ]);
      expect(spec.requirements.some(({ list }) => list === "goal state")).toBe(true);
    });
  },
);
