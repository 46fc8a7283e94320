import { describe, expect, it } from "vitest";
import { chooseTestShare, explainTestShare } from "./index.js";

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
    const asked = { images: 5000, classes: 2, target: 0.95, alpha: 0.05 };
    const sized = chooseTestShare(asked);
    expect(sized.supposedRate).toBeCloseTo(0.975);
    expect(sized.testImages).toBeGreaterThanOrEqual(sized.needed!);
    expect(explainTestShare(sized, asked, sized.testImages)).toMatch(/prove the target when at least \d+ are right/);
  });

  it("is explained by the photographs that are in test, not by those to be expected", () => {
    // Clopper–Pearson at 0.05 (SciPy): 58 of 58 prove 95 %, 0.9497 is too little; of 59 all must be right.
    const asked = { images: 300, classes: 2, target: 0.95, alpha: 0.05 };
    const sized = chooseTestShare(asked);
    expect(sized.testImages).toBe(90);
    expect(explainTestShare(sized, asked, 59)).toMatch(/^59 test photographs prove .* at least 59 are right;/);
    expect(explainTestShare(sized, asked, 51)).toMatch(/^51 test photographs cannot prove the target even if all/);
  });

  it("is the usual one for 100 %, which nothing proves, and says so", () => {
    const asked = { images: 1000, classes: 3, target: 1, alpha: 0.05 };
    expect(explainTestShare(chooseTestShare(asked), asked, 180)).toBe(
      "no number of photographs proves 100 %: the usual share",
    );
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
