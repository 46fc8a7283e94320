import { describe, expect, it } from "vitest";
import { random } from "../core/index.js";
import { measurePredictions } from "../metrics/index.js";
import { decide, type DecisionBiasOptions, fitDecisionBias } from "./decision-bias.js";

/** Points of normal clouds around 0, 1, 2 … of unequal frequency, with the exact posterior of each. */
function drawPosteriors(images: number, priors: readonly number[], seed: number): DecisionBiasOptions {
  const generator = random(seed, "posteriors");
  const classes = priors.length;
  const labels = Int32Array.from({ length: images }, () => {
    let ticket = generator.next();
    return Math.max(
      0,
      priors.findIndex((prior) => (ticket -= prior) < 0),
    );
  });
  const probabilities = Float32Array.from({ length: images * classes });
  for (const [image, label] of labels.entries()) {
    const x = label + 0.7 * generator.normal();
    const joint = priors.map((prior, k) => prior * Math.exp(-0.5 * ((x - k) / 0.7) ** 2));
    const total = joint.reduce((a, b) => a + b, 0);
    for (const [k, density] of joint.entries()) probabilities[image * classes + k] = density / total;
  }
  return { probabilities, labels, classes, priors };
}

const unequal = drawPosteriors(4000, [0.7, 0.2, 0.07, 0.03], 1);

/** Probabilities whose most probable class is the biased decision, for an oracle that only knows argmax. */
function tilt({ probabilities, priors, classes }: DecisionBiasOptions, tau: number): Float32Array {
  return probabilities.map((p, at) => p * priors[at % classes]! ** -tau);
}

function bootstrapError(options: DecisionBiasOptions, tau: number, resamples: number): number {
  const { probabilities, labels, classes } = options;
  const generator = random(7, "bootstrap");
  const tilted = tilt(options, tau);
  const gains = Array.from({ length: resamples }, () => {
    const drawn = Array.from(labels, () => generator.below(labels.length));
    const own = drawn.map((image) => labels[image]!);
    const rows = (from: Float32Array): Float32Array =>
      Float32Array.from(drawn.flatMap((image) => [...from.subarray(image * classes, (image + 1) * classes)]));
    const balanced = (scores: Float32Array): number => measurePredictions(own, rows(scores), classes).balancedAccuracy;
    return balanced(tilted) - balanced(probabilities);
  });
  const mean = gains.reduce((a, b) => a + b, 0) / resamples;
  return Math.sqrt(gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / (resamples - 1));
}

describe("fitDecisionBias", () => {
  it("finds τ near 1 where the probabilities are right, as theory says, and what it measures is so", () => {
    const fit = fitDecisionBias(unequal);
    expect(fit.tau).toBeGreaterThanOrEqual(0.7);
    expect(fit.tau).toBeLessThanOrEqual(1);
    expect(fit.after.balancedAccuracy).toBeGreaterThan(fit.before.balancedAccuracy + 0.05);
    expect(fit.after.accuracy).toBeLessThan(fit.before.accuracy);
    for (const [tau, found] of [
      [0, fit.before],
      [fit.tau, fit.after],
    ] as const) {
      const plain = measurePredictions(unequal.labels, tilt(unequal, tau), 4);
      expect(found.accuracy).toBeCloseTo(plain.accuracy, 3);
      expect(found.balancedAccuracy).toBeCloseTo(plain.balancedAccuracy, 3);
      expect(found.worstRecall).toBeCloseTo(plain.worstClass!.recall, 2);
    }
    for (const [k, prior] of Array.from(unequal.priors).entries())
      expect(fit.bias[k]).toBeCloseTo(-fit.tau * Math.log(prior), 12);
    expect(fit.candidates.map(({ tau }) => tau)).toEqual(Array.from({ length: 11 }, (_, i) => i / 10));
  });

  it("knows the noise of the gain: the bootstrap finds the same", () => {
    const few = drawPosteriors(500, [0.7, 0.2, 0.1], 2);
    const { best } = fitDecisionBias(few);
    const error = bootstrapError(few, best.tau, 400);
    expect(best.standardError / error).toBeGreaterThan(0.85);
    expect(best.standardError / error).toBeLessThan(1.15);
  });

  it("takes the mildest that is within a standard error of the best", () => {
    const few = drawPosteriors(1500, [0.7, 0.2, 0.07, 0.03], 10);
    const { tau, best, taken, candidates, before } = fitDecisionBias(few);
    const top = Math.max(...candidates.map(({ utility }) => utility));
    const near = candidates.filter(({ utility }) => utility >= top - best.standardError);
    expect(tau).toBe(Math.min(...near.map((one) => one.tau)));
    expect(tau).toBeLessThan(best.tau);
    expect(taken!.gain).toBeCloseTo(near[0]!.utility - before.balancedAccuracy, 12);
    expect(taken!.gain).toBeGreaterThan(0);
  });

  it("leaves decisions alone where a gain is within its noise", () => {
    const tiny = drawPosteriors(40, [0.6, 0.4], 4);
    const fit = fitDecisionBias(tiny);
    expect(fit.best.gain).toBeLessThanOrEqual(2 * fit.best.standardError);
    expect(fit).toMatchObject({ tau: 0, taken: null });
    expect([...fit.bias]).toEqual([0, 0]);
    expect(fit.after).toEqual(fit.before);
    const equal = fitDecisionBias(drawPosteriors(300, [0.25, 0.25, 0.25, 0.25], 5));
    expect(equal.best).toEqual({ tau: 0, gain: 0, standardError: 0 });
  });

  it("takes copies of an image for one", () => {
    const few = drawPosteriors(300, [0.7, 0.2, 0.1], 3);
    const groups = Array.from({ length: 300 }, (_, image) => String(image));
    const twice = {
      ...few,
      probabilities: Float32Array.from([...few.probabilities, ...few.probabilities]),
      labels: [...Array.from(few.labels), ...Array.from(few.labels)],
    };
    const once = fitDecisionBias(few).best;
    const grouped = fitDecisionBias({ ...twice, groups: [...groups, ...groups] }).best;
    const alone = fitDecisionBias(twice).best;
    expect(grouped.standardError).toBeCloseTo(once.standardError, 10);
    expect(alone.standardError).toBeLessThan(0.75 * once.standardError);
    expect(fitDecisionBias({ ...few, groups: groups.map(() => "one") }).tau).toBe(0);
  });

  it("is none where the accuracy is below the floor already, even if it seems to cost nothing", () => {
    const lucky = {
      ...unequal,
      probabilities: Float32Array.of(0.6, 0.4, 0.6, 0.4, 0.51, 0.49, 0.51, 0.49),
      classes: 2,
    };
    const fit = (accuracyFloor: number) =>
      fitDecisionBias({ ...lucky, labels: [0, 0, 1, 1], priors: [0.9, 0.1], accuracyFloor });
    expect(fit(0.5).best.gain).toBeGreaterThan(0);
    expect(fit(0.75)).toMatchObject({ tau: 0, best: { tau: 0 } });
  });

  it("keeps the accuracy asked for", () => {
    const free = fitDecisionBias(unequal);
    const accuracyFloor = (free.before.accuracy + free.after.accuracy) / 2;
    const kept = fitDecisionBias({ ...unequal, accuracyFloor });
    expect(kept.after.accuracy).toBeGreaterThanOrEqual(accuracyFloor);
    expect(kept.tau).toBeGreaterThan(0);
    expect(kept.tau).toBeLessThan(free.tau);
    expect(fitDecisionBias({ ...unequal, accuracyFloor: 1 }).tau).toBe(0);
  });

  it("serves any utility", () => {
    expect(fitDecisionBias({ ...unequal, utility: ({ accuracy }) => accuracy }).tau).toBe(0);
    const worst = fitDecisionBias({ ...unequal, utility: ({ worstRecall }) => worstRecall });
    const highest = Math.max(...worst.candidates.map(({ worstRecall }) => worstRecall));
    expect(worst.candidates.find(({ tau }) => tau === worst.best.tau)!.worstRecall).toBe(highest);
    expect(worst.after.worstRecall).toBeGreaterThanOrEqual(highest - worst.best.standardError);
  });

  it("gives no bias to a class without images, and lives without any image", () => {
    const padded = Float32Array.from({ length: 5 * unequal.labels.length }, (_, at) =>
      at % 5 === 4 ? 0 : unequal.probabilities[Math.floor(at / 5) * 4 + (at % 5)]!,
    );
    const fit = fitDecisionBias({
      ...unequal,
      probabilities: padded,
      classes: 5,
      priors: [...Array.from(unequal.priors), 0],
    });
    expect(fit.bias[4]).toBe(0);
    expect(fit.after).toEqual(fitDecisionBias(unequal).after);
    const none = fitDecisionBias({ probabilities: new Float32Array(0), labels: [], classes: 2, priors: [0.5, 0.5] });
    expect(none).toMatchObject({ tau: 0, after: { accuracy: 0, balancedAccuracy: 0, worstRecall: 0 } });
  });

  it("refuses shapes that do not fit", () => {
    const wrong = [{ classes: 3 }, { priors: [1] }, { groups: ["a"] }, { labels: unequal.probabilities.map(() => 9) }];
    for (const change of wrong) expect(() => fitDecisionBias({ ...unequal, ...change })).toThrow(RangeError);
    expect(() => fitDecisionBias({ ...unequal, labels: new Int32Array(4000).fill(4) })).toThrow(RangeError);
  });
});

describe("decide", () => {
  it("takes the lowest of equals and follows the bias", () => {
    const probabilities = Float32Array.of(0.5, 0.5, 0.9, 0.1);
    expect([...decide(probabilities, [0, 0])]).toEqual([0, 0]);
    expect([...decide(probabilities, [0, 0.1])]).toEqual([1, 0]);
    expect([...decide(probabilities, [0, Math.log(9) + 0.01])]).toEqual([1, 1]);
  });
});
