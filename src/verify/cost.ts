/** What a proof costs, foreseen: said in the plan. */
import { affordableRuns } from "../bench/index.js";
import type { RequirementKind, Spec } from "../spec/index.js";
import { explanationRuns } from "./explanations.js";
import { mostTrained } from "./measurements.js";
import { throughputSeconds, timingLimits } from "./timings.js";

/** Beside a look at every photograph of test and calibrate. */
export interface ProofCost {
  /** Further runs of the model on a photograph. */
  readonly runs: number;
  /** Of timing single runs, and of what does not grow with the model: starting a service, running the bundle's tests. */
  readonly seconds: number;
}

/** Starting the service and asking it; the bundle's own tests in a process of theirs. */
const [serviceSeconds, documentSeconds] = [4, 1];

/** A container is not counted: an engine, where one answers, builds it in minutes. `latencySeconds` is that of a single run. */
export function proofCost(spec: Spec, latencySeconds: number): ProofCost {
  const asks = (...kinds: readonly RequirementKind[]): boolean =>
    spec.requirements.some(({ kind }) => kinds.includes(kind));
  const trained = asks("overfitting-gap") ? mostTrained : 0;
  const explained = asks("interpretability") ? explanationRuns : 0;
  const served = asks("api", "http-latency", "deployment") ? serviceSeconds : 0;
  const timed = latencySeconds * affordableRuns(1000 * latencySeconds, timingLimits(spec));
  const rates = asks("throughput") ? throughputSeconds : 0;
  return { runs: trained + explained, seconds: timed + rates + served + (asks("documentation") ? documentSeconds : 0) };
}
