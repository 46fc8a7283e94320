import { describe, expect, test } from "vitest";
import {
  canonicalJson,
  decodeFloat16,
  encodeFloat16,
  Fault,
  faultTable,
  formatBytes,
  formatSeconds,
  hashFraction,
  mapBounded,
  quoteName,
  random,
  sfc32,
  sha256,
} from "./index.js";

describe("faults", () => {
  test("say what, expected, got and remedy in one line", () => {
    const fault = new Fault("images-missing", { what: "no folder\n\tx", expected: "a folder", got: "a file\u0007" });
    expect(fault.message).toBe(
      "no folder x; expected a folder; got a file�. Remedy: give a folder with one sub-folder for each class.",
    );
    expect([fault.exit, fault.http]).toEqual([1, 404]);
  });

  test("every code has a meaning and a remedy that reads as a sentence's part", () => {
    for (const { meaning, remedy, http } of Object.values(faultTable)) {
      expect(meaning).toMatch(/^[A-Z-].*\.$/);
      expect(remedy).not.toMatch(/\.$/);
      expect(http).toBeGreaterThanOrEqual(400);
    }
  });

  test("quoted names cannot break a line", () => {
    expect(quoteName('a\nb"')).toBe('"a\\nb\\""');
  });
});

describe("random", () => {
  test("sfc32 agrees with the published generator", () => {
    // Computed with a direct C transcription of PractRand's sfc32 (unsigned 32-bit arithmetic).
    const next = sfc32(1, 2, 3, 4);
    const step = reference(1, 2, 3, 4);
    for (let i = 0; i < 12; i++) step();
    for (let i = 0; i < 1000; i++) expect(next()).toBe(step() / 2 ** 32);
  });

  test("streams follow from seed and names", () => {
    const draw = (seed: number, name: string): number[] => Array.from({ length: 4 }, random(seed, name).next);
    expect(draw(1, "a")).toEqual(draw(1, "a"));
    expect(draw(1, "a")).not.toEqual(draw(2, "a"));
    expect(draw(1, "a")).not.toEqual(draw(1, "b"));
  });

  test("moments are those of the distributions", () => {
    const source = random(3);
    const normals = Array.from({ length: 20000 }, source.normal);
    const mean = normals.reduce((sum, x) => sum + x, 0) / normals.length;
    const variance = normals.reduce((sum, x) => sum + (x - mean) ** 2, 0) / normals.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    expect(source.shuffle([1, 2, 3, 4, 5]).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("hashes and units", () => {
  test("SHA-256 of FIPS 180-4's example", () => {
    expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(hashFraction("8000000000000")).toBe(0.5);
  });

  test("canonical JSON does not depend on the order of keys", () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: 1 })).toBe('{"a":1,"b":[{"c":2,"d":1}]}');
  });

  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [18_500_000, "18.5 MB"],
    [999_960, "1.0 MB"],
  ])("%d bytes", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [0.0123, "12.3 ms"],
    [0.5, "500 ms"],
    [12, "12.0 s"],
    [83, "1 min 23 s"],
    [3600 * 2 + 60 * 5, "2 h 5 min"],
  ])("%d seconds", (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
});

describe("float16", () => {
  test("every half-precision number survives", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = decodeFloat16(bits);
      if (!Number.isNaN(value)) expect(encodeFloat16(value)).toBe(bits);
    }
  });

  test.each([
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [65519.9, 0x7bff],
    [65520, 0x7c00],
    [2 ** -25, 0],
    [1.5 * 2 ** -24, 2],
    [-0.1, 0xae66],
  ])("%d rounds to nearest even", (value, bits) => expect(encodeFloat16(value)).toBe(bits));
});

describe("mapBounded", () => {
  test("keeps order and never exceeds the limit", async () => {
    let running = 0;
    let most = 0;
    const results = await mapBounded([5, 1, 4, 2, 3], 2, async (ms) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, ms));
      running--;
      return ms * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  test("stops at the first error, after what was under way has settled", async () => {
    const seen: number[] = [];
    const work = mapBounded([1, 2, 3, 4, 5, 6], 2, async (item) => {
      seen.push(item);
      await Promise.resolve();
      if (item === 2) throw new Error("two");
    });
    await expect(work).rejects.toThrow("two");
    expect(seen.length).toBeLessThan(6);
  });
});

/** sfc32 in BigInt arithmetic, as its author wrote it. */
function reference(...seed: readonly [number, number, number, number]): () => number {
  let [a, b, c, counter] = seed.map(BigInt) as [bigint, bigint, bigint, bigint];
  const mask = 0xffffffffn;
  return () => {
    const sum = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = ((((c << 21n) | (c >> 11n)) & mask) + sum) & mask;
    return Number(sum);
  };
}
