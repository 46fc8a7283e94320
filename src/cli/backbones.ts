/** `assay backbones`: the networks that assay can build on; those of the user are added, checked and removed here. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
  addBackbone,
  type AddedBackbone,
  type Backbone,
  type BackboneRow,
  checkFreeName,
  checkPreprocessing,
  describeCheck,
  download,
  embeddedGolden,
  goldenDifference,
  goldenTolerance,
  importBackbone,
  importSteps,
  leastPictures,
  listAdded,
  loadBackbone,
  mostPictures,
  type PreprocessingCheck,
  removeBackbone,
  runGolden,
  zoo,
} from "../backbone/index.js";
import { Fault, sha256 } from "../core/index.js";
import { prepare, UnreadableImage } from "../image/index.js";
import type { BackboneAddArguments, BackboneCheckArguments, BackboneListArguments } from "./backbone-options.js";
import { imagePaths } from "./image-paths.js";
import { checkPath } from "./predict.js";
import { listenForInterrupts } from "./signals.js";
import { openTerminal, type Terminal } from "./terminal.js";

export async function listCommand({ json }: BackboneListArguments): Promise<number> {
  const terminal = openTerminal(json);
  const added = await listAdded();
  const rows = [
    ...zoo.map((row) => ({ ...row, origin: "embedded" })),
    ...added.map(({ row, origin }) => ({ ...row, origin: `added from ${origin.from}` })),
  ];
  terminal.answer(json ? JSON.stringify({ backbones: rows }) : rows.map(renderRow).join("\n\n"));
  return 0;
}

export async function addCommand(source: string, options: BackboneAddArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  const remote = /^[a-z][a-z0-9+.-]+:\/\//i.test(source);
  const name = options.name ?? basename(remote ? new URL(source).pathname : source).replace(/\.onnx$/i, "");
  await checkFreeName(name);
  if (options.images !== undefined) await checkPath(options.images);
  const folder = await mkdtemp(join(tmpdir(), "assay-backbone-"));
  try {
    const path = remote ? join(folder, "downloaded.onnx") : source;
    const got = await obtain(source, remote, path, terminal);
    checkHash(source, got, options.sha256);
    const step = countSteps(importSteps + 1, terminal);
    const backbone = await importBackbone(path, { ...options, name, source: `${source}, SHA-256 ${got}` }, step);
    const golden = await runGolden(backbone);
    step();
    const check = await checkOnPhotographs(backbone, options.images, terminal);
    const added = await addBackbone(backbone, { from: source, sha256: got }, golden.digest);
    terminal.answer(options.json ? JSON.stringify({ added, check }) : renderAdded(added, check));
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function checkCommand(name: string, options: BackboneCheckArguments): Promise<number> {
  const terminal = openTerminal(options.json);
  if (options.images !== undefined) await checkPath(options.images);
  const backbone = await loadBackbone(name);
  const golden = embeddedGolden[name] ?? (await listAdded()).find(({ row }) => row.name === name)?.golden ?? null;
  const run = await runGolden(backbone);
  const difference = golden && goldenDifference(run.digest, golden);
  if (!run.finite || (difference !== null && !(difference <= goldenTolerance)))
    throw new Fault("model-invalid", {
      what: `${name} does not give the features on this machine that it gave when it was added`,
      expected: `a relative difference of at most ${goldenTolerance}`,
      got: run.finite ? `${difference}` : "NaN",
      remedy: "remove it and add it again; an embedded one: report it with your processor and `assay --version`",
    });
  const check = await checkOnPhotographs(backbone, options.images, terminal);
  const facts = { ...run, goldenDifference: difference, check };
  terminal.answer(options.json ? JSON.stringify({ row: backbone.row, ...facts }) : renderChecked(backbone, facts));
  return 0;
}

export async function removeCommand(name: string, { json }: BackboneListArguments): Promise<number> {
  const terminal = openTerminal(json);
  await removeBackbone(name);
  terminal.answer(json ? JSON.stringify({ removed: name }) : `removed ${name}`);
  return 0;
}

/** Draws a bar of so many steps; each call is one more of them done. */
function countSteps(total: number, { progress }: Terminal): () => void {
  let done = 0;
  const show = (): void => progress({ stage: "import", done, total, unit: "steps" });
  show();
  return () => {
    done++;
    show();
  };
}

/** Fetches or reads the file, and returns its SHA-256. */
async function obtain(source: string, remote: boolean, path: string, terminal: Terminal): Promise<string> {
  if (remote) return download(source, path, { progress: terminal.progress, signal: listenForInterrupts() });
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Fault("model-invalid", {
      what: `cannot read ${path}`,
      remedy: "give the path of an .onnx file",
      cause: error,
    });
  });
  return sha256(bytes);
}

function checkHash(source: string, got: string, expected: string | undefined): void {
  if (expected === undefined || expected === got) return;
  throw new Fault("download-failed", {
    what: `${source} is not the file that --sha256 names`,
    expected: `SHA-256 ${expected}`,
    got,
    remedy: "check the address and the hash; nothing was added",
  });
}

/** Compares normalizations on photographs of a folder; null without a folder or with too few of them. */
async function checkOnPhotographs(
  backbone: Backbone,
  folder: string | undefined,
  terminal: Terminal,
): Promise<PreprocessingCheck | null> {
  if (folder === undefined) return null;
  const pictures: Uint8Array[] = [];
  for (const path of await spread(folder)) {
    if (pictures.length === mostPictures) break;
    const pixels = await readFile(path)
      .then((bytes) => prepare(bytes, backbone.row.view))
      .catch((error: unknown) => {
        if (error instanceof UnreadableImage) return null; // of no use here, and no fault
        throw error;
      });
    if (pixels) pictures.push(pixels);
  }
  const check = await checkPreprocessing(backbone, pictures, terminal.progress);
  if (!check)
    throw new Fault("images-insufficient", {
      what: `there are too few photographs in ${folder} to check the preprocessing`,
      expected: `at least ${leastPictures}`,
      got: `${pictures.length}`,
    });
  return check;
}

/** The image files of a folder in an order that takes from all of it: some of every class, not the first class only. */
async function spread(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of imagePaths([folder])) paths.push(path);
  const step = Math.max(1, Math.floor(paths.length / (mostPictures * 2)));
  return paths.filter((_, i) => i % step === 0);
}

function renderRow(row: BackboneRow & { readonly origin: string }): string {
  const facts = [
    `${row.view.size} px${row.sizes === "free" ? " (others possible)" : ""}`,
    `${row.width} features`,
    `${(row.multiplyAdds / 1e6).toFixed(0)} million multiply-adds`,
    row.license,
  ];
  return `${row.name}: ${facts.join(", ")}\n  ${row.source}\n  ${row.origin}`;
}

function renderAdded({ row, origin, notes }: AddedBackbone, check: PreprocessingCheck | null): string {
  return [
    `added ${row.name}; use it with --backbone ${row.name}`,
    `  file: SHA-256 ${origin.sha256}`,
    ...notes.map((note) => `  ${note}`),
    `  ${preprocessingLine(row)}`,
    ...renderCheck(check),
  ].join("\n");
}

function renderChecked(
  { row }: Backbone,
  facts: Awaited<ReturnType<typeof runGolden>> & {
    readonly goldenDifference: number | null;
    readonly check: PreprocessingCheck | null;
  },
): string {
  const shapes = Object.entries(facts.shapes).map(([name, dims]) => `${name} [${dims.join(", ")}]`);
  const golden =
    facts.goldenDifference === null ? "none recorded" : `within ${facts.goldenDifference.toExponential(1)}`;
  return [
    `${row.name}: the file is the one recorded (SHA-256 ${row.sha256})`,
    `  known picture: ${golden}`,
    `  shapes: ${row.input} [1, 3, ${row.view.size}, ${row.view.size}] → ${shapes.join(", ")}`,
    `  ${preprocessingLine(row)}`,
    `  speed: ${facts.latencyMs.toFixed(1)} ms a picture, one at a time, ${(row.multiplyAdds / 1e6 / facts.latencyMs).toFixed(0)} million multiply-adds a millisecond`,
    ...renderCheck(facts.check),
  ].join("\n");
}

function preprocessingLine({ mean, deviation, view }: BackboneRow): string {
  const list = (values: readonly number[]): string => values.map((value) => Number(value.toFixed(3))).join(", ");
  const crop = view.mode === "crop" ? ` ${view.cropFraction ?? 1}` : "";
  return `pictures: ${view.mode}${crop} to ${view.size} px (${view.kernel}); pixels of 0 to 255 less [${list(mean)}], over [${list(deviation)}]`;
}

function renderCheck(check: PreprocessingCheck | null): string[] {
  return check === null ? [] : describeCheck(check).map((line) => `  ${line}`);
}
