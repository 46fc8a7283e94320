/** docs/spec.md is held to the table of kinds, and the examples to the parser. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { describeTarget, parseSpec, readSpec } from "./index.js";
import { kindNames, kinds } from "./kinds.js";
import { recognize } from "./recognize.js";
import { formatRange } from "./value.js";

const root = resolve(import.meta.dirname, "..", "..");
const page = readFileSync(join(root, "docs", "spec.md"), "utf8");
const places = {
  scan: "the scan",
  test: "test",
  calibrate: "validation",
  bench: "the bundle, on this machine",
  run: "the run",
};

/** A kind's row of the table in docs/spec.md. */
function describeKind(kind: (typeof kindNames)[number]): string {
  const row = kinds[kind];
  const examples = row.examples.map((example) => `\`${example}\``).join(", ");
  const direction = { ">=": "at least", ">": "more than", "<=": "at most", "<": "less than" }[row.comparison];
  const fallback =
    row.defaultTarget && `; ${describeTarget({ target: row.defaultTarget, unit: row.unit })} where unsaid`;
  const number =
    row.range === null ? "takes none" : `${formatRange(row.range, row.unit)}; ${direction}${fallback ?? ""}`;
  return `| \`${kind}\` | ${examples} | ${number} | ${places[row.judgedOn]}${row.splits ? " or validation" : ""} |`;
}

test("every kind stands in docs/spec.md as the table has it", () => {
  const rows = page.split("\n").filter((line) => /^\| `[a-z0-9-]+` \|/.test(line));
  expect(rows).toEqual(kindNames.filter((kind) => kind !== "not-checkable").map(describeKind));
});

test("the examples in docs/spec.md parse to the kind they stand beside", () => {
  for (const [, kind, examples] of page.matchAll(/^\| `([a-z0-9-]+)` \| (.*?) \|/gm))
    for (const [, text] of examples!.matchAll(/`([^`]+)`/g))
      expect([text, recognize({ list: "rewards", text: text!, line: 1 }, "R1", "docs").requirement.kind]).toEqual([
        text,
        kind,
      ]);
});

test("the specs in docs/spec.md are specs", () => {
  const fences = [...page.matchAll(/```(markdown|yaml)\n([\s\S]*?)```/g)];
  expect(fences.map(([, format]) => format)).toEqual(["markdown", "yaml"]);
  const [written, asYaml] = fences.map(([, format, text]) => parseSpec(text!, "docs", format as "markdown" | "yaml"));
  const bare = ({ requirements, story }: typeof written & object): unknown => [
    story,
    requirements.map(({ line: _line, ...rest }) => rest),
  ];
  expect(bare(written!)).toEqual(bare(asYaml!));
  expect(written!.requirements.map(({ kind }) => kind)).not.toContain("not-checkable");
});

test("the numbers in docs/spec.md mean what it says", () => {
  const rows = [...page.matchAll(/^\| “([^”]+)” \| ([^|]+) \|$/gm)];
  expect(rows.length).toBeGreaterThan(10);
  for (const [, text, meaning] of rows) {
    const { requirement } = recognize({ list: "constraints", text: text!, line: 1 }, "C1", "docs");
    expect([text, describeTarget(requirement)]).toEqual([text, meaning!.trim()]);
  }
});

test("examples/clothing.md can be checked line by line", async () => {
  const { requirements, story } = await readSpec(join(root, "examples", "clothing.md"));
  expect(Object.values(story)).not.toContain(null);
  expect(requirements.map((line) => [line.id, line.kind, line.role, line.judgedOn])).toEqual([
    ["C1", "image-count", "premise", "scan"],
    ["C2", "accuracy", "hard", "test"],
    ["C3", "latency", "hard", "bench"],
    ["C4", "training-time", "hard", "run"],
    ["C5", "model-size", "hard", "bench"],
    ["C6", "peak-memory", "hard", "run"],
    ["R1", "balanced-accuracy", "soft", "test"],
    ["R2", "worst-class-recall", "soft", "test"],
    ["P1", "rare-class-recall", "soft", "test"],
    ["G1", "accuracy", "hard", "calibrate"],
  ]);
});
