/** Checks the documents of a bundle: there, whole, and with figures that are those of its manifest and provenance. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BundleManifest, escapeMarkdown, fileNames, type Provenance } from "../bundle/index.js";
import { errorCode } from "../store/index.js";
import { formatPercent } from "../core/index.js";

export interface DocumentReport {
  readonly documents: readonly string[];
  /** Sentences without a full stop. */
  readonly problems: readonly string[];
}

interface Facts {
  readonly manifest: BundleManifest;
  readonly provenance: Provenance;
}

/** Problems of one document's text. */
type DocumentCheck = (text: string, facts: Facts) => readonly string[];

interface DocumentRow {
  readonly name: string;
  /** Whether a bundle is incomplete without it. */
  readonly required: boolean;
  readonly check: DocumentCheck;
}

const documentTable: readonly DocumentRow[] = [
  { name: fileNames.modelCard, required: true, check: checkModelCard },
  { name: fileNames.readme, required: true, check: checkReadme },
  { name: fileNames.provenance, required: true, check: checkProvenance },
  { name: "openapi.json", required: false, check: checkDescription },
];

/** Validates every document of the bundle in a folder. */
export async function checkDocuments(folder: string, facts: Facts): Promise<DocumentReport> {
  const documents: string[] = [];
  const problems: string[] = [];
  for (const { name, required, check } of documentTable) {
    const text = await readFile(join(folder, name), "utf8").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    });
    if (text === null) {
      if (required) problems.push(`there is no ${name}`);
      continue;
    }
    documents.push(name);
    const found = text.trim() === "" ? ["it is empty"] : check(text, facts);
    problems.push(...found.map((problem) => `${name}: ${problem}`));
  }
  return { documents, problems };
}

/** What Mitchell et al. 2019 ask of a model card, as assay heads it. */
const cardSections = ["Intended use", "Classes", "Data", "How it works", "What is known so far", "Limits"];

function checkModelCard(text: string, facts: Facts): string[] {
  const { manifest, provenance } = facts;
  const splits = Object.entries(provenance.images).map(([split, hashes]) => [split, hashes.length] as const);
  return [
    ...missingSections(text, cardSections),
    ...missingTexts(text, [manifest.bundleHash.slice(0, 12), ...commonFigures(facts)]),
    ...wrongRows(text, [...classCounts(facts), ...splits]),
  ];
}

const readmeSections = ["The model", "Check it without assay", "Use it elsewhere", "What it learned from"];

function checkReadme(text: string, facts: Facts): string[] {
  return [
    ...missingSections(text, readmeSections),
    ...missingTexts(text, [fileNames.model, fileNames.manifest, fileNames.test, ...commonFigures(facts)]),
    ...wrongRows(text, classCounts(facts)),
  ];
}

/** Figures that both pages state. */
function commonFigures({ manifest, provenance }: Facts): string[] {
  return [
    manifest.calibration.temperature.toFixed(3),
    formatPercent(provenance.outOfFoldAccuracy),
    ...manifest.backbones.map(({ name }) => escapeMarkdown(name)),
  ];
}

function classCounts({ manifest, provenance }: Facts): (readonly [string, number])[] {
  return manifest.labels.map((label) => [escapeMarkdown(label), provenance.classCounts[label] ?? 0] as const);
}

function missingSections(text: string, sections: readonly string[]): string[] {
  const headings = new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => heading!.trim()));
  return sections.filter((section) => !headings.has(section)).map((section) => `it has no section “${section}”`);
}

function missingTexts(text: string, wanted: readonly string[]): string[] {
  return wanted.filter((figure) => !text.includes(figure)).map((figure) => `it does not say “${figure}”`);
}

/** Rows of tables whose second cell is not the count that the bundle has. */
function wrongRows(text: string, rows: readonly (readonly [name: string, count: number])[]): string[] {
  const cells = new Map(
    [...text.matchAll(/^\| (.+?) \| ([\d,]+) \|/gm)].map(([, name, count]) => [
      name!,
      Number(count!.replaceAll(",", "")),
    ]),
  );
  return rows.flatMap(([name, count]) => {
    const got = cells.get(name);
    if (got === count) return [];
    return [got === undefined ? `no row tells of ${name}` : `it counts ${got} of ${name}, the bundle ${count}`];
  });
}

function checkProvenance(_text: string, { manifest, provenance }: Facts): string[] {
  const { images, imageCount, classCounts: counts, classCount } = provenance;
  const lists = Object.values(images);
  const all = lists.flat();
  const learned = images.train.length + images.select.length;
  const counted = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const known = new Set(manifest.labels);
  return [
    new Set(all).size === all.length ? null : "a photograph is in two splits, or twice in one",
    all.length <= imageCount ? null : `it has ${all.length} photographs in its splits, of ${imageCount}`,
    classCount === manifest.labels.length
      ? null
      : `it counts ${classCount} classes, the model has ${manifest.labels.length}`,
    Object.keys(counts).every((label) => known.has(label)) ? null : "it counts a class that the model does not know",
    counted <= learned ? null : `it counts ${counted} photographs by class, of ${learned} that were learned from`,
  ].filter((problem) => problem !== null);
}

/** The parts of OpenAPI 3 that a client of the service needs. */
function checkDescription(text: string): string[] {
  let value: { openapi?: unknown; info?: { title?: unknown }; paths?: Record<string, unknown> } | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return ["it is no JSON"];
  }
  return [
    typeof value?.openapi === "string" && value.openapi.startsWith("3.") ? null : "it is no OpenAPI 3 document",
    typeof value?.info?.title === "string" ? null : "it has no title",
    value?.paths && "/predict" in value.paths ? null : "it does not describe /predict",
  ].filter((problem) => problem !== null);
}
