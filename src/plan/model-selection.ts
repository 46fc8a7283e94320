/** Step 2: which network, and how it looks at a photograph. */
import { formatBytes, formatCount, formatSeconds } from "../core/index.js";
import {
  decide,
  learnedImages,
  type NetworkFacts,
  type PlanFacts,
  type Refused,
  type Step,
  unmeasured,
} from "./decision.js";
import { keptTrials, triedAlternatives } from "./trials.js";

export function planModel(facts: PlanFacts): Step {
  const { networks, audit, events } = facts;
  const [first, ...others] = networks;
  const images = learnedImages(audit);
  const kept = keptTrials(events);
  const last = kept.at(-1);
  return {
    title: "Model selection",
    decisions: [
      decide({
        question: "Transfer or learn from scratch?",
        choice: "A network pretrained on ImageNet; a head on its frozen features comes first.",
        reasons: [
          `A linear head on ${formatCount(first!.width)} features has ${formatCount(audit.classes.length * (first!.width + 1))} parameters, which ${formatCount(images)} photographs can teach; the millions of a network they cannot from nothing.`,
        ],
      }),
      decide({
        question: "Which network is first?",
        choice: `${first!.name} at ${first!.size} px.`,
        reasons: [`Measured here: ${describeNetwork(first!, images)}.`],
        refused: refuseNetworks(others, images, events),
        seconds: images / first!.imagesPerSecond,
        bytes: images * first!.width * 2,
      }),
      decide({
        question: "How does it look at a photograph?",
        choice: last ? `${String(last.data.recipe)}.` : "As it was trained; other squares, sides and looks are tried.",
        reasons: kept.map(({ text }) => text),
        refused: refuseChanges(facts),
      }),
    ],
  };
}

function describeNetwork(
  { imagesPerSecond, latencySeconds, modelBytes, multiplyAdds }: NetworkFacts,
  images: number,
): string {
  return `${imagesPerSecond.toFixed(0)} photographs/s, so ${formatSeconds(images / imagesPerSecond)} for the features of ${formatCount(images)}; one image in ${formatSeconds(latencySeconds)} (p95); a model of ${formatBytes(modelBytes)}, ${(multiplyAdds / 1e6).toFixed(0)} million multiply-adds`;
}

function refuseNetworks(others: readonly NetworkFacts[], images: number, events: PlanFacts["events"]): Refused[] {
  const tried = triedAlternatives(events, ["larger backbone"]);
  const open = others.filter(({ name }) => !tried.some(({ what }) => what.includes(name)));
  return [
    ...tried,
    ...open.map((other) =>
      unmeasured(`${other.name} alone`, `accuracy not measured; ${describeNetwork(other, images)}`),
    ),
  ];
}

const changes = ["resize mode", "resolution", "two backbones", "mirror"];

function refuseChanges({ events, networks }: PlanFacts): Refused[] {
  const tried = triedAlternatives(events, changes);
  const kept = keptTrials(events);
  const possible = changes.filter((name) => name !== "two backbones" || networks.length > 1);
  const open = possible.filter(
    (name) => !tried.some(({ what }) => what.startsWith(name)) && !kept.some(({ data }) => data.name === name),
  );
  return [...tried, ...open.map((name) => unmeasured(name))];
}
