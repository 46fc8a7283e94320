/** `assay backbones` as a user runs it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sha256 } from "../src/core/index.js";
import { assay, newHome } from "./cli.js";
import { buildNetwork } from "./networks.js";

function homeWithNetwork(): { home: string; file: string; hash: string } {
  const home = newHome();
  const file = join(home, "tiny.onnx");
  const bytes = buildNetwork({ layout: "nhwc", batch: 1, head: "softmax" }).serialize();
  writeFileSync(file, bytes);
  return { home, file, hash: sha256(bytes) };
}

test("list, add, check, remove", async () => {
  const { home, file, hash } = homeWithNetwork();
  const added = await assay(home, "backbones", "add", file, "--sha256", hash, "--mean", "0.5", "--std", "0.5");
  expect(added).toMatchObject({ code: 0, err: "" });
  expect(added.out).toContain("added tiny; use it with --backbone tiny");
  expect(added.out).toContain(hash);
  expect(added.out).toContain("channels last");
  const list = JSON.parse((await assay(home, "backbones", "--json")).out) as {
    backbones: { name: string; origin: string; width: number }[];
  };
  expect(list.backbones.map(({ name }) => name)).toEqual(["efficientnet-lite0", "efficientnet-lite2", "tiny"]);
  expect(list.backbones[2]).toMatchObject({ width: 12, origin: `added from ${file}` });
  const checked = await assay(home, "backbones", "check", "tiny");
  expect(checked).toMatchObject({ code: 0, err: "" });
  expect(checked.out).toMatch(
    /tiny: the file is the one recorded[^]*shapes: assay_input \[1, 3, 32, 32\] → .*\[1, 12\]/,
  );
  expect(await assay(home, "backbones", "remove", "tiny")).toMatchObject({ code: 0, out: "removed tiny\n" });
  expect((await assay(home, "backbones", "check", "tiny")).code).toBe(2);
});

test("an embedded network checks against its golden features", async () => {
  const checked = await assay(newHome(), "backbones", "check", "efficientnet-lite2", "--json");
  expect(checked.code).toBe(0);
  const facts = JSON.parse(checked.out) as { goldenDifference: number; shapes: Record<string, number[]> };
  expect(facts.goldenDifference).toBeLessThan(1e-3);
  expect(facts.shapes.features).toEqual([1, 1280]);
});

test("what cannot be is one line and leaves nothing behind", async () => {
  const { home, file } = homeWithNetwork();
  mkdirSync(join(home, "empty"));
  const wrong: [string[], number, RegExp][] = [
    [["add", file, "--sha256", "0".repeat(64)], 1, /is not the file that --sha256 names; expected SHA-256 0{64}; got/],
    [["add", "http://localhost/x.onnx"], 2, /is no https address/],
    [["add", join(home, "none.onnx")], 1, /cannot read .*none\.onnx/],
    [["add", file, "--name", "efficientnet-lite0"], 2, /there is a backbone "efficientnet-lite0" already/],
    [["add", file, "--images", join(home, "empty")], 1, /too few photographs/],
    [["add", file, "--mean", "a"], 2, /expected one number or three/],
    [["remove", "efficientnet-lite0"], 2, /is part of assay and stays/],
  ];
  for (const [args, code, message] of wrong) {
    const outcome = await assay(home, "backbones", ...args);
    expect(outcome.code).toBe(code);
    expect(outcome.err.trim().split("\n")).toHaveLength(1);
    expect(outcome.err).toMatch(message);
  }
  expect((await assay(home, "backbones", "--json")).out).not.toContain("tiny");
});
