/** How many photographs bounds of a mean would take, against the bound and the power that so many really have. */
import { describe, expect, test } from "vitest";
import { imagesToNarrow, studentQuantile } from "./index.js";

describe("the number that decides", () => {
  const alpha = 0.05;
  const z = studentQuantile(1 - alpha, 1e6);

  test("has the wanted power, for means with a normal distribution", () => {
    const [n, deviation, margin] = [100, 0.3, 0.02];
    const reach = (z * deviation) / Math.sqrt(n);
    const needed = imagesToNarrow({ n, reach, margin, alpha, power: 0.8 })!;
    // The mean lies above the target by margin; it is shown to where it exceeds the target by z standard errors.
    const above = margin / (deviation / Math.sqrt(needed)) - z;
    expect(above).toBeCloseTo(studentQuantile(0.8, 1e6), 1);
  });

  test("is smaller where nothing was wrong, and where fresh photographs are judged less strictly", () => {
    const open = { n: 100, reach: 0.1, margin: 0.05, alpha };
    expect(imagesToNarrow({ ...open, isPerfect: true })).toBe(200);
    const strict = imagesToNarrow({ ...open, alpha: 0.005 })!;
    expect(imagesToNarrow({ ...open, alpha: 0.005, freshAlpha: 0.04 })!).toBeLessThan(strict);
  });

  test("is none where the target is not reached, and no fewer than there are", () => {
    const open = { n: 100, reach: 0.1, alpha, power: 0.8 };
    expect(imagesToNarrow({ ...open, margin: 0 })).toBeNull();
    expect(imagesToNarrow({ ...open, margin: -0.1 })).toBeNull();
    expect(imagesToNarrow({ ...open, margin: 1 })).toBe(100);
  });
});
