import { expect, test } from "vitest";
import { withoutMarkdown } from "./index.js";

test("a plan for a terminal has the words and none of Markdown's marks", () => {
  const page = [
    "# Plan",
    "> **Before anything is learned:** little.",
    "## Step 1: Data",
    "**How is it served?** `assay serve` answers. *(about 3.0 s)*",
    "- Not 2 * 3: it is 6 * 1.",
  ];
  expect(withoutMarkdown(page.join("\n"))).toBe(
    [
      "Plan",
      "! Before anything is learned: little.",
      "Step 1: Data",
      "How is it served? assay serve answers. (about 3.0 s)",
      "- Not 2 * 3: it is 6 * 1.",
    ].join("\n"),
  );
});
