/** The six letters, each passing and warning. */
import { describe, expect, test } from "vitest";
import { checkStory, type InvestLetter, parseSpec, type StoryCheck, type StoryFacts } from "./index.js";

const story = "As a buyer\nI want to sort photographs into 17 classes\nSo that offers go out the same day";
const lists = "# CONSTRAINTS\n- 4,500 labeled images available\n- 80% accuracy\n- Training time under 10 minutes\n";

function letter(which: InvestLetter, text: string, facts: StoryFacts = {}): StoryCheck {
  return checkStory(parseSpec(text, "spec.md"), facts).find((check) => check.letter === which)!;
}

const cases: readonly (readonly [letter: InvestLetter, text: string, facts: StoryFacts, pass: boolean, why: RegExp])[] =
  [
    ["I", `${story}\n\n${lists}`, {}, true, /one outcome/],
    [
      "I",
      `As a buyer I want to sort photographs and count the hats so that it is done\n\n${lists}`,
      {},
      false,
      /second outcome \(“count”\)/,
    ],
    ["I", lists, {}, false, /no “I want”/],
    ["N", `${story}\n\n${lists}`, {}, true, /a need/],
    ["N", `As a buyer I want to fine-tune a ResNet-50 so that it works\n\n${lists}`, {}, false, /“fine-tune”/],
    ["N", `As a buyer I want a vit so that it works\n\n${lists}`, {}, false, /“vit”/],
    ["N", `As a buyer I want to sort photographs of vital signs so that it works\n\n${lists}`, {}, true, /a need/],
    ["V", `${story}\n\n${lists}`, {}, true, /offers go out the same day/],
    ["V", `As a buyer I want to sort photographs\n\n${lists}`, {}, false, /no “so that”/],
    ["E", `${story}\n\n${lists}`, {}, true, /are given/],
    [
      "E",
      `${story}\n\n# CONSTRAINTS\n- 80% accuracy`,
      {},
      false,
      /Not given: the number of images, a limit of the training time/,
    ],
    ["E", "# CONSTRAINTS\n- 80% accuracy", { imageCount: 10, classCount: 2, budgetSeconds: 900 }, true, /are given/],
    ["T", `As a buyer I want photographs sorted so that offers go out in an hour\n\n${lists}`, {}, true, /has a check/],
    [
      "T",
      `As a buyer I want 80% accuracy in under 100 ms so that it is quick\n\n${lists}`,
      {},
      false,
      /The story names “100 ms”, and no line does/,
    ],
    ["S", `${story}\n\n${lists}`, {}, false, /not predicted yet/],
    ["S", `${story}\n\n${lists}`, { predictedSeconds: 90 }, true, /fit its time: 1 min 30 s of 10 min/],
    ["S", `${story}\n\n${lists}`, { predictedSeconds: 700 }, false, /exceed its time: 11 min 40 s of 10 min/],
    ["S", `${story}\n\n${lists}`, { predictedSeconds: 90, budgetSeconds: 60 }, false, /of 1 min/],
    ["S", "# CONSTRAINTS\n- 80% accuracy", { predictedSeconds: 90 }, false, /no limit is given/],
    ["T", `${story}\n\n${lists}`, {}, true, /2 lines, 2 kinds/],
    ["T", `${lists}- Users love it\n`, {}, false, /C4 “Users love it” \(nearest: /],
    ["T", "# REWARDS\n- High accuracy", {}, false, /No line must hold/],
  ];

describe("INVEST", () => {
  test.each(cases)("%s of %j with %j: pass %s", (which, text, facts, pass, why) => {
    const check = letter(which, text, facts);
    expect(check.pass).toBe(pass);
    expect(check.why).toMatch(why);
  });

  test("gives six letters with their names, in order", () => {
    const checks = checkStory(parseSpec(lists, "spec.md"));
    expect(checks.map((check) => check.letter).join("")).toBe("INVEST");
    expect(checks.map((check) => check.name)).toEqual([
      "Independent",
      "Negotiable",
      "Valuable",
      "Estimable",
      "Small",
      "Testable",
    ]);
  });
});
