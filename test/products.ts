/** A small set of drawn photographs that a linear head learns in seconds: for end-to-end tests. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeJpeg } from "../src/image/index.js";
import { random } from "../src/core/index.js";
import { addFiles } from "./photographs.js";

const patterns: Readonly<Record<string, (x: number, y: number, phase: number) => number>> = {
  stripes: (x, _y, phase) => (Math.sin(x / 4 + phase) > 0 ? 220 : 30),
  rings: (x, y, phase) => (Math.sin(Math.hypot(x - 48, y - 40) / 3 + phase) > 0 ? 200 : 60),
  checks: (x, y, phase) => ((Math.floor((x + phase * 3) / 12) + Math.floor(y / 12)) % 2 ? 230 : 20),
};

/** Draws `perClass` JPEGs for each of three classes: class/nn.jpg. */
export async function drawProducts(perClass: number, seed = 1): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "assay-products-"));
  const files: Record<string, Uint8Array> = {};
  for (const [label, pattern] of Object.entries(patterns))
    for (let i = 0; i < perClass; i++)
      files[`${label}/${String(i).padStart(2, "0")}.jpg`] = await draw(pattern, seed, label, i);
  await addFiles(root, files);
  return root;
}

async function draw(
  pattern: (x: number, y: number, phase: number) => number,
  seed: number,
  label: string,
  i: number,
): Promise<Uint8Array> {
  const source = random(seed, label, i);
  const [width, height, phase] = [96, 80, source.between(0, 6)];
  const tint = [source.between(0.4, 1), source.between(0.4, 1), source.between(0.4, 1)];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3);
    const value = pattern(pixel % width, Math.floor(pixel / width), phase) * tint[index % 3]!;
    return Math.max(0, Math.min(255, value + source.between(-25, 25)));
  });
  return encodeJpeg(pixels, width, height);
}
