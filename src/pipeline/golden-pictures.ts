/** Golden examples of a run with --no-images: drawn patterns, which prove the same about a bundle and show nobody's photographs. */
import { random } from "../core/index.js";
import { encodeRaster } from "../image/index.js";

const side = 320;
const channels = 3;

/** So many PNG files: two colors that run into each other, a disc, and grain; the same for the same seed. */
export function drawGoldenPictures(count: number, seed: number): Promise<Uint8Array[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => drawPattern(seed, index)));
}

function drawPattern(seed: number, index: number): Promise<Uint8Array> {
  const source = random(seed, "golden pattern", String(index));
  const color = (): number[] => [0, 1, 2].map(() => source.below(256));
  const [from, to, disc] = [color(), color(), color()];
  const center = [0, 1].map(() => side / 4 + source.below(side / 2));
  const radius = side / 8 + source.below(side / 5);
  const data = new Uint8Array(side * side * channels);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const share = (x + y) / (2 * side);
      const inside = Math.hypot(x - center[0]!, y - center[1]!) < radius;
      for (let c = 0; c < channels; c++) {
        const ground = inside ? disc[c]! : from[c]! * (1 - share) + to[c]! * share;
        data[(y * side + x) * channels + c] = Math.min(255, Math.max(0, Math.round(ground) + source.below(17) - 8));
      }
    }
  return encodeRaster({ data, width: side, height: side, channels }, { format: "png" });
}
