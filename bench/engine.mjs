// The engine under strain: sessions made, run and released in several worker threads (memory must stay flat), the time a new
// session takes by the size of its weights, and the cost of passing tensors. Usage: node bench/engine.mjs [lives] [threads]
import { Engine, float32, GraphBuilder, openSession, serializeModel, splitModel } from "../dist/onnx/index.js";
import { describe } from "./report.mjs";

const [lives = "4000", threads = "4"] = process.argv.slice(2);
const megabytes = (bytes) => bytes / 1e6;

/** y = x · w, `layers` times, w [width, width]. */
function stack(layers, width) {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n", width] });
  let value = "x";
  for (let i = 0; i < layers; i++) {
    const weights = new Float32Array(width * width).fill(1 / width);
    value = graph.node(
      "MatMul",
      [value, graph.floats(weights, [width, width])],
      {},
      i === layers - 1 ? "y" : undefined,
    );
  }
  graph.output({ name: "y", type: "float32", dims: ["n", width] });
  return graph.model;
}

async function strain() {
  const model = serializeModel(stack(2, 256));
  const feeds = { x: float32([16, 256], new Float32Array(16 * 256).fill(2)) };
  const engines = Array.from({ length: Number(threads) }, () => new Engine());
  const rounds = 10;
  const resident = [];
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      engines.map(async (engine) => {
        for (let i = 0; i < Number(lives) / rounds / engines.length; i++) {
          const session = await engine.open(model, { threads: 1 });
          const { y } = await session.run(feeds, ["y"]);
          if (Math.abs(y.data[0] - 2) > 1e-3) throw new Error(`wrong result ${y.data[0]}`);
          await session.release();
        }
      }),
    );
    resident.push(megabytes(process.memoryUsage.rss()));
  }
  const seconds = (performance.now() - start) / 1000;
  await Promise.all(engines.map((engine) => engine.close()));
  console.log(`${lives} sessions in ${threads} threads: ${(Number(lives) / seconds).toFixed(0)} lives/s`);
  console.log(`resident MB after each tenth: ${resident.map((mb) => mb.toFixed(0)).join(" ")}`);
}

async function milliseconds(action, times = 5) {
  const elapsed = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await action();
    elapsed.push(performance.now() - start);
  }
  return elapsed;
}

async function creation() {
  const engine = new Engine();
  const results = {};
  for (const layers of [1, 5, 25]) {
    const model = stack(layers, 1000);
    const life = async (source) => (await engine.open(source, { threads: 1 })).release();
    results[`${layers} M weights, serialized`] = await milliseconds(() => life(serializeModel(model)));
    results[`${layers} M weights, apart`] = await milliseconds(() => life(splitModel(model)));
  }
  await engine.close();
  describe("a new session, ms", results);
}

async function passing() {
  const graph = new GraphBuilder();
  graph.input({ name: "x", type: "float32", dims: ["n"] });
  graph.node("Neg", ["x"], {}, "y");
  graph.output({ name: "y", type: "float32", dims: ["n"] });
  const session = await openSession(graph.serialize(), { threads: 1 });
  const count = 5_000_000;
  const own = () => new Float32Array(count).fill(1);
  const shared = new Float32Array(new SharedArrayBuffer(count * 4)).fill(1);
  const feeds = { copied: [own(), false], transferred: [null, true], shared: [shared, false] };
  const results = {};
  for (const [name, [data, moves]] of Object.entries(feeds)) {
    const ready = Array.from({ length: 5 }, () => data ?? own());
    results[name] = await milliseconds(() => {
      const x = ready.pop();
      return session.run({ x: float32([count], x) }, ["y"], moves ? [x.buffer] : []);
    });
  }
  results["in the thread alone"] = [...(await session.time({ x: float32([count], own()) }, 1, 5))];
  await session.close();
  describe("one run on 20 MB in and 20 MB out, by how the feed comes, ms", results);
}

await strain();
await creation();
await passing();
