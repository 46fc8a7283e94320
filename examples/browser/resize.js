// Resampling as libvips does it: a kernel widened by the factor of reduction, so that every pixel of the photograph counts.
// A canvas's own drawImage skips some of them, which moved probabilities by up to 0.18 on 144 photographs.

/** Weight at a distance in pixels of the result, and the distance where it ends (Keys 1981 for cubic, Duchon 1979 for lanczos3). */
const kernels = {
  linear: { radius: 1, weight: (x) => 1 - x },
  cubic: { radius: 2, weight: (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((2.5 - 0.5 * x) * x - 4) * x + 2) },
  lanczos3: { radius: 3, weight: (x) => (x === 0 ? 1 : sinc(x) * sinc(x / 3)) },
};

const sinc = (x) => Math.sin(Math.PI * x) / (Math.PI * x);

/** For each of `to` places along a line of `from` pixels: which pixels count, with weights that sum to 1. */
function weigh(from, to, { radius, weight }) {
  const scale = Math.max(1, from / to);
  return Array.from({ length: to }, (_, place) => {
    const center = ((place + 0.5) * from) / to - 0.5;
    const first = Math.ceil(center - radius * scale);
    const raw = [];
    for (let at = first; at <= center + radius * scale; at++) raw.push(weight(Math.abs(at - center) / scale));
    const sum = raw.reduce((total, value) => total + value, 0);
    return raw.map((value, i) => ({ at: Math.min(from - 1, Math.max(0, first + i)), share: value / sum }));
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

/** RGBA pixels of ImageData → RGB bytes [toHeight, toWidth, 3]; transparency is not looked at. */
export function resize({ data, width, height }, toWidth, toHeight, kernelName) {
  const kernel = kernels[kernelName];
  const narrow = new Float32Array(toWidth * height * 3);
  const rows = { line: toWidth * 3, pixel: 3 };
  resample(data, { line: width * 4, pixel: 4 }, narrow, rows, height, weigh(width, toWidth, kernel));
  const small = new Uint8ClampedArray(toWidth * toHeight * 3); // rounds and clamps
  const columns = { line: 3, pixel: toWidth * 3 };
  resample(narrow, columns, small, columns, toWidth, weigh(height, toHeight, kernel));
  return small;
}
