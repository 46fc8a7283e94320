/** Where the heat is drawn: an object in a known place of a photograph must be the brightest place of its overlay. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backbone, Look, Recipe } from "../src/backbone/index.js";
import { type Bundle, openBundle } from "../src/bundle/index.js";
import { sha256 } from "../src/core/index.js";
import { explainPhotograph } from "../src/explain/index.js";
import { decodePixels, encodeRaster, type EncodeOptions, inspect, type View, viewName } from "../src/image/index.js";
import { GraphBuilder } from "../src/onnx/index.js";
import { jpeg, removeFolders } from "./photographs.js";
import { writeRandomBundle } from "./small-bundle.js";

afterAll(removeFolders);

const side = 128;
const cell = 16;

/** A network whose feature map is the mean color of each cell of 16 × 16 pixels. */
function colorBackbone(): Backbone {
  const graph = new GraphBuilder();
  graph.input({ name: "input", type: "float32", dims: ["n", 3, "h", "w"] });
  const size = [BigInt(cell), BigInt(cell)];
  graph.node("AveragePool", ["input"], { kernel_shape: size, strides: size }, "activations");
  graph.node("Flatten", [graph.node("GlobalAveragePool", ["activations"])], {}, "features");
  graph.output({ name: "features", type: "float32", dims: ["n", 3] });
  graph.output({ name: "activations", type: "float32", dims: ["n", 3, "h", "w"] });
  const row: Backbone["row"] = {
    name: "color",
    file: "",
    sha256: sha256("color"),
    view: { mode: "squash", size: side, kernel: "linear" },
    mean: [0, 0, 0],
    deviation: [255, 255, 255],
    sizes: "free",
    sizeStep: cell,
    width: 3,
    multiplyAdds: side * side * 3,
    input: "input",
    features: "features",
    activations: "activations",
    logits: null,
    license: "none",
    source: "this test",
  };
  return { row, model: graph.model };
}

interface Scene {
  readonly width: number;
  readonly height: number;
  /** Middle of the object, in pixels. */
  readonly x: number;
  readonly y: number;
}

/** A blue disc, which is dark in gray, on black. */
function drawScene({ width, height, x, y }: Scene, options: Partial<EncodeOptions> = {}): Promise<Uint8Array> {
  const radius = Math.min(width, height) * 0.07;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++)
    if (Math.hypot((i % width) - x, Math.floor(i / width) - y) < radius) data[i * 3 + 2] = 255;
  return encodeRaster({ data, width, height, channels: 3 }, { format: "jpeg", quality: 95, ...options });
}

async function open(view: View, looks: readonly Look[]): Promise<Bundle> {
  const recipe: Recipe = { view, looks, branches: [{ backbone: colorBackbone(), size: side }] };
  // The first class likes blue and no red: the gray around a letterbox is nothing to it.
  const head = { weight: Float32Array.of(-9, 0, 9, 0, 0, 0, 0, 0, 0), bias: new Float32Array(3) };
  return openBundle(await writeRandomBundle([await jpeg("golden")], { recipe, head }), 1);
}

/** The middle of the tenth of the pixels' light that is brightest among those that the network saw. */
async function brightest(png: Uint8Array, width: number): Promise<{ x: number; y: number }> {
  const pixels = await decodePixels(png);
  const heat = Array.from({ length: pixels.length / 3 }, (_, i) => {
    const [red, green, blue] = [pixels[i * 3]!, pixels[i * 3 + 1]!, pixels[i * 3 + 2]!];
    // What the network did not see is gray; heat never is where it is strong.
    return Math.abs(red - green) + Math.abs(green - blue) < 30 ? 0 : red + green;
  });
  const most = heat.reduce((largest, value) => Math.max(largest, value), 0);
  const hot = heat.flatMap((value, i) => (value > 0.9 * most ? [i] : []));
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { x: meanOf(hot.map((i) => i % width)), y: meanOf(hot.map((i) => Math.floor(i / width))) };
}

const views: readonly View[] = [
  { mode: "crop", size: side, cropFraction: 0.875, kernel: "linear" },
  { mode: "crop", size: side, kernel: "linear" },
  { mode: "squash", size: side, kernel: "linear" },
  { mode: "letterbox", size: side, kernel: "linear" },
];
const whole: Look = { crop: 1, flip: false };
const looks: readonly (readonly [string, readonly Look[]])[] = [
  ["whole", [whole]],
  ["mirrored", [{ crop: 1, flip: true }]],
  ["whole and mirrored", [whole, { crop: 1, flip: true }]],
  ["the middle, mirrored too", [true, false].map((flip) => ({ crop: 0.875, flip }))],
];
/** In every corner of what all views see. */
const scenes: readonly Scene[] = [
  { width: 300, height: 200, x: 205, y: 50 },
  { width: 200, height: 320, x: 45, y: 220 },
];
const named = scenes.map((scene) => [`${scene.width} × ${scene.height}`, scene] as const);

const cases = views.flatMap((view) => looks.map(([name, seen]) => [viewName(view), name, view, seen] as const));

describe.each(cases)("%s, looked at: %s", (_view, _looks, view, seen) => {
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await open(view, seen);
  });
  afterAll(() => bundle.close());

  test.each(named)("the object of a photograph of %s is where the heat is", async (_size, scene) => {
    const { class: label, png, map } = await explainPhotograph(bundle, await drawScene(scene));
    expect(label).toBe("checks");
    expect([map.height, map.width]).toEqual([side / cell, side / cell]);
    const found = await brightest(png, scene.width);
    // A cell of the longest side, which squash and letterbox divide into eight.
    const tolerance = (Math.max(scene.width, scene.height) / (side / cell)) * 0.6;
    expect(Math.abs(found.x - scene.x)).toBeLessThan(tolerance);
    expect(Math.abs(found.y - scene.y)).toBeLessThan(tolerance);
  });
});

describe("the overlay", () => {
  const scene = scenes[0]!;
  let cropped: Bundle;
  beforeAll(async () => {
    cropped = await open({ mode: "crop", size: side, kernel: "linear" }, [whole]);
  });
  afterAll(() => cropped.close());

  test.each([3, 6, 8] as const)(
    "is upright where the file is stored turned, EXIF orientation %d",
    async (orientation) => {
      const { png } = await explainPhotograph(cropped, await drawScene(scene, { orientation }));
      expect(await inspect(png)).toMatchObject({ facts: { width: scene.width, height: scene.height } });
      const found = await brightest(png, scene.width);
      expect(Math.hypot(found.x - scene.x, found.y - scene.y)).toBeLessThan(25);
    },
  );

  test("of a large photograph is 1,024 pixels long and keeps its aspect", async () => {
    const large = { width: 2000, height: 1500, x: 1400, y: 400 };
    const { png } = await explainPhotograph(cropped, await drawScene(large));
    expect(await inspect(png)).toMatchObject({ facts: { width: 1024, height: 768 } });
    const found = await brightest(png, 1024);
    expect(Math.hypot(found.x - large.x * 0.512, found.y - large.y * 0.512)).toBeLessThan(70);
  });

  test("fades what the network did not see", async () => {
    const { png } = await explainPhotograph(cropped, await drawScene(scene));
    const pixels = await decodePixels(png);
    const at = (x: number, y: number) => [...pixels.subarray((y * scene.width + x) * 3, (y * scene.width + x) * 3 + 3)];
    expect(at(20, 100)).toEqual(at(280, 100));
    expect(new Set(at(20, 100)).size).toBe(1);
    expect(Math.max(...at(60, 190))).toBeLessThan(at(20, 100)[0]!);
  });
});
