import { describe, expect, it } from "vitest";
import { chooseTestShare } from "./index.js";

describe("the test share", () => {
  it("says what the photographs can prove at best", () => {
    // The design's figures: at 0.04, 500 test photographs prove 95 % when 484 are right; 372 need 361; 100 need 99.
    const at = (images: number): number | null =>
      chooseTestShare({ images, classes: 2, target: 0.95, alpha: 0.04 }).options.find(({ share }) => share === 0.2)!
        .mustBeRight;
    expect([at(2500), at(1860), at(500), at(250)]).toEqual([484, 361, 99, null]);
  });

  it("is small where there are photographs enough and large where there are few", () => {
    const share = (images: number): number => chooseTestShare({ images, classes: 2, target: 0.95, alpha: 0.04 }).share;
    expect([share(100_000), share(10_000), share(200)]).toEqual([0.15, 0.15, 0.3]);
    for (let images = 100; images < 6000; images += 100)
      expect(share(images)).toBeGreaterThanOrEqual(share(images + 100));
  });

  it("asks for more where the target is harder or the classes are many", () => {
    const share = (target: number, classes: number): number =>
      chooseTestShare({ images: 4000, classes, target, alpha: 0.04 }).share;
    expect(share(0.99, 2)).toBeGreaterThan(share(0.9, 2));
    expect(share(0.9, 100)).toBeGreaterThan(share(0.9, 2));
  });

  it("reaches its power with the number it names", () => {
    const { needed, supposedRate, testImages, reason } = chooseTestShare({
      images: 5000,
      classes: 2,
      target: 0.95,
      alpha: 0.05,
    });
    expect(supposedRate).toBeCloseTo(0.975);
    expect(testImages).toBeGreaterThanOrEqual(needed!);
    expect(reason).toMatch(/prove the target when at least \d+ are right/);
    expect(chooseTestShare({ images: 30, classes: 2, target: 0.95, alpha: 0.05 }).reason).toMatch(/cannot prove/);
  });

  it("is the usual one without a target", () => {
    expect(chooseTestShare({ images: 1000, classes: 3, target: null, alpha: 0.05 })).toMatchObject({
      share: 0.2,
      testImages: 200,
      learnImages: 800,
      mustBeRight: null,
    });
  });
});
