import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fault } from "../core/index.js";
import {
  Engine,
  float32,
  floats,
  getMetadata,
  GraphBuilder,
  keepOutputs,
  openSession,
  parseModel,
  rewire,
  type Session,
  SessionPool,
  setMetadata,
  valueDims,
} from "./index.js";

/** y = x·w + b for x [n, 3], and an output that nobody needs. */
function affineModel(): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", 3] });
  const weight = graph.floats([1, 0, 2, 0, -1, 3], [3, 2], "w");
  graph.node("Gemm", ["x", weight, graph.floats([10, 20], [2], "b")], {}, "y");
  graph.node("Mul", ["y", graph.floats([2], [1], "two")], {}, "twice");
  graph.output({ name: "y", type: "float32", dims: ["n", 2] });
  graph.output({ name: "twice", type: "float32", dims: ["n", 2] });
  return graph;
}

const feeds = { x: float32([2, 3], Float32Array.from([1, 2, 3, 4, 5, 6])) };

describe("graphs", () => {
  test("survive writing and reading", () => {
    const model = parseModel(affineModel().serialize(), "affine");
    expect(model.graph!.node.map(({ opType }) => opType)).toEqual(["Gemm", "Mul"]);
    expect(valueDims(model.graph!.input[0]!)).toEqual(["n", 3]);
  });

  test("keep only what the chosen outputs need", () => {
    const { model } = affineModel();
    keepOutputs(model, ["y"]);
    expect(model.graph!.node.map(({ opType }) => opType)).toEqual(["Gemm"]);
    expect(model.graph!.initializer.map(({ name }) => name).toSorted()).toEqual(["b", "w"]);
  });

  test("metadata is replaced by key", () => {
    const { model } = affineModel();
    setMetadata(model, { a: "1", b: "2" });
    setMetadata(model, { b: "3" });
    expect(getMetadata(model)).toEqual({ a: "1", b: "3" });
  });

  test.each([
    ["text", Buffer.from("this is no model")],
    ["nothing", new Uint8Array()],
    ["a cut-off model", affineModel().serialize().subarray(0, 40)],
  ])("%s is a model-invalid fault", (_name, bytes) => {
    expect(() => parseModel(bytes, "file")).toThrowError(expect.objectContaining({ code: "model-invalid" }) as Error);
  });
});

describe("sessions", () => {
  let session: Session;
  beforeAll(async () => {
    session = await openSession(affineModel().serialize(), { threads: 1 });
  });
  afterAll(() => session.close());

  test("compute", async () => {
    const { y } = await session.run(feeds, ["y"]);
    expect([...floats(y)]).toEqual([1 + 4 - 3 + 10, 9 + 20, 4 + 10 - 6 + 10, 18 + 20]);
  });

  test("give every output when none is named", async () => {
    expect(Object.keys(await session.run(feeds)).toSorted()).toEqual(["twice", "y"]);
  });

  test("time runs inside the worker", async () => {
    const elapsed = await session.time(feeds, 2, 7);
    expect(elapsed).toHaveLength(7);
    expect(elapsed.every((ms) => ms >= 0)).toBe(true);
  });

  test("a wrong feed is an engine-failed fault and the session lives on", async () => {
    await expect(session.run({ z: feeds.x })).rejects.toMatchObject({ code: "engine-failed" });
    await expect(session.run(feeds)).resolves.toBeDefined();
  });

  test("front nodes can be put before a network", async () => {
    const graph = affineModel();
    graph.prepend((front) => front.node("Neg", ["raw"], {}, "negated"));
    rewire(graph.model, "x", "negated");
    graph.input({ name: "raw", type: "float32", dims: ["n", 3] });
    const edited = await openSession(graph.serialize(), { threads: 1 });
    const { y } = await edited.run({ raw: float32([1, 3], Float32Array.from([-1, -2, -3])) }, ["y"]);
    await edited.close();
    expect([...floats(y)]).toEqual([1 * 1 + 2 * 2 + 3 * -1 + 10, 1 * 0 + 2 * 0 + 3 * 3 + 20]);
  });
});

describe("engines", () => {
  test("own several sessions and release them one by one", async () => {
    const engine = new Engine();
    const model = affineModel().serialize();
    const [first, second] = await Promise.all([engine.open(model, { threads: 1 }), engine.open(model, { threads: 1 })]);
    await first.release();
    await expect(first.run(feeds)).rejects.toBeInstanceOf(Fault);
    await expect(second.run(feeds)).resolves.toBeDefined();
    await engine.close();
    await expect(second.run(feeds)).rejects.toMatchObject({ code: "engine-failed" });
  });

  test("a refused model is a fault", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: [1] });
    graph.node("NoSuchOperator", ["x"], {}, "y");
    graph.output({ name: "y", type: "float32", dims: [1] });
    await expect(openSession(graph.serialize(), { threads: 1 })).rejects.toMatchObject({ code: "engine-failed" });
  });

  test("closing waits for what is under way and refuses what comes after", async () => {
    const session = await openSession(affineModel().serialize(), { threads: 1 });
    const running = session.run(feeds, ["y"]);
    const closed = session.close();
    await expect(session.run(feeds)).rejects.toMatchObject({ code: "engine-failed" });
    expect(floats((await running).y)[0]).toBe(12);
    await closed;
    await session.close();
  });

  test("pools share runs among their sessions", async () => {
    const pool = await SessionPool.open(affineModel().serialize(), 2);
    const results = await Promise.all(
      Array.from({ length: 9 }, (_, i) => pool.run({ x: float32([1, 3], Float32Array.from([i, 0, 0])) }, ["y"])),
    );
    await pool.close();
    expect(results.map(({ y }) => floats(y)[0])).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18]);
  });
});
