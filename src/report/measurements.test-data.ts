/** Made-up measurements of 20 classes and the builders for more, as a run would leave them. */
import type { ClassRow, RequirementEvidence, SplitMetrics } from "../verify/evidence.js";

/** A name that tries to leave its element, its line and its direction. */
export const hostileName = `<script>alert("1")</script> & 'Co' \u202egnol\nsecond line 🧦`;

const labels = [
  "Backpack",
  "Belt",
  "Blouse",
  "Boots",
  "Cap",
  "Cardigan",
  "Dress",
  "Gloves",
  "Hoodie",
  "Jeans",
  "Long sleeve shirt with collar and buttons",
  hostileName,
  "Raincoat",
  "Sandals",
  "Scarf",
  "Shorts",
  "Skirt",
  "Sneakers",
  "Socks 👟 & tights",
  "T-Shirt",
];
const testCounts = [31, 12, 27, 29, 18, 22, 45, 9, 38, 52, 41, 6, 16, 24, 14, 33, 26, 61, 11, 85];
/** [actual, labelled, pictures] of the test split. */
const testMistakes = [
  [2, 10, 8],
  [2, 19, 3],
  [5, 8, 3],
  [8, 5, 2],
  [8, 19, 1],
  [10, 2, 3],
  [16, 6, 2],
  [13, 17, 1],
  [12, 8, 1],
  [11, 18, 1],
  [18, 11, 1],
  [7, 18, 1],
  [15, 9, 1],
] as const;
const validationMistakes = [
  [2, 10, 2],
  [5, 8, 2],
  [10, 2, 1],
  [16, 6, 1],
  [19, 10, 1],
  [13, 17, 1],
  [7, 18, 1],
] as const;

/** A 95 % Wilson interval: close enough to Clopper–Pearson for a sample. */
export function approximateInterval(right: number, total: number, z = 1.96): readonly [number, number] {
  const rate = right / total;
  const center = (rate + z ** 2 / (2 * total)) / (1 + z ** 2 / total);
  const half = (z * Math.sqrt((rate * (1 - rate)) / total + z ** 2 / (4 * total ** 2))) / (1 + z ** 2 / total);
  return [Math.max(0, center - half), Math.min(1, center + half)];
}

/** A confusion matrix from class sizes and mistakes. */
export function buildConfusion(
  counts: readonly number[],
  mistakes: readonly (readonly [number, number, number])[],
): number[][] {
  const matrix = counts.map((count, actual) => counts.map((_, labelled) => (actual === labelled ? count : 0)));
  for (const [actual, labelled, pictures] of mistakes) {
    matrix[actual]![labelled]! += pictures;
    matrix[actual]![actual]! -= pictures;
  }
  return matrix;
}

/** The class table of a confusion matrix. */
export function buildClasses(names: readonly string[], confusion: readonly (readonly number[])[]): ClassRow[] {
  return names.map((label, index) => {
    const testCount = confusion[index]!.reduce((sum, count) => sum + count, 0);
    const testCorrect = confusion[index]![index]!;
    const named = confusion.reduce((sum, row) => sum + row[index]!, 0);
    const [recallLower, recallUpper] =
      testCount === 0 ? [null, null] : approximateInterval(testCorrect, testCount, 1.75);
    return {
      label,
      trainCount: 7 * testCount + index,
      testCount,
      testCorrect,
      recall: testCount === 0 ? null : testCorrect / testCount,
      recallLower,
      recallUpper,
      precision: named === 0 ? null : testCorrect / named,
    };
  });
}

function summarizeSplit(confusion: readonly (readonly number[])[], calibrationError: number): SplitMetrics {
  const totals = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const n = totals.reduce((sum, count) => sum + count, 0);
  const right = confusion.reduce((sum, row, index) => sum + row[index]!, 0);
  const recalls = confusion.map((row, index) => row[index]! / totals[index]!);
  const balancedAccuracy = recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
  return {
    n,
    accuracy: right / n,
    accuracyInterval: approximateInterval(right, n),
    balancedAccuracy,
    balancedAccuracyInterval: [balancedAccuracy - 0.024, balancedAccuracy + 0.021],
    negativeLogLikelihood: 0.1834,
    calibrationError,
    confusion,
    reliability: [0.52, 0.71, 0.86, 0.94, 0.98, 0.99, 0.995, 0.998, 0.999, 1].map((confidence, i) => {
      const size = Math.floor(n / 10);
      const hits = Math.round(size * Math.min(1, Math.max(0, confidence + (i % 2 === 0 ? 0.03 : -0.04))));
      return { n: size, confidence, accuracy: hits / size, interval: approximateInterval(hits, size) };
    }),
  };
}

const testConfusion = buildConfusion(testCounts, testMistakes);
/** Test metrics: 572 of 600 right. */
export const test = summarizeSplit(testConfusion, 0.0131);
/** Metrics of the half of validation that nothing trained on. */
export const calibrate = summarizeSplit(
  buildConfusion(
    testCounts.map((count) => Math.ceil(count / 2)),
    validationMistakes,
  ),
  0.0094,
);
/** The class table of the test metrics. */
export const classes = buildClasses(labels, testConfusion);

/** A line of the spec, unproven and unmeasured unless said otherwise. */
export function buildLine(
  part: Partial<RequirementEvidence> & Pick<RequirementEvidence, "id" | "text">,
): RequirementEvidence {
  return {
    kind: "not-checkable",
    role: "hard",
    target: null,
    unit: "none",
    split: "run",
    estimator: "none",
    measured: null,
    lower: null,
    upper: null,
    alpha: 0.05,
    n: null,
    verdict: "unproven",
    evidence: "Not measured yet: this version of assay has no check for it.",
    ...part,
  };
}
