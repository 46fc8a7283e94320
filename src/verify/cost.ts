/** What a proof costs, foreseen: said in the plan. */
import type { RequirementKind, Spec } from "../spec/index.js";
import { explanationRuns } from "./explanations.js";
import { mostTrained } from "./measurements.js";
import { throughputSeconds, timingSeconds } from "./timings.js";

/** Beside a look at every photograph of test and calibrate. */
export interface ProofCost {
  /** Further runs of the model on a photograph. */
  readonly runs: number;
  /** Of timing, starting a service, running the bundle's tests: they do not grow with the model. */
  readonly seconds: number;
}

/** Starting the service and asking it; the bundle's own tests in a process of theirs. */
const [serviceSeconds, documentSeconds] = [4, 1];

export function proofCost({ requirements }: Spec): ProofCost {
  const asks = (...kinds: readonly RequirementKind[]): boolean => requirements.some(({ kind }) => kinds.includes(kind));
  const trained = asks("overfitting-gap") ? mostTrained : 0;
  const explained = asks("interpretability") ? explanationRuns : 0;
  const served = asks("api", "http-latency", "deployment") ? serviceSeconds : 0;
  const timed = timingSeconds + (asks("throughput") ? throughputSeconds : 0);
  return { runs: trained + explained, seconds: timed + served + (asks("documentation") ? documentSeconds : 0) };
}
