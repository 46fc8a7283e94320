/** Which pictures the demo consists of: class sizes ten to one, names, and what is wrong with a few of them. */
import { Fault, random, type Random } from "../core/index.js";
import { repeat } from "./dice.js";
import { type ProductName, productNames } from "./products/index.js";

/** What can be wrong with a picture that is drawn like any other. */
export type PictureFault = "mislabeled" | "truncated" | "rotated" | "cmyk";

/** Copies of a picture's file: the same bytes, or the same pixels as PNG. */
export type CopyKind = "duplicate" | "recoded";

/** What is added beside the drawn pictures. */
export type AddedFault = CopyKind | "stray" | "hidden";

/** One picture to draw. */
export interface PlannedPicture {
  /** Its place in the plan; names its random stream. */
  readonly index: number;
  /** What it shows. */
  readonly product: ProductName;
  /** The folder it lies in; another class only where the label is wrong. */
  readonly label: ProductName;
  /** Relative path with "/". */
  readonly path: string;
  readonly fault: PictureFault | null;
  /** Copies of its file to be written. */
  readonly copies: readonly { readonly kind: CopyKind; readonly path: string }[];
}

/** How many pictures carry each fault. */
const faultCounts = { mislabeled: 2, truncated: 1, rotated: 1, cmyk: 1 } as const satisfies Record<
  PictureFault,
  number
>;
const duplicateCount = 5;
const recodedCount = 1;

export const leastCount = 60;

/** Pictures of each class: a geometric series from the largest class to a tenth of it, at least two, `count` in all. */
export function countClasses(count: number): Record<ProductName, number> {
  const last = productNames.length - 1;
  const weights = productNames.map((_, i) => 10 ** (-i / last));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = weights.map((weight) => Math.max(2, Math.floor((count * weight) / total)));
  for (let i = 0, left = count - counts.reduce((sum, n) => sum + n, 0); left !== 0; i = (i + 1) % 8) {
    counts[i]! += Math.sign(left);
    left -= Math.sign(left);
  }
  return Object.fromEntries(productNames.map((name, i) => [name, counts[i]!])) as Record<ProductName, number>;
}

/** The plan of `count` drawn pictures; throws `usage` below 60. */
export function planPictures(seed: number, count: number): PlannedPicture[] {
  if (!Number.isInteger(count) || count < leastCount) {
    throw new Fault("usage", {
      what: "the demo cannot be that small",
      expected: `at least ${leastCount} pictures`,
      got: String(count),
    });
  }
  const dice = random(seed, "demo", "plan");
  const counts = countClasses(count);
  const order = dice.shuffle(productNames.flatMap((name) => repeat(counts[name], () => name)));
  const picks = pickFaults(dice, order, counts);
  return order.map((product, index) => {
    const fault = picks.faults.get(index) ?? null;
    const label =
      fault === "mislabeled" ? dice.pick(productNames.slice(0, 10).filter((name) => name !== product)) : product;
    const stem = `${label}/IMG_${String(1001 + index * 2)}`;
    return {
      index,
      product,
      label,
      path: `${stem}.jpg`,
      fault,
      copies: picks.copies.get(index)?.map((kind) => ({ kind, path: copyPath(stem, kind) })) ?? [],
    };
  });
}

function copyPath(stem: string, kind: CopyKind): string {
  return kind === "duplicate" ? `${stem}_copy.jpg` : `${stem}.png`;
}

interface Picks {
  readonly faults: ReadonlyMap<number, PictureFault>;
  readonly copies: ReadonlyMap<number, readonly CopyKind[]>;
}

/** Chooses pictures of the ten larger classes, each for one fault only. */
function pickFaults(dice: Random, order: readonly ProductName[], counts: Readonly<Record<ProductName, number>>): Picks {
  const common = new Set(productNames.slice(0, 10).filter((name) => counts[name] > 2));
  const queue = dice.shuffle([...order.keys()].filter((index) => common.has(order[index]!)));
  const take = <Kind>(kind: Kind, count: number): [number, Kind][] =>
    queue.splice(0, count).map((index) => [index, kind]);
  const copied = (kind: CopyKind, count: number): [number, readonly CopyKind[]][] => take([kind], count);
  const kinds = Object.entries(faultCounts) as [PictureFault, number][];
  return {
    faults: new Map(kinds.flatMap(([kind, number]) => take(kind, number))),
    copies: new Map([...copied("duplicate", duplicateCount), ...copied("recoded", recodedCount)]),
  };
}
