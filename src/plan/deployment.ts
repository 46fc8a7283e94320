/** Step 5: how it is handed over and run. */
import type { RequirementKind } from "../spec/index.js";
import { decide, type PlanFacts, type Step } from "./decision.js";
import { keptTrials } from "./trials.js";

const kinds: ReadonlySet<RequirementKind> = new Set([
  "api",
  "container",
  "deployment",
  "http-latency",
  "documentation",
]);

export function planDeployment({ spec, audit, networks, proof, events }: PlanFacts): Step {
  const asked = spec.requirements
    .filter(({ kind }) => kinds.has(kind))
    .map(({ id, text }) => `${id} asks for it: “${text}”.`);
  const first = networks[0]!;
  // A recipe that a trial found may do several times the work of the first network.
  const kept = Number(keptTrials(events).at(-1)?.data.multiplyAdds ?? first.multiplyAdds);
  const imagesPerSecond = first.imagesPerSecond * (first.multiplyAdds / kept);
  return {
    title: "Deployment",
    decisions: [
      decide({
        question: "How is it served?",
        choice:
          "`assay serve` answers over HTTP from the bundle; `assay deploy` writes a container with health check, Redis cache and Prometheus.",
        reasons: asked,
      }),
      decide({
        question: "How is it proven?",
        choice:
          "`assay verify` opens the test split, measures the bundle from its files alone and gives each line its verdict.",
        reasons: ["It never sees how the model was made."],
        seconds:
          (audit.distinctSplits.test + audit.distinctSplits.calibrate + proof.runs) / imagesPerSecond + proof.seconds,
      }),
    ],
  };
}
