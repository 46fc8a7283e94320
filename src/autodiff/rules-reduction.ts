/** Rules of reductions: the gradient goes back to every element that was reduced. */
import { intOf, intsOf, once, positiveAxis, range, type Rule, type Step } from "./rule.js";
import { fixed, type Shape } from "./shape.js";

export const reduction = {
  ReduceSum: {
    formula: "y = Σ x: dx = g, at every element",
    backward: (step) => [() => step.emit.expand(kept(step, step.g), step.x[0]!), null],
  },
  ReduceMean: {
    formula: "y = mean x: dx = g / count, at every element",
    backward: (step) => {
      const { emit, g, x, y, shapeOf } = step;
      const count = once(() => emit.count(shapeOf(x[0]!), shapeOf(y), [x[0]!, y]).value);
      return [() => emit.expand(kept(step, emit.div(g, count())), x[0]!), null];
    },
  },
  ReduceMax: {
    formula: "y = max x: dx = g · [x = y] / how many are equal",
    backward: (step) => {
      const { emit, x } = step;
      const maximum = (): string => {
        const isMaximum = emit.indicator("Equal", x[0]!, kept(step, step.y));
        return emit.mul(isMaximum, emit.div(kept(step, step.g), emit.sum(isMaximum, reducedAxes(step))));
      };
      return [maximum, null];
    },
  },
} as const satisfies Readonly<Record<string, Rule>>;

function reducedAxes(step: Step): number[] {
  const rank = step.shapeOf(step.x[0]!).length;
  const axes = intsOf(step, "axes", 1) ?? [];
  if (axes.length > 0) return axes.map((axis) => positiveAxis(axis, rank));
  return intOf(step, "noop_with_empty_axes", 0) === 1 ? [] : range(0, rank);
}

/** A value of the result's shape, with the reduced axes as 1. */
function kept(step: Step, value: string): string {
  const axes = reducedAxes(step);
  if (axes.length === 0 || intOf(step, "keepdims", 1) === 1) return value;
  const shape: Shape = step.shapeOf(step.x[0]!).map((extent, axis) => (axes.includes(axis) ? fixed(1) : extent));
  const free = shape.filter(({ perImage }) => perImage !== 0).length;
  if (free <= 1) return step.emit.reshape(value, shape);
  return step.emit.op("Unsqueeze", [value, step.emit.ints(axes)]);
}
