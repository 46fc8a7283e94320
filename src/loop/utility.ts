/** Rewards and penalties as a number: what ranks the recipes that help and that the hard requirements allow. */
import { type Recipe, recipeMultiplyAdds } from "../backbone/index.js";
import { argmaxRows, classMetrics, confusionMatrix } from "../metrics/index.js";
import type { RequirementKind, Spec } from "../spec/index.js";
import type { Trial } from "./trial.js";

/** Each part lies between 0 and 1; more is better. */
export interface Utility {
  readonly parts: Readonly<Record<string, number>>;
  /** Mean of the parts; null where no reward or penalty can be seen in a trial. */
  readonly total: number | null;
}

export type UtilityOf = (trial: Trial) => Utility;

interface Sample {
  readonly labels: Int32Array;
  readonly classes: number;
  /** What the others' speed is compared with. */
  readonly start: Recipe;
}

/** What a trial shows of a kind of line. Others, such as memory, show when the whole is measured. */
const shownParts: Partial<Record<RequirementKind, "balanced accuracy" | "worst recall" | "rare recall" | "speed">> = {
  "balanced-accuracy": "balanced accuracy",
  "macro-f1": "balanced accuracy",
  "worst-class-recall": "worst recall",
  "rare-class-recall": "rare recall",
  latency: "speed",
  "http-latency": "speed",
  throughput: "speed",
  "training-time": "speed",
};

/** The utility that a spec's soft lines make, from out-of-fold predictions and multiply-adds. */
export function utilityOf({ requirements }: Spec, { labels, classes, start }: Sample): UtilityOf {
  const soft = requirements.filter(({ role }) => role === "soft").flatMap(({ kind }) => shownParts[kind] ?? []);
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]!++;
  const isRare = (k: number): boolean => counts[k]! < labels.length / classes / 2;
  return ({ logits, recipe }) => {
    const recalls = classMetrics(confusionMatrix(labels, argmaxRows(logits, classes), classes)).map(
      ({ recall }) => recall,
    );
    const known = recalls.filter((recall) => recall !== null);
    const rare = recalls.filter((recall, k) => recall !== null && isRare(k)) as number[];
    const values = {
      "balanced accuracy": mean(known),
      "worst recall": Math.min(...known),
      "rare recall": rare.length > 0 ? mean(rare) : 1,
      speed: recipeMultiplyAdds(start) / Math.max(recipeMultiplyAdds(start), recipeMultiplyAdds(recipe)),
    };
    const parts = Object.fromEntries([...new Set(soft)].map((name) => [name, values[name]]));
    const own = Object.values(parts);
    return { parts, total: own.length === 0 ? null : mean(own) };
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
