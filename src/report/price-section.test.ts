/** The price of lines that take no number, or of which none was measured. */
import { expect, test } from "vitest";
import type { RequirementEvidence } from "../verify/index.js";
import { renderReport } from "./index.js";
import { buildLine } from "./measurements.test-data.js";
import { priceLines } from "./price.js";
import { sample } from "./sample.test-data.js";
import { readPage } from "./well-formed.test-data.js";

const optionsFor = (line: RequirementEvidence) =>
  priceLines({ ...sample, requirements: [line] }, {}).flatMap(({ options }) => options);

const heatMaps = buildLine({
  id: "C4",
  text: "Heat maps for every prediction",
  kind: "interpretability",
  split: "test",
  measured: 0.0616,
  lower: -0.0185,
  upper: 0.1418,
  n: 24,
  evidence: "The difference must be above 0; more test photographs would decide.",
});

test("asks for no number where the kind takes none, and says what would decide instead", () => {
  const options = optionsFor({ ...heatMaps, decides: "more test photographs would decide" });
  expect(options).toHaveLength(1);
  expect(options[0]).toMatchObject({ what: "More test photographs would decide", surety: "likely" });
  expect(options[0]!.why).toBe(
    "It was measured as 0.0616, with bounds from -0.0185 to 0.142; its evidence says what they must reach.",
  );
  expect(optionsFor(heatMaps)).toEqual([]);
  const held = { kind: "peak-memory", unit: "bytes", measured: 9e9, lower: 9e9, upper: 9e9 } as const;
  expect(optionsFor(buildLine({ id: "P1", text: "Memory overflow", ...held, verdict: "not met" }))).toEqual([]);
});

test("says of lines without a price only what their evidence says, also where photographs would decide", () => {
  const lacking = buildLine({
    id: "C2",
    text: "Recall of class single at least 10%",
    kind: "class-recall",
    unit: "fraction",
    target: { comparison: ">=", value: 0.1 },
    evidence: '"single" has no photograph in the test split; photographs of "single" in test would let it be judged.',
    decides: 'photographs of "single" in test would let it be judged',
  });
  const requirements = [lacking, { ...heatMaps, verdict: "not met" } as const];
  const page = readPage(renderReport({ ...sample, requirements })).text;
  const price = page.slice(page.lastIndexOf("The price of met"), page.lastIndexOf("Accuracy"));
  for (const { evidence } of requirements) expect(price).toContain(evidence);
  expect(price).not.toMatch(/No photograph|Nothing was measured|Give these lines a number/);
});
