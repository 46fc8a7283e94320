/** The first part of a run: scan, split, audit, written into the run's folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Audit, auditDataset } from "../audit/index.js";
import { countOf, Fault, formatPercent, formatSeconds, sha256 } from "../core/index.js";
import {
  chooseTestShare,
  countSplits,
  type Dataset,
  explainTestShare,
  formatSplits,
  type Picture,
  scan,
  splitDataset,
  type SplitRow,
  type TestShare,
  usualShare,
} from "../dataset/index.js";
import { checkStory, formatValue, satisfies, type Spec } from "../spec/index.js";
import { openingAlpha, provable } from "../statistics/index.js";
import {
  keepTestShare,
  openLedger,
  recallTestShare,
  type RunFolder,
  writeFileAtomic,
  writeJson,
} from "../store/index.js";
import { type RunContext, type RunRequest, type Surroundings, timed } from "./context.js";
import { recordedHash } from "./replay.js";

export interface RunData {
  readonly dataset: Dataset;
  /** A row for each picture of the data set, in its order. */
  readonly rows: readonly SplitRow[];
  readonly audit: Audit;
  readonly scanSeconds: number;
  /** How often test photographs were opened before, at most. */
  readonly opened: number;
}

/** Scans with the user's cache. */
export function scanImages(
  images: string,
  exclude: readonly string[],
  { cacheFolder, threads, signal, progress }: Surroundings,
): Promise<Dataset> {
  return scan(images, { exclude, cachePath: join(cacheFolder, "scans"), threads, signal, progress });
}

/** Scans and audits; nothing is learned and nothing written but the cache of the scan. */
export async function auditImages(
  images: string,
  { exclude, seed }: Pick<RunRequest, "exclude" | "seed">,
  around: Surroundings,
): Promise<Audit> {
  const dataset = await scanImages(images, exclude, around);
  const testShare = await recallTestShare(around.stateFolder, dataset.root, usualShare);
  return auditDataset(dataset, splitDataset(dataset, { seed, testShare }));
}

/** The split that a run with this spec would make; nothing is written. */
export async function foreseeSplit(
  spec: Spec,
  dataset: Dataset,
  { stateFolder, seed }: { readonly stateFolder: string; readonly seed: number },
): Promise<readonly SplitRow[]> {
  const sized = shareFor(spec, dataset);
  const testShare = sized === null ? 0 : Math.max(sized.share, await recallTestShare(stateFolder, dataset.root, 0));
  return splitDataset(dataset, { seed, testShare });
}

/**
 * Scan, split and audit of a run. Throws `images-insufficient` where no photograph is left for training or for the proof,
 * `run-mismatch` where a resumed run finds other photographs than it began with.
 */
export async function gatherData(context: RunContext): Promise<RunData> {
  const { request, folder, trace, around } = context;
  trace.add("action", "scan", `scan ${request.images}`, { exclude: request.exclude });
  const { result: dataset, seconds } = await timed(() => scanImages(request.images, request.exclude, around));
  const { pictures, classes, broken } = dataset;
  const found = { pictures: pictures.length, classes: classes.length, broken: broken.length };
  trace.add(
    "observation",
    "scan",
    `${countOf(found.pictures, "readable photograph")} of ${countOf(found.classes, "class", "classes")}, ${found.broken} broken, in ${formatSeconds(seconds)}`,
    { ...found, seconds },
  );
  checkPremises(context, found);
  checkClassNames(context, classes);
  const rows = await divide(context, dataset);
  requirePhotographs(rows);
  const splitsHash = await writeSplits(context, rows);
  const audit = auditDataset(dataset, rows);
  trace.add("observation", "split", describeSplit(audit), { ...countSplits(rows), splitsHash });
  for (const { id, text, count, examples } of audit.findings)
    trace.add("observation", "audit", describeFinding(text, examples), { id, count });
  const opened = await countOpenings(
    context,
    dataset.pictures.filter((_, i) => rows[i]!.split === "test"),
  );
  await writeJson(folder.file("spec.json"), { ...context.spec, invest: checkStory(context.spec) });
  await writeJson(folder.file("audit.json"), audit);
  return { dataset, rows, audit, scanSeconds: seconds, opened };
}

/** The sentence with its examples, unless it names them itself. */
function describeFinding(text: string, examples: readonly string[]): string {
  const unnamed = examples.filter((example) => !text.includes(example));
  return unnamed.length === 0 ? text : `${text} ${unnamed.join(", ")}`;
}

/** How often the most-opened of these photographs was opened. */
export function openingsOf(test: readonly Picture[], { stateFolder, now }: Surroundings): Promise<number> {
  return openLedger(join(stateFolder, "ledger"), now).count(test);
}

/** Photographs that were opened before prove less: said while others can still be added. */
async function countOpenings({ spec, trace, around }: RunContext, test: readonly Picture[]): Promise<number> {
  const opened = await openingsOf(test, around);
  if (opened === 0) return 0;
  const level = openingAlpha(spec.alpha, opened + 1);
  const text = `test photographs were opened before, up to ${countOf(opened, "time")}: a new model is judged at level ${level.toPrecision(2)}, marked as reused test`;
  trace.add("observation", "split", text, { opened, level });
  return opened;
}

/** Lines about a class that is not there can never be judged. */
function checkClassNames({ spec, trace }: RunContext, classes: readonly string[]): void {
  const fold = (name: string): string => name.normalize("NFC").toLowerCase();
  const known = new Set(classes.map(fold));
  for (const { id, className, text } of spec.requirements)
    if (className !== undefined && !known.has(fold(className)))
      trace.add(
        "observation",
        "spec",
        `${id} names no class of the photographs: “${text}”; there are ${classes.join(", ")}`,
        {
          id,
        },
      );
}

/** Says before anything is learned which facts of the spec the folder does not bear out. */
function checkPremises(
  { spec, trace }: RunContext,
  found: { readonly pictures: number; readonly classes: number },
): void {
  for (const { id, kind, target, text, unit } of spec.requirements) {
    const measured = kind === "image-count" ? found.pictures : kind === "class-count" ? found.classes : null;
    if (measured === null || target === null || satisfies(measured, target)) continue;
    const got = formatValue(measured, unit);
    trace.add("observation", "spec", `${id} does not hold: “${text}”, there are ${got}`, { id, measured });
  }
}

/** The largest accuracy that a line asks of test. */
function targetOf({ requirements }: Spec): number | null {
  const targets = requirements.flatMap(({ kind, judgedOn, target }) =>
    kind === "accuracy" && judgedOn === "test" && target !== null ? [target.value] : [],
  );
  return targets.length > 0 ? Math.max(...targets) : null;
}

/** The share of test photographs that the spec's accuracy needs; null where the test split is given. */
function shareFor(spec: Spec, { pictures, classes }: Dataset): TestShare | null {
  if (pictures.some((picture) => picture.given === "test")) return null;
  const alpha = openingAlpha(spec.alpha, 1);
  return chooseTestShare({ images: countDistinct(pictures), classes: classes.length, target: targetOf(spec), alpha });
}

/** Sizes the test split and divides; said before anything is learned, with what the photographs in test can prove. */
async function divide(context: RunContext, dataset: Dataset): Promise<SplitRow[]> {
  const { spec, trace, around, folder, request } = context;
  const asked = { target: targetOf(spec), alpha: openingAlpha(spec.alpha, 1) };
  const { seed } = request;
  const sized = shareFor(spec, dataset);
  const inTest = (rows: readonly SplitRow[]): number =>
    countDistinct(dataset.pictures.filter((_, i) => rows[i]!.split === "test"));
  if (sized === null) {
    const rows = splitDataset(dataset, { seed, testShare: 0 });
    const given = inTest(rows);
    trace.add("decision", "split", describeGiven(given, asked.target, asked.alpha), { given, ...asked });
    return rows;
  }
  const share = (await readOwnShare(folder)) ?? (await keepTestShare(around.stateFolder, dataset.root, sized.share));
  await writeJson(folder.file("split.json"), { share });
  const rows = splitDataset(dataset, { seed, testShare: share });
  const kept = share > sized.share ? `; kept at ${formatPercent(share, 0)} as in an earlier run on this folder` : "";
  const text = `test share ${formatPercent(sized.share, 0)}: ${explainTestShare(sized, asked, inTest(rows))}${kept}`;
  trace.add("decision", "split", text, { ...sized, share, inTest: inTest(rows), ...asked });
  return rows;
}

/** The share that this run began with, whatever other runs have asked for since. */
async function readOwnShare(folder: RunFolder): Promise<number | null> {
  const text = await readFile(folder.file("split.json"), "utf8").catch(() => null);
  return text === null ? null : (JSON.parse(text) as { share: number }).share;
}

function describeGiven(given: number, target: number | null, alpha: number): string {
  const text = `test split given, ${countOf(given, "photograph")}`;
  if (target === null) return text;
  const mustBeRight = provable(given, target, alpha);
  if (mustBeRight === null) return `${text}: even all right would not prove the target`;
  return `${text}: they prove the target when at least ${mustBeRight} are right`;
}

function countDistinct(pictures: readonly Picture[]): number {
  return new Set(pictures.map(({ pixelHash }) => pixelHash)).size;
}

async function writeSplits({ folder, replay }: RunContext, rows: readonly SplitRow[]): Promise<string> {
  const path = folder.file("splits.csv");
  const text = formatSplits(rows);
  const splitsHash = sha256(text);
  const recorded = replay === null ? null : recordedHash(replay, "splitsHash");
  if (recorded !== null && recorded !== splitsHash)
    throw new Fault("run-mismatch", { what: "the trace is of a run with other photographs or another split of them" });
  const earlier = await readFile(path, "utf8").catch(() => null);
  if (earlier !== null && earlier !== text)
    throw new Fault("run-mismatch", {
      what: "the photographs changed since the run began",
      expected: `those of ${path}`,
      got: "others",
      remedy: "give another folder with --out to begin a new run with them",
    });
  await writeFileAtomic(path, text);
  return splitsHash;
}

function requirePhotographs(rows: readonly SplitRow[]): void {
  const counts = countSplits(rows);
  const learned = new Set(rows.filter(({ split }) => split === "train").map(({ label }) => label));
  if (learned.size >= 2 && counts.test > 0) return;
  throw new Fault("images-insufficient", {
    what: "there are too few photographs to learn from and to test on",
    expected: "at least two classes with four different photographs each",
    got: `${counts.train} to train on, of ${countOf(learned.size, "class", "classes")}, and ${counts.test} to test on`,
  });
}

/** Copies count once, as they do when lines are judged. */
function describeSplit({ splits, distinctSplits }: Audit): string {
  const parts = Object.entries(distinctSplits).filter(([, count]) => count > 0);
  const copies =
    Object.values(splits).reduce((sum, count) => sum + count, 0) - parts.reduce((sum, [, n]) => sum + n, 0);
  const once = copies === 0 ? "" : `; ${countOf(copies, "copy", "copies")} besides`;
  return `${parts.map(([split, count]) => `${split} ${count}`).join(", ")}${once}`;
}
