import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../core/index.js";
import {
  countClassSplits,
  countSplits,
  formatSplits,
  parseSplits,
  type Picture,
  splitDataset,
  type SplitRow,
} from "./index.js";

const facts: Picture["facts"] = {
  format: "jpeg",
  width: 4,
  height: 3,
  orientation: 1,
  space: "srgb",
  channels: 3,
  bitDepth: 8,
  hasAlpha: false,
  pages: 1,
  hasProfile: false,
  profile: null,
  warning: null,
};

type Sketch = Partial<Picture> & { readonly path: string; readonly label: string };

function picture(sketch: Sketch): Picture {
  const hash = sha256(sketch.path);
  return { fileHash: hash, pixelHash: hash, sizeBytes: 1, facts, given: null, group: null, ...sketch };
}

const many = (label: string, count: number, extra: Partial<Picture> = {}): Picture[] =>
  Array.from({ length: count }, (_, i) => picture({ path: `${extra.given ?? ""}/${label}/${i}.jpg`, label, ...extra }));

const split = (pictures: readonly Picture[], seed = 1, testShare?: number): SplitRow[] =>
  splitDataset({ pictures }, testShare === undefined ? { seed } : { seed, testShare });

const placeOf = (rows: readonly SplitRow[], path: string): string => rows.find((row) => row.path === path)!.split;
const pathsIn = (rows: readonly SplitRow[], name: string): string[] =>
  rows.filter((row) => row.split === name).map(({ path }) => path);

describe("the test split", () => {
  const pictures = [...many("a", 400), ...many("b", 100), ...many("c", 30)];

  it("has about the asked share of every class", () => {
    for (const share of [0.1, 0.2, 0.4]) {
      const counts = countClassSplits(split(pictures, 1, share));
      expect(counts.get("a")!.test / 400).toBeCloseTo(share, 1);
      expect(counts.get("b")!.test).toBeGreaterThan(0);
    }
  });

  it("does not depend on the seed", () => {
    expect(pathsIn(split(pictures, 1), "test")).toEqual(pathsIn(split(pictures, 2), "test"));
    expect(pathsIn(split(pictures, 1), "select")).not.toEqual(pathsIn(split(pictures, 2), "select"));
  });

  it("stays when photographs are added, and does not depend on names or order", () => {
    const before = pathsIn(split(pictures), "test");
    const grown = split([...many("d", 50), ...pictures, ...many("a", 900).slice(400)].toReversed());
    for (const path of before) expect(placeOf(grown, path)).toBe("test");
    for (const path of pathsIn(split(pictures), "train")) expect(placeOf(grown, path)).not.toBe("test");
    const renamed = pictures.map((one, i) => ({ ...one, path: `renamed/${i}` }));
    expect(split(renamed).map((row) => row.split === "test")).toEqual(
      split(pictures).map((row) => row.split === "test"),
    );
  });

  it("gives the same rows for the same input", () => {
    expect(split(pictures, 5)).toEqual(split(pictures, 5));
  });

  it("has a photograph of every class of four, and never takes the last ones", () => {
    for (let count = 1; count <= 12; count++)
      for (let variant = 0; variant < 60; variant++) {
        const small = Array.from({ length: count }, (_, i) => picture({ path: `${variant}/${i}`, label: "small" }));
        const { test, train } = countSplits(split(small));
        expect(train).toBeGreaterThan(0);
        expect(test).toBeLessThanOrEqual(Math.max(Math.floor(count / 2), count - 3));
        if (count >= 4) expect(test).toBeGreaterThan(0);
        if (count === 1) expect(test).toBe(0);
      }
  });
});

describe("select and calibrate", () => {
  it("get an eighth each of what is not test, class by class", () => {
    const counts = countClassSplits(split([...many("a", 1000), ...many("b", 100)]));
    for (const { train, select, calibrate } of counts.values()) {
      const rest = train + select + calibrate;
      expect(select).toBe(Math.round(rest / 8));
      expect(calibrate).toBe(Math.round(rest / 8));
    }
  });

  it("have one of each class with five left", () => {
    for (let count = 5; count <= 20; count++) {
      const { test, train, select, calibrate } = countSplits(split(many(`c${count}`, count)));
      const rest = count - test;
      expect([select > 0, calibrate > 0]).toEqual(rest >= 5 ? [true, true] : [false, false]);
      expect(train).toBeGreaterThan(0);
    }
  });
});

describe("pictures that belong together", () => {
  it("identical pictures share a split and a group", () => {
    const copies = many("a", 200).flatMap((one) => [one, { ...one, path: `${one.path}.copy` }]);
    const rows = split(copies);
    for (const row of rows.filter(({ path }) => path.endsWith(".copy"))) {
      const original = rows.find(({ path }) => `${path}.copy` === row.path)!;
      expect([row.split, row.group]).toEqual([original.split, original.group]);
    }
    expect(countSplits(rows).excluded).toBe(0);
  });

  it("groups never straddle, and those that share a picture are one", () => {
    const grouped = many("a", 300).map((one, i) => ({ ...one, group: `g${Math.floor(i / 5)}` }));
    const shared = { ...grouped[0]!, path: "shared", group: "other" };
    const rows = split([...grouped, shared, ...many("b", 60)]);
    const splitsOf = new Map<string, Set<string>>();
    for (const row of rows) splitsOf.set(row.group, (splitsOf.get(row.group) ?? new Set()).add(row.split));
    for (const splits of splitsOf.values()) expect(splits.size).toBe(1);
    expect(rows.find(({ path }) => path === "shared")!.group).toBe("g0");
    expect(countSplits(rows).test).toBeGreaterThan(20);
  });

  it("one picture under two labels leaves, all copies", () => {
    const [one, ...rest] = many("a", 20);
    const rows = split([
      one!,
      { ...one!, path: "again" },
      { ...one!, path: "as b", label: "b" },
      ...rest,
      ...many("b", 20),
    ]);
    expect(pathsIn(rows, "excluded").toSorted()).toEqual([one!.path, "again", "as b"].toSorted());
  });
});

describe("given splits", () => {
  it("are kept: test is test, validation is halved, train trains", () => {
    const rows = split([
      ...many("a", 50, { given: "train" }),
      ...many("a", 21, { given: "validation" }),
      ...many("b", 11, { given: "validation" }),
      ...many("b", 50, { given: "train" }),
      ...many("a", 10, { given: "test" }),
    ]);
    expect(countSplits(rows)).toEqual({ train: 100, select: 16, calibrate: 16, test: 10, excluded: 0 });
    const counts = countClassSplits(rows);
    expect(Math.abs(counts.get("a")!.select - counts.get("a")!.calibrate)).toBe(1);
    expect(rows.filter(({ path }) => path.startsWith("test/")).every((row) => row.split === "test")).toBe(true);
    expect(split(many("a", 50, { given: "validation" }), 1)).not.toEqual(
      split(many("a", 50, { given: "validation" }), 2),
    );
  });

  it("what is not given is carved out of train", () => {
    const train = [...many("a", 200, { given: "train" }), ...many("b", 200, { given: "train" })];
    const validated = countSplits(split([...train, ...many("a", 10, { given: "validation" })]));
    expect(validated.select + validated.calibrate).toBe(10);
    expect(validated.test).toBeGreaterThan(50);
    const tested = countSplits(split([...train, ...many("a", 10, { given: "test" })]));
    expect(tested).toEqual({ train: 300, select: 50, calibrate: 50, test: 10, excluded: 0 });
  });

  it("a duplicate stays in the stronger split and leaves the weaker", () => {
    const train = many("a", 30, { given: "train" });
    const rows = split([
      ...train,
      ...many("b", 30, { given: "train" }),
      { ...train[0]!, path: "t", given: "test" },
      { ...train[0]!, path: "v", given: "validation" },
      { ...train[1]!, path: "v1", given: "validation" },
      ...many("b", 5, { given: "test" }),
    ]);
    expect(placeOf(rows, "t")).toBe("test");
    expect(["select", "calibrate"]).toContain(placeOf(rows, "v1"));
    expect(pathsIn(rows, "excluded").toSorted()).toEqual([train[0]!.path, train[1]!.path, "v"].toSorted());
  });

  it("a test copy stays when only others disagree with it", () => {
    const [one, two, ...rest] = many("a", 30, { given: "train" });
    const rows = split([
      one!,
      { ...one!, path: "t1", label: "b", given: "test" },
      two!,
      { ...two!, path: "t2", label: "a", given: "test" },
      { ...two!, path: "t3", label: "b", given: "test" },
      ...rest,
      ...many("b", 30, { given: "test" }),
    ]);
    expect(placeOf(rows, "t1")).toBe("test");
    expect(pathsIn(rows, "excluded").toSorted()).toEqual([one!.path, "t2", "t3", two!.path].toSorted());
  });

  it("a group across given splits stays in the stronger", () => {
    const rows = split([
      picture({ path: "1", label: "a", given: "train", group: "g" }),
      picture({ path: "2", label: "a", given: "test", group: "g" }),
      ...many("b", 9, { given: "train" }),
    ]);
    expect([placeOf(rows, "1"), placeOf(rows, "2")]).toEqual(["excluded", "test"]);
  });
});

describe("any data set", () => {
  const anyPicture = fc.record({
    label: fc.constantFrom("a", "b", "c"),
    pixels: fc.nat(40),
    group: fc.option(fc.constantFrom("g", "h", "i", "j")),
    given: fc.option(fc.constantFrom("train" as const, "validation" as const, "test" as const)),
  });

  it("never leaks: no pixels and no group in two splits", () => {
    fc.assert(
      fc.property(fc.array(anyPicture, { maxLength: 60 }), fc.nat(5), (sketches, seed) => {
        const pictures = sketches.map(({ label, pixels, group, given }, i) =>
          picture({ path: String(i), label, group, given, pixelHash: sha256(String(pixels)) }),
        );
        const rows = split(pictures, seed);
        expect(rows.map(({ path, label }) => [path, label])).toEqual(pictures.map(({ path, label }) => [path, label]));
        const seen = new Map<string, string>();
        for (const [i, row] of rows.entries()) {
          if (row.split === "excluded") continue;
          const names = [
            pictures[i]!.pixelHash,
            row.group,
            ...(pictures[i]!.group === null ? [] : [pictures[i]!.group]),
          ];
          for (const name of names) {
            expect(seen.get(name) ?? row.split).toBe(row.split);
            seen.set(name, row.split);
          }
        }
        // Where a given test photograph takes part, no other becomes test.
        const tested = pictures.filter((_, i) => rows[i]!.split === "test").map(({ given }) => given);
        if (tested.includes("test")) expect(new Set(tested)).toEqual(new Set(["test"]));
      }),
      { numRuns: 300 },
    );
  });
});

describe("splits.csv", () => {
  it("survives every kind of name", () => {
    const name = fc.string({ unit: "binary", minLength: 1 });
    const row = fc.record({
      path: name,
      label: name,
      split: fc.constantFrom("train", "select", "calibrate", "test", "excluded"),
      group: name,
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        expect(parseSplits(formatSplits(rows as SplitRow[]))).toEqual(rows);
      }),
    );
  });

  it("is plain CSV", () => {
    const rows: SplitRow[] = [{ path: 'a, "b"/1.jpg', label: "a", split: "test", group: "x" }];
    expect(formatSplits(rows)).toBe('path,label,split,group\n"a, ""b""/1.jpg",a,test,x\n');
    expect(() => parseSplits("path,label\n1,2\n")).toThrowError(/manifest|splits.csv/);
    expect(() => parseSplits('path,label,split,group\n"1,2')).toThrowError(/splits.csv/);
  });
});
