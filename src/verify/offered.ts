/** Which photographs of a data set a bundle is judged on. */
import type { Provenance } from "../bundle/index.js";
import { Fault } from "../core/index.js";
import { type Dataset, findContradictions, type Picture } from "../dataset/index.js";

/** The photographs that a bundle is judged on. */
export interface Offered {
  readonly test: readonly Picture[];
  readonly calibrate: readonly Picture[];
  /** Those that it learned from, where they are there. */
  readonly trained: readonly Picture[];
  /** Whether `test` are photographs that the run never saw. */
  readonly fresh: boolean;
}

/**
 * Chooses what a data set offers for the proof. Where it holds the run's own test split, that is judged; where it holds none of
 * it, all is taken as fresh test data, and a photograph that the model was trained on is a fault `test-leak`. A part of the
 * split is a fault `images-insufficient`: leaving photographs out is no way to a better verdict. Pictures under two labels are
 * left out as in a run, and a copy in a given test split speaks for its copies elsewhere.
 */
export function offeredPictures(dataset: Dataset, provenance: Provenance): Offered {
  const { train, select, calibrate, test } = provenance.images;
  const contradictions = findContradictions(dataset.pictures);
  const unique = new Map<string, Picture>();
  for (const picture of dataset.pictures) {
    const replaces =
      !unique.has(picture.pixelHash) || (picture.given === "test" && unique.get(picture.pixelHash)!.given !== "test");
    if (!contradictions.has(picture) && replaces) unique.set(picture.pixelHash, picture);
  }
  const within = (hashes: readonly string[]): Picture[] => hashes.flatMap((hash) => unique.get(hash) ?? []);
  const own = within(test);
  const leaked = within([...train, ...select, ...calibrate]);
  const givenAsTest = leaked.filter(({ given }) => given === "test");
  if (givenAsTest.length > 0 || (own.length === 0 && leaked.length > 0))
    throw leak(givenAsTest.length > 0 ? givenAsTest : leaked);
  if (own.length > 0 && own.length < test.length) throw incomplete(own.length, test.length);
  return {
    test: own.length > 0 ? own : [...unique.values()],
    calibrate: within(calibrate),
    // A fine-tuned network learned from train alone: select chose the epoch.
    trained: within(provenance.fineTuning ? train : [...train, ...select]),
    fresh: own.length === 0,
  };
}

function incomplete(found: number, all: number): Fault {
  return new Fault("images-insufficient", {
    what: "a part of the run's test photographs is there",
    expected: `all ${all} of them, or none and fresh ones instead`,
    got: String(found),
    remedy: "give the folder of the run as it was, or one with fresh photographs only",
  });
}

function leak(pictures: readonly Picture[]): Fault {
  return new Fault("test-leak", {
    what: `${pictures.length} of the photographs offered as test were used in training`,
    got: pictures
      .slice(0, 3)
      .map(({ path }) => JSON.stringify(path))
      .join(", "),
  });
}
