/** Checks of the data set as a whole: copies, contradictions, classes, splits. */
import { compareCodePoints, countOf, formatPercent, groupBy, listNames } from "../core/index.js";
import { findContradictions, givenSplit, type GivenSplit, type Picture } from "../dataset/index.js";
import { clopperPearsonLower, openingAlpha } from "../statistics/index.js";
import { type Check, type Evidence, type Hit } from "./check.js";

/** A class with fewer photographs than this cannot have its share in every split. */
export const fewestImages = 10;
/** A class with fewer photographs in test than this proves next to nothing: all of 10 right leave the recall anywhere above 72 %. */
export const fewestTested = 10;
/** Lines are judged at this level at the first opening of test, unless the spec sets another. */
const usualLevel = openingAlpha(0.05, 1);
/** From this ratio of the largest class to the smallest on, plain accuracy hides the rare classes. */
export const strongImbalance = 10;
const slightImbalance = 3;

const ratioOf = ({ classes }: Evidence): number =>
  Math.max(...classes.map(({ images }) => images)) / Math.min(...classes.map(({ images }) => images));

const firstIn = (copies: readonly Picture[]): Picture => copies[0]!;

/** Pictures that leave because a copy, or another of their group, is in a stronger given split. */
function leavers({ dataset, rows }: Evidence, because: "copy" | "group"): Hit[] {
  const contradictions = findContradictions(dataset.pictures);
  const hashes = new Map<string, Picture[]>(groupBy(dataset.pictures, ({ pixelHash }) => pixelHash));
  const left = dataset.pictures.filter((picture, i) => rows[i]!.split === "excluded" && !contradictions.has(picture));
  const strongerCopy = (picture: Picture): Picture | undefined =>
    hashes
      .get(picture.pixelHash)!
      .find((other) => other.given !== picture.given && rank(other.given) > rank(picture.given));
  return left
    .filter((picture) => (strongerCopy(picture) !== undefined) === (because === "copy"))
    .map((picture) => ({
      name: picture.path,
      note: because === "copy" ? `is ${strongerCopy(picture)!.path}` : `group ${picture.group ?? ""}`,
    }));
}

const rank = (given: GivenSplit | null): number => (given === null ? 0 : { train: 0, validation: 1, test: 2 }[given]);

const plain = (label: string): string =>
  label
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_-]+/g, " ")
    .trim();

/** Labels that are one when letter case, width, accents' form and surrounding space are not looked at. */
function similarNames({ dataset }: Evidence): Hit[] {
  const groups = [...groupBy([...dataset.classes, ...dataset.emptyClasses], plain).values()].filter(
    (names) => names.length > 1,
  );
  return groups.flatMap((names) =>
    names.map((name) => ({ name, note: `like ${listNames(names.filter((other) => other !== name))}` })),
  );
}

/** Classes that a given split lacks while another has them. */
function missingClasses({ dataset }: Evidence): Hit[] {
  const given = [...new Set(dataset.pictures.flatMap((picture) => picture.given ?? []))].toSorted(compareCodePoints);
  const present = new Set(dataset.pictures.map((picture) => `${picture.given ?? ""}/${picture.label}`));
  return dataset.classes.flatMap((label) => {
    const lacking = given.filter((split) => !present.has(`${split}/${label}`));
    return lacking.length > 0 ? [{ name: label, note: `none in ${lacking.join(" and ")}` }] : [];
  });
}

export const dataChecks = {
  duplicate: {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: ({ copies }) =>
      copies
        .filter((group) => group.length > 1)
        .flatMap((group) => group.slice(1).map(({ path }) => ({ name: path, note: `is ${firstIn(group).path}` }))),
    text: (hits, { copies }) =>
      `${countOf(hits.length, "photograph")} with the same pixels as another (${countOf(copies.length, "different picture")} in all).`,
    cost: "Copies teach nothing and are no further proof; they stay together in one split, and each picture counts once.",
    remedy: "delete the copies",
  },
  "label-conflict": {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: ({ dataset, copies }) => {
      const out = findContradictions(dataset.pictures);
      return copies
        .filter((group) => new Set(group.map(({ label }) => label)).size > 1)
        .flatMap((group) => {
          const labels = [...new Set(group.map(({ label }) => label))].toSorted(compareCodePoints);
          return group.map((picture) => ({
            name: picture.path,
            note: `${labels.join(" and ")}${out.has(picture) ? "" : "; stays in the given test split"}`,
          }));
        });
    },
    text: (hits) => `${countOf(hits.length, "photograph")} whose very pixels are also under another label.`,
    cost: "One of the labels is wrong, and nobody here knows which: they take part in nothing, except a test copy whose test labels agree.",
    remedy: "decide on the right label and delete the other copy",
  },
  "split-leak": {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: (evidence) => leavers(evidence, "copy"),
    text: (hits) =>
      `${countOf(hits.length, "photograph")} also in a stronger given split (test before validation before train).`,
    cost: "A model tested on what it was trained on looks better than it is: they leave the weaker split.",
    remedy: "delete the copies from the weaker split",
  },
  "group-leak": {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: (evidence) => leavers(evidence, "group"),
    text: (hits) => `${countOf(hits.length, "photograph")} of groups that the manifest puts into two splits.`,
    cost: "Pictures of one object on both sides make the test too easy: they leave the weaker split.",
    remedy: "give every group one split",
  },
  "excluded-class": {
    severity: "info",
    certainty: "certain",
    about: "classes",
    find: ({ dataset }) => dataset.excluded.map(({ label, files }) => ({ name: label, note: countOf(files, "file") })),
    text: (hits) =>
      `${countOf(hits.length, "class", "classes")} left out by --exclude: ${listNames(hits.map(({ name }) => name))}.`,
    cost: "The classifier will give such photographs another label.",
    remedy: "none needed",
  },
  "empty-class": {
    severity: "warning",
    certainty: "certain",
    about: "classes",
    find: ({ dataset }) => dataset.emptyClasses.map((name) => ({ name })),
    text: (hits) => `${countOf(hits.length, "class", "classes")} without a readable photograph.`,
    cost: "The classifier will not know them.",
    remedy: "add photographs, or delete the folders",
  },
  "untrained-class": {
    severity: "error",
    certainty: "certain",
    about: "classes",
    find: ({ classes }) =>
      classes
        .filter(({ splits }) => splits.train === 0)
        .map(({ label, splits }) => ({ name: label, note: `${splits.test} in test` })),
    text: (hits) => `${countOf(hits.length, "class", "classes")} with nothing to train on.`,
    cost: "Every photograph of theirs in test counts as a mistake.",
    remedy: "put photographs of them into the training split",
  },
  "small-class": {
    severity: "warning",
    certainty: "likely",
    about: "classes",
    find: ({ classes }) =>
      classes
        .filter(({ images }) => images < fewestImages)
        .map(({ label, images }) => ({ name: label, note: countOf(images, "photograph") })),
    text: (hits) => `${countOf(hits.length, "class", "classes")} with fewer than ${fewestImages} photographs.`,
    cost: "Too few to have a share in every split, and to learn what varies within the class.",
    remedy: `add photographs (at least ${fewestImages}, better 50), merge the class into another, or leave it out with --exclude`,
  },
  "untested-class": {
    severity: "warning",
    certainty: "certain",
    about: "classes",
    find: ({ classes }) =>
      classes
        .filter(({ images, splits }) => images >= fewestImages && splits.test < fewestTested)
        .map(({ label, splits: { test } }) => ({
          name: label,
          note:
            test === 0
              ? "none in test"
              : `${test} in test: all right would prove a recall of ${formatPercent(clopperPearsonLower(test, test, usualLevel), 0)}`,
        })),
    text: (hits) => `${countOf(hits.length, "class", "classes")} with fewer than ${fewestTested} photographs in test.`,
    cost: "Nothing of worth can be proved about the recall of these classes.",
    remedy: "add photographs of them",
  },
  imbalance: {
    severity: (_, evidence) => (ratioOf(evidence) >= strongImbalance ? "warning" : "info"),
    certainty: "certain",
    about: "classes",
    find: (evidence) => {
      if (ratioOf(evidence) < slightImbalance) return [];
      const bySize = evidence.classes.toSorted((a, b) => a.images - b.images);
      return [bySize[0]!, bySize.at(-1)!].map(({ label, images }) => ({
        name: label,
        note: countOf(images, "photograph"),
      }));
    },
    text: (_, evidence) =>
      `The largest class has ${ratioOf(evidence).toFixed(1)} times as many photographs as the smallest.`,
    cost: "Plain accuracy hides how the rare classes fare; look at balanced accuracy and the worst class.",
    remedy: "add photographs of the rare classes",
  },
  "merged-names": {
    severity: (_, { dataset }) => (dataset.aliases.some(({ names }) => names.length > 1) ? "warning" : "info"),
    certainty: "certain",
    about: "classes",
    find: ({ dataset }) =>
      dataset.aliases.map(({ label, names }) => ({
        name: label,
        note: names.length > 1 ? `${names.length} spellings` : "not in NFC",
      })),
    text: (hits) => `${countOf(hits.length, "class name")} written in another Unicode form than NFC.`,
    cost: "Names that look the same are taken as one class.",
    remedy: "give the folders one name",
  },
  "similar-names": {
    severity: "warning",
    certainty: "likely",
    about: "classes",
    find: similarNames,
    text: (hits) =>
      `${countOf(hits.length, "class name")} that differ only by letter case, spaces or the form of a letter.`,
    cost: "They are kept apart; if they mean the same, the classifier is asked to tell what cannot be told.",
    remedy: "merge the folders, or give the classes names that differ",
  },
  "class-sets": {
    severity: "warning",
    certainty: "certain",
    about: "classes",
    find: missingClasses,
    text: (hits) => `${countOf(hits.length, "class", "classes")} not in all of the given splits.`,
    cost: "What a split lacks, it cannot teach or prove.",
    remedy: "give every split photographs of every class",
  },
  "split-like-class": {
    severity: "warning",
    certainty: "likely",
    about: "classes",
    find: ({ dataset }) =>
      dataset.layout === "classes"
        ? dataset.classes.filter((label) => givenSplit(label) !== null).map((name) => ({ name }))
        : [],
    text: (hits) => `${countOf(hits.length, "class", "classes")} named like a split.`,
    cost: "Splits are recognized only where every folder at the top is one (train, val, validation, test); here they became classes.",
    remedy: "move the other folders away, if these are splits",
  },
} as const satisfies Record<string, Check>;
