/** Rules of activations. At a kink the gradient is that of PyTorch: 0. */
import type { Rule, Step } from "./rule.js";
import { floatOf, intOf, numberOf, once, positiveAxis, stringOf } from "./rule.js";

export const activation = {
  Relu: {
    formula: "y = max(x, 0): dx = g · [y > 0]",
    backward: ({ emit, lowering, g, y }) => [() => emit.mul(g, lowering.mask(emit, y, 0, Infinity))],
  },
  LeakyRelu: {
    formula: "y = x > 0 ? x : αx: dx = g · (α + (1 − α)[x > 0])",
    backward: (step) => {
      const { emit, lowering, g, x } = step;
      const slope = floatOf(step, "alpha", 0.01);
      const mask = (): string => emit.scale(lowering.mask(emit, x[0]!, 0, Infinity), 1 - slope);
      return [() => emit.mul(g, emit.add(mask(), emit.scalar(slope)))];
    },
  },
  Clip: {
    formula: "y = min(max(x, l), u): dx = g · [l < y < u]",
    backward: (step) => {
      const { emit, lowering, g, y } = step;
      const low = numberOf(step, "min", 1) ?? -Infinity;
      const high = numberOf(step, "max", 2) ?? Infinity;
      return [() => emit.mul(g, lowering.mask(emit, y, low, high)), null, null];
    },
  },
  Sigmoid: {
    formula: "y = σ(x): dx = g · y · (1 − y); SiLU is Mul and Sigmoid",
    backward: ({ emit, g, y }) => [() => emit.mul(g, emit.mul(y, emit.complement(y)))],
  },
  HardSigmoid: {
    formula: "y = min(max(αx + β, 0), 1): dx = α · g · [0 < y < 1]",
    backward: (step) => {
      const { emit, lowering, g, y } = step;
      return [() => emit.scale(emit.mul(g, lowering.mask(emit, y, 0, 1)), floatOf(step, "alpha", 0.2))];
    },
  },
  HardSwish: {
    formula: "y = x · h, h = min(max(x/6 + ½, 0), 1): dx = g · (h + x/6 · [0 < h < 1])",
    backward: ({ emit, lowering, g, x }) => {
      const gate = once(() => emit.op("HardSigmoid", [x[0]!], { alpha: 1 / 6, beta: 0.5 }));
      const slope = (): string => emit.mul(emit.scale(x[0]!, 1 / 6), lowering.mask(emit, gate(), 0, 1));
      return [() => emit.mul(g, emit.add(gate(), slope()))];
    },
  },
  Tanh: {
    formula: "y = tanh x: dx = g · (1 − y²)",
    backward: ({ emit, g, y }) => [() => emit.mul(g, emit.sub(emit.scalar(1), emit.mul(y, y)))],
  },
  Erf: {
    formula: "y = erf x: dx = g · 2/√π · exp(−x²)",
    backward: ({ emit, g, x }) => [() => emit.mul(emit.scale(g, 2 / Math.sqrt(Math.PI)), bell(emit, x[0]!, 1))],
  },
  Gelu: {
    formula: "y = x · Φ(x): dx = g · (Φ(x) + x · φ(x)); with approximate = tanh the derivative of that form",
    backward: (step) => {
      const slope = stringOf(step, "approximate", "none") === "tanh" ? tanhGeluSlope : geluSlope;
      return [() => step.emit.mul(step.g, slope(step))];
    },
  },
  Softmax: {
    formula: "y = softmax x: dx = y · (g − Σ g·y)",
    backward: (step) => {
      const { emit, g, y } = step;
      return [
        () => {
          const weighted = emit.mul(g, y);
          return emit.sub(weighted, emit.mul(y, emit.sum(weighted, [softmaxAxis(step)])));
        },
      ];
    },
  },
  LogSoftmax: {
    formula: "y = x − ln Σ eˣ: dx = g − eʸ · Σ g",
    backward: (step) => {
      const { emit, g, y } = step;
      return [() => emit.sub(g, emit.mul(emit.op("Exp", [y]), emit.sum(g, [softmaxAxis(step)])))];
    },
  },
} as const satisfies Readonly<Record<string, Rule>>;

function softmaxAxis(step: Step): number {
  return positiveAxis(intOf(step, "axis", -1), step.shapeOf(step.y).length);
}

/** exp(−factor · x²) */
function bell(emit: Step["emit"], x: string, factor: number): string {
  return emit.op("Exp", [emit.scale(emit.mul(x, x), -factor)]);
}

/** Φ(x) + x · φ(x), Φ(x) = (1 + erf(x/√2))/2, φ(x) = exp(−x²/2)/√(2π) */
function geluSlope({ emit, x: [x] }: Step): string {
  const half = emit.scale(emit.op("Erf", [emit.scale(x!, Math.SQRT1_2)]), 0.5);
  const density = emit.scale(bell(emit, x!, 0.5), 1 / Math.sqrt(2 * Math.PI));
  return emit.add(emit.add(half, emit.scalar(0.5)), emit.mul(x!, density));
}

/** y = x/2 · (1 + t), t = tanh(c(x + ax³)): y' = (1 + t)/2 + x/2 · (1 − t²) · c(1 + 3ax²); c = √(2/π), a = 0.044715 */
function tanhGeluSlope({ emit, x: [x] }: Step): string {
  const [c, a] = [Math.sqrt(2 / Math.PI), 0.044715];
  const square = emit.mul(x!, x!);
  const one = emit.scalar(1);
  const inner = emit.mul(emit.scale(x!, c), emit.add(one, emit.scale(square, a)));
  const t = emit.op("Tanh", [inner]);
  const innerSlope = emit.add(emit.scalar(c), emit.scale(square, 3 * a * c));
  const second = emit.mul(emit.mul(x!, emit.sub(one, emit.mul(t, t))), innerSlope);
  return emit.scale(emit.add(emit.add(one, t), second), 0.5);
}
