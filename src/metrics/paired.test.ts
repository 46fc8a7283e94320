import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { random } from "../core/index.js";
import { accuracyOf } from "./classification.js";
import { comparePaired } from "./paired.js";
import { logitLosses } from "./softmax.js";

/** Logits of two classes that are right or wrong as told. */
function logitsOf(right: readonly boolean[]): Float32Array {
  return Float32Array.from(right.flatMap((hit) => (hit ? [1, 0] : [0, 1])));
}

function sampleDeviation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

describe("comparePaired", () => {
  it("has McNemar's standard error, from the counts of images on which the two differ", () => {
    const outcomes = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(outcomes, (pairs) => {
        const labels = new Int32Array(pairs.length);
        const [first, second] = [logitsOf(pairs.map(([a]) => a)), logitsOf(pairs.map(([, b]) => b))];
        const { accuracyGain, accuracyStandardError } = comparePaired(first, second, labels, 2);
        const n = pairs.length;
        const won = pairs.filter(([a, b]) => !a && b).length;
        const lost = pairs.filter(([a, b]) => a && !b).length;
        const variance = (won + lost - (won - lost) ** 2 / n) / n ** 2;
        expect(accuracyGain).toBeCloseTo((won - lost) / n, 12);
        expect(accuracyStandardError).toBeCloseTo(Math.sqrt((variance * n) / (n - 1)), 10);
      }),
    );
  });

  const generator = random(1, "paired");
  const [images, classes] = [60, 4];
  const draw = (): Float32Array => Float32Array.from({ length: images * classes }, () => 2 * generator.normal());
  const [first, second] = [draw(), draw()];
  const labels = Int32Array.from({ length: images }, () => generator.below(classes));
  const differences = Array.from(
    logitLosses(first, labels, classes),
    (loss, image) => loss - logitLosses(second, labels, classes)[image]!,
  );

  it("measures gains of the second over the first", () => {
    const forth = comparePaired(first, second, labels, classes);
    const back = comparePaired(second, first, labels, classes);
    expect(forth.images).toBe(images);
    expect(forth.accuracyGain).toBeCloseTo(
      accuracyOf(second, labels, classes) - accuracyOf(first, labels, classes),
      12,
    );
    expect(forth.logLossGain).toBeCloseTo(differences.reduce((a, b) => a + b, 0) / images, 12);
    expect(forth.logLossStandardError).toBeCloseTo(sampleDeviation(differences) / Math.sqrt(images), 12);
    expect(back.logLossGain).toBeCloseTo(-forth.logLossGain, 12);
    expect(back.accuracyStandardError).toBeCloseTo(forth.accuracyStandardError, 12);
  });

  it("takes equal groups as one observation each", () => {
    const groups = Array.from({ length: images }, (_, image) => String(image % 12));
    const means = Array.from({ length: 12 }, (_, group) => {
      const own = differences.filter((_difference, image) => image % 12 === group);
      return own.reduce((a, b) => a + b, 0) / own.length;
    });
    const { logLossStandardError } = comparePaired(first, second, labels, classes, groups);
    expect(logLossStandardError).toBeCloseTo(sampleDeviation(means) / Math.sqrt(12), 12);
  });

  it("does not grow surer by copies of the same images", () => {
    const names = Array.from({ length: images }, (_, image) => String(image));
    const double = (values: Float32Array): Float32Array => Float32Array.from([...values, ...values]);
    const once = comparePaired(first, second, labels, classes, names);
    const twice = comparePaired(double(first), double(second), [...labels, ...labels], classes, [...names, ...names]);
    expect(twice.accuracyStandardError).toBeCloseTo(once.accuracyStandardError, 12);
    expect(twice.logLossGain).toBeCloseTo(once.logLossGain, 12);
  });

  it("claims nothing without two groups", () => {
    expect(comparePaired(first.subarray(0, 4), second.subarray(0, 4), [0], 4).accuracyStandardError).toBe(Infinity);
    const empty = comparePaired(new Float32Array(0), new Float32Array(0), [], 4);
    expect(empty).toMatchObject({ images: 0, accuracyGain: 0, logLossStandardError: Infinity });
  });

  it("refuses shapes that do not fit", () => {
    expect(() => comparePaired(first, second.subarray(4), labels, classes)).toThrow(RangeError);
    expect(() => comparePaired(first, second, labels, classes, ["a"])).toThrow(RangeError);
  });
});
