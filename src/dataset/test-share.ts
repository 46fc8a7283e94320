/**
 * How much of the photographs becomes test, sized by what has to be proved (exact binomial bounds) and not by habit.
 * A larger test proves more and leaves less to train on; every share that was weighed is listed with both sides.
 */
import { provable, testImagesNeeded } from "../statistics/index.js";

export interface TestShareRequest {
  /** Different photographs that are to be divided. */
  readonly images: number;
  readonly classes: number;
  /** The accuracy to prove, as a fraction; null where the spec has none. */
  readonly target: number | null;
  /** Level at which the test will be judged. */
  readonly alpha: number;
}

export interface ShareOption {
  readonly share: number;
  /** As many are to be expected: who is in test follows from content, and a split has some more or fewer. */
  readonly testImages: number;
  /** Photographs left for train, select and calibrate. */
  readonly learnImages: number;
  /** The fewest right answers that would prove the target; null where even all right would not, or without a target. */
  readonly mustBeRight: number | null;
}

export interface TestShare extends ShareOption {
  /** All shares that were weighed, the smallest first. */
  readonly options: readonly ShareOption[];
  /** Test photographs that prove the target with 80 % power at `supposedRate`; null without a target. */
  readonly needed: number | null;
  /** The supposed true accuracy: half of the errors that the target allows. */
  readonly supposedRate: number | null;
  /** Test photographs that were asked for: those needed, and ten for each class; null without a target. */
  readonly wanted: number | null;
}

/** Few steps, so that the share, and with it the test split, rarely changes when photographs are added. */
const shares = [0.15, 0.2, 0.25, 0.3] as const;
export const usualShare = 0.2;
const power = 0.8;
/** Fewer test photographs than this for each class say nothing about any class. */
const fewestPerClass = 10;

/**
 * The smallest share whose test photographs prove the target with 80 % power at half of the errors it allows, and give every
 * class ten on average; the largest on offer where none does.
 */
export function chooseTestShare({ images, classes, target, alpha }: TestShareRequest): TestShare {
  const options = shares.map((share) => weigh(share, images, target, alpha));
  if (target === null || target <= 0 || target >= 1) {
    const usual = options.find(({ share }) => share === usualShare)!;
    return { ...usual, options, needed: null, supposedRate: null, wanted: null };
  }
  const supposedRate = (1 + target) / 2;
  const needed = testImagesNeeded({ rate: supposedRate, target, alpha, power });
  const wanted = Math.max(needed ?? Number.POSITIVE_INFINITY, classes * fewestPerClass);
  const chosen = options.find(({ testImages }) => testImages >= wanted) ?? options.at(-1)!;
  return { ...chosen, options, needed, supposedRate, wanted };
}

function weigh(share: number, images: number, target: number | null, alpha: number): ShareOption {
  const testImages = Math.round(share * images);
  const mustBeRight = target === null || testImages === 0 ? null : provable(testImages, target, alpha);
  return { share, testImages, learnImages: images - testImages, mustBeRight };
}

/** Why this share, in a sentence, with the photographs that a split by it really has in test. */
export function explainTestShare(
  { needed, wanted, testImages: expected }: TestShare,
  { target, alpha }: Pick<TestShareRequest, "target" | "alpha">,
  testImages: number,
): string {
  if (target !== null && target >= 1) return "no number of photographs proves 100 %: the usual share";
  if (target === null || wanted === null) return "no accuracy to prove: the usual share";
  const mustBeRight = testImages === 0 ? null : provable(testImages, target, alpha);
  const best =
    mustBeRight === null
      ? `${testImages} test photographs cannot prove the target even if all are right`
      : `${testImages} test photographs prove the target when at least ${mustBeRight} are right`;
  const would = `${needed ?? "more than ten million"} would do so with 80 % power`;
  if (expected < wanted) return `${best}; ${would}, more than may be spared`;
  if (testImages < wanted && needed === wanted) return `${best}; ${would}, about ${expected} were to be expected`;
  return needed === wanted
    ? `${best}; ${needed} are needed for 80 % power`
    : `${best}; every class gets about ${fewestPerClass} on average`;
}
