/**
 * Does a network look as if it got other pixels than it was trained with? Measured without labels, on photographs: a network that
 * meets its own normalization sees a picture and its mirror image as the same thing, as a rule more so than with other constants.
 * Confidence alone would be deceived: EfficientNetV2-B0 is surest (0.94, else 0.79) and always wrong on pixels not normalized at all.
 */
import {
  floats,
  keepOutputs,
  type ModelProto,
  parseModel,
  serializeModel,
  SessionPool,
  type Tensor,
} from "../onnx/index.js";
import { availableParallelism } from "node:os";
import type { Progress } from "../core/index.js";
import type { Backbone, BackboneRow, Channels } from "./zoo.js";

/** Constants of 0–255 pixels that networks are trained with. */
export interface Normalization {
  readonly name: string;
  readonly mean: Channels;
  readonly deviation: Channels;
  /** Red and blue change places, relative to what the row's graph is given now. */
  readonly swapped: boolean;
}

/** What is measured: with a classifier both, without one only `mirror`. */
export type Signal = "agreement" | "mirror";

/** How a network does under one normalization. */
export interface NormalizationScore extends Normalization {
  /** Mean cosine between a picture's features and its mirror image's, both less the mean of all pictures. */
  readonly mirror: number;
  /** Chance that the classifier answers the same for both, beyond that of any two pictures; null without a classifier. */
  readonly agreement: number | null;
  /** Standard errors by which each signal is better than with the given normalization, picture by picture. */
  readonly advantage: { readonly mirror: number; readonly agreement: number | null };
}

export interface PreprocessingCheck {
  readonly pictures: number;
  readonly given: NormalizationScore;
  readonly alternatives: readonly NormalizationScore[];
  /** The alternative that does better by more than chance, and by which signal; null where none does. */
  readonly better: { readonly score: NormalizationScore; readonly signal: Signal } | null;
}

const gray = (value: number): Channels => [value, value, value];

const imageNet = { mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375] } as const;

const caffe = { mean: [123.68, 116.779, 103.939], deviation: gray(1) } as const;

/** What networks are trained with: torchvision and timm, TensorFlow, plain scaling, none, Caffe, and OpenAI's CLIP. */
const usual: readonly Normalization[] = [
  { name: "ImageNet's mean and deviation", ...imageNet, swapped: false },
  { name: "-1 to 1", mean: gray(127.5), deviation: gray(127.5), swapped: false },
  { name: "0 to 1", mean: gray(0), deviation: gray(255), swapped: false },
  { name: "0 to 255", mean: gray(0), deviation: gray(1), swapped: false },
  { name: "ImageNet's mean, deviation 1", ...caffe, swapped: false },
  { name: "Caffe's: blue first, ImageNet's mean, deviation 1", ...caffe, swapped: true },
  {
    name: "CLIP's mean and deviation",
    mean: [122.771, 116.746, 104.094],
    deviation: [68.5, 66.632, 70.323],
    swapped: false,
  },
];

/** Constants closer than this, in units of the deviation, are the same to a network. */
const sameWithin = 0.05;

/** Fewer pictures decide nothing. */
export const leastPictures = 16;
export const mostPictures = 96;

/** Standard errors from which an advantage is told: by chance alone one of seven alternatives gets there in one or two networks of a hundred. */
const certain = 3;

/** Standard errors by which the other signal may be worse: two signals that contradict each other tell nothing. */
const contradicts = -1;

/** Least advantage that is worth telling, of either signal. */
const worthTelling = { agreement: 0.03, mirror: 0.004 } as const;

/**
 * Compares a backbone's normalization with the usual ones on pictures of its own view, [size, size, 3] bytes each; of many the first
 * `mostPictures`. Returns null for fewer than `leastPictures`.
 */
export async function checkPreprocessing(
  { row, model }: Backbone,
  pictures: readonly Uint8Array[],
  progress: Progress,
): Promise<PreprocessingCheck | null> {
  const taken = pictures.slice(0, mostPictures);
  if (taken.length < leastPictures) return null;
  const candidates = candidatesFor(row);
  const pool = await SessionPool.open(serializeModel(scoringGraph(model, row)), availableParallelism());
  try {
    const raw: RawScore[] = [];
    for (const [done, candidate] of candidates.entries()) {
      progress({ stage: "check", done, total: candidates.length, unit: "normalizations" });
      raw.push(scorePictures(await runAll(pool, row, candidate, taken), row));
    }
    progress({ stage: "check", done: candidates.length, total: candidates.length, unit: "normalizations" });
    return judge(candidates, raw, taken.length);
  } finally {
    await pool.close();
  }
}

/** The row's own normalization first, then the usual ones that differ from it, then its own with red and blue exchanged. */
function candidatesFor(row: BackboneRow): Normalization[] {
  const given = { name: "the given one", mean: row.mean, deviation: row.deviation, swapped: false };
  const swapped = { ...given, name: "red and blue exchanged", swapped: true };
  return [given, ...usual.filter((one) => !same(one, given) && !same(one, swapped)), swapped];
}

function same(a: Normalization, b: Normalization): boolean {
  if (a.swapped !== b.swapped) return false;
  return a.mean.every((mean, i) => {
    const shift = Math.abs(mean - b.mean[i]!) / b.deviation[i]!;
    return shift < sameWithin && Math.abs(a.deviation[i]! / b.deviation[i]! - 1) < sameWithin;
  });
}

function scoringGraph(model: ModelProto, { features, logits }: BackboneRow): ModelProto {
  const copy = parseModel(serializeModel(model), "the backbone");
  keepOutputs(
    copy,
    [features, logits].filter((name) => name !== null),
  );
  return copy;
}

interface Seen {
  readonly features: Float32Array;
  readonly scores: Float32Array | null;
}

/** Features and scores of every picture and of its mirror image. */
function runAll(
  pool: SessionPool,
  row: BackboneRow,
  normalization: Normalization,
  pictures: readonly Uint8Array[],
): Promise<[Seen, Seen][]> {
  const side = row.view.size;
  return Promise.all(
    pictures.map(async (pixels) => {
      const answers = await pool.run({ [row.input]: mirrorPair(pixels, side, normalization) });
      const halves = (name: string): [Float32Array, Float32Array] => {
        const values = floats(answers[name]);
        return [values.subarray(0, values.length / 2), values.subarray(values.length / 2)];
      };
      const features = halves(row.features);
      const scores = row.logits === null ? null : halves(row.logits);
      return [
        { features: features[0], scores: scores && softmax(scores[0]) },
        { features: features[1], scores: scores && softmax(scores[1]) },
      ];
    }),
  );
}

/** A picture and its mirror image, normalized: [2, 3, side, side]. */
function mirrorPair(pixels: Uint8Array, side: number, { mean, deviation, swapped }: Normalization): Tensor {
  const area = side * side;
  const data = new Float32Array(6 * area);
  for (let channel = 0; channel < 3; channel++) {
    const from = swapped ? 2 - channel : channel;
    for (let i = 0; i < area; i++) {
      const value = (pixels[i * 3 + from]! - mean[from]!) / deviation[from]!;
      const x = i % side;
      data[channel * area + i] = value;
      data[(3 + channel) * area + i - x + side - 1 - x] = value;
    }
  }
  return { type: "float32", dims: [2, 3, side, side], data };
}

function softmax(logits: Float32Array): Float32Array {
  const top = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = logits.map((value) => Math.exp(value - top));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/** Both signals, picture by picture. */
interface RawScore {
  readonly mirror: readonly number[];
  readonly agreement: readonly number[] | null;
}

function scorePictures(pairs: readonly (readonly [Seen, Seen])[], row: BackboneRow): RawScore {
  const center = meanOf(
    pairs.map(([seen]) => seen.features),
    row.width,
  );
  const mirror = pairs.map(([a, b]) => cosine(a.features, b.features, center));
  const scores = pairs.flatMap(([a, b]) => (a.scores && b.scores ? [[a.scores, b.scores] as const] : []));
  const [first] = scores;
  if (!first) return { mirror, agreement: null };
  const overall = meanOf(
    scores.map(([a]) => a),
    first[0].length,
  );
  const chance = dot(overall, overall);
  return { mirror, agreement: scores.map(([a, b]) => dot(a, b) - chance) };
}

function judge(candidates: readonly Normalization[], raw: readonly RawScore[], pictures: number): PreprocessingCheck {
  const own = raw[0]!;
  const [given, ...alternatives] = candidates.map((candidate, i): NormalizationScore => {
    const { mirror, agreement } = raw[i]!;
    const advantage = {
      mirror: pairedAdvantage(mirror, own.mirror),
      agreement: agreement && pairedAdvantage(agreement, own.agreement!),
    };
    return { ...candidate, mirror: average(mirror), agreement: agreement && average(agreement), advantage };
  });
  const found = (["agreement", "mirror"] as const)
    .map((signal) => ({ signal, score: bestBy(signal, alternatives) }))
    .find(({ signal, score }) => score !== null && tells(signal, score, given!));
  const better = found?.score ? { score: found.score, signal: found.signal } : null;
  return { pictures, given: given!, alternatives, better };
}

/** The best alternative by one signal; of those about as good, the more usual one: the table is in that order. */
function bestBy(signal: Signal, alternatives: readonly NormalizationScore[]): NormalizationScore | null {
  const top = Math.max(...alternatives.map((one) => one[signal] ?? Number.NEGATIVE_INFINITY));
  return alternatives.find((one) => one[signal] !== null && one[signal] > top - worthTelling[signal] / 3) ?? null;
}

function tells(signal: Signal, score: NormalizationScore, given: NormalizationScore): boolean {
  const other = score.advantage[signal === "mirror" ? "agreement" : "mirror"] ?? 0;
  const gain = (score[signal] ?? 0) - (given[signal] ?? 0);
  return (score.advantage[signal] ?? 0) > certain && gain > worthTelling[signal] && other > contradicts;
}

/** Mean of the differences over its standard error. */
function pairedAdvantage(values: readonly number[], own: readonly number[]): number {
  const differences = values.map((value, i) => value - own[i]!);
  const mean = average(differences);
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (differences.length - 1);
  return variance === 0 ? 0 : mean / Math.sqrt(variance / differences.length);
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanOf(rows: readonly Float32Array[], width: number): Float32Array {
  return Float32Array.from({ length: width }, (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** Cosine of a − center and b − center; 0 where one of them is nothing, or no number. */
function cosine(a: Float32Array, b: Float32Array, center: Float32Array): number {
  const [x, y] = [a, b].map((values) => values.map((value, i) => value - center[i]!));
  const length = Math.sqrt(dot(x!, x!) * dot(y!, y!));
  return length > 0 && Number.isFinite(length) ? dot(x!, y!) / length : 0;
}

const signalWords: Readonly<Record<Signal, string>> = { agreement: "the same class", mirror: "the same features" };

/** The comparison for people; its first line starts with "warning" where another normalization is better by more than chance. */
export function describeCheck({ given, better, alternatives, pictures }: PreprocessingCheck): string[] {
  const signal = better?.signal ?? (given.agreement === null ? "mirror" : "agreement");
  const text = (one: NormalizationScore): string => (one[signal] ?? 0).toFixed(3);
  const shown = `${pictures} photographs and their mirror images get ${signalWords[signal]}`;
  if (!better) {
    const best = bestBy(signal, alternatives);
    const rival = best ? `, at best ${text(best)} with ${best.name}` : "";
    return [`preprocessing: no sign that it is wrong (${shown}: ${text(given)}${rival})`];
  }
  const { score } = better;
  const bgr = score.swapped ? ", and --bgr if it is not there (without it if it is)" : "";
  return [
    `warning: the preprocessing looks wrong: ${shown} more often with ${score.name} (${text(score)}) than with what is set ` +
      `(${text(given)}), by ${(score.advantage[signal] ?? 0).toFixed(1)} standard errors`,
    `if the network was trained with those: --mean ${score.mean.join(",")} --std ${score.deviation.join(",")} --pixels 255${bgr}`,
  ];
}
