/** What the documents say is held to what the program does. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { deviceTable, operatorTable } from "../src/autodiff/index.js";
import { faultTable } from "../src/core/index.js";

const root = resolve(import.meta.dirname, "..");
const read = (...path: string[]): string => readFileSync(join(root, ...path), "utf8");

test("docs/errors.md is the table of faults", () => {
  const rows = Object.entries(faultTable).map(
    ([code, { exit, http, meaning, remedy }]) => `| \`${code}\` | ${exit} | ${http} | ${meaning} | ${remedy} |`,
  );
  const documented = read("docs", "errors.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  expect(documented).toEqual(rows);
});

test("docs/autodiff.md is the table of rules", () => {
  expect(read("docs", "autodiff.md")).toContain(`\n${operatorTable()}\n`);
});

test("docs/devices.md is the table of devices", () => {
  expect(read("docs", "devices.md")).toContain(`\n${deviceTable()}\n`);
});

test("links between documents lead somewhere", () => {
  const pages = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
  ];
  const broken = pages
    .filter((page) => page.endsWith(".md"))
    .flatMap((page) =>
      [...read(page).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => ({ page, target: target! })),
    )
    .filter(({ page, target }) => {
      try {
        readFileSync(resolve(root, page, "..", target));
        return false;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === "ENOENT";
      }
    });
  expect(broken).toEqual([]);
});

test("the README's commands are those of package.json and of CI", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  for (const [, name] of read("README.md").matchAll(/npm ci && npm (?:run )?(\w+)/g))
    expect(scripts).toHaveProperty(name!);
  const ci = read(".ci", "run");
  for (const command of ["npm ci", "npm test", "npm run demo"]) expect(ci).toContain(command);
});

test("every dependency has its line in ARCHITECTURE.md", () => {
  const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const architecture = read("ARCHITECTURE.md");
  for (const name of Object.keys(dependencies)) expect(architecture).toMatch(new RegExp(`^\\| ${name}( |$)`, "m"));
});
