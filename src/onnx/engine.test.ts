import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Engine, type Feeds, float32, floats, GraphBuilder, openSession, SessionPool, type Session } from "./index.js";

/** y = −x for x of any length. */
function negation(): Uint8Array {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n"] });
  graph.node("Neg", ["x"], {}, "y");
  graph.output({ name: "y", type: "float32", dims: ["n"] });
  return graph.serialize();
}

/** y = x zeros: as many as the caller asks for. */
function allocation(): Uint8Array {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "int64", dims: [1] });
  graph.node("ConstantOfShape", ["x"], {}, "y");
  graph.output({ name: "y", type: "float32", dims: ["n"] });
  return graph.serialize();
}

const feed = (...values: readonly number[]): Feeds => ({ x: float32([values.length], Float32Array.from(values)) });

/** More names than a heap of 16 MB holds. */
const flood: Feeds = Object.fromEntries(
  Array.from({ length: 300_000 }, (_, i) => [`feed${i}`, float32([1, 1, 1], Float32Array.of(i))]),
);

const open: (Engine | Session | SessionPool)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

function closing<T extends Engine | Session | SessionPool>(one: T): T {
  open.push(one);
  return one;
}

describe("feeds", () => {
  test("listed for transfer move and are empty afterwards; a second time is a fault and nothing hangs", async () => {
    const session = closing(await openSession(negation(), { threads: 1 }));
    const data = Float32Array.of(1, 2);
    const buffers = [data.buffer];
    const moved = session.run({ x: float32([2], data) }, null, buffers);
    expect(data).toHaveLength(0);
    await expect(session.run({ x: float32([2], data) }, null, buffers)).rejects.toMatchObject({
      code: "engine-failed",
    });
    expect([...floats((await moved).y)]).toEqual([-1, -2]);
    await session.close();
  });

  test("in shared memory stay and may change between runs", async () => {
    const session = closing(await openSession(negation(), { threads: 1 }));
    const data = new Float32Array(new SharedArrayBuffer(8));
    data.set([3, 4]);
    const first = floats((await session.run({ x: float32([2], data) })).y);
    data.set([5, 6]);
    const second = floats((await session.run({ x: float32([2], data) })).y);
    expect([...first, ...second]).toEqual([-3, -4, -5, -6]);
  });

  test("of no rows and of millions of numbers come back whole", async () => {
    const session = closing(await openSession(negation(), { threads: 1 }));
    expect((await session.run(feed())).y).toEqual(float32([0], new Float32Array(0)));
    const many = Float32Array.from({ length: 5_000_000 }, (_, i) => i % 1000);
    const y = floats((await session.run({ x: float32([many.length], many) })).y);
    expect(y).toHaveLength(many.length);
    expect(y.findIndex((value, i) => value !== -many[i]!)).toBe(-1);
  });

  test("of a wrong size are a fault", async () => {
    const session = closing(await openSession(negation(), { threads: 1 }));
    await expect(session.run({ x: float32([3], new Float32Array(2)) })).rejects.toMatchObject({
      code: "engine-failed",
    });
  });
});

test("results outlive the session and its thread", async () => {
  const session = await openSession(negation(), { threads: 1 });
  const { y } = await session.run(feed(1, 2, 3));
  await session.close();
  expect([...floats(y)]).toEqual([-1, -2, -3]);
});

describe("what ONNX Runtime refuses", () => {
  test("too much memory is said as such, and the session lives on", async () => {
    const session = closing(await openSession(allocation(), { threads: 1 }));
    const ask = (count: bigint) => session.run({ x: { type: "int64", dims: [1], data: BigInt64Array.of(count) } });
    await expect(ask(10n ** 14n)).rejects.toMatchObject({
      code: "engine-failed",
      message: expect.stringMatching(/out of memory.*--threads/) as string,
    });
    expect(floats((await ask(3n)).y)).toHaveLength(3);
  });

  test.each([
    ["", "Frobnicate in operator set 17"],
    ["example.org", "Frobnicate of the domain example.org"],
  ])("an operator of the domain %j that is missing is named", async (domain, name) => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: [1] });
    graph.node("Frobnicate", ["x"], {}, "y", domain);
    graph.output({ name: "y", type: "float32", dims: [1] });
    await expect(openSession(graph.serialize(), { threads: 1 })).rejects.toMatchObject({
      code: "engine-failed",
      what: `ONNX Runtime has no operator ${name}`,
    });
  });

  test("an operator that is missing for its types is named with its node", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float64", dims: [1, 1, 3, 3] });
    graph.node("Conv", ["x", "x"], {}, "y");
    graph.output({ name: "y", type: "float64", dims: [1, 1, 1, 1] });
    await expect(openSession(graph.serialize(), { threads: 1 })).rejects.toMatchObject({
      what: expect.stringMatching(/no operator Conv.*"y"/) as string,
    });
  });

  test("a path without a file, a model that is cut off, nothing at all", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "assay-engine-")), "cut.onnx");
    const missing = openSession(`${path}.none`, { threads: 1 });
    await expect(missing).rejects.toMatchObject({ code: "model-invalid", what: `there is no file ${path}.none` });
    writeFileSync(path, negation().subarray(0, 30));
    for (const model of [path, negation().subarray(0, 30), new Uint8Array()])
      await expect(openSession(model, { threads: 1 })).rejects.toMatchObject({ code: "model-invalid" });
  });
});

describe("the end of a thread", () => {
  test("is one clear fault for all that waits and all that is asked later", async () => {
    const engine = closing(new Engine({ heapMb: 16 }));
    const session = await engine.open(negation(), { threads: 1 });
    const asked = await Promise.allSettled([session.run(flood), session.run(feed(1)), session.time(feed(1), 0, 1)]);
    const later = await Promise.allSettled([session.run(feed(1)), engine.open(negation(), { threads: 1 })]);
    for (const outcome of [...asked, ...later])
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "engine-failed", what: "the engine ran out of memory" },
      });
    expect(engine.ended).toContain("worker thread ended");
    await session.release();
    await engine.close();
  });

  test("leaves a pool with its other sessions; without any it says so, to those in the queue too", async () => {
    const pool = closing(await SessionPool.open(negation(), 2, { heapMb: 16 }));
    await expect(pool.run(flood)).rejects.toMatchObject({ what: "the engine ran out of memory" });
    const left = await Promise.all(Array.from({ length: 5 }, (_, i) => pool.run(feed(i + 1))));
    expect(left.map(({ y }) => floats(y)[0])).toEqual([-1, -2, -3, -4, -5]);
    const last = await Promise.allSettled([pool.run(flood), pool.run(feed(1)), pool.run(feed(2))]);
    expect(last.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(last[2]).toMatchObject({ reason: { what: "no thread of the pool serves any more" } });
    await expect(pool.run(feed(1))).rejects.toMatchObject({ code: "engine-failed" });
  });
});

describe("lives of sessions", () => {
  test("releasing twice and after the end is nothing; running afterwards is a fault", async () => {
    const engine = closing(new Engine());
    const session = await engine.open(negation(), { threads: 1 });
    await Promise.all([session.release(), session.release()]);
    await expect(session.run(feed(1))).rejects.toMatchObject({
      message: expect.stringContaining("released") as string,
    });
    await engine.close();
    await session.release();
  });

  test("a pool that is closed while it runs finishes what runs and refuses the queue", async () => {
    const pool = await SessionPool.open(negation(), 2);
    const runs = Array.from({ length: 6 }, (_, i) => pool.run(feed(i)));
    const closed = pool.close();
    const outcomes = await Promise.allSettled(runs);
    await closed;
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", ...Array(4).fill("rejected")]);
    await expect(pool.run(feed(1))).rejects.toMatchObject({ code: "engine-failed" });
  });

  test.skipIf(process.platform !== "linux")(
    "a session takes its threads and no more, and gives them back",
    async () => {
      const count = (): number => readdirSync("/proc/self/task").length;
      for (const threads of [1, 3]) {
        const before = count();
        const session = await openSession(negation(), { threads });
        await session.run(feed(1));
        expect(count() - before).toBe(threads);
        await session.close();
        await expect.poll(count).toBe(before);
      }
    },
  );

  test("hundreds are made, run and released in several threads, in flat memory", async () => {
    const graph = new GraphBuilder();
    graph.input({ name: "x", type: "float32", dims: ["n", 256] });
    graph.node("MatMul", ["x", graph.floats(new Float32Array(256 * 256).fill(1 / 256), [256, 256])], {}, "y");
    graph.output({ name: "y", type: "float32", dims: ["n", 256] });
    const model = graph.serialize();
    const feeds = { x: float32([16, 256], new Float32Array(16 * 256).fill(2)) };
    const engines = Array.from({ length: 3 }, () => closing(new Engine()));
    const lives = async (each: number): Promise<number> => {
      await Promise.all(
        engines.map(async (engine) => {
          for (let i = 0; i < each; i++) {
            const session = await engine.open(model, { threads: 1 });
            const y = floats((await session.run(feeds)).y);
            expect(y.every((value) => Math.abs(value - 2) < 1e-4)).toBe(true);
            await session.release();
          }
        }),
      );
      return process.memoryUsage.rss();
    };
    const before = await lives(100);
    const after = await lives(300);
    // 900 sessions of 262 kB of weights each: a leak of those alone would be 236 MB.
    expect(after - before).toBeLessThan(100e6);
  });
});
