/** The utility of the soft lines: parts that a trial shows, and their mean. */
import { expect, test } from "vitest";
import type { Recipe } from "../backbone/index.js";
import { parseSpec } from "../spec/index.js";
import { type Trial, utilityOf } from "./index.js";

function recipe(multiplyAdds: number): Recipe {
  const row = { multiplyAdds, view: { size: 1 } };
  return { looks: [{}], branches: [{ backbone: { row }, size: 1 }] } as unknown as Recipe;
}

/** Eight photographs of a class, one of a rare one that is never found, and three of a third. */
const labels = Int32Array.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2]);
const predicted = [0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0];
const logits = Float32Array.from(predicted.flatMap((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0))));
const trial = { logits, recipe: recipe(400) } as unknown as Trial;

function utility(text: string) {
  return utilityOf(parseSpec(text, "spec.md", "markdown"), { labels, classes: 3, start: recipe(100) })(trial);
}

test("each soft line that a trial shows is a part once, and the utility is their mean", () => {
  const { parts, total } = utility(
    "# CONSTRAINTS\n- 80% accuracy\n# REWARDS\n- High accuracy on imbalanced classes\n- Good recall of the worst class\n# PENALTIES\n- Slow inference\n- Poor performance on rare classes\n- Memory overflow\n",
  );
  const balanced = (1 + 0 + 2 / 3) / 3;
  expect(parts).toEqual({ "balanced accuracy": balanced, "worst recall": 0, "rare recall": 0, speed: 0.25 });
  expect(total).toBeCloseTo((balanced + 0.25) / 4);
});

test("without a soft line that a trial shows there is none", () => {
  expect(utility("# CONSTRAINTS\n- 80% accuracy\n- Inference time < 100ms\n")).toEqual({ parts: {}, total: null });
});
