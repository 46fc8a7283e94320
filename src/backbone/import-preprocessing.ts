/** How pictures must be prepared for a foreign network: from flags, from what its file or the files beside it say, else a default that is told. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault } from "../core/index.js";
import type { View, ViewMode } from "../image/index.js";
import { getMetadata, type ModelProto } from "../onnx/index.js";
import type { Channels } from "./zoo.js";

/** The range of pixels that `mean` and `std` are meant for: (x − mean) / std with x of 0 to 1, or of 0 to 255. */
export type PixelRange = 1 | 255;

export interface PreprocessingOptions {
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly pixels?: PixelRange;
  readonly size?: number;
  readonly mode?: ViewMode;
  readonly cropFraction?: number;
  readonly kernel?: View["kernel"];
  readonly bgr?: boolean;
}

export interface Preprocessing {
  readonly mean: Channels;
  readonly deviation: Channels;
  readonly view: View;
  readonly bgr: boolean;
  /** Where each part is from, for people. */
  readonly notes: readonly string[];
}

/** What most networks of today were trained with, on pixels of 0 to 1. */
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], pixels: 1 } as const;

type Facts = Readonly<Record<string, unknown>>;

/** The names that a fact goes by in metadata: ours, Hugging Face's, timm's, and those of ONNX itself (docs/MetadataProps.md). */
const aliases = {
  mean: ["input_mean", "image_mean", "mean"],
  std: ["input_std", "image_std", "std"],
  crop: ["crop_fraction", "crop_pct"],
  kernel: ["resize_kernel", "interpolation", "resample"],
  size: ["input_size", "crop_size", "size"],
  range: ["Image.NominalPixelRange"],
  format: ["Image.BitmapPixelFormat"],
} as const;

const kernels: Readonly<Record<string, View["kernel"]>> = {
  cubic: "cubic",
  bicubic: "cubic",
  linear: "linear",
  bilinear: "linear",
  lanczos: "lanczos3",
  lanczos3: "lanczos3",
  // Pillow's numbers, as Hugging Face writes them.
  "1": "lanczos3",
  "2": "linear",
  "3": "cubic",
};

/** ONNX's own words for the range of an image's values. */
const ranges: Readonly<Record<string, { mean: number; std: number }>> = {
  nominalrange_0_255: { mean: 0, std: 1 },
  normalized_0_1: { mean: 0, std: 255 },
  normalized_1_1: { mean: 127.5, std: 127.5 },
};

/**
 * Settles mean, deviation and view. `fixedSide` is the side that the graph fixes.
 * Throws `usage` for flags that cannot be, or that leave open which pixels they mean.
 */
export async function resolvePreprocessing(
  model: ModelProto,
  path: string,
  options: PreprocessingOptions,
  fixedSide: number | null,
): Promise<Preprocessing> {
  const facts = { ...(await besides(path)), ...getMetadata(model) };
  const notes: string[] = [];
  const normalization = normalizationOf(facts, options, notes);
  const view = viewOf(facts, options, fixedSide, notes);
  const bgr = options.bgr ?? /^bgr/i.test(textOf(facts, "format") ?? "");
  return { ...normalization, view, bgr, notes };
}

/** What Hugging Face and timm put beside a network. */
async function besides(path: string): Promise<Facts> {
  const found: Record<string, unknown> = {};
  for (const name of ["config.json", "preprocessor_config.json"]) {
    const text = await readFile(join(dirname(path), name), "utf8").catch(() => null);
    if (text === null) continue;
    const facts = parseObject(text);
    Object.assign(found, facts, facts.pretrained_cfg);
  }
  return found;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // a file of that name with another content: nothing is known from it
  }
}

function normalizationOf(
  facts: Facts,
  options: PreprocessingOptions,
  notes: string[],
): Pick<Preprocessing, "mean" | "deviation"> {
  if (options.mean || options.std) {
    notes.push("mean and deviation: as given");
    return toPixels(channels("--mean", options.mean ?? [0]), channels("--std", options.std ?? [1]), options.pixels);
  }
  const [mean, std] = [numbersOf(facts, "mean"), numbersOf(facts, "std")];
  if (mean && std) {
    notes.push("mean and deviation: as the network's metadata says");
    return toPixels(channels("mean", mean), channels("std", std), options.pixels ?? 1);
  }
  const range = ranges[(textOf(facts, "range") ?? "").toLowerCase()];
  if (range) {
    notes.push("mean and deviation: from the pixel range in the network's metadata");
    return { mean: channels("mean", [range.mean]), deviation: channels("std", [range.std]) };
  }
  notes.push("mean and deviation: ImageNet's, as neither the network nor a flag says otherwise");
  return toPixels(imageNet.mean, imageNet.std, imageNet.pixels);
}

/** Constants of either convention as those of 0–255 pixels. What exceeds 1 can only be meant for 0–255. */
function toPixels(
  mean: Channels,
  std: Channels,
  given: PixelRange | undefined,
): Pick<Preprocessing, "mean" | "deviation"> {
  const large = [...mean, ...std].some((value) => Math.abs(value) > 1);
  const unclear = mean.every((value) => value === 0) && std.every((value) => value === 1);
  if (given === undefined && unclear)
    throw new Fault("usage", {
      what: "mean 0 and deviation 1 are the same for pixels of 0 to 1 and of 0 to 255",
      expected: "--pixels 1 or --pixels 255",
      remedy: "say with --pixels which of them the network takes",
    });
  const factor = large ? 1 : (given ?? 1) === 1 ? 255 : 1;
  return { mean: mapChannels(mean, factor), deviation: mapChannels(std, factor) };
}

function mapChannels([r, g, b]: Channels, factor: number): Channels {
  return [r * factor, g * factor, b * factor];
}

/** One number for all channels, or three. */
function channels(name: string, values: readonly number[]): Channels {
  const [r, g = r, b = r] = values;
  const wrong = !values.every(Number.isFinite) || (values.length !== 1 && values.length !== 3);
  if (
    r === undefined ||
    g === undefined ||
    b === undefined ||
    wrong ||
    (name.endsWith("std") && Math.min(r, g, b) <= 0)
  )
    throw new Fault("usage", {
      what: `${name} cannot be`,
      expected: name.endsWith("std") ? "one number or three, above 0" : "one number or three",
      got: values.join(","),
    });
  return [r, g, b];
}

function viewOf(facts: Facts, options: PreprocessingOptions, fixedSide: number | null, notes: string[]): View {
  if (fixedSide !== null && options.size !== undefined && options.size !== fixedSide)
    throw new Fault("usage", {
      what: `the network takes pictures of ${fixedSide} px only`,
      got: `--size ${options.size}`,
      remedy: "leave --size out",
    });
  const known = fixedSide ?? options.size ?? sizeOf(facts);
  if (known === null) notes.push("size: 224 px, as neither the network nor a flag says otherwise");
  const size = known ?? 224;
  const kernel = options.kernel ?? kernels[(textOf(facts, "kernel") ?? "").toLowerCase()] ?? "cubic";
  const mode = options.mode ?? "crop";
  if (mode !== "crop") return { mode, size, kernel };
  const cropFraction = options.cropFraction ?? numbersOf(facts, "crop")?.[0] ?? 0.875;
  if (!(cropFraction > 0 && cropFraction <= 1))
    throw new Fault("usage", {
      what: "the crop fraction cannot be",
      expected: "above 0, at most 1",
      got: `${cropFraction}`,
    });
  return { mode, size, cropFraction, kernel };
}

function find(facts: Facts, key: keyof typeof aliases): unknown {
  return aliases[key].map((name) => facts[name]).find((value) => value !== undefined && value !== null);
}

function textOf(facts: Facts, key: keyof typeof aliases): string | null {
  const value = find(facts, key);
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

/** Numbers as JSON has them, or as text: "127", "0.485, 0.456, 0.406", "[0.5, 0.5, 0.5]". */
function numbersOf(facts: Facts, key: keyof typeof aliases): number[] | null {
  const value = find(facts, key);
  const text = textOf(facts, key) ?? "";
  const list: unknown[] = Array.isArray(value) ? value : text.replace(/[[\]()]/g, "").split(/[\s,]+/);
  const numbers = list.filter((one) => one !== "").map(Number);
  return numbers.length > 0 && numbers.every(Number.isFinite) ? numbers : null;
}

/** A side, from 224, [3, 224, 224], {"height": 224, "width": 224} or {"shortest_edge": 224}. */
function sizeOf(facts: Facts): number | null {
  const value = find(facts, "size");
  const inside = typeof value === "object" && value !== null ? Object.values(value) : [value];
  const side = inside.map(Number).findLast((one) => Number.isInteger(one) && one >= 16);
  return side ?? null;
}
