/** Step 4: how the budget is spent, and how the model is made small and fast. */
import { countOf, formatBytes, formatSeconds } from "../core/index.js";
import type { RequirementKind, Spec } from "../spec/index.js";
import type { DeviceMemoryPlan } from "../finetune/index.js";
import {
  decide,
  type Decision,
  divideBudget,
  type PlanFacts,
  type Refused,
  type Step,
  unmeasured,
} from "./decision.js";

export function planOptimization(facts: PlanFacts): Step {
  const { spec, networks, threads, device, deviceMemory, fineTuning } = facts;
  const first = networks[0]!;
  const limits = describeLimits(spec, first);
  return {
    title: "Optimization",
    decisions: [
      decide({
        question: "How is the time spent?",
        choice: describeTime(facts),
        reasons: [
          `${countOf(threads, "thread")}, one session each.`,
          "A trial that costs more than the recipe in force is kept where its log loss, out of fold, is lower by more than one standard error; one that costs the same where it is lower at all.",
        ],
      }),
      decide({
        question: "In which precision?",
        choice: `float32 on the ${device}${device === "CPU" ? "" : ", and mixed for training where it computes in float16"}; weights are stored as float16 where that loses nothing.`,
        reasons: limits,
        refused: [
          refuseInt8(spec, first),
          ...(device === "CPU"
            ? [unmeasured("mixed precision", "not measured, since assay uses it on other devices only (--device)")]
            : []),
          ...(fineTuning
            ? []
            : [
                unmeasured(
                  "gradient accumulation",
                  "not measured, since a linear head is trained on all photographs at once",
                ),
              ]),
        ],
      }),
      ...(deviceMemory ? [decideDeviceMemory(deviceMemory)] : []),
      decide({
        question: "In which form is it delivered?",
        choice: "One ONNX file with normalization, every look and the head inside.",
        reasons: ["Any ONNX Runtime runs it: Node, Python, browsers."],
        bytes: first.modelBytes,
      }),
    ],
  };
}

function describeTime(facts: PlanFacts): string {
  const { budgetSeconds } = facts;
  if (budgetSeconds === 0) return "On the first recipe alone: the budget is 0.";
  const { recipe, trials, tuning } = divideBudget(facts);
  const first = "on trials, the action that promises most for its seconds first";
  if (tuning === 0)
    return `Of ${formatSeconds(budgetSeconds)} at most ${formatSeconds(trials)} ${first}; the rest is for what they choose.`;
  return `Of ${formatSeconds(budgetSeconds)} the recipe has ${formatSeconds(recipe)}: at most ${formatSeconds(trials)} ${first}, the rest for what they choose. ${formatSeconds(tuning)}, and what the recipe leaves, are for fine-tuning.`;
}

function decideDeviceMemory(plan: DeviceMemoryPlan): Decision {
  const { network, limitBytes, microBatch, trainingBytes, judgingBytes } = plan;
  const limit = `${formatBytes(limitBytes)} are allowed`;
  return decide({
    question: "Does it fit the memory of the device?",
    choice:
      microBatch === 0
        ? `Planned: no. A single photograph through all layers of ${network} and back would take ${formatBytes(trainingBytes)}; ${limit}.`
        : `Planned: yes. Training all layers of ${network} takes ${formatBytes(trainingBytes)} in micro-batches of ${microBatch}, judging a photograph ${formatBytes(judgingBytes)}; ${limit}.`,
    reasons: [
      "From the sizes of weights and of all values that are alive at once, in mixed precision, with most of it again for what kernels take; nothing was measured on a device.",
    ],
    bytes: trainingBytes,
  });
}

function upper(spec: Spec, kind: RequirementKind): number {
  const targets = spec.requirements.filter((line) => line.kind === kind && line.target?.comparison.startsWith("<"));
  return Math.min(...targets.map(({ target }) => target!.value));
}

function describeLimits(spec: Spec, { latencySeconds, modelBytes }: PlanFacts["networks"][number]): string[] {
  const latency = upper(spec, "latency");
  const size = upper(spec, "model-size");
  return [
    ...(Number.isFinite(latency)
      ? [`${formatSeconds(latencySeconds)} for one image, ${formatSeconds(latency)} are allowed.`]
      : []),
    ...(Number.isFinite(size) ? [`${formatBytes(modelBytes)}, ${formatBytes(size)} are allowed.`] : []),
  ];
}

function refuseInt8(spec: Spec, { latencySeconds }: PlanFacts["networks"][number]): Refused {
  const limit = upper(spec, "latency");
  const needless = latencySeconds < limit;
  const needed =
    needless && Number.isFinite(limit)
      ? `; ${formatSeconds(latencySeconds)} of ${formatSeconds(limit)} do not ask for it`
      : "";
  return unmeasured("int8 quantization", `not measured, since assay does not do it yet${needed}`);
}
