// Resampling as libvips does it: blocks are averaged, then a kernel as wide as what is left of the reduction, so that every
// pixel of the photograph counts.
// A canvas's own drawImage skips some of them, which moved probabilities by up to 0.18 on 144 photographs.

/** Weight at a distance in pixels of the result, and the distance where it ends (Keys 1981 for cubic, Duchon 1979 for lanczos3). */
const kernels = {
  linear: { radius: 1, weight: (x) => 1 - x },
  cubic: { radius: 2, weight: (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((2.5 - 0.5 * x) * x - 4) * x + 2) },
  lanczos3: { radius: 3, weight: (x) => (x === 0 ? 1 : sinc(x) * sinc(x / 3)) },
};

const sinc = (x) => Math.sin(Math.PI * x) / (Math.PI * x);

/**
 * For each of `to` places along a line of `length` pixels, of which the last may be a part, `step` pixels apart: which pixels
 * count, with weights that sum to 1. `to * step` may be a little more or less than `length`: that is shared between the two ends.
 */
function weigh(length, to, step, { radius, weight }) {
  const reach = Math.max(1, step);
  return Array.from({ length: to }, (_, place) => {
    const center = (place + 0.5 - to / 2) * step + length / 2 - 0.5;
    const first = Math.ceil(center - radius * reach);
    const raw = [];
    for (let at = first; at <= center + radius * reach; at++) raw.push(weight(Math.abs(at - center) / reach));
    const sum = raw.reduce((total, value) => total + value, 0);
    return raw.map((value, i) => ({ at: Math.min(Math.ceil(length) - 1, Math.max(0, first + i)), share: value / sum }));
  });
}

/** Resamples lines of pixels: pixel i of line k begins at k * lineStep + i * pixelStep, in what is read and in what is written. */
function resample(source, read, target, write, lines, places) {
  for (let line = 0; line < lines; line++)
    for (const [place, taps] of places.entries())
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (const { at, share } of taps) sum += share * source[line * read.line + at * read.pixel + channel];
        target[line * write.line + place * write.pixel + channel] = sum;
      }
}

/** RGBA pixels → RGBA means of blocks of across × down pixels. `round` says what becomes of smaller ones at the ends: kept, or not. */
export function shrink(image, across, down, round = Math.ceil) {
  if (across === 1 && down === 1) return image;
  const [width, height] = [round(image.width / across), round(image.height / down)];
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const right = Math.min(image.width, (x + 1) * across);
      const bottom = Math.min(image.height, (y + 1) * down);
      const sums = [0, 0, 0];
      for (let fromY = y * down; fromY < bottom; fromY++)
        for (let at = (fromY * image.width + x * across) * 4; at < (fromY * image.width + right) * 4; at += 4)
          for (let channel = 0; channel < 3; channel++) sums[channel] += image.data[at + channel];
      const pixels = (right - x * across) * (bottom - y * down);
      for (let channel = 0; channel < 3; channel++) data[(y * width + x) * 4 + channel] = sums[channel] / pixels;
    }
  return { data, width, height };
}

/** Blocks of so many pixels are averaged first, so that the kernel is left a factor of two to four. */
const blockOf = (step) => Math.max(1, Math.floor(step / 2));

/**
 * RGBA pixels → RGB bytes [toHeight, toWidth, 3]; transparency is not looked at. The steps are pixels of the source for one
 * of the result, across and down.
 */
export function resize(image, { toWidth, toHeight, stepAcross, stepDown }, kernelName) {
  const kernel = kernels[kernelName];
  const [across, down] = [blockOf(stepAcross), blockOf(stepDown)];
  const { data, width, height } = shrink(image, across, down);
  const narrow = new Float32Array(toWidth * height * 3);
  const rows = { line: toWidth * 3, pixel: 3 };
  resample(
    data,
    { line: width * 4, pixel: 4 },
    narrow,
    rows,
    height,
    weigh(image.width / across, toWidth, stepAcross / across, kernel),
  );
  const small = new Uint8ClampedArray(toWidth * toHeight * 3); // rounds and clamps
  const columns = { line: 3, pixel: toWidth * 3 };
  resample(narrow, columns, small, columns, toWidth, weigh(image.height / down, toHeight, stepDown / down, kernel));
  return small;
}
