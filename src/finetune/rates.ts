/** Which learning rates a network is trained with, by what it is made of and how many images a step has. Pure. */
import type { ModelProto } from "../onnx/index.js";
import { type Rates, usualSettings } from "./settings.js";

/** Operators of networks that are normalized layer by layer, transformers and their like: they learn at a tenth of the rates. */
const layerWise: ReadonlySet<string> = new Set(["LayerNormalization", "Softmax"]);

/** The usual rates for the usual batch; of a smaller one less, as the square root of it (Adam's: Malladi 2022, 2205.10287). */
export function ratesFor({ graph }: ModelProto, batch: number): Rates {
  const { rates, batch: usual } = usualSettings;
  const part = graph!.node.some(({ opType }) => layerWise.has(opType)) ? 0.1 : 1;
  const scale = part * Math.sqrt(batch / usual);
  const scaled = (rate: number): number => Number((scale * rate).toPrecision(2));
  return { bottom: scaled(rates.bottom), top: scaled(rates.top), head: scaled(rates.head) };
}

/** As a part of a sentence. */
export function describeRates({ bottom, top, head }: Rates): string {
  if (bottom === top) return head === top ? `learning rate ${top}` : `learning rate ${top}, head ${head}`;
  return `learning rates ${bottom} to ${top}, head ${head}`;
}
