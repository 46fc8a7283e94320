/** The example of docs/autodiff.md, as a user runs it. */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { drawProducts } from "./products.js";

const root = resolve(import.meta.dirname, "..");

test("the example trains a small network and lowers its loss", async () => {
  const images = await drawProducts(12);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(root, "examples", "gradient.mjs"), images, "30"],
    {
      cwd: root,
    },
  );
  const losses = [...stdout.matchAll(/step \d+: loss (\d+\.\d+)/g)].map(([, loss]) => Number(loss));
  expect(losses).toHaveLength(4);
  expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.7);
});
