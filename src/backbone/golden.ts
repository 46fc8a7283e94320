/** One known picture and the features that each backbone must give for it: a check of file, engine and machine together. */
import { availableParallelism } from "node:os";
import { floats, openSession, serializeModel } from "../onnx/index.js";
import { probeImages, relativeDifference } from "./probe.js";
import type { Backbone } from "./zoo.js";

/** The digests of the embedded backbones, in ONNX Runtime 1.30 on a Zen 4. */
export const embeddedGolden: Readonly<Record<string, readonly number[]>> = {
  "efficientnet-lite0": [
    0.1073012, 0.1261292, 0.08374555, 0.1501851, 0.1579384, 0.1673406, 0.1462426, 0.1300193, 0.1201375, 0.09416405,
    0.08940942, 0.2326951, 0.1315409, 0.1495295, 0.1698717, 0.06889094,
  ],
  "efficientnet-lite2": [
    0.1296219, 0.1989333, 0.1209878, 0.1536856, 0.06603076, 0.1580819, 0.1218643, 0.1796322, 0.08739153, 0.1305449,
    0.158649, 0.1253365, 0.191454, 0.1644671, 0.110525, 0.1440798,
  ],
};

/** Largest difference, relative to the largest number of the digest, on another processor. */
export const goldenTolerance = 1e-3;

/** Numbers in a digest. */
const digestLength = 16;
const timedRuns = 10;

export interface GoldenRun {
  /** Features of the probe image in brief: means of sixteen equal parts of them, in order. */
  readonly digest: readonly number[];
  /** Dimensions of each output for one image. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly finite: boolean;
  /** Median milliseconds of one image, every core used. */
  readonly latencyMs: number;
}

/** Runs a backbone on the probe image. Throws `engine-failed`. */
export async function runGolden({ model, row }: Backbone): Promise<GoldenRun> {
  const session = await openSession(serializeModel(model), { threads: availableParallelism() });
  try {
    const feeds = { [row.input]: probeImages(1, row.view.size, row) };
    const answers = await session.run(feeds);
    const features = floats(answers[row.features]);
    const times = (await session.time(feeds, 2, timedRuns)).toSorted();
    return {
      digest: digestOf(features),
      shapes: Object.fromEntries(Object.entries(answers).map(([name, { dims }]) => [name, dims])),
      finite: features.every((value) => Number.isFinite(value)),
      latencyMs: times[timedRuns / 2]!,
    };
  } finally {
    await session.close();
  }
}

/** How far a digest is from the golden one, relative to the largest number of that. */
export function goldenDifference(digest: readonly number[], golden: readonly number[]): number {
  if (digest.length !== golden.length) return Number.POSITIVE_INFINITY;
  return relativeDifference(Float32Array.from(golden), Float32Array.from(digest));
}

function digestOf(features: Float32Array): number[] {
  const bound = (part: number): number => Math.floor((part * features.length) / digestLength);
  return Array.from({ length: digestLength }, (_, part) => {
    const values = features.subarray(bound(part), bound(part + 1));
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return Number(mean.toPrecision(7));
  });
}
