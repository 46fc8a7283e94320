/** From the bytes of a photograph to the service's answer: remembered, or computed off the event loop. */
import { describeMachine, platformKey } from "../bench/index.js";
import type { Answer, Bundle } from "../bundle/index.js";
import { sha256 } from "../core/index.js";
import type { Admission } from "./admission.js";
import type { AnswerCache, CachedAnswer } from "./cache.js";
import { topClasses } from "./endpoints.js";
import type { ServiceMetrics } from "./metrics.js";

export interface Answering {
  readonly bundle: Bundle;
  readonly cache: AnswerCache;
  readonly admission: Admission;
  readonly metrics: ServiceMetrics;
}

export interface Found {
  readonly answer: CachedAnswer;
  readonly remembered: boolean;
}

/** Gives the answer for a photograph while somebody waits for it. */
export type Find = (photograph: Uint8Array, gone?: AbortSignal) => Promise<Found>;

/** The function throws `image-unreadable`, `engine-failed`, `service-busy`, `interrupted`. */
export function openAnswering({ bundle, cache, admission, metrics }: Answering): Find {
  const prefix = cachePrefix(bundle);
  return async (photograph, gone) => {
    const key = `${prefix}:${sha256(photograph)}`;
    const remembered = await cache.get(key);
    metrics.lookedUp(remembered !== undefined);
    if (remembered) return { answer: remembered, remembered: true };
    const answer = await admission.run(async () => {
      const start = performance.now();
      const computed = shapeAnswer(await bundle.classify(photograph), bundle.manifest.labels);
      metrics.inferred((performance.now() - start) / 1000);
      return computed;
    }, gone);
    cache.set(key, answer);
    return { answer, remembered: false };
  };
}

/** Machines whose last bits may differ share no answers, so that a service gives those of `assay predict` beside it. */
function cachePrefix({ manifest, placed: { device } }: Bundle): string {
  const place = `${platformKey(describeMachine())}${device === "cpu" ? "" : device}`;
  return `assay:1:${manifest.bundleHash}:${sha256(place).slice(0, 12)}`;
}

/** The label, its probability, and the most probable classes. */
export function shapeAnswer({ label, confidence, probabilities }: Answer, labels: readonly string[]): CachedAnswer {
  const top = labels
    .map((name, i) => ({ class: name, probability: probabilities[i]! }))
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, topClasses);
  return { class: label, confidence, top };
}
