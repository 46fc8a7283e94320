/** The program as a package's `bin` starts it: built, and before anybody has built it. */
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { assayVersion } from "../src/core/index.js";
import { newHome, start } from "./cli.js";

const root = resolve(import.meta.dirname, "..");
const { bin, files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly bin: { readonly assay: string };
  readonly files: readonly string[];
};

test("starts the built program, and is in the package", async () => {
  const { code, out } = await start(newHome(), ["--version"], undefined, join(root, bin.assay)).outcome;
  expect([code, out.trim()]).toEqual([0, assayVersion]);
  expect(files).toContain(bin.assay.split("/")[0]);
});

test("after npm ci alone one line says what to run", async () => {
  const clone = join(newHome(), "clone");
  mkdirSync(clone);
  for (const name of ["package.json", "bin"]) cpSync(join(root, name), join(clone, name), { recursive: true });
  const { code, out, err } = await start(newHome(), ["--version"], undefined, join(clone, bin.assay)).outcome;
  expect([code, out]).toEqual([1, ""]);
  expect(err.trim().split("\n")).toHaveLength(1);
  expect(err).toMatch(/not built.*npm run build/);
  expect(err).not.toContain("MODULE_NOT_FOUND");
});
