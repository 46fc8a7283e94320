/**
 * The split. Who is in test follows from the content alone: a picture (or its group) whose hash lies below the test share,
 * so it does not depend on the seed and stays when photographs are added. The rest is divided by seed, stratified by class.
 */
import { compareCodePoints, groupBy, hashFraction, sha256 } from "../core/index.js";
import type { Dataset, Picture, SplitName, SplitRow } from "./picture.js";
import { buildUnits, findContradictions, type Unit } from "./units.js";

export interface SplitOptions {
  readonly seed: number;
  /** Share of the photographs that become test where none is given; 0.2 where unsaid. */
  readonly testShare?: number;
}

/** Of what is not test, select and calibrate get this share each. */
const validationShare = 0.125;
/** A class with fewer units left than this keeps them all for training. */
const fewestToDivide = 5;
/** A class with fewer units than this lends none to test. */
const fewestToLend = 4;

/** One row for every picture, in the order of the data set. */
export function splitDataset(dataset: Pick<Dataset, "pictures">, options: SplitOptions): SplitRow[] {
  const { pictures } = dataset;
  const contradictions = findContradictions(pictures);
  const units = buildUnits(pictures.filter((picture) => !contradictions.has(picture)));
  const place = new Map<Picture, { split: SplitName; group: string }>();
  for (const [unit, split] of placeUnits(units, options))
    for (const picture of unit.pictures)
      place.set(picture, { split: belongs(picture, unit) ? split : "excluded", group: unit.key });
  return pictures.map((picture) => {
    const { split, group } = place.get(picture) ?? { split: "excluded", group: picture.group ?? picture.pixelHash };
    return { path: picture.path, label: picture.label, split, group };
  });
}

/** A copy in a weaker given split than its unit's leaves: a duplicate of a test photograph is no training photograph. */
function belongs(picture: Picture, unit: Unit): boolean {
  return picture.given === unit.given || unit.given === "train";
}

function placeUnits(units: readonly Unit[], { seed, testShare = 0.2 }: SplitOptions): Map<Unit, SplitName> {
  const given = (split: Unit["given"]): Unit[] => units.filter((unit) => unit.given === split);
  const pool = units.filter((unit) => unit.given === "train" || unit.given === null);
  const test = new Set(given("test").length > 0 ? given("test") : chooseTest(pool, testShare));
  const validation = given("validation");
  const rest = pool.filter((unit) => !test.has(unit));
  const placed = new Map<Unit, SplitName>(rest.map((unit) => [unit, "train"]));
  for (const unit of test) placed.set(unit, "test");
  const drawn = validation.length > 0 ? halve(validation, seed) : carve(rest, seed);
  for (const [unit, split] of drawn) placed.set(unit, split);
  return placed;
}

/** The fixed place of a unit between 0 and 1 that decides whether it is test. */
function testPlace(unit: Unit): number {
  return hashFraction(sha256(`assay test split 1${unit.key}`));
}

/** Units below the share; tiny classes neither give all they have nor stay without a test photograph. */
function chooseTest(pool: readonly Unit[], share: number): Set<Unit> {
  const places = new Map(pool.map((unit) => [unit, testPlace(unit)]));
  const byClass = unitsByClass(pool);
  for (const units of byClass.values())
    units.sort((a, b) => places.get(a)! - places.get(b)! || compareCodePoints(a.key, b.key));
  const test = new Set(pool.filter((unit) => places.get(unit)! < share));
  const taken = (label: string): number => byClass.get(label)!.filter((unit) => test.has(unit)).length;
  const most = (label: string): number => mostTested(byClass.get(label)!.length);
  for (const [label, units] of byClass)
    for (const unit of units.toReversed()) if (taken(label) > most(label)) test.delete(unit);
  for (const [label, units] of byClass) {
    if (units.length < fewestToLend || taken(label) > 0 || share <= 0) continue;
    const lent = units.find((unit) => unit.labels.every((other) => taken(other) < most(other)));
    if (lent) test.add(lent);
  }
  return test;
}

/** Of n units of a class at most so many are test: half of them, or all but three where that is more. */
function mostTested(count: number): number {
  return Math.max(Math.floor(count / 2), count - 3);
}

/** A seeded rank that stays when other units come or go. */
function seededOrder(units: readonly Unit[], seed: number): Unit[] {
  const ranks = new Map(units.map((unit) => [unit, sha256(`assay split ${seed} ${unit.key}`)]));
  return units.toSorted((a, b) => compareCodePoints(ranks.get(a)!, ranks.get(b)!));
}

/** Select and calibrate out of the units that are free, class by class; the rest of a class trains. */
function carve(units: readonly Unit[], seed: number): Map<Unit, SplitName> {
  const drawn = new Map<Unit, SplitName>();
  for (const group of byOwnClass(units)) {
    if (group.length < fewestToDivide) continue;
    const wanted = Math.max(1, Math.round(validationShare * countPictures(group)));
    let free = seededOrder(group, seed);
    for (const split of ["select", "calibrate"] as const) {
      const chosen = new Set(takeAbout(free, wanted));
      for (const unit of chosen) drawn.set(unit, split);
      free = free.filter((unit) => !chosen.has(unit));
    }
  }
  return drawn;
}

/** Units in their order until about `wanted` pictures are there; at least one unit, never the last two. */
function takeAbout(units: readonly Unit[], wanted: number): Unit[] {
  const chosen: Unit[] = [];
  let count = 0;
  for (const unit of units) {
    if (chosen.length >= units.length - 2 || count >= wanted) break;
    // A unit that would overshoot by more than it brings is passed over.
    if (count + unit.pictures.length / 2 > wanted) continue;
    chosen.push(unit);
    count += unit.pictures.length;
  }
  const smallest = units.toSorted((a, b) => a.pictures.length - b.pictures.length)[0];
  return chosen.length > 0 || !smallest ? chosen : [smallest];
}

/** A given validation split in two halves, class by class; of an odd number the larger half goes where fewer are. */
function halve(units: readonly Unit[], seed: number): Map<Unit, SplitName> {
  const drawn = new Map<Unit, SplitName>();
  const total = { select: 0, calibrate: 0 };
  for (const group of byOwnClass(units)) {
    const here = { select: 0, calibrate: 0 };
    for (const unit of seededOrder(group, seed)) {
      const difference = here.select - here.calibrate || total.select - total.calibrate;
      const split = difference <= 0 ? "select" : "calibrate";
      drawn.set(unit, split);
      here[split] += unit.pictures.length;
      total[split] += unit.pictures.length;
    }
  }
  return drawn;
}

/** Units by every label in them, in order of the labels: a group of two classes counts for both. */
function unitsByClass(units: readonly Unit[]): Map<string, Unit[]> {
  const pairs = units.flatMap((unit) => unit.labels.map((label) => ({ label, unit })));
  const groups = [...groupBy(pairs, ({ label }) => label)].toSorted(([a], [b]) => compareCodePoints(a, b));
  return new Map(groups.map(([label, members]) => [label, members.map(({ unit }) => unit)]));
}

/** Units by the label of most of their pictures, in order of the labels. */
function byOwnClass(units: readonly Unit[]): Unit[][] {
  return [...groupBy(units, ({ label }) => label)]
    .toSorted(([a], [b]) => compareCodePoints(a, b))
    .map(([, group]) => group);
}

function countPictures(units: readonly Unit[]): number {
  return units.reduce((sum, unit) => sum + unit.pictures.length, 0);
}

/** How many rows each split has. */
export function countSplits(rows: readonly SplitRow[]): Record<SplitName, number> {
  const counts = { train: 0, select: 0, calibrate: 0, test: 0, excluded: 0 };
  for (const { split } of rows) counts[split]++;
  return counts;
}

/** How many rows each class has in each split. */
export function countClassSplits(rows: readonly SplitRow[]): ReadonlyMap<string, Readonly<Record<SplitName, number>>> {
  const groups = [...groupBy(rows, ({ label }) => label)].toSorted(([a], [b]) => compareCodePoints(a, b));
  return new Map(groups.map(([label, members]) => [label, countSplits(members)]));
}
