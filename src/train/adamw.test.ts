import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AdamW, cosineRate } from "./adamw.js";
import { drawClouds, meanLoss } from "./clouds.test-data.js";
import { applyHead, fitHead, refitHead } from "./index.js";

interface Oracle {
  readonly epochs: number;
  readonly steps: number;
  readonly rate: number;
  readonly decay: number;
  readonly start: readonly number[];
  readonly rates: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly parameters: readonly (readonly number[])[];
}

/** Written by fixtures/make-adamw-oracle.py. */
const oracle = JSON.parse(readFileSync(new URL("fixtures/adamw.json", import.meta.url), "utf8")) as Oracle;

describe("AdamW", () => {
  it("goes where PyTorch's goes, with its schedule", () => {
    const optimizer = new AdamW(Float64Array.from(oracle.start));
    for (const [step, gradient] of oracle.gradients.entries()) {
      const epoch = Math.floor(step / oracle.steps);
      const rate = cosineRate(oracle.rate, epoch, oracle.epochs);
      expect(rate).toBeCloseTo(oracle.rates[epoch]!, 12);
      optimizer.step(Float64Array.from(gradient), rate, oracle.decay);
      for (const [i, value] of oracle.parameters[step]!.entries())
        expect(optimizer.parameters[i]).toBeCloseTo(value, 10);
    }
  });
});

describe("a head by AdamW", () => {
  const clouds = drawClouds(150, 12, 3, 2, 1);

  it("keeps the epoch of least log loss, and stops when it no longer falls", async () => {
    const events: number[] = [];
    const fit = await fitHead({
      ...clouds,
      solver: "adamw",
      exhaustive: true,
      progress: ({ done, total }) => events.push(done / total),
    });
    expect(fit.candidates.map(({ epochs }) => epochs)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const best = fit.candidates.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
    expect(fit.head).toMatchObject({ solver: "adamw", epochs: best.epochs, strength: 0.01 });
    expect(best.logLoss).toBeCloseTo(meanLoss(fit.outOfFold, clouds.labels, 3), 6);
    expect(best.logLoss).toBeLessThan(Math.log(3) - 0.1);
    expect(fit.head.iterations).toBe(best.epochs! * Math.ceil(150 / 32));
    expect(events).toEqual(events.toSorted((a, b) => a - b));
    expect(events.at(-1)).toBe(1);
  });

  it("stops where log loss only rises", async () => {
    const noise = drawClouds(40, 300, 2, 0, 3);
    const fit = await fitHead({ ...noise, solver: "adamw" });
    expect(fit.candidates.length).toBeLessThan(10);
    expect(fit.head.epochs).toBe(fit.candidates.length - 3);
  });

  it("is the same again by refit of its recipe, and with the same seed", async () => {
    const fit = await fitHead({ ...clouds, solver: "adamw", strengths: [0.5, 0.01] });
    const again = await fitHead({ ...clouds, solver: "adamw", strengths: [0.5, 0.01] });
    expect({ ...again, seconds: 0 }).toEqual({ ...fit, seconds: 0 });
    expect(await refitHead({ ...clouds, ...recipeOf(fit.head) })).toEqual(fit.head);
    const all = await refitHead({ ...clouds, solver: "adamw", strength: 0.01 });
    expect(all.epochs).toBe(10);
    const logits = applyHead(all, clouds.features);
    expect(meanLoss(logits, clouds.labels, 3)).toBeLessThan(Math.log(3) - 0.1);
  });

  it("approaches the minimum that L-BFGS finds, given epochs", async () => {
    const weightless = { ...clouds, strength: 0, solver: "adamw" } as const;
    const [short, long] = [
      await refitHead({ ...weightless, epochs: 1 }),
      await refitHead({ ...weightless, epochs: 9 }),
    ];
    const minimum = await refitHead({ ...clouds, strength: 1e-3 });
    const loss = (head: typeof short): number => meanLoss(applyHead(head, clouds.features), clouds.labels, 3);
    expect(loss(long)).toBeLessThan(loss(short));
    expect(loss(minimum)).toBeLessThan(loss(long));
  });

  it("learns from all views, never from the fold's own images", async () => {
    const marks = drawClouds(60, 80, 2, 0, 5).features;
    const labels = Int32Array.from({ length: 60 }, (_, image) => image % 2);
    const groups = Array.from(labels, (_, image) => String(image));
    const views = Array.from({ length: 8 }, () => marks);
    const task = { views, judged: marks, labels, groups, classes: 2, seed: 1, threads: 1, solver: "adamw" } as const;
    const fit = await fitHead({ ...task, exhaustive: true });
    const all = await refitHead({ ...task, strength: 0.01 });
    expect(all.iterations).toBe(10 * Math.ceil((8 * 60) / 32));
    expect(meanLoss(applyHead(all, marks), labels, 2)).toBeLessThan(0.5);
    expect(fit.candidates.at(-1)!.accuracy).toBeLessThan(0.75);
  });

  it("refuses no strength, and ends by the signal, before and on the way", async () => {
    await expect(fitHead({ ...clouds, solver: "adamw", strengths: [] })).rejects.toThrow(RangeError);
    const aborted = { ...clouds, solver: "adamw", signal: AbortSignal.abort() } as const;
    await expect(fitHead(aborted)).rejects.toMatchObject({ code: "interrupted" });
    await expect(refitHead({ ...aborted, strength: 0.01 })).rejects.toMatchObject({ code: "interrupted" });
    const controller = new AbortController();
    const underWay = fitHead({
      ...clouds,
      solver: "adamw",
      signal: controller.signal,
      progress: () => controller.abort(),
    });
    await expect(underWay).rejects.toMatchObject({ code: "interrupted" });
  });
});

function recipeOf({ solver, strength, epochs }: Awaited<ReturnType<typeof refitHead>>) {
  return { solver, strength, epochs };
}
