import { describe, expect, it } from "vitest";
import { identity, type LbfgsOptions, type Minimizer, minimize } from "./lbfgs.js";

const options: LbfgsOptions = { history: 8, maxIterations: 500, tolerance: 1e-14, preconditioner: identity };

type Evaluated = readonly [value: number, gradient: Float64Array];

function finish(minimizer: Minimizer, evaluate: (point: Float64Array) => Evaluated): number {
  let evaluations = 0;
  for (; !minimizer.done; evaluations++) minimizer.tell(...evaluate(minimizer.proposal));
  return evaluations;
}

/** 1 + ½·Σ stiffness·(x − 1)², the stiffnesses spread over three orders of magnitude. */
const stiffness = Float64Array.from({ length: 40 }, (_, i) => 10 ** (3 * (i / 39)));

function bowl(point: Float64Array): Evaluated {
  const value = point.reduce((sum, x, i) => sum + 0.5 * stiffness[i]! * (x - 1) ** 2, 1);
  return [value, point.map((x, i) => stiffness[i]! * (x - 1))];
}

function rosenbrock([x = 0, y = 0]: Float64Array): Evaluated {
  const value = (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  return [value, Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x))];
}

describe("L-BFGS", () => {
  it("finds the bottom of an ill-conditioned bowl", () => {
    const minimizer = minimize(new Float64Array(40), options);
    finish(minimizer, bowl);
    expect(minimizer.value).toBeCloseTo(1, 8);
    for (const x of minimizer.proposal.subarray(20)) expect(x).toBeCloseTo(1, 4);
  });

  it("needs two steps where the preconditioner is the inverse Hessian up to a factor", () => {
    const preconditioner = {
      apply: (vector: Float64Array) => {
        for (let i = 0; i < 40; i++) vector[i]! *= 7 / stiffness[i]!;
      },
      norm: (vector: Float64Array) => vector.reduce((sum, v, i) => sum + (7 * v * v) / stiffness[i]!, 0),
    };
    const minimizer = minimize(new Float64Array(40), { ...options, preconditioner });
    finish(minimizer, bowl);
    expect(minimizer.iterations).toBeLessThanOrEqual(3);
    for (const x of minimizer.proposal) expect(x).toBeCloseTo(1, 6);
  });

  it("finds its way through Rosenbrock's valley", () => {
    const minimizer = minimize(Float64Array.of(-1.2, 1), options);
    finish(minimizer, rosenbrock);
    expect(minimizer.proposal[0]).toBeCloseTo(1, 4);
    expect(minimizer.proposal[1]).toBeCloseTo(1, 4);
  });

  it("steps back from values that are no numbers", () => {
    const minimizer = minimize(Float64Array.of(5), options);
    finish(minimizer, ([x = 0]) => [
      x > 0 ? x - Math.log(x) : Number.NaN,
      Float64Array.of(x > 0 ? 1 - 1 / x : Number.NaN),
    ]);
    expect(minimizer.proposal[0]).toBeCloseTo(1, 5);
  });

  it("stays at a minimum, and where nothing lower can be seen", () => {
    const atMinimum = minimize(new Float64Array(40).fill(1), options);
    expect(finish(atMinimum, bowl)).toBe(1);
    const deceived = minimize(Float64Array.of(3), options);
    finish(deceived, ([x = 0]) => [x === 3 ? 1 : 2, Float64Array.of(1)]);
    expect([deceived.proposal[0], deceived.value]).toEqual([3, 1]);
  });

  it("keeps to its number of iterations, and its start is a copy", () => {
    const start = Float64Array.of(-1.2, 1);
    const minimizer = minimize(start, { ...options, maxIterations: 3 });
    finish(minimizer, rosenbrock);
    expect(minimizer.iterations).toBe(3);
    expect([...start]).toEqual([-1.2, 1]);
  });
});
