/** What a proof is foreseen to cost, by what the lines ask for. */
import { describe, expect, test } from "vitest";
import { parseSpec } from "../spec/index.js";
import { proofCost } from "./cost.js";

describe("a proof's cost", () => {
  const cost = (lines: readonly string[], latencySeconds = 0.01) =>
    proofCost(
      parseSpec(`## CONSTRAINTS\n${lines.map((one) => `- ${one}\n`).join("")}`, "x", "markdown"),
      latencySeconds,
    );

  test("grows with what the lines ask for", () => {
    const bare = cost(["90% accuracy"]);
    expect(bare.runs).toBe(0);
    expect(cost(["90% accuracy", "Overfitting gap at most 5%"]).runs).toBeGreaterThan(0);
    expect(cost(["Interpretable predictions"]).runs).toBeGreaterThan(0);
    for (const asked of ["REST API", "Throughput of at least 50 images per second"])
      expect(cost([asked]).seconds).toBeGreaterThan(bare.seconds);
  });

  test("times a slow model longer, within the limits of verify", () => {
    const seconds = [0.001, 0.01, 0.1].map((latency) => cost(["90% accuracy"], latency).seconds);
    expect(seconds[0]).toBeCloseTo(0.295); // 5 · 59 runs, which the 95th percentile takes at 0.05
    expect(seconds[1]).toBeCloseTo(2.95);
    expect(seconds[2]).toBeCloseTo(11.8); // 2 · 59, the least
  });
});
