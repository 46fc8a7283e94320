/** The forms of a spec: headings, fences, lists, stories, YAML; what one line cannot show; files that are none. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../core/index.js";
import { parseSpec, readSpec, type Spec, type SpecFormat } from "./index.js";

const lines = (spec: Spec): string[] => spec.requirements.map(({ id, line, text }) => `${id}@${line} ${text}`);
const parse = (text: string, format: SpecFormat = "markdown"): Spec => parseSpec(text, `spec.${format}`, format);

const forms: readonly (readonly [name: string, text: string, expected: readonly string[]])[] = [
  [
    "headings of any depth, order, case and number",
    "# goal states\n- a\n### 2. Penalty\n* b\n\nReward\n------\n+ c\n# 🎯 CONSTRAINTS:\n1. d\n2) e",
    ["G1@2 a", "P1@4 b", "R1@8 c", "C1@10 d", "C2@11 e"],
  ],
  [
    "a deeper heading within a list's section",
    "# CONSTRAINTS\n## Speed\n- a\n## Size\n- b\n# Notes\n- no requirement",
    ["C1@3 a", "C2@5 b"],
  ],
  [
    "bold lines and lines with a colon",
    "**Constraints**\n- a\n\n**REWARDS:**\n- b\n\nPenalties:\n- c\n\n__Goal State__\n\n- d",
    ["C1@2 a", "R1@5 b", "P1@8 c", "G1@12 d"],
  ],
  [
    "names of lists without empty lines between",
    "CONSTRAINTS:\n- a\nREWARDS:\n- b\nPENALTIES\n- c\nGoal state:\n- d",
    ["C1@2 a", "R1@4 b", "P1@6 c", "G1@8 d"],
  ],
  [
    "a fence around all of it",
    "Intro\n```markdown\n## CONSTRAINTS\n- a\n\n## REWARDS\n- b\n```\n- no requirement",
    ["C1@4 a", "R1@7 b"],
  ],
  [
    "a fence around the items",
    "# CONSTRAINTS\n~~~\n- a\n- b\n~~~\n# REWARDS\n```text\n- c\n```",
    ["C1@3 a", "C2@4 b", "R1@8 c"],
  ],
  [
    "code in other languages is no spec",
    "# CONSTRAINTS\n- a\n```python\n- b\n# REWARDS\n- c\n```\n- d",
    ["C1@2 a", "C2@8 d"],
  ],
  ["an indented block", "# CONSTRAINTS\n\n    - a\n    - b\n", ["C1@3 a", "C2@4 b"]],
  [
    "nested lists: each line for itself",
    "# CONSTRAINTS\n- a\n  - b\n    1. c\n- d",
    ["C1@2 a", "C2@3 b", "C3@4 c", "C4@5 d"],
  ],
  ["boxes of tasks", "# CONSTRAINTS\n- [ ] a\n- [x] b\n* [X]  c", ["C1@2 a", "C2@3 b", "C3@4 c"]],
  [
    "wrapped lines and second paragraphs",
    "# CONSTRAINTS\n- a\n  b\nc\n\n  d\n- > 95 %\n  accuracy",
    ["C1@2 a b c d", "C2@7 > 95 % accuracy"],
  ],
  [
    "markup is part of the text",
    "# CONSTRAINTS\n- **p99** `latency` \\< 50 ms<br>\n- see [docs](https://example.org)",
    ["C1@2 **p99** `latency` \\< 50 ms<br>", "C2@3 see [docs](https://example.org)"],
  ],
  ["a quotation", "> # CONSTRAINTS\n> - a\n>   b\n> - c", ["C1@2 a b", "C2@4 c"]],
  ["bullets that Markdown does not know", "# CONSTRAINTS\n• a\n• b\n\n# REWARDS\n▪ c", ["C1@2 a", "C2@3 b", "R1@6 c"]],
  [
    "lines without markers where there is no list",
    "CONSTRAINTS\na\nb\n\nREWARDS\nc\n\nGoal: d",
    ["C1@2 a", "C2@3 b", "R1@6 c", "G1@8 d"],
  ],
  ["an introduction is no line", "# CONSTRAINTS\nThe following must hold.\n\n- a\n\nThat is all.", ["C1@4 a"]],
  ["one list in two places", "# CONSTRAINTS\n- a\n# REWARDS\n- b\n# CONSTRAINTS\n- c", ["C1@2 a", "R1@4 b", "C2@6 c"]],
  ["Windows line ends, a byte order mark, tabs", "\uFEFF# CONSTRAINTS\r\n-\ta\r\n-\tb\r\n", ["C1@2 a", "C2@3 b"]],
  ["the same line twice", "# CONSTRAINTS\n- a\n- a", ["C1@2 a", "C2@3 a"]],
];

describe("Markdown", () => {
  test.each(forms)("%s", (_name, text, expected) => {
    expect(lines(parse(text))).toEqual(expected);
  });

  test.each(["CONSTRAINS", "Rewads", "**Penaltys**", "Goal sate:"])(
    "a misspelled heading is refused: %s",
    (heading) => {
      expect(() =>
        parse(`# CONSTRAINTS\n- a\n\n${heading.startsWith("*") || heading.endsWith(":") ? "" : "# "}${heading}\n\n- b`),
      ).toThrow(/line 4: a heading that is almost the name of a list/);
    },
  );
});

const asParts = { asA: "botanist", iWant: "to tell 20 flowers apart", soThat: "students learn" };
const stories: readonly (readonly [text: string, story: Spec["story"]])[] = [
  ["As a botanist\nI want to tell 20 flowers apart\nSo that students learn", asParts],
  ["As a botanist, I want to tell 20 flowers apart, so that students learn.", asParts],
  ["# Story\n\nAS A botanist,\n\nI WANT to tell 20\nflowers apart\n\nSO THAT students\nlearn.", asParts],
  ["- **As a** botanist\n- **I want** to tell 20 flowers apart\n- **So that** students learn", asParts],
  ["```\nAs a botanist\nI want to tell 20 flowers apart\nSo that students learn\n```", asParts],
  ["*As an* engineer I need a sorter", { asA: "engineer", iWant: "a sorter", soThat: null }],
  [
    "Story: as a nurse, we would like to find wounds in order to treat them",
    { asA: "nurse", iWant: "to find wounds", soThat: "to treat them" },
  ],
  ["Nothing of the kind.", { asA: null, iWant: null, soThat: null }],
];

test.each(stories)("the story of %s", (text, story) => {
  expect(parse(`${text}\n\n# CONSTRAINTS\n- 95% accuracy`).story).toEqual(story);
});

const yamlForms: readonly (readonly [name: string, text: string, expected: readonly string[]])[] = [
  [
    "lists",
    "constraints:\n  - a\n  - 'b: c'\nGOAL_STATE: [d, e]\nReward: f",
    ["C1@2 a", "C2@3 b: c", "G1@4 d", "G2@4 e", "R1@5 f"],
  ],
  [
    "lines with a colon and comments",
    "constraints:\n  - Training time: 4 h # soon\n  - 20\n  - true",
    ["C1@2 Training time: 4 h", "C2@3 20", "C3@4 true"],
  ],
  [
    "entries",
    "constraints:\n  accuracy: ≥ 95%\n  speed:\n    - a\n    - b",
    ["C1@2 accuracy: ≥ 95%", "C2@3 speed", "C3@4 a", "C4@5 b"],
  ],
  [
    "a block of text",
    "constraints: |\n  - a\n\n  b\nrewards:\n  - >-\n    c\n    d",
    ["C1@2 a", "C2@4 b", "R1@7 c", "R2@8 d"],
  ],
  ["an anchor", "constraints: [&x a]\nrewards: [*x]", ["C1@1 a", "R1@2 a"]],
  ["JSON", '{"story": {"as a": "x"}, "constraints": ["a", "b"]}', ["C1@1 a", "C2@1 b"]],
];

describe("YAML", () => {
  test.each(yamlForms)("%s", (_name, text, expected) => {
    expect(lines(parse(text, "yaml"))).toEqual(expected);
  });

  test("story as keys, parts or text; the level", () => {
    const rest = "\nconstraints: [95% accuracy]";
    expect(
      parse(`story:\n  as a: botanist\n  iWant: to tell 20 flowers apart\n  so_that: students learn${rest}`, "yaml")
        .story,
    ).toEqual(asParts);
    expect(
      parse(`As a: botanist\nI want: to tell 20 flowers apart\nso-that: students learn${rest}`, "yaml").story,
    ).toEqual(asParts);
    expect(
      parse(`story: >\n  As a botanist I want to tell 20\n  flowers apart so that students learn${rest}`, "yaml").story,
    ).toEqual(asParts);
    expect(parse(`alpha: 0.01${rest}`, "yaml").alpha).toBe(0.01);
    expect(parse(`significance level: 1%${rest}`, "yaml").alpha).toBe(0.01);
    expect(parse(`confidence level: 99 %${rest}`, "yaml").alpha).toBe(0.01);
  });

  test.each([
    ["constrains: [a]", /line 1: a key that no spec has; .*"constrains"/],
    ["constraints:\n  - >95% accuracy", /line 2: .*block scalar.*in quotes/i],
    ["constraints: [a", /line 1: /],
    ["constraints: [a]\nconstraints: [b]", /line 2: .*unique/i],
    ["constraints: [a]\n---\nconstraints: [b]", /line 2: /],
    ["a sentence", /text without keys/],
    ["- a", /no keys/],
    ["constraints: [*x]", /holds no requirement|alias/i],
    ["story: {who: x}\nconstraints: [a]", /line 1: a key that no spec has/],
  ])("is refused: %s", (text, expected) => {
    expect(() => parse(text, "yaml")).toThrow(expected);
    expect(() => parse(text, "yaml")).toThrow(Fault);
  });
});

const levels: readonly (readonly [text: string, alpha: number])[] = [
  ["# CONSTRAINTS\n- 95% accuracy", 0.05],
  ["# CONSTRAINTS\n- 95% accuracy\n- Significance level 1%", 0.01],
  ["# CONSTRAINTS\n- 95% accuracy with 99% confidence", 0.01],
  ["Significance level: 10%\n\n# CONSTRAINTS\n- 95% accuracy", 0.1],
  ["# CONSTRAINTS\n- 95% accuracy with 99% confidence\n- α = 0.01", 0.01],
  ["We are sure with 99% confidence.\n\n# CONSTRAINTS\n- 95% accuracy", 0.05],
  ["# CONSTRAINTS\n- Hats sell with 99% confidence", 0.05],
];

test.each(levels)("the level of %s", (text, alpha) => {
  expect(parse(text).alpha).toBe(alpha);
});

test("a line that only sets the level demands nothing", () => {
  const [, level] = parse("# CONSTRAINTS\n- 95% accuracy\n- α = 0.01").requirements;
  expect(level).toMatchObject({ role: "premise", kind: "not-checkable", target: null });
});

const together = (...of: readonly string[]): string => `# CONSTRAINTS\n${of.map((line) => `- ${line}\n`).join("")}`;
const contradictions: readonly (readonly [text: string, expected: RegExp])[] = [
  [together("accuracy ≥ 95%", "accuracy ≤ 90%"), /lines 2 and 3 cannot both hold; .*got ≥ 95 % and ≤ 90 %/],
  [together("model size > 5 MB", "model size < 1 MB"), /got > 5 MB and < 1 MB/],
  [together("accuracy > 90%", "accuracy ≤ 90%"), /cannot both hold/],
  [`${together("latency < 100 ms")}# GOAL STATE\n- latency above 0.1 s`, /lines 2 and 4/],
  [together("recall of class Hat ≥ 90%", "recall of class hat below 80%"), /cannot both hold/],
  [together("error rate below 5%", "accuracy at most 90%"), /cannot both hold/],
  [together("at least 30 classes", "up to 20 classes"), /cannot both hold/],
  [together("α = 0.01", "95% accuracy with 95% confidence"), /different significance levels/],
];

test.each(contradictions)("contradicts itself: %s", (text, expected) => {
  expect(() => parse(text)).toThrow(expected);
  expect(() => parse(text)).toThrow(expect.objectContaining({ code: "spec-contradiction" }));
});

test.each([
  together("accuracy ≥ 90%", "accuracy ≤ 90%"),
  together("accuracy ≥ 95%", "validation accuracy ≤ 90%"),
  together("p99 latency > 100 ms", "p50 latency < 50 ms"),
  together("recall of class Hat ≥ 90%", "recall of class Coat below 80%"),
  `${together("accuracy ≥ 95%")}# REWARDS\n- accuracy ≤ 90%`,
])("does not contradict itself: %s", (text) => {
  expect(() => parse(text)).not.toThrow();
});

test.each(["", "# Title\n\nText.", "# CONSTRAINTS\n", "- 95% accuracy", "# CONSTRAINTS\n-\n-"])(
  "holds no requirement: %j",
  (text) => {
    expect(() => parse(text)).toThrow(/holds no requirement; expected list lines under a heading/);
  },
);

test.each([
  "# CONSTRAINTS\n- 95% accuracy at 40% confidence",
  "alpha = 0.5\n\n# CONSTRAINTS\n- 95% accuracy",
  "# CONSTRAINTS\n- significance level 0%",
])("an impossible level is refused: %s", (text) => {
  expect(() => parse(text)).toThrow(/impossible significance level/);
});

describe("a file", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "assay-spec-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  test("is read by its extension", async () => {
    for (const name of ["s.yaml", "s.YML", "s.json"])
      expect((await readSpec(write(name, '{"constraints": ["95% accuracy"]}'))).requirements).toHaveLength(1);
    for (const name of ["s.md", "s.txt", "s"])
      expect((await readSpec(write(name, "# CONSTRAINTS\n- 95% accuracy"))).requirements).toHaveLength(1);
    const linked = join(folder, "link.md");
    symlinkSync(write("target.md", "# CONSTRAINTS\n- 95% accuracy"), linked);
    expect(await readSpec(linked)).toMatchObject({
      source: linked,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  test.each<[string, string | Uint8Array | null, string, RegExp]>([
    ["missing.md", null, "spec-missing", /does not exist/],
    ["folder", null, "spec-missing", /is a folder/],
    ["empty.md", "", "spec-invalid", /holds no requirement/],
    ["binary.md", Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe, 0]), "spec-invalid", /is no text/],
    ["zero.md", "# CONSTRAINTS\n- a\0b", "spec-invalid", /is no text/],
    [
      "latin.md",
      Buffer.from("# CONSTRAINTS\n- Größe", "latin1"),
      "spec-invalid",
      /is no text; expected Markdown or YAML in UTF-8/,
    ],
    ["wide.md", Buffer.from("\uFEFF# CONSTRAINTS\n- a", "utf16le"), "spec-invalid", /is no text/],
    [
      "large.md",
      "a".repeat(1_000_001),
      "spec-invalid",
      /too large; expected at most 1 MB of text; got 1,000,001 bytes/,
    ],
  ])("%s is refused", async (name, content, code, message) => {
    mkdirSync(join(folder, "folder"), { recursive: true });
    const path = content === null ? join(folder, name) : write(name, content);
    const fault: unknown = await readSpec(path).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});
