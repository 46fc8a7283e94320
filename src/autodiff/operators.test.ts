/** Every rule against PyTorch's float64 values (scripts/make-operator-gradients.py), with plain operators and with those of the CPU. */
import { afterAll, describe, expect, test } from "vitest";
import { Engine, floats, splitModel } from "../onnx/index.js";
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

async function differentiate(one: OperatorCase, lowering: Lowering, freeBatch: boolean): Promise<Map<string, number>> {
  const { model, feeds, loss, sources } = caseGraph(one, freeBatch);
  const inputs = sources.filter((name) => name in feeds);
  const result = await gradient(model, {
    loss: { kind: "value", value: loss },
    trainable: (name) => sources.includes(name),
    inputs,
    lowering,
    engine,
  });
  const session = await engine.open(splitModel(result.model), { threads: 1 });
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

describe.each([
  { how: "plain operators, free batch", lowering: plainLowering, freeBatch: true },
  { how: "operators of the CPU, fixed batch", lowering: { ...plainLowering, ...fastLowerings.cpu }, freeBatch: false },
])("$how", ({ lowering, freeBatch }) => {
  test.each(operators)("%s", async (op) => {
    const wrong: string[] = [];
    for (const one of cases.filter((other) => other.op === op))
      try {
        const errors = await differentiate(one, lowering, freeBatch);
        for (const [name, error] of errors)
          if (!(error <= 1e-4)) wrong.push(`${one.title}: ${name} is off by ${error}`);
      } catch (error) {
        wrong.push(`${one.title}: ${String(error)}`);
      }
    expect(wrong).toEqual([]);
  });
});
