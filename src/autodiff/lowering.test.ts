/** Fast lowerings are used where they agree with the plain ones, and dropped where they do not or do not exist. */
import { afterAll, expect, test } from "vitest";
import { Engine, isKnownHere } from "../onnx/index.js";
import { plainLowering, selectLowering } from "./index.js";
import { fastLowerings } from "./lowering.js";
import { tryLowering } from "./select-lowering.js";

const engine = new Engine();
afterAll(() => engine.close());

test("every lowering of the CPU agrees with plain operators here", async () => {
  const { lowering, dropped } = await selectLowering("cpu", engine);
  expect(dropped).toEqual([]);
  expect(lowering).toEqual({ ...plainLowering, ...fastLowerings.cpu });
});

test("on a device that cannot be opened every part is wrong, with the reason", async () => {
  const absent = (["dml", "coreml"] as const).find((device) => !isKnownHere(device))!;
  const { lowering, wrong } = await selectLowering(absent, engine);
  expect(lowering).toEqual(plainLowering);
  expect(wrong.map(({ part }) => part)).toEqual(Object.keys(plainLowering));
  for (const { reason } of wrong) expect(reason).toContain(absent);
});

test("several filters a channel by one channel each: the same as by the transposed convolution", async () => {
  const { lowering, dropped } = await tryLowering(fastLowerings.webgpu, engine);
  expect(dropped).toEqual([]);
  expect(lowering.strided).toBe(fastLowerings.webgpu.strided);
});

test("a lowering whose operator does not exist is dropped with the reason", async () => {
  const { lowering, dropped } = await tryLowering(
    {
      mask: fastLowerings.cpu.mask!,
      pointwise: (emit, { x, g }) => emit.op("NoSuchProduct", [g, x], {}, "com.microsoft"),
    },
    engine,
  );
  expect(lowering).toEqual({ ...plainLowering, mask: fastLowerings.cpu.mask });
  expect(dropped.map(({ part }) => part)).toEqual(["pointwise"]);
  expect(dropped[0]!.reason).toContain("NoSuchProduct");
});

test("a lowering that computes something else is dropped with the difference", async () => {
  const { lowering, dropped } = await tryLowering(
    { dense: (emit, convolution) => emit.scale(plainLowering.dense(emit, convolution), 1.001) },
    engine,
  );
  expect(lowering).toEqual(plainLowering);
  expect(dropped).toEqual([{ part: "dense", reason: expect.stringMatching(/differs .* by 0\.00/) }]);
});
