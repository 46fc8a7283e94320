/** WebGPU without a GPU: on the software Vulkan device that Debian's chromium brings along (SwiftShader). */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { operators } from "../src/autodiff/index.js";

const root = join(import.meta.dirname, "..");

/** Describes the driver; the Vulkan loader lies beside it. */
const driver = process.env.VK_ICD_FILENAMES ?? "/usr/lib/chromium/vk_swiftshader_icd.json";
const missing = existsSync(driver) ? null : `there is no software Vulkan device: ${driver} (apt-get install chromium)`;
const env = {
  ...process.env,
  VK_ICD_FILENAMES: driver,
  ASSAY_TEST_DEVICE: "webgpu",
  NO_COLOR: "1",
  FORCE_COLOR: undefined,
  LD_LIBRARY_PATH: [dirname(driver), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
};

/** Most of it is the building of shaders, on a machine that is busy with other tests. */
const patienceMs = 300_000;

interface Answer {
  readonly results: Readonly<
    Record<
      string,
      { readonly placed: unknown; readonly differences: readonly { name: string; scale: number; worst: number }[] }
    >
  >;
  readonly pooled: unknown;
}

async function node(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: patienceMs });
  return stdout;
}

describe("on a software Vulkan device", () => {
  test("WebGPU computes the gradients of the CPU", { timeout: patienceMs }, async ({ skip }) => {
    if (missing !== null) skip(missing);
    const { results, pooled } = JSON.parse(await node(join(import.meta.dirname, "webgpu-gradients.mjs"))) as Answer;
    expect(Object.keys(results)).toHaveLength(3);
    for (const [network, { placed, differences }] of Object.entries(results)) {
      expect(placed, network).toEqual({ device: "webgpu", refusal: null });
      expect(differences.length, network).toBeGreaterThan(6);
      for (const { name, scale, worst } of differences) {
        expect(scale, `${network}: ${name}`).toBeGreaterThan(1e-3); // a gradient that is all zeros would agree with anything
        expect(worst, `${network}: ${name}`).toBeLessThan(1e-4);
      }
    }
    expect(pooled).toEqual({ placed: { device: "webgpu", refusal: null }, size: 1, y: [2, 4] });
  });

  test("every rule on WebGPU gives PyTorch's gradients", { timeout: patienceMs }, async ({ skip }) => {
    if (missing !== null) skip(missing);
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const args = [
      vitest,
      "run",
      "src/autodiff/operators.test.ts",
      "--reporter=verbose",
      "--testTimeout",
      String(patienceMs),
    ];
    const told = await node(...args);
    expect(told.match(/✓.*webgpu/g)).toHaveLength(operators.length);
  });

  test("is told from a graphics processor while a session runs on it", { timeout: patienceMs }, async ({ skip }) => {
    if (missing !== null) skip(missing);
    const module = join(root, "dist", "onnx", "index.js");
    const program = `import(${JSON.stringify(module)}).then(async ({ GraphBuilder, openSession, findAdapter }) => {
      const graph = new GraphBuilder();
      const x = graph.input({ name: "x", type: "float32", dims: [1, 4] });
      graph.node("Relu", [x], {}, "y");
      graph.result("y");
      const session = await openSession(graph.serialize(), { threads: 1, device: "webgpu" });
      console.log(JSON.stringify({ device: session.placed.device, ...(await findAdapter("webgpu")) }));
      await session.close();
    })`;
    const { device, kind, why } = JSON.parse(await node("-e", program)) as Record<string, string>;
    expect([device, kind]).toEqual(["webgpu", "software"]);
    expect(why).toContain("libvk_swiftshader.so");
  });

  test("WebGPU is used where it is asked for, and left alone where the choice is free", {
    timeout: patienceMs,
  }, async ({ skip }) => {
    if (missing !== null) skip(missing);
    const module = join(root, "dist", "onnx", "index.js");
    const choose = (name: string): Promise<string> =>
      node(
        "-e",
        `import(${JSON.stringify(module)}).then(async ({ chooseDevice }) => console.log(JSON.stringify(await chooseDevice("${name}", 1))))`,
      );
    expect(JSON.parse(await choose("webgpu"))).toMatchObject({ device: "webgpu" });
    expect(JSON.parse(await choose("auto"))).toMatchObject({
      device: "cpu",
      why: expect.stringContaining("times the CPU's speed"),
    });
  });
});
