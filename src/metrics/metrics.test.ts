import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { random } from "../core/index.js";
import {
  accuracyOf,
  argmaxRows,
  brierScore,
  calibrationError,
  confusionMatrix,
  logitLosses,
  measurePredictions,
  negativeLogLikelihood,
  type PredictionMetrics,
  softmaxRows,
} from "./index.js";

type Scalar = "accuracy" | "balancedAccuracy" | "macroF1" | "negativeLogLikelihood" | "brierScore" | "calibrationError";
type Column = "recall" | "precision" | "f1" | "support";

interface Case {
  readonly name: string;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly probabilities: readonly number[];
  readonly expected: Readonly<Record<Scalar, number> & Record<Column, readonly (number | null)[]>> & {
    readonly confusion: PredictionMetrics["confusion"];
  };
}

/** Written by fixtures/make-sklearn-oracle.py. */
const cases = JSON.parse(readFileSync(new URL("fixtures/sklearn.json", import.meta.url), "utf8")) as readonly Case[];
const scalars: readonly Scalar[] = [
  "accuracy",
  "balancedAccuracy",
  "macroF1",
  "negativeLogLikelihood",
  "brierScore",
  "calibrationError",
];
const columns: readonly Column[] = ["recall", "precision", "f1", "support"];

describe.each(cases)("agrees with scikit-learn: $name", ({ classes, labels, probabilities, expected }) => {
  const measured = measurePredictions(labels, Float32Array.from(probabilities), classes);

  it.each(scalars)("%s", (name) => {
    expect(measured[name]).toBeCloseTo(expected[name], 6);
  });

  it.each(columns)("%s by class", (name) => {
    for (const [index, wanted] of expected[name].entries()) {
      const got = measured.perClass[index]![name];
      if (wanted === null) expect(got).toBeNull();
      else expect(got).toBeCloseTo(wanted, 12);
    }
  });

  it("accuracy of the scores alone", () => {
    expect(accuracyOf(Float32Array.from(probabilities), labels, classes)).toBeCloseTo(expected.accuracy, 12);
  });

  it("confusion matrix and worst class", () => {
    expect(measured.confusion).toEqual(expected.confusion);
    const recalls = expected.recall.map((recall) => recall ?? Number.POSITIVE_INFINITY);
    expect(measured.worstClass).toEqual({ class: recalls.indexOf(Math.min(...recalls)), recall: Math.min(...recalls) });
  });
});

describe("edges", () => {
  it("measures no rows", () => {
    const measured = measurePredictions([], new Float32Array(0), 3);
    expect(measured).toMatchObject({ rows: 0, accuracy: 0, balancedAccuracy: 0, macroF1: 0, worstClass: null });
    expect([measured.negativeLogLikelihood, measured.brierScore, measured.calibrationError]).toEqual([0, 0, 0]);
  });

  it("gives ties to the lowest class", () => {
    expect([...argmaxRows(Float32Array.of(0.5, 0.5, 0.2, 0.4, 0.4, 0.2), 3)]).toEqual([0, 0]);
  });

  it("keeps a zero probability finite", () => {
    expect(negativeLogLikelihood([1], Float32Array.of(1, 0), 2)).toBeCloseTo(23 * Math.LN2, 10);
    expect(brierScore([1], Float32Array.of(1, 0), 2)).toBe(2);
  });

  it("refuses what does not fit", () => {
    expect(() => measurePredictions([0], Float32Array.of(1, 0, 0), 2)).toThrow(RangeError);
    expect(() => measurePredictions([0, 1], Float32Array.of(1, 0), 2)).toThrow(RangeError);
    expect(() => measurePredictions([2], Float32Array.of(1, 0), 2)).toThrow(RangeError);
    expect(() => confusionMatrix([0, 1], [0, -1], 2)).toThrow(RangeError);
  });

  it("takes a matrix and a list of labels alike", () => {
    const probabilities = Float32Array.of(0.9, 0.1, 0.3, 0.7);
    expect(measurePredictions(Int32Array.of(0, 0), probabilities, 2)).toEqual(
      measurePredictions([0, 0], probabilities, 2),
    );
  });
});

/** The error of predicting class 1 at these confidences. */
function errorOf(rows: readonly (readonly [confidence: number, label: number])[]): number {
  return calibrationError(
    rows.map(([, label]) => label),
    rows.map(() => 1),
    rows.map(([confidence]) => confidence),
  );
}

describe("calibration error", () => {
  it("does not depend on the order of rows, ties included", () => {
    const rows = fc.array(fc.tuple(fc.constantFrom(0.5, 0.6, 0.9, 1), fc.integer({ min: 0, max: 1 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(rows, fc.integer(), (drawn, seed) => {
        expect(errorOf(random(seed).shuffle(drawn))).toBeCloseTo(errorOf(drawn), 12);
      }),
    );
  });

  it("is the gap where all confidences are equal", () => {
    expect(calibrationError([1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1])).toBeCloseTo(0.25, 12);
  });
});

describe("softmax", () => {
  it("is stable for huge logits and divides by the temperature", () => {
    expect([...softmaxRows(Float32Array.of(1e30, 1e30, -1e30), 3)]).toEqual([0.5, 0.5, 0]);
    const [p] = softmaxRows(Float32Array.of(2, 0), 2, 2);
    expect(p).toBeCloseTo(1 / (1 + Math.exp(-1)), 7);
  });

  it("agrees with its own losses", () => {
    const logits = Float32Array.of(1, -2, 0.5, 3, 3, -4);
    const losses = logitLosses(logits, [2, 0], 3);
    const probabilities = softmaxRows(logits, 3);
    expect(losses[0]).toBeCloseTo(-Math.log(probabilities[2]!), 6);
    expect(losses[1]).toBeCloseTo(-Math.log(probabilities[3]!), 6);
  });
});
