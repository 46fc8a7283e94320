/** The plan: the walkthrough's five steps, each decision with its reasons from this data and this machine. Pure. */
import { warnOfTest } from "../audit/index.js";
import { formatCount, formatSeconds } from "../core/index.js";
import { openingAlpha } from "../statistics/index.js";
import { planData } from "./data-analysis.js";
import { divideBudget, learnedImages, type PlanFacts, type Step, whatCanBeProven } from "./decision.js";
import { planDeployment } from "./deployment.js";
import { planModel } from "./model-selection.js";
import { planOptimization } from "./optimization.js";
import { planTraining } from "./training-strategy.js";

export interface Plan {
  readonly schema: 1;
  readonly steps: readonly Step[];
  /** Predicted seconds of the run: what is certain, what the search may add, and what is kept for fine-tuning, which may take what is left besides. */
  readonly seconds: { readonly fixed: number; readonly search: number; readonly tuning: number };
  /** What cannot be reached, whatever is done; said before anything is learned. */
  readonly warnings: readonly string[];
}

/** The decisions that follow from the facts; with a finished run's trace also what was refused and by which number. */
export function makePlan(facts: PlanFacts): Plan {
  const steps = [planData, planModel, planTraining, planOptimization, planDeployment].map((plan) => plan(facts));
  const fixed = steps.flatMap(({ decisions }) => decisions).reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  const { trials, tuning } = divideBudget(facts);
  return {
    schema: 1,
    steps,
    seconds: { fixed, search: trials, tuning },
    warnings: [...untested(facts), ...unprovable(facts), ...tooShort(facts)],
  };
}

/** A class that test lacks, or a small test split. */
function untested({ audit, spec, opening }: PlanFacts): string[] {
  const tested = audit.classes.map(({ label, distinctSplits }) => ({ label, tested: distinctSplits.test }));
  return warnOfTest(tested, openingAlpha(spec.alpha, opening));
}

function unprovable(facts: PlanFacts): string[] {
  return whatCanBeProven(facts).flatMap(({ possible, text }) => (possible ? [] : [text]));
}

/** A budget in which the first recipe's features leave no time for trials. */
function tooShort(facts: PlanFacts): string[] {
  const { budgetSeconds, trialShare, recipeShare, networks, audit } = facts;
  const first = networks[0]!;
  const images = learnedImages(audit);
  const needed = images / first.imagesPerSecond;
  const leaves = (budget: number): boolean => {
    const { recipe, trials } = divideBudget(facts, budget);
    return needed <= recipe - trials;
  };
  if (budgetSeconds === 0 || leaves(budgetSeconds)) return [];
  const least = Math.ceil(needed / (1 - trialShare));
  const enough = leaves(least) ? least : Math.ceil(needed / (1 - trialShare) / recipeShare);
  return [
    `The budget of ${formatSeconds(budgetSeconds)} leaves no time for trials: the features of ${formatCount(images)} photographs by ${first.name} alone take about ${formatSeconds(needed)}. --budget ${enough}s would leave some.`,
  ];
}
