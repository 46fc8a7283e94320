/** The plan from facts: what is predicted, what is refused and by which number, what is said before anything is learned. */
import { describe, expect, test } from "vitest";
import type { Audit } from "../audit/index.js";
import { parseSpec } from "../spec/index.js";
import type { TraceEvent } from "../trace/index.js";
import { makePlan, type NetworkFacts, type PlanFacts, renderPlan } from "./index.js";

const splits = { train: 600, select: 100, calibrate: 100, test: 200, excluded: 0 };
const audit: Audit = {
  schema: 1,
  root: "photos",
  layout: "classes",
  images: 1000,
  distinct: 1000,
  bytes: 1e8,
  splits: { ...splits, test: 230 },
  distinctSplits: splits,
  classes: [
    { label: "cup", images: 800, splits, distinctSplits: splits, weight: 0.625 },
    { label: "jug", images: 200, splits, distinctSplits: splits, weight: 2.5 },
  ],
  imbalance: 4,
  findings: [],
};

function network(name: string, imagesPerSecond: number, latencySeconds: number): NetworkFacts {
  return { name, size: 224, width: 1280, multiplyAdds: 384e6, imagesPerSecond, latencySeconds, modelBytes: 7e6 };
}

const text = "# CONSTRAINTS\n- 95% accuracy\n- Inference time < 100ms\n# REWARDS\n- Good recall of the worst class\n";

function facts(changes: Partial<PlanFacts> = {}): PlanFacts {
  return {
    spec: parseSpec(text, "spec.md", "markdown"),
    audit,
    threads: 2,
    device: "CPU",
    scanSeconds: 3,
    proof: { runs: 100, seconds: 6 },
    opening: 1,
    budgetSeconds: 600,
    trialShare: 0.3,
    recipeShare: 0.4,
    networks: [network("small", 100, 0.01), network("large", 40, 0.03)],
    solver: "lbfgs",
    augment: 0,
    fineTuning: true,
    events: [],
    ...changes,
  };
}

function event(kind: TraceEvent["kind"], words: string, data: TraceEvent["data"]): TraceEvent {
  return { at: "2026-11-25T00:00:00.000Z", kind, stage: "loop", text: words, data };
}

describe("a plan", () => {
  const plan = makePlan(facts());
  const page = renderPlan(plan);

  test("has the five steps, with reasons from the data and the machine", () => {
    expect(plan.steps.map(({ title }) => title)).toEqual([
      "Data analysis",
      "Model selection",
      "Training strategy",
      "Optimization",
      "Deployment",
    ]);
    expect(page).toContain("0.63 to 2.50");
    expect(page).toContain("100 photographs/s, so 8.0 s for the features of 800");
    expect(page).toContain("10.0 ms for one image, 100 ms are allowed.");
  });

  test("says why photographs that were opened before prove less", () => {
    const reopened = renderPlan(makePlan(facts({ opening: 3 })));
    expect(reopened).toContain("opened before, up to 2 times: another model is judged at 0.0017 in place of 0.040");
    expect(page).not.toContain("opened before");
  });

  test("predicts what is certain: scan, features and proof", () => {
    expect(plan.seconds.fixed).toBeCloseTo(3 + 8 + (3 + 100 / 100 + 6));
    const data = { name: "two backbones", recipe: "both", verdict: "kept", multiplyAdds: 4 * 384e6 };
    const kept: TraceEvent = { at: "", kind: "observation", stage: "loop", text: "both: accuracy 90 %", data };
    const dearer = makePlan(facts({ events: [kept] })).seconds.fixed - plan.seconds.fixed;
    expect(dearer).toBeCloseTo(3 * (3 + 100 / 100)); // what is looked at again, at a quarter of the speed
    expect(makePlan(facts({ fineTuning: false })).seconds).toMatchObject({ search: expect.closeTo(180), tuning: 0 });
  });

  test("divides the budget as a run does: 30 % for trials of what the recipe has, which is 40 % where fine-tuning fits", () => {
    expect(plan.seconds).toMatchObject({ search: expect.closeTo(72), tuning: expect.closeTo(360) });
    expect(page).toContain("the recipe has 4 min 0 s: at most 1 min 12 s on trials");
    expect(page).toContain("6 min 0 s, and what the recipe leaves, are for fine-tuning");
    const short = renderPlan(makePlan(facts({ budgetSeconds: 40 })));
    expect(short).toContain("Of 40.0 s at most 12.0 s on trials");
    const few = { ...audit, distinctSplits: { ...splits, select: 19 } };
    expect(renderPlan(makePlan(facts({ audit: few })))).toContain("Of 10 min 0 s at most 3 min 0 s on trials");
  });

  test("says when a trial is kept, and that fine-tuning accumulates gradients", () => {
    expect(page).toMatch(/costs more than the recipe in force is kept where .* more than one standard error; one that/);
    expect(page).toContain("to steps of up to 32 photographs (gradient accumulation)");
    expect(page).not.toContain("Not gradient accumulation");
    const frozen = renderPlan(makePlan(facts({ fineTuning: false })));
    expect(frozen).toContain(
      "Not gradient accumulation: not measured, since a linear head is trained on all photographs at once.",
    );
  });

  test("refuses nothing by a number that was not measured", () => {
    const refused = plan.steps.flatMap(({ decisions }) => decisions.flatMap((decision) => decision.refused));
    expect(refused.length).toBeGreaterThan(5);
    expect(refused.every((one) => one.event === null)).toBe(true);
    expect(page).toContain("- Not two backbones: not measured.");
  });
});

test("after the search each alternative cites the event of its number, or what it would have taken", () => {
  const events = [
    event("observation", "two backbones: a + b: accuracy 90.0 %; +3.0 ± 1.0 points: kept", {
      name: "two backbones",
      recipe: "a + b",
      verdict: "kept",
    }),
    event("observation", "mirror: a, mirrored: accuracy 87.0 %; +0.0 ± 1.0 points: rolled back", {
      name: "mirror",
      recipe: "a, mirrored",
      verdict: "rolled back",
    }),
    event("decision", "resolution: not measured; it takes about 5 min, 1 min are left", {
      name: "resolution",
      unmeasured: true,
    }),
  ];
  const page = renderPlan(makePlan(facts({ events })));
  expect(page).toContain("**How does it look at a photograph?** a + b.");
  expect(page).toContain("- Not mirror: a, mirrored: accuracy 87.0 %; +0.0 ± 1.0 points: rolled back (event 2).");
  expect(page).toContain("- Not resolution: not measured; it takes about 5 min, 1 min are left (event 3).");
  expect(page).toContain("- Not resize mode: not measured.");
});

describe("classes of equal size", () => {
  const even = (own: Partial<Audit>): PlanFacts => {
    const classes = audit.classes.map((row) => ({ ...row, images: 40, weight: 1 }));
    return facts({ audit: { ...audit, classes, imbalance: 1, ...own } });
  };

  test("are said to be so: no range of one value, no weights of 1, no help for rare classes", () => {
    const page = renderPlan(makePlan(even({})));
    expect(page).toContain("Each class has 40 photographs.");
    expect(page).toContain("Yes: they are equal in size.");
    expect(page).toContain("There are none: the classes are about equal in size.");
    expect(page).not.toMatch(/40 to 40|1\.00 to 1\.00|class weights|decision bias|logit adjustment/);
    expect(renderPlan(makePlan(facts()))).toMatch(/R1 asks for the classes alike.*class weights/s);
  });

  test("one finding is one", () => {
    const finding = { severity: "warning", text: "Odd.", remedy: "look" } as Audit["findings"][number];
    expect(renderPlan(makePlan(even({ findings: [finding] })))).toContain("1 finding, see audit.json.");
  });
});

test("classes that test lacks, and a small test split, are said before anything is learned", () => {
  const few = { ...splits, test: 12 };
  const none = { ...splits, test: 0 };
  const classes = audit.classes.map((row, i) => ({ ...row, distinctSplits: i === 0 ? few : none }));
  const { warnings } = makePlan(facts({ audit: { ...audit, classes, distinctSplits: few } }));
  expect(warnings[0]).toMatch(/^1 class has no photograph in test \("jug"\)/);
  // 0.04^(1/12) = 0.7647
  expect(warnings[1]).toMatch(/^The test split is small: 12 photographs, 0 to 12 of a class\. .* 76\.5 % and no more/);
  expect(makePlan(facts()).warnings.join()).not.toMatch(/in test|small/);
});

test("what can be proved is counted without copies", () => {
  const spec = parseSpec("# CONSTRAINTS\n- At least 60% accuracy\n", "spec.md", "markdown");
  expect(renderPlan(makePlan(facts({ spec })))).toMatch(/is proved when \d+ of 200 photographs/);
  expect(renderPlan(makePlan(facts({ spec })))).toContain("calibrate 100, test 200.");
});

test("a depth of fine-tuning that did not fit is listed with its number, once, and not where it was done later", () => {
  const unfit = (name: string, why: string) =>
    event("decision", `${name}: not measured; ${why}`, { name, unmeasured: true });
  const [last, most, all] = ["fine-tune the last stages", "fine-tune most of the network", "fine-tune all layers"];
  const events = [
    unfit(last, "2 epochs take about 90 s, 60 s are there for them"),
    unfit(most, "2 epochs take about 120 s, 60 s are there for them"),
    event("observation", `${last}: small-tuned: accuracy 90.0 %, log loss 0.3 on select; +1: rolled back`, {
      name: last,
      recipe: "small-tuned",
      verdict: "rolled back",
      on: "select",
    }),
    unfit(most, "it takes about 130 s, 50 s are left"),
    { ...event("observation", "bundle written", {}), stage: "bundle" },
  ];
  const page = renderPlan(makePlan(facts({ events })));
  expect(page.match(/- Not fine-tune .*/g)).toEqual([
    `- Not ${last}: small-tuned: accuracy 90.0 %, log loss 0.3 on select; +1: rolled back (event 3).`,
    `- Not ${most}: not measured; it takes about 130 s, 50 s are left (event 4).`,
    `- Not ${all}: not measured.`,
  ]);
});

test("a line that so many photographs cannot prove is said before anything is learned", () => {
  const spec = parseSpec("# CONSTRAINTS\n- 100% accuracy\n- At least 60% accuracy\n", "spec.md", "markdown");
  const { warnings, steps } = makePlan(facts({ spec }));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/C1 .* can never be proved/);
  expect(steps[0]!.decisions.flatMap(({ reasons }) => reasons).join(" ")).toMatch(/C2 .* is proved when \d+ of 200/);
});

test("a budget that leaves no time for trials is said, with one that would", () => {
  expect(makePlan(facts({ budgetSeconds: 5 })).warnings).toEqual([
    "The budget of 5.0 s leaves no time for trials: the features of 800 photographs by small alone take about 8.0 s. --budget 12s would leave some.",
  ]);
  expect(makePlan(facts({ budgetSeconds: 0 })).warnings).toEqual([]);

  expect(renderPlan(makePlan(facts({ budgetSeconds: 0 })))).toContain("On the first recipe alone: the budget is 0.");
  // 2,980 photographs in 29.8 s: of 43 s the trials would leave that, were fine-tuning not to take its 60 %.
  const shared = { ...audit, distinctSplits: { ...splits, train: 60, select: 20, calibrate: 2900 } };
  expect(makePlan(facts({ audit: shared, budgetSeconds: 50 })).warnings.join()).toContain("--budget 107s would");
  expect(makePlan(facts({ audit: shared, budgetSeconds: 107 })).warnings.join()).not.toContain("no time for trials");
});

describe("a device's memory", () => {
  const deviceMemory = { network: "small", limitBytes: 8e9, microBatch: 64, trainingBytes: 2e9, judgingBytes: 4e7 };
  const question = "Does it fit the memory of the device?";

  test("is told as planned where a line limits it", () => {
    const page = renderPlan(makePlan(facts({ deviceMemory })));
    expect(page).toContain(question);
    expect(page).toContain("Planned: yes. Training all layers of small takes 2.0 GB in micro-batches of 64");
    expect(page).toContain("8.0 GB are allowed");
    expect(renderPlan(makePlan(facts()))).not.toContain(question);
  });

  test("that holds no photograph is told too", () => {
    const none = { ...deviceMemory, limitBytes: 1e6, microBatch: 0, trainingBytes: 5e7 };
    expect(renderPlan(makePlan(facts({ deviceMemory: none })))).toContain("Planned: no. A single photograph");
  });
});
