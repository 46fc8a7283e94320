/** Devices: the table against the package that is installed, and what happens where one cannot be used. */
import { listSupportedBackends } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import {
  adapterOf,
  checkDevice,
  chooseDevice,
  type Device,
  devices,
  findAdapter,
  float32,
  floats,
  GraphBuilder,
  isKnownHere,
  openSession,
  readDevice,
  SessionPool,
} from "./index.js";

const all = Object.keys(devices) as Device[];
/** No system has them all: DirectML is Windows' own, CoreML Apple's. */
const absent = all.find((device) => !isKnownHere(device))!;

function negation(): Uint8Array {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n"] });
  graph.node("Neg", ["x"], {}, "y");
  graph.result("y");
  return graph.serialize();
}

const feeds = { x: float32([2], Float32Array.of(1, 2)) };

test("the table says what the installed onnxruntime-node has on this system", () => {
  const here = new Map(listSupportedBackends().map(({ name, bundled }) => [name, bundled]));
  for (const { provider, files, platforms } of Object.values(devices)) {
    const isListed = (platforms as readonly string[]).includes(`${process.platform} ${process.arch}`);
    expect(here.has(provider), provider).toBe(isListed);
    if (isListed) expect(here.get(provider), provider).toBe(files === "in the npm package");
  }
});

test("a device that does not exist is a fault that lists those there are", () => {
  expect(() => readDevice("gpu")).toThrowError(/no device "gpu"; expected auto, cpu, cuda, webgpu, coreml, dml/);
  expect(() => readDevice("toString")).toThrowError(/no device/);
  expect(readDevice("auto")).toBe("auto");
});

describe("choosing", () => {
  test("the CPU needs no reason", async () => {
    expect(await chooseDevice("cpu", 1)).toEqual({ device: "cpu", why: null });
  });

  test("a device of another system falls back to the CPU, with one line that says why", async () => {
    const { device, why } = await chooseDevice(absent, 1);
    expect(device).toBe("cpu");
    expect(why).toMatch(new RegExp(`^${devices[absent].title} cannot be used here, the CPU is: .*only$`));
  });

  test("the check agrees with itself on the CPU", async () => {
    expect(await checkDevice("cpu", 1, "try")).toEqual({ seconds: expect.any(Number), cpuSeconds: expect.any(Number) });
  });

  test.skipIf(process.platform !== "linux")("without its files and a driver CUDA is refused by name", async () => {
    const check = await checkDevice("cuda", 1, "try");
    if ("problem" in check) expect(check.problem).toMatch(/cuda/i);
    else expect(check.seconds).toBeGreaterThan(0); // a machine that has one
  });
});

describe("what computes behind a device", () => {
  const [swiftshader, lavapipe] = ["/usr/lib/chromium/libvk_swiftshader.so", "/usr/lib/libvulkan_lvp.so.1"];
  test.each([
    [["/dev/null", "/dev/dri/renderD128"], [], "hardware"],
    [["/dev/nvidia0", "/dev/nvidiactl"], [lavapipe], "hardware"],
    [["/dev/dxg"], [], "hardware"],
    [["/dev/null", "socket:[1]"], [swiftshader], "software"],
    [["/dev/nvidiactl"], [lavapipe], "software"],
    [["/home/me/dev/dri/renderD128", "/dev/dri/card0"], [], "software"],
  ] as const)("%j with %j: %s", (files, libraries, kind) => {
    const adapter = adapterOf(files, libraries);
    expect(adapter.kind).toBe(kind);
    const [driver] = libraries;
    if (kind === "software" && driver) expect(adapter.why).toContain(driver.split("/").at(-1));
  });

  test("is not known of devices that choose for themselves", async () => {
    expect(await findAdapter("coreml")).toMatchObject({ kind: "unknown", why: expect.stringContaining("CoreML") });
    expect(await findAdapter("dml")).toMatchObject({ kind: "unknown" });
    expect(await findAdapter("cuda")).toMatchObject({ kind: "hardware" });
  });
});

describe("a session whose device cannot be opened", () => {
  test("runs on the CPU and says what was refused", async () => {
    const session = await openSession(negation(), { threads: 1, device: absent });
    expect(session.placed).toEqual({ device: "cpu", refusal: expect.stringContaining(devices[absent].provider) });
    expect([...floats((await session.run(feeds)).y)]).toEqual([-1, -2]);
    await session.close();
  });

  test("leaves a pool all its threads", async () => {
    const pool = await SessionPool.open(negation(), 3, { device: absent });
    expect(pool.size).toBe(3);
    expect(pool.placed).toMatchObject({ device: "cpu", refusal: expect.any(String) });
    expect([...floats((await pool.run(feeds)).y)]).toEqual([-1, -2]);
    await pool.close();
  });

  test("does not hide what is wrong with the model", async () => {
    const opening = openSession(Uint8Array.of(1, 2, 3), { threads: 1, device: absent });
    await expect(opening).rejects.toMatchObject({ code: "model-invalid" });
  });
});
