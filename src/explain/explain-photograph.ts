/** One photograph, one run of the model: the class, the map, and the map drawn over the photograph. */
import { names } from "../backbone/index.js";
import { Fault, listNames, quoteName } from "../core/index.js";
import { prepare } from "../image/index.js";
import { floats } from "../onnx/index.js";
import { checkExplainable, classActivationMap, type ClassActivationMap } from "./class-activation-map.js";
import type { Explainable } from "./model.js";
import { renderOverlay } from "./overlay.js";

export interface Explanation {
  /** The class that is explained: the model's answer where none was asked for. */
  readonly class: string;
  /** Its calibrated probability. */
  readonly confidence: number;
  readonly logit: number;
  /** Over the region that the model sees; its mean plus `elsewhere` is the logit. */
  readonly map: ClassActivationMap;
  /** The map over the photograph. */
  readonly png: Uint8Array;
}

export interface ExplainOptions {
  /** Explain this class, not the model's answer. */
  readonly class?: string | undefined;
}

/**
 * Says where in a photograph the evidence for a class lies, by one run of the model. Throws `image-unreadable`, `not-explainable`,
 * `usage` for a class that the model does not know, `engine-failed`.
 */
export async function explainPhotograph(
  model: Explainable,
  photograph: Uint8Array,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const { labels, preprocessing, looks } = model.manifest;
  const asked = options.class === undefined ? null : findClass(labels, options.class);
  const { chosen, confidence, logit, map } = await explainSquare(
    model,
    await prepare(photograph, preprocessing),
    asked,
  );
  const png = await renderOverlay(photograph, map, preprocessing, looks);
  return { class: labels[chosen]!, confidence, logit, map, png };
}

export interface ExplainedSquare {
  /** Index of the class. */
  readonly chosen: number;
  readonly confidence: number;
  readonly logit: number;
  readonly map: ClassActivationMap;
}

/** The map of a prepared square: of the class that the model answers with where `asked` is null. Throws as above. */
export async function explainSquare(
  model: Explainable,
  square: Uint8Array,
  asked: number | null,
): Promise<ExplainedSquare> {
  const head = await model.head();
  checkExplainable(head);
  const maps = head.parts.map(({ activations }) => activations);
  const outputs = await model.infer(square, 1, [names.probabilities, names.logits, names.features, ...maps]);
  const probabilities = floats(outputs[names.probabilities]);
  const chosen = asked ?? model.choose(probabilities);
  return {
    chosen,
    confidence: probabilities[chosen]!,
    logit: floats(outputs[names.logits])[chosen]!,
    map: classActivationMap({ head, outputs, chosen }),
  };
}

function findClass(labels: readonly string[], name: string): number {
  const found = labels.indexOf(name.normalize("NFC"));
  if (found >= 0) return found;
  throw new Fault("usage", {
    what: `the model knows no class ${quoteName(name)}`,
    expected: listNames(labels),
    remedy: "give one of its classes",
  });
}
