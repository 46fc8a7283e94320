/** Any ONNX image network as a backbone: its input conformed, its features found, its batch freed, and all of it proved by running. */
import { basename } from "node:path";
import { sha256 } from "../core/index.js";
import {
  expandHalf,
  getMetadata,
  keepOutputs,
  type ModelProto,
  packHalf,
  readModel,
  serializeModel,
} from "../onnx/index.js";
import { type FeatureChoice, type FeatureOptions, findFeatures } from "./import-features.js";
import { conformInput, declareInput, findImage, freeBatch, type ImageInput, type Layout } from "./import-input.js";
import { takeOutputs } from "./import-outputs.js";
import { type Preprocessing, type PreprocessingOptions, resolvePreprocessing } from "./import-preprocessing.js";
import { fixedBatch, foreignSizeStep, prove } from "./import-prove.js";
import { countMultiplyAdds } from "./multiply-adds.js";
import { probeImages, probeShapes } from "./probe.js";
import { wire, type Wiring } from "./wiring.js";
import type { Backbone } from "./zoo.js";

/** What a user may say about a network; everything else is found. */
export interface ImportOptions extends PreprocessingOptions, FeatureOptions {
  readonly name?: string;
  readonly license?: string;
  /** Where the network is from; the file's name by default. */
  readonly source?: string;
  readonly layout?: Layout;
}

/** Reading the file, a run for the shapes, the proof by further runs. */
export const importSteps = 3;

/** A backbone made from a foreign file. */
export interface ImportedBackbone extends Backbone {
  /** The network as it is stored, float16 where that loses nothing; `row.sha256` is the hash of these bytes. */
  readonly bytes: Uint8Array;
  /** What was found and what was assumed, for people. */
  readonly notes: readonly string[];
}

/**
 * Reads an ONNX file as a backbone: float32 RGB [n, 3, size, size] → features [n, width]; activations [n, c, h, w] where the pooling
 * is a global average; logits [n, classes] where there is a classifier.
 * Throws `model-invalid` for what is no ONNX model, has no image input of three channels, needs an operator that ONNX Runtime lacks,
 * has nothing to pool, gives NaN, or takes one picture at a time; `usage` for options that cannot be. `step` is called after each of
 * `importSteps`.
 */
export async function importBackbone(
  path: string,
  options: ImportOptions = {},
  step: () => void = () => {},
): Promise<ImportedBackbone> {
  const model = await readModel(path);
  expandHalf(model);
  step();
  const image = findImage(model, options.layout);
  const preprocessing = await resolvePreprocessing(model, path, options, image.side);
  const input = conformInput(model, image, preprocessing.bgr);
  const wiring = await probe(model, input, image, preprocessing);
  step();
  const choice = findFeatures(wiring, options);
  const multiplyAdds = countMultiplyAdds(wiring, choice.value);
  const found = takeOutputs(wiring, choice);
  const look = { ...preprocessing, input, width: choice.width };
  const proof = await prove(model, look, found);
  step();
  const outputs = { ...found, activations: proof.averaged ? found.activations : null };
  keepOutputs(
    model,
    Object.values(outputs).filter((value) => value !== null),
  );
  if (proof.sizes === "fixed") declareInput(model, input, preprocessing.view.size);
  const name = options.name ?? basename(path).replace(/\.onnx$/i, "");
  const bytes = store(model);
  return {
    model,
    bytes,
    notes: [...preprocessing.notes, ...describe(choice, image, preprocessing)],
    row: {
      name,
      file: `${name}.onnx`,
      sha256: sha256(bytes),
      view: preprocessing.view,
      mean: preprocessing.mean,
      deviation: preprocessing.deviation,
      sizes: proof.sizes,
      sizeStep: foreignSizeStep,
      width: choice.width,
      multiplyAdds,
      input,
      ...outputs,
      license: options.license ?? getMetadata(model).license ?? "unknown",
      source: options.source ?? basename(path),
    },
  };
}

/** Shapes of a run with two images, the batch freed before where the file fixes it. */
async function probe(model: ModelProto, input: string, image: ImageInput, look: Preprocessing): Promise<Wiring> {
  const ask = (count: number): Promise<ReadonlyMap<string, readonly number[]>> =>
    probeShapes(model, input, probeImages(count, look.view.size, look));
  const direct = image.fixedBatch ? null : await ask(2).catch(() => null);
  if (direct) return wire(model, input, direct, 2);
  // One image alone shows whether the file is wrong in another way, and which reshapes hold a one that is the batch.
  freeBatch(model, input, await ask(1));
  const freed = await ask(2).catch((error: unknown) => {
    throw fixedBatch(error);
  });
  // A graph that joins the pictures of a batch into one runs, and gives a single answer.
  if (!model.graph!.output.some(({ name }) => freed.get(name)?.[0] === 2)) throw fixedBatch();
  return wire(model, input, freed, 2);
}

/** The bytes of a model with what can be halved in halves; the model itself stays as it is. */
function store(model: ModelProto): Uint8Array {
  packHalf(model);
  const bytes = serializeModel(model);
  expandHalf(model);
  return bytes;
}

const shapingNotes: Readonly<Record<FeatureChoice["shaping"], string>> = {
  "as-is": "taken as they are",
  flatten: "taken as they are",
  pool: "averaged over the feature map",
  "pool-last": "averaged over the feature map, whose channels come last",
  "first-token": "the first token of each picture",
  "mean-token": "the mean of each picture's tokens",
};

function describe(choice: FeatureChoice, image: ImageInput, { bgr }: Preprocessing): string[] {
  const cut = choice.logits === null ? "" : `, in front of the classifier that gives ${choice.logits}`;
  const kind = `${image.type}, channels ${image.layout === "nchw" ? "first" : "last"}${bgr ? ", blue first" : ""}`;
  return [
    `input: ${image.name} (${kind})`,
    `features: ${choice.value}, ${choice.width} wide, ${shapingNotes[choice.shaping]}${cut}`,
  ];
}
