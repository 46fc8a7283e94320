/** Units of the split: pictures that must stay together, because they are equal or belong to one group. */
import { compareCodePoints, groupBy } from "../core/index.js";
import type { GivenSplit, Picture } from "./picture.js";

export interface Unit {
  /** The manifest's group (of several joined ones the first by code point), else the pixel hash. */
  readonly key: string;
  readonly pictures: readonly Picture[];
  /** Labels in it, each once. */
  readonly labels: readonly string[];
  /** The label of most of its pictures. */
  readonly label: string;
  /** The strongest split that the author gave any of its pictures: test, then validation, then train. */
  readonly given: GivenSplit | null;
}

const strength: readonly (GivenSplit | null)[] = ["test", "validation", "train", null];

/**
 * The pictures that contradict themselves: the same pixels under two labels. Nobody knows which label is right, so all
 * copies leave, except that copies in a given test split stay when they agree among themselves.
 */
export function findContradictions(pictures: readonly Picture[]): ReadonlySet<Picture> {
  const out = new Set<Picture>();
  for (const copies of groupBy(pictures, ({ pixelHash }) => pixelHash).values()) {
    if (!disagree(copies)) continue;
    const tested = copies.filter(({ given }) => given === "test");
    const stay = tested.length > 0 && !disagree(tested) ? new Set(tested) : new Set<Picture>();
    for (const copy of copies) if (!stay.has(copy)) out.add(copy);
  }
  return out;
}

function disagree(copies: readonly Picture[]): boolean {
  return copies.some(({ label }) => label !== copies[0]!.label);
}

const nameOf = ({ pixelHash }: Picture): string => `pixels ${pixelHash}`;

/** Joins pictures that share pixels or a group, transitively; units in the order of their first picture. */
export function buildUnits(pictures: readonly Picture[]): Unit[] {
  const parent = new Map<string, string>();
  const find = (name: string): string => {
    let root = name;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    for (let at = name; at !== root; ) {
      const up = parent.get(at)!;
      parent.set(at, root);
      at = up;
    }
    return root;
  };
  for (const picture of pictures) {
    const name = nameOf(picture);
    if (!parent.has(name)) parent.set(name, name);
    if (picture.group === null) continue;
    const group = `group ${picture.group}`;
    if (!parent.has(group)) parent.set(group, group);
    parent.set(find(name), find(group));
  }
  return [...groupBy(pictures, (picture) => find(nameOf(picture))).values()].map(toUnit);
}

function toUnit(pictures: readonly Picture[]): Unit {
  const groups = pictures.flatMap(({ group }) => (group === null ? [] : [group])).toSorted(compareCodePoints);
  const byLabel = [...groupBy(pictures, ({ label }) => label)].toSorted(
    ([a, x], [b, y]) => y.length - x.length || compareCodePoints(a, b),
  );
  return {
    key: groups[0] ?? pictures[0]!.pixelHash,
    pictures,
    labels: byLabel.map(([label]) => label),
    label: byLabel[0]![0],
    given: strength.find((split) => pictures.some(({ given }) => given === split)) ?? null,
  };
}
