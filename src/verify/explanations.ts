/** Whether the model's class activation maps tell the truth: deletion against random orders, on a fixed sample of the test photographs. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, random } from "../core/index.js";
import type { Picture } from "../dataset/index.js";
import { type DeletionScore, deletionScores } from "../explain/index.js";
import type { MeasureRequest } from "./measurements.js";

export type ExplanationMeasurement =
  | { readonly scores: readonly DeletionScore[] }
  /** Why the model has no maps. */
  | { readonly refused: string };

/** Eight runs of the model for each: the effect is large, and verify shall take seconds. */
const sampleSize = 24;

export const explanationRuns = 8 * sampleSize;

/** Null where no line of the spec asks for explanations. */
export async function measureExplanations(request: MeasureRequest): Promise<ExplanationMeasurement | null> {
  const { bundle, dataset, offered, spec, threads, progress, signal } = request;
  if (!spec.requirements.some(({ kind }) => kind === "interpretability")) return null;
  const photographs = sampleOf(offered.test).map(({ path, pixelHash }) => ({
    name: pixelHash,
    read: () => readFile(join(dataset.root, path)),
  }));
  try {
    return { scores: await deletionScores(bundle, photographs, { atOnce: threads, progress, signal }) };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "not-explainable") throw error;
    return { refused: `${error.what}; ${error.remedy}` };
  }
}

/** The same photographs whatever their names and order: drawn by their content. */
function sampleOf(pictures: readonly Picture[]): Picture[] {
  const byContent = pictures.toSorted((a, b) => (a.pixelHash < b.pixelHash ? -1 : 1));
  return random(0, "explanations").shuffle(byContent).slice(0, sampleSize);
}
