/** Bad input from the outside: one clear line, the right exit code, nothing lost and nothing left behind. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Evidence } from "../src/verify/index.js";
import { assay, newHome } from "./cli.js";
import { addFiles, jpeg, makeFolder, removeFolders } from "./photographs.js";
import { drawProducts } from "./products.js";

const goodSpec = "## CONSTRAINTS\n- At least 50% accuracy\n";

let home: string;
let good: string;
beforeAll(async () => {
  home = newHome();
  good = await drawProducts(8);
  writeFileSync(join(home, "good.md"), goodSpec);
});
afterAll(removeFolders);

/** Runs and expects one line on standard error, no output folder, and the given status. */
async function refused(images: string, spec: string, code = 1): Promise<string> {
  const out = join(home, "refused");
  const outcome = await assay(home, "run", images, "--spec", spec, "--out", out);
  expect(outcome.code).toBe(code);
  expect(outcome.err.trim().split("\n")).toHaveLength(1);
  expect(outcome.err).toMatch(/^assay: .*Remedy: /);
  expect(existsSync(out)).toBe(false);
  return outcome.err;
}

describe("photographs", () => {
  const spec = (): string => join(home, "good.md");

  test("no such folder", async () => {
    expect(await refused(join(home, "nowhere"), spec())).toContain("nowhere");
  });

  test("a file where a folder is expected", async () => {
    writeFileSync(join(home, "file.txt"), "text");
    expect(await refused(join(home, "file.txt"), spec())).toContain("file.txt");
  });

  test("an empty folder, and a folder without images", async () => {
    expect(await refused(await makeFolder({}), spec())).toMatch(/no|empty/);
    expect(await refused(await makeFolder({ "a/notes.txt": "x", "b/notes.txt": "y" }), spec())).toMatch(/no /);
  });

  test("one class", async () => {
    expect(await refused(await makeFolder({ "a/1.jpg": await jpeg(1), "a/2.jpg": await jpeg(2) }), spec())).toMatch(
      /class/,
    );
  });

  test("all images broken", async () => {
    const broken = { "a/1.jpg": "no jpeg", "b/2.jpg": "nor this" };
    expect(await refused(await makeFolder(broken), spec())).toMatch(/broken|read|decode/);
  });

  test("too few to keep a test split", async () => {
    const few = { "a/1.jpg": await jpeg(1), "b/2.jpg": await jpeg(2) };
    expect(await refused(await makeFolder(few), spec())).toMatch(/test|few/);
  });

  test("a class with one image is no fault", async () => {
    const images = await drawProducts(8, 5);
    await addFiles(images, { "single/1.jpg": await jpeg("single") });
    const { code, err } = await assay(home, "run", images, "--spec", spec(), "--out", join(home, "single"));
    expect(err).toBe("");
    expect([0, 3, 4]).toContain(code);
  });

  test("names with spaces, newlines, commas, quotes and emoji survive to splits.csv and predict", async () => {
    const images = await drawProducts(8, 6);
    const odd = process.platform === "win32" ? ["a b", "é, 🎉"] : ["a b", "line\nbreak", 'é, "🎉"'];
    for (const name of odd) await addFiles(images, { [`rings/${name}.jpg`]: await jpeg(name) });
    const out = join(home, "odd");
    const { code, err } = await assay(home, "run", images, "--spec", spec(), "--out", out);
    expect(err).toBe("");
    expect([0, 3, 4]).toContain(code);
    const { parseSplits } = await import("../src/dataset/index.js");
    const paths = parseSplits(readFileSync(join(out, "splits.csv"), "utf8")).map(({ path }) => path);
    for (const name of odd) expect(paths).toContain(`rings/${name}.jpg`);
    const predicted = await assay(home, "predict", join(out, "bundle"), join(images, "rings"), "--format", "json");
    const rows = predicted.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { path: string; label: string });
    for (const name of odd) expect(rows.map(({ path }) => path)).toContain(join(images, "rings", `${name}.jpg`));
  });

  test("excluding a class that is not there", async () => {
    const outcome = await assay(home, "run", good, "--spec", spec(), "--out", join(home, "x"), "--exclude", "rinks");
    expect(outcome).toMatchObject({ code: 2, err: expect.stringContaining("rinks") as string });
  });
});

describe("specs", () => {
  const files: Readonly<Record<string, [content: string | Uint8Array, message: RegExp]>> = {
    "empty.md": ["", /empty/],
    "binary.md": [Uint8Array.of(0, 159, 146, 150, 255, 0), /text|UTF-8|binary/],
    "no-lists.md": ["Just prose.\n", /requirement/],
    "no-number.md": ["## CONSTRAINTS\n- High accuracy required\n", /line 2/],
    "impossible.md": ["## CONSTRAINTS\n- 140% accuracy\n", /line 2/],
  };

  test.each(Object.keys(files))("%s", async (name) => {
    const [content, message] = files[name]!;
    writeFileSync(join(home, name), content);
    expect(await refused(good, join(home, name))).toMatch(message);
  });

  test("missing, and a folder", async () => {
    expect(await refused(good, join(home, "missing.md"))).toContain("missing.md");
    mkdirSync(join(home, "folder.md"));
    expect(await refused(good, join(home, "folder.md"))).toContain("folder.md");
  });
});

describe("output", () => {
  test("a folder with other files is refused and untouched", async () => {
    const out = join(home, "thesis");
    mkdirSync(out);
    writeFileSync(join(out, "thesis.txt"), "years of work");
    const outcome = await assay(home, "run", good, "--spec", join(home, "good.md"), "--out", out);
    expect(outcome).toMatchObject({ code: 1, err: expect.stringContaining("not empty") as string });
    expect(readdirSync(out)).toEqual(["thesis.txt"]);
  });

  test.runIf(process.platform !== "win32" && process.getuid?.() !== 0)("read-only", async () => {
    const parent = join(home, "read-only");
    mkdirSync(parent);
    chmodSync(parent, 0o555);
    expect(await refused(good, join(home, "good.md"))).toBeDefined();
    const outcome = await assay(home, "run", good, "--spec", join(home, "good.md"), "--out", join(parent, "run"));
    expect(outcome).toMatchObject({ code: 1, err: expect.stringContaining("cannot write") as string });
  });

  test("a folder among the photographs is refused, and they stay as they are", async () => {
    const before = readdirSync(good);
    const outcome = await assay(home, "run", good, "--spec", join(home, "good.md"), "--out", join(good, "run"));
    expect(outcome).toMatchObject({ code: 2, err: expect.stringContaining("among the photographs") as string });
    expect(readdirSync(good)).toEqual(before);
  });

  test("the demo replaces an earlier demo only", async () => {
    const project = join(home, "project");
    mkdirSync(join(project, "images"), { recursive: true });
    writeFileSync(join(project, "demo.json"), "{}");
    writeFileSync(join(project, "images", "thesis.png"), "years of work");
    const outcome = await assay(home, "demo", "--out", project);
    expect(outcome).toMatchObject({ code: 1, err: expect.stringContaining("other things") as string });
    expect(readFileSync(join(project, "images", "thesis.png"), "utf8")).toBe("years of work");
  });

  test("a folder that was there stays there when nothing came of the run", async () => {
    const out = join(home, "mine");
    mkdirSync(out);
    const outcome = await assay(home, "run", await makeFolder({}), "--spec", join(home, "good.md"), "--out", out);
    expect(outcome.code).toBe(1);
    expect(readdirSync(out)).toEqual([]);
  });

  test("a file in the way of the folder", async () => {
    writeFileSync(join(home, "way"), "");
    const outcome = await assay(home, "run", good, "--spec", join(home, "good.md"), "--out", join(home, "way", "run"));
    expect(outcome).toMatchObject({ code: 1, err: expect.stringContaining("cannot write") as string });
  });

  const disk = process.platform === "linux" ? mountSmallDisk() : null;
  afterAll(() => disk?.unmount());

  test.runIf(disk)("a full disk is one line, and the run goes on when there is room", async () => {
    const args = ["run", good, "--spec", join(home, "good.md"), "--out", join(disk!.path, "run")];
    writeFileSync(join(disk!.path, "filler"), Buffer.alloc(12_000_000));
    const full = await assay(home, ...args);
    expect(full).toMatchObject({ code: 1, err: expect.stringMatching(/cannot write.*ENOSPC/) as string });
    spawnSync("rm", [join(disk!.path, "filler")]);
    const { code, err } = await assay(home, ...args, "--resume");
    expect(err).toBe("");
    expect([0, 3, 4]).toContain(code);
  });
});

describe("arguments", () => {
  test.each([
    [["run"], 2],
    [["rnu", "x"], 2],
    [["run", "x", "--seed", "many", "--spec", "y"], 2],
    [["predict", "b", "f", "--format", "xml"], 2],
    [["serve", "bundle", "--port", "many"], 2],
    [["plan"], 2],
    [["run", "x", "--augment", "101"], 2],
    [["audit", "x", "--threads", "0"], 2],
    [["bench", "x", "--runs", "0"], 2],
    [["cache", "claer"], 2],
    [["cache", "clear", "more"], 2],
    [["backbones", "lst"], 2],
    [["backbones", "list", "more"], 2],
    [["--help"], 0],
    [["run", "--help"], 0],
    [["--version"], 0],
  ])("%j exits with %d", async (args, code) => {
    expect((await assay(home, ...args)).code).toBe(code);
  });

  test("a misspelt command suggests the right one", async () => {
    expect((await assay(home, "predcit")).err).toContain("predict");
  });

  test.each([
    [["audit", "x", "--threads", "0"], /Expected a whole number of at least 1\./],
    [["run", "x", "--augment", "-1"], /Expected a whole number from 0 to 100\./],
    [["run", "x", "--augment", "101"], /Expected a whole number from 0 to 100\./],
    [["run", "x", "--seed", "1.5"], /Expected a whole number of at least 0\./],
    [["cache", "claer"], /unknown command 'claer' of 'cache'\n\(Did you mean clear\?\)/],
    [["backbones", "chekc", "x"], /unknown command 'chekc' of 'backbones'\n\(Did you mean check\?\)/],
    [["backbones", "show"], /unknown command 'show' of 'backbones'\n\(There are: list, add, check, remove\)/],
    [["backbones", "list", "more"], /too many arguments for 'list'/],
  ])("%j is told what was expected", async (args, message) => {
    expect((await assay(home, ...args)).err).toMatch(message);
  });

  test("every command's help has an example", async () => {
    const listed = async (...parents: string[]): Promise<string[][]> => {
      const { out } = await assay(home, ...parents, "--help");
      const names = [...(out.split("\nCommands:\n")[1] ?? "").matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name!);
      const own = names.filter((name) => name !== "help").map((name) => [...parents, name]);
      const inner = parents.length === 0 ? await Promise.all(own.map((one) => listed(...one))) : [];
      return [...own, ...inner.flat()];
    };
    const commands = await listed();
    expect(commands).toContainEqual(["cache", "clear"]);
    const without = await Promise.all(
      commands.map(async (one) => ((await assay(home, ...one, "--help")).out.includes("Example: assay") ? [] : [one])),
    );
    expect(without.flat()).toEqual([]);
  }, 120_000);

  test.each(["run", "plan", "audit"])("the help of %s says that a manifest will do", async (command) => {
    expect((await assay(home, command, "--help")).out.replace(/\s+/g, " ")).toMatch(/or a manifest: a \.csv/);
  });

  test("a remedy has no backticks on a terminal", async () => {
    const { err } = await assay(home, "predict", join(home, "nowhere"), good);
    expect(err).toContain("give the bundle folder of a finished run");
    expect(err).not.toContain("`");
  });

  test("with --json a fault is an object, and a run's answer is its evidence", async () => {
    const fault = await assay(home, "run", "nowhere", "--spec", join(home, "good.md"), "--json");
    expect(JSON.parse(fault.out)).toMatchObject({ error: { code: "images-missing" } });
    const answer = await assay(
      home,
      "run",
      good,
      "--spec",
      join(home, "good.md"),
      "--out",
      join(home, "json"),
      "--json",
    );
    expect((JSON.parse(answer.out) as Evidence).requirements).toHaveLength(1);
  });
});

/** A disk of 16 MB in memory, where this user may mount one. */
function mountSmallDisk(): { path: string; unmount: () => void } | null {
  const path = newHome();
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", path]);
  return status === 0 ? { path, unmount: () => spawnSync("umount", [path]) } : null;
}
