/** Rules of normalization. */
import { attribute, type NodeProto } from "../onnx/index.js";
import { unsupported } from "./refusal.js";
import { floatOf, intOf, once, positiveAxis, range, type Rule, type Step } from "./rule.js";
import { fixed, type Shape } from "./shape.js";

export const normalization = {
  BatchNormalization: {
    formula:
      "y = γ·(x − μ)·r + β, r = 1/√(v + ε), μ and v stored: dx = g·γ·r, dγ = Σ g·(x − μ)·r, dβ = Σ g, dμ = −γ·r·Σ g, dv = −½·γ·r³·Σ g·(x − μ)",
    except: "training mode (fold it, or export for inference)",
    backward: (step) => batchNormalization(step),
  },
  LayerNormalization: {
    formula:
      "y = γ·x̂ + β, x̂ = (x − mean x)·r, r = 1/√(var x + ε): dx = r·(h − mean h − x̂·mean(h·x̂)) with h = g·γ, dγ = Σ g·x̂, dβ = Σ g",
    backward: (step) => layerNormalization(step),
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** Whether a BatchNormalization computes the statistics of its batch. */
export function trains(node: NodeProto): boolean {
  return attribute(node, "training_mode", "int") === 1 || node.output.filter(Boolean).length > 1;
}

function batchNormalization(step: Step): ReturnType<Rule["backward"]> {
  const { emit, g, x, y, shapeOf, node } = step;
  if (trains(node)) throw unsupported(node, "computes statistics of its batch", { expected: "the form for inference" });
  const rank = shapeOf(y).length;
  const others = [0, ...range(2, rank)];
  const channels: Shape = [shapeOf(x[1]!)[0]!, ...range(2, rank).map(() => fixed(1))];
  const spread = (value: string): string => emit.reshape(value, channels);
  const inverse = once(() => {
    const deviation = emit.op("Sqrt", [emit.add(x[4]!, emit.scalar(floatOf(step, "epsilon", 1e-5)))]);
    return emit.op("Reciprocal", [deviation]);
  });
  const factor = once(() => emit.mul(x[1]!, inverse()));
  const total = once(() => emit.sum(g, others, false));
  const centered = once(() => emit.sum(emit.mul(g, emit.sub(x[0]!, spread(x[3]!))), others, false));
  return [
    () => emit.mul(g, spread(factor())),
    () => emit.mul(centered(), inverse()),
    total,
    () => emit.op("Neg", [emit.mul(factor(), total())]),
    () => emit.scale(emit.mul(emit.mul(factor(), emit.mul(inverse(), inverse())), centered()), -0.5),
  ];
}

function layerNormalization(step: Step): ReturnType<Rule["backward"]> {
  const { emit, g, x, y, shapeOf } = step;
  const shape = shapeOf(y);
  const axes = range(positiveAxis(intOf(step, "axis", -1), shape.length), shape.length);
  const centered = once(() => emit.sub(x[0]!, emit.mean(x[0]!, axes)));
  const inverse = once(() => {
    const variance = emit.mean(emit.mul(centered(), centered()), axes);
    return emit.op("Reciprocal", [emit.op("Sqrt", [emit.add(variance, emit.scalar(floatOf(step, "epsilon", 1e-5)))])]);
  });
  const normal = once(() => emit.mul(centered(), inverse()));
  const input = (): string => {
    const h = emit.mul(g, x[1]!);
    const along = emit.mul(normal(), emit.mean(emit.mul(h, normal()), axes));
    return emit.mul(inverse(), emit.sub(emit.sub(h, emit.mean(h, axes)), along));
  };
  return [
    input,
    () => emit.unbroadcast(emit.mul(g, normal()), shape, shapeOf(x[1]!)),
    () => emit.unbroadcast(g, shape, shapeOf(x[2]!)),
  ].slice(0, x.length);
}
