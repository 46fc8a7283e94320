/** `out-of-fold.csv` and `out-of-fold.safetensors`: what a head said of each training photograph that had not seen it nor any of its group. */
import { argmaxRows, softmaxRows } from "../metrics/index.js";
import { encodeSafetensors } from "../store/index.js";
import type { HeadFit } from "../train/index.js";
import { formatCsvRow } from "../dataset/index.js";
import type { Part } from "./parts.js";

/** A row for each photograph: path, label, fold, predicted label, its probability, and that of the given label. Not calibrated. */
export function formatOutOfFold(
  { pictures, labels }: Part,
  { outOfFold, folds }: HeadFit,
  names: readonly string[],
): string {
  const classes = names.length;
  const probabilities = softmaxRows(outOfFold, classes);
  const predicted = argmaxRows(outOfFold, classes);
  const rows = pictures.map(({ path, label }, i) => [
    path,
    label,
    String(folds[i]),
    names[predicted[i]!]!,
    probabilities[i * classes + predicted[i]!]!.toFixed(4),
    probabilities[i * classes + labels[i]!]!.toFixed(4),
  ]);
  const heading = ["path", "label", "fold", "predicted", "confidence", "label_probability"];
  return `${[heading, ...rows].map(formatCsvRow).join("\n")}\n`;
}

/** All probabilities, float32 [photographs, classes], in the order of the CSV's rows; class names in the metadata. */
export function encodeOutOfFold({ pictures }: Part, { outOfFold }: HeadFit, names: readonly string[]): Uint8Array {
  const { buffer } = softmaxRows(outOfFold, names.length);
  return encodeSafetensors({
    tensors: {
      probabilities: { dtype: "F32", shape: [pictures.length, names.length], data: new Uint8Array(buffer) },
    },
    metadata: { classes: JSON.stringify(names) },
  });
}
