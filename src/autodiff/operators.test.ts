/**
 * Every rule against PyTorch's float64 values (scripts/make-operator-gradients.py), with plain operators and with those of the CPU; on
 * another device where ASSAY_TEST_DEVICE names one (test/webgpu.test.ts does).
 */
import { afterAll, describe, expect, test } from "vitest";
import { type Device, Engine, floats, splitModel } from "../onnx/index.js";
import { caseGraph, type OperatorCase, readCases } from "./cases.test-data.js";
import { gradient, type Lowering, operators, plainLowering } from "./index.js";
import { fastLowerings } from "./lowering.js";

const cases = readCases();
const engine = new Engine();
afterAll(() => engine.close());

/** The largest difference, relative to the largest value. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-3);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i]!)), 0) / scale;
}

async function differentiate(
  one: OperatorCase,
  lowering: Lowering,
  freeBatch: boolean,
  device: Device,
): Promise<Map<string, number>> {
  const { model, feeds, loss, sources } = caseGraph(one, freeBatch);
  const inputs = sources.filter((name) => name in feeds);
  const result = await gradient(model, {
    loss: { kind: "value", value: loss },
    trainable: (name) => sources.includes(name),
    inputs,
    lowering,
    engine,
  });
  const session = await engine.open(splitModel(result.model), { threads: 1, device });
  expect(session.placed).toEqual({ device, refusal: null });
  const outputs = await session.run(feeds);
  await session.release();
  const errors = sources.map((name) => {
    const tensor = outputs[result.gradients.get(name)!]!;
    const index = Number(name.slice(1));
    expect(tensor.dims).toEqual(one.inputs[index]!.dims);
    return [name, relativeError(floats(tensor), one.gradients.get(name)!)] as const;
  });
  expect(Math.abs(floats(outputs[result.loss])[0]! - one.loss)).toBeLessThan(1e-4 * (1 + Math.abs(one.loss)));
  return new Map(errors);
}

test("there are cases for every rule", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(operators.filter((operator) => !covered.has(operator))).toEqual([]);
});

const elsewhere = process.env.ASSAY_TEST_DEVICE as Exclude<Device, "cpu"> | undefined;
interface Way {
  readonly how: string;
  readonly lowering: Lowering;
  readonly freeBatch: boolean;
  readonly device: Device;
}

const ofDevice = (device: Device): Lowering => ({ ...plainLowering, ...fastLowerings[device] });
const ways: readonly Way[] = elsewhere
  ? [{ how: elsewhere, lowering: ofDevice(elsewhere), freeBatch: true, device: elsewhere }]
  : [
      { how: "plain operators, free batch", lowering: plainLowering, freeBatch: true, device: "cpu" },
      { how: "operators of the CPU, fixed batch", lowering: ofDevice("cpu"), freeBatch: false, device: "cpu" },
    ];

/** What ONNX Runtime 1.30 refuses to compute at all, forward: two shapes that are broadcast along different axes. */
const refused: Readonly<Partial<Record<Device, RegExp>>> = { webgpu: /running Pow node.*raw_hash_map/ };

/** Convolutions are many, and each builds programs on a device: every eighth has all kinds of groups. */
function casesOf(op: string, device: Device): readonly OperatorCase[] {
  const all = cases.filter((one) => one.op === op);
  return device === "cpu" || op !== "Conv" ? all : all.filter((_, i) => i % 8 === 0);
}

describe.each(ways)("$how", ({ lowering, freeBatch, device }) => {
  test.each(operators)("%s", async (op) => {
    const wrong: string[] = [];
    for (const one of casesOf(op, device))
      try {
        const errors = await differentiate(one, lowering, freeBatch, device);
        for (const [name, error] of errors)
          if (!(error <= 1e-4)) wrong.push(`${one.title}: ${name} is off by ${error}`);
      } catch (error) {
        wrong.push(`${one.title}: ${String(error)}`);
      }
    expect(wrong.filter((line) => !refused[device]?.test(line))).toEqual([]);
  });
});
