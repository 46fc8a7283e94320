/** The outputs of a backbone, made from what was found in a foreign graph. */
import { GraphBuilder, keepOutputs, type ModelProto } from "../onnx/index.js";
import type { FeatureChoice, Shaping } from "./import-features.js";
import type { Wiring } from "./wiring.js";

/** Names of a backbone's outputs. */
export interface Outputs {
  readonly features: string;
  readonly activations: string | null;
  readonly logits: string | null;
}

const own = { features: "assay_features", activations: "assay_activations", logits: "assay_logits" } as const;

/** How each value becomes features [n, width]; `map` is [n, c, h, w] where there is one. Operators of every operator set. */
const shapings: Readonly<Record<Shaping, (builder: GraphBuilder, value: string, map: string | null) => string>> = {
  "as-is": (_builder, value) => value,
  flatten: (builder, value) => builder.node("Flatten", [value], { axis: 1n }, own.features),
  pool: (builder, value, map) => poolMap(builder, map ?? value),
  "pool-last": (builder, value, map) => poolMap(builder, map ?? value),
  "first-token": (builder, value) => {
    const first = builder.constant({ type: "int64", dims: [], data: BigInt64Array.from([0n]) });
    return builder.node("Gather", [value, first], { axis: 1n }, own.features);
  },
  "mean-token": (builder, value) => poolMap(builder, builder.node("Transpose", [value], { perm: [0n, 2n, 1n] })),
};

function poolMap(builder: GraphBuilder, map: string): string {
  return builder.node("Flatten", [builder.node("GlobalAveragePool", [map])], { axis: 1n }, own.features);
}

/** Makes float32 features, activations and logits the only outputs of the graph, and drops what they do not need. */
export function takeOutputs({ model, shapes }: Wiring, choice: FeatureChoice): Outputs {
  const builder = new GraphBuilder(model);
  const settle = usesOtherFloats(model)
    ? (value: string): string => builder.node("Cast", [value], { to: float32Code }, `${value}_float32`)
    : (value: string): string => value;
  const map = choice.map && takeMap(builder, choice.map);
  const features = settle(shapings[choice.shaping](builder, choice.value, map));
  const activations = map === null ? null : settle(map);
  const flat = choice.logits !== null && shapes.get(choice.logits)?.length !== 2;
  const vector = flat ? builder.node("Flatten", [choice.logits], { axis: 1n }, own.logits) : choice.logits;
  const logits = vector === null ? null : settle(vector);
  const classes = shapes.get(choice.logits ?? "")?.find((size, i) => i > 0 && size !== 1) ?? "classes";
  model.graph!.output = [];
  builder.output({ name: features, type: "float32", dims: ["n", choice.width] });
  if (activations !== null)
    builder.output({ name: activations, type: "float32", dims: ["n", choice.width, "map_h", "map_w"] });
  if (logits !== null) builder.output({ name: logits, type: "float32", dims: ["n", classes] });
  keepOutputs(
    model,
    [features, activations, logits].filter((name) => name !== null),
  );
  return { features, activations, logits };
}

/** TensorProto.FLOAT, FLOAT16 and DOUBLE. */
const float32Code = 1n;
const otherFloats: ReadonlySet<number> = new Set([10, 11]);

/** Whether anything in the graph is of half or double precision, so that an output could be. */
function usesOtherFloats({ graph }: ModelProto): boolean {
  const casts = graph!.node.some(({ opType, attribute }) => {
    const to = attribute.find(({ name }) => name === "to")?.i;
    return opType === "Cast" && to !== undefined && otherFloats.has(Number(to));
  });
  return casts || graph!.initializer.some(({ dataType }) => otherFloats.has(dataType));
}

/** The feature map with its channels first. */
function takeMap(builder: GraphBuilder, { value, last }: NonNullable<FeatureChoice["map"]>): string {
  return last ? builder.node("Transpose", [value], { perm: [0n, 3n, 1n, 2n] }, own.activations) : value;
}
