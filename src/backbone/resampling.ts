/**
 * Resizing as a product of matrices. ONNX Runtime's cubic Resize takes longer than the network behind it (260 → 224: 150 ms of 220,
 * one thread of a Zen 4); the same numbers as two products take 2 ms.
 */

/** R [to, from], row-major: along one axis y = R · x, as ONNX's Resize has it: cubic with this coefficient, half-pixel centers, edges repeated. */
export function resamplingMatrix(from: number, to: number, coefficient: number): Float32Array {
  const matrix = new Float64Array(to * from);
  for (let out = 0; out < to; out++) {
    const at = ((out + 0.5) * from) / to - 0.5;
    const first = Math.floor(at) - 1;
    for (let tap = first; tap < first + 4; tap++) {
      const inside = Math.min(Math.max(tap, 0), from - 1);
      matrix[out * from + inside]! += cubicWeight(at - tap, coefficient);
    }
  }
  return Float32Array.from(matrix);
}

/** R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions ASSP 29 (1981); a = −0.5 is Catmull and Rom's. */
function cubicWeight(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}
