/** One list line → one requirement, by the table of kinds. */
import { Fault, quoteName } from "../core/index.js";
import { isFloor, mirror, negate } from "./comparison.js";
import type { KindRow, Range } from "./kind-row.js";
import { kindNames, kinds } from "./kinds.js";
import { type Phrase, readPhrase } from "./phrase.js";
import { type Dimension, type Quantity, readCount } from "./quantity.js";
import type { JudgedOn, List, Requirement, RequirementKind, Role, Target, Unit } from "./requirement.js";
import { formatRange, formatTarget } from "./value.js";

/** A line of one of the four lists, as a reader of Markdown or YAML found it. */
export interface ListLine {
  readonly list: List;
  /** Without list marker and indentation. */
  readonly text: string;
  /** 1-based. */
  readonly line: number;
}

/** The role that a list gives its lines. */
const roles: Readonly<Record<List, Exclude<Role, "premise">>> = {
  constraints: "hard",
  "goal state": "hard",
  rewards: "soft",
  penalties: "soft",
};

/** Characters; what is longer is prose, and patterns are slow on it. */
const longestLine = 1000;

/** A requirement and the significance level that its line asks for. */
export interface Recognized {
  readonly requirement: Requirement;
  readonly alpha: number | null;
}

interface Match {
  readonly kind: RequirementKind;
  readonly row: KindRow;
  readonly quantity: Quantity | null;
}

/** Reads one line. Throws the fault spec-invalid where a number is missing, doubled or impossible. */
export function recognize(line: ListLine, id: string, source: string): Recognized {
  const phrase = readPhrase(line.text.length > longestLine ? "" : line.text);
  const place: Place = { source, line, phrase };
  if (phrase.onlyAlpha) return { requirement: describeLevel(place, id), alpha: phrase.alpha };
  const match = choose(matches(place), roles[line.list]);
  if (match === null) return { requirement: describeUnchecked(place, id, findNearest(phrase)), alpha: null };
  const requirement = describeMatch(place, id, match);
  return { requirement, alpha: requirement.kind === "not-checkable" ? null : phrase.alpha };
}

interface Place {
  readonly source: string;
  readonly line: ListLine;
  readonly phrase: Phrase;
}

function matches(place: Place): readonly Match[] {
  const { words, quantities } = place.phrase;
  return kindNames.flatMap((kind) => {
    const row = kinds[kind];
    if (row.has.length === 0 || !row.has.every((pattern) => pattern.test(words))) return [];
    if (row.lacks?.some((pattern) => pattern.test(words))) return [];
    if (row.only && !quantities.some(({ dimension }) => dimension === row.only)) return [];
    if (row.subject && row.subject(words) === null) return [];
    const quantity = row.range === null ? null : pickQuantity(place, row);
    // "Images must be labeled with care" states no number of images.
    return row.premise && quantity === null ? [] : [{ kind, row, quantity }];
  });
}

/** A row with a number in the line goes before one without, one that needs none before one that lacks it. */
function choose(found: readonly Match[], role: Exclude<Role, "premise">): Match | null {
  const numbered = found.find(({ quantity }) => quantity !== null);
  const complete = role === "hard" ? found.find(({ row }) => !row.needsTarget) : undefined;
  return numbered ?? complete ?? found[0] ?? null;
}

const dimensionOf: Readonly<Record<KindRow["unit"], Dimension | null>> = {
  fraction: "fraction",
  seconds: "seconds",
  bytes: "bytes",
  images: "images",
  classes: "classes",
  "images/s": "images/s",
  none: null,
};
/** Dimensions in which a number without a unit may be meant. */
const barely: ReadonlySet<Dimension | null> = new Set<Dimension | null>(["fraction", "images", "classes", "images/s"]);

/** The number that is the line's target: with unit before without, with a direction before without. */
function pickQuantity(place: Place, row: KindRow): Quantity | null {
  const dimension = dimensionOf[row.unit];
  const free = unspoken(place.phrase, row);
  const measured = free.filter((quantity) => quantity.dimension === dimension);
  const bare = barely.has(dimension)
    ? free.filter((quantity) => quantity.dimension === "plain" && mayBeMeant(quantity, row, place))
    : [];
  const best = [directed(measured), measured, directed(bare), bare].find((tier) => tier.length > 0) ?? [];
  if (new Set(best.map(({ value, comparison }) => `${comparison}${value}`)).size > 1) throw doubled(place, best);
  return best[0] ?? null;
}

/** "Accuracy 95" means percent; "one wrong in 20" and "at most 5 errors" do not. */
function mayBeMeant({ value, comparison }: Quantity, row: KindRow, { phrase }: Place): boolean {
  if (row.unit !== "fraction" || value <= 1) return true;
  return !row.complement?.test(phrase.words) && (comparison !== null || value >= 50);
}

function directed(quantities: readonly Quantity[]): readonly Quantity[] {
  return quantities.filter(({ comparison }) => comparison !== null);
}

/** The numbers that are not the quantile's. */
function unspoken({ quantities, quantileSpan: [from, to] }: Phrase, row: KindRow): readonly Quantity[] {
  return row.quantile ? quantities.filter(({ start }) => start < from || start >= to) : quantities;
}

function describeMatch(place: Place, id: string, match: Match): Requirement {
  const { line, phrase } = place;
  const { kind, row, quantity } = match;
  if (row.quantile && phrase.quantile === "unsupported")
    return describeUnchecked(place, id, row.examples[1] ?? row.examples[0]);
  if (quantity?.exact)
    return describeUnchecked(place, id, line.text.replace(/exactly|precisely|equals?(?:\s+to)?|==/i, "at least"));
  if (row.range === null && phrase.quantities.some(({ dimension }) => demanding.has(dimension)))
    return describeUnchecked(place, id, row.examples[0]);
  checkSingle(place, match);
  const target = quantity === null ? (row.defaultTarget ?? null) : readTarget(place, row, quantity);
  const role = row.premise ? "premise" : roles[line.list];
  if (target === null && row.needsTarget && role !== "soft") throw unnumbered(place, row);
  const quantile = phrase.quantile === null || phrase.quantile === "unsupported" ? "p95" : phrase.quantile;
  const className = row.subject?.(phrase.words) ?? null;
  return {
    id,
    text: line.text,
    line: line.line,
    list: line.list,
    kind,
    role,
    target,
    unit: row.unit,
    judgedOn: readSplit(phrase.words, row),
    estimator: row.estimator(quantile),
    ...(row.quantile && { quantile }),
    ...(className !== null && { className }),
  };
}

/** A line has one target: whatever else it states with a number would be lost. */
function checkSingle(place: Place, { kind, row, quantity }: Match): void {
  if (quantity === null) return;
  const others = matches(place).filter((other) => other.kind !== kind && !other.row.context);
  const second = others.find(
    (other) => other.quantity !== null && other.row.unit !== row.unit && other.quantity !== quantity,
  );
  if (second) throw doubled(place, [quantity, second.quantity!]);
  const left = unspoken(place.phrase, row).find(
    (other) => other !== quantity && other.dimension !== quantity.dimension && demandsMore(other),
  );
  if (left) throw doubled(place, [quantity, left]);
}

/** Dimensions whose numbers demand something: "tests cover 80 % of the code" asks for more than tests. */
const demanding: ReadonlySet<Dimension> = new Set<Dimension>(["fraction", "seconds", "bytes", "images/s"]);
/** Dimensions whose numbers demand something though they have no direction: bytes may tell of a machine, "on a 8 GB card". */
const blunt: ReadonlySet<Dimension> = new Set<Dimension>(["fraction", "seconds", "images/s"]);

function demandsMore({ dimension, comparison }: Quantity): boolean {
  return blunt.has(dimension) || (comparison !== null && (demanding.has(dimension) || dimension === "plain"));
}

/** What a number without a unit means. */
const bareReadings: Readonly<Partial<Record<Unit, (quantity: Quantity) => number>>> = {
  fraction: ({ value }) => (value > 2 ? value / 100 : value),
  images: ({ value, raw }) => readCount(raw) ?? value,
  classes: ({ value, raw }) => readCount(raw) ?? value,
};

function readTarget(place: Place, row: KindRow, quantity: Quantity): Target {
  const { list } = place.line;
  const mirrored = row.complement?.test(place.phrase.words) ?? false;
  const read = quantity.dimension === "plain" ? (bareReadings[row.unit]?.(quantity) ?? quantity.value) : quantity.value;
  const value = mirrored ? Number((1 - read).toPrecision(12)) : read;
  const stated = quantity.comparison === null ? null : mirrored ? mirror(quantity.comparison) : quantity.comparison;
  const comparison = stated ?? row.comparison;
  const shunned = list === "penalties" && isFloor(comparison) !== isFloor(row.comparison);
  const target: Target = { comparison: shunned ? negate(comparison) : comparison, value };
  checkRange(place, row, target, quantity);
  return target;
}

function checkRange(place: Place, row: KindRow, target: Target, quantity: Quantity): void {
  const { above = -Infinity, from = -Infinity, to = Infinity } = row.range ?? {};
  const { value, comparison } = target;
  const divisible = row.unit !== "images" && row.unit !== "classes";
  const possible =
    Number.isFinite(value) && (divisible || Number.isInteger(value)) && value > above && value >= from && value <= to;
  const reachable = !(comparison === ">" && value >= to) && !(comparison === "<" && value <= from);
  if (possible && reachable) return;
  throw fault(place, {
    what: `impossible ${row.name}`,
    expected: formatRange(row.range as Range, row.unit),
    got: possible ? formatTarget(target, row.unit) : quoteName(quantity.raw.trim()),
  });
}

const validation =
  /(?<!\p{L})(?:validation|val|calibrat(?:e|ion)\s+(?:split|set|data)|(?:on|of)\s+calibrate|dev(?:elopment)?\s+(?:set|split))(?!\p{L})/iu;
const test = /(?<!\p{L})(?:test|hold-?out|held-?out|unseen)(?!\p{L})/iu;

function readSplit(words: string, row: KindRow): JudgedOn {
  return row.splits && validation.test(words) && !test.test(words) ? "calibrate" : row.judgedOn;
}

/** A line without a check, with what would have one. */
function describeUnchecked({ line }: Place, id: string, nearest: string): Requirement {
  const row = kinds["not-checkable"];
  return {
    id,
    text: line.text,
    line: line.line,
    list: line.list,
    kind: "not-checkable",
    role: roles[line.list],
    target: null,
    unit: row.unit,
    judgedOn: row.judgedOn,
    estimator: row.estimator("p95"),
    nearest,
  };
}

/** A line that only sets the level of all verdicts demands nothing of the model. */
function describeLevel(place: Place, id: string): Requirement {
  const nearest = "At least 90% accuracy with 99% confidence";
  return {
    ...describeUnchecked(place, id, nearest),
    role: "premise",
    estimator: "sets the significance level of every verdict",
  };
}

/** By the words; where none tells, by the unit of its number: "under 100 ms" most likely means the model's time. */
function findNearest({ words, quantities }: Phrase): string {
  const meant = quantities.flatMap((quantity) => usualKind(quantity) ?? [])[0];
  const kind = kindNames.find((name) => kinds[name].near.test(words)) ?? meant ?? "accuracy";
  return kinds[kind].examples[0];
}

/** Seconds from which training is more likely meant than an answer. */
const longAnswer = 10;

function usualKind({ dimension, value }: Quantity): RequirementKind | undefined {
  if (dimension === "seconds") return value < longAnswer ? "latency" : "training-time";
  return usualKinds[dimension];
}

const usualKinds: Partial<Readonly<Record<Dimension, RequirementKind>>> = {
  bytes: "peak-memory",
  images: "image-count",
  classes: "class-count",
};

function unnumbered(place: Place, row: KindRow): Fault {
  return fault(place, {
    what: `no target for ${row.name}`,
    expected: `a number as in ${quoteName(row.examples[0])}`,
    got: quoteName(place.line.text),
  });
}

function doubled(place: Place, quantities: readonly Quantity[]): Fault {
  return fault(place, {
    what: "more than one target in a line",
    expected: "one requirement with one number per line",
    got: quantities.map(({ raw }) => quoteName(raw.trim())).join(" and "),
  });
}

function fault(
  { source, line }: Place,
  { what, expected, got }: { what: string; expected: string; got: string },
): Fault {
  return new Fault("spec-invalid", { what: `${source} line ${line.line}: ${what}`, expected, got });
}
