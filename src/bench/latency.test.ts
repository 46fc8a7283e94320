import { describe, expect, test } from "vitest";
import { affordableRuns } from "./index.js";

describe("how many runs are timed", () => {
  const limits = { seconds: 8, wanted: 295, least: 118 };

  test.each([
    [5, 295, "a fast model: as many as wanted"],
    [40, 200, "as many as the seconds allow"],
    [100, 118, "a slow model: the least, though they take longer"],
    [400, 40, "a very slow one: what fits into twice the seconds"],
    [1e6, 1, "never none"],
  ])("%d ms: %d, %s", (pilotMs, runs) => expect(affordableRuns(pilotMs, limits)).toBe(runs));
});
