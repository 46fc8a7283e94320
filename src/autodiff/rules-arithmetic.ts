/** Rules of arithmetic with broadcasting: what was repeated is summed (`unbroadcast`). */
import type { InputGradient, Lazy, Rule, Step } from "./rule.js";
import { once } from "./rule.js";

/** Gradients of the operands, each of the result's shape, summed to the shape of its operand. */
function elementwise(step: Step, ...parts: readonly Lazy[]): readonly Lazy[] {
  const { emit, x, y, shapeOf } = step;
  return parts.map((part, i) => () => emit.unbroadcast(part(), shapeOf(y), shapeOf(x[i]!), x[i]));
}

export const arithmetic = {
  Add: {
    formula: "y = a + b: da = g, db = g",
    backward: (step) =>
      elementwise(
        step,
        () => step.g,
        () => step.g,
      ),
  },
  Sum: {
    formula: "y = Σᵢ xᵢ: dxᵢ = g",
    backward: (step) => elementwise(step, ...step.x.map(() => () => step.g)),
  },
  Sub: {
    formula: "y = a − b: da = g, db = −g",
    backward: (step) =>
      elementwise(
        step,
        () => step.g,
        () => step.emit.op("Neg", [step.g]),
      ),
  },
  Mul: {
    formula: "y = a · b: da = g · b, db = g · a; SiLU, y = x · σ(x): dx = g · (σ + y · (1 − σ))",
    backward: (step) => {
      const { emit, g, x } = step;
      const silu = siluOf(step);
      if (silu) return silu;
      return elementwise(
        step,
        () => emit.mul(g, x[1]!),
        () => emit.mul(g, x[0]!),
      );
    },
  },
  Div: {
    formula: "y = a / b: da = g / b, db = −g · y / b",
    backward: (step) => {
      const { emit, g, x, y } = step;
      const quotient = once(() => emit.div(g, x[1]!));
      return elementwise(step, quotient, () => emit.op("Neg", [emit.mul(quotient(), y)]));
    },
  },
  Pow: {
    formula: "y = aᵇ: da = g · b · aᵇ⁻¹, db = g · y · ln a",
    backward: (step) => {
      const { emit, g, x, y } = step;
      return elementwise(
        step,
        () => power(step),
        () => emit.mul(emit.mul(g, y), emit.op("Log", [x[0]!])),
      );
    },
  },
  Sqrt: {
    formula: "y = √x: dx = g / (2y)",
    backward: ({ emit, g, y }) => [() => emit.div(emit.scale(g, 0.5), y)],
  },
  Reciprocal: {
    formula: "y = 1/x: dx = −g · y²",
    backward: ({ emit, g, y }) => [() => emit.op("Neg", [emit.mul(g, emit.mul(y, y))])],
  },
  Exp: { formula: "y = eˣ: dx = g · y", backward: ({ emit, g, y }) => [() => emit.mul(g, y)] },
  Log: { formula: "y = ln x: dx = g / x", backward: ({ emit, g, x }) => [() => emit.div(g, x[0]!)] },
  Neg: { formula: "y = −x: dx = −g", backward: ({ emit, g }) => [() => emit.op("Neg", [g])] },
  Abs: {
    formula: "y = |x|: dx = g · sign x",
    backward: ({ emit, g, x }) => [() => emit.mul(g, emit.op("Sign", [x[0]!]))],
  },
  Where: {
    formula: "y = c ? a : b: da = c ? g : 0, db = c ? 0 : g",
    backward: (step) => {
      const { emit, g, x } = step;
      const zero = emit.scalar(0);
      const chosen = [() => emit.op("Where", [x[0]!, g, zero]), () => emit.op("Where", [x[0]!, zero, g])];
      return [null, ...elementwise({ ...step, x: step.x.slice(1) }, ...chosen)];
    },
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** SiLU is exported as two nodes: as one it takes four passes over memory instead of six. */
function siluOf({ emit, g, x, y, ownProducer }: Step): readonly InputGradient[] | null {
  const gate = x.findIndex((name, i) => {
    const maker = ownProducer(name);
    return maker?.opType === "Sigmoid" && maker.input[0] === x[1 - i];
  });
  if (gate < 0) return null;
  const s = x[gate]!;
  const slope = (): string => emit.add(emit.mul(y, emit.complement(s)), s);
  return x.map((_, i) => () => (i === gate ? null : emit.mul(g, slope())));
}

/** g · b · aᵇ⁻¹; the square, which layer norms are made of, needs no Pow. */
function power({ emit, g, x, constant }: Step): string {
  const [base, exponent] = [x[0]!, x[1]!];
  const known = constant(exponent);
  if (known?.data.length === 1 && Number(known.data[0]) === 2) return emit.mul(emit.scale(g, 2), base);
  const lower = emit.op("Pow", [base, emit.sub(exponent, emit.scalar(1))]);
  return emit.mul(emit.mul(g, exponent), lower);
}
