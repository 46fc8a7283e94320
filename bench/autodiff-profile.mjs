// Where the time of a gradient graph goes, operator by operator: ONNX Runtime's own profile, the least of several runs of each node.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { splitModel } from "../dist/autodiff/index.js";

export async function profile(model, feeds, runs = 10) {
  const folder = mkdtempSync(join(tmpdir(), "assay-profile-"));
  const { graph, externalData } = splitModel(model);
  const session = await InferenceSession.create(graph, {
    intraOpNumThreads: 1,
    externalData: Object.entries(externalData).map(([path, data]) => ({ path, data })),
    enableProfiling: true,
    profileFilePrefix: join(folder, "profile"),
  });
  const own = Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data.slice(), dims)]);
  for (let i = 0; i < runs; i++) await session.run(Object.fromEntries(own));
  session.endProfiling();
  await session.release();
  const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]), "utf8"));
  rmSync(folder, { recursive: true });
  report(events.filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time")));
}

function report(events) {
  const nodes = new Map();
  for (const { name, dur, args } of events) {
    const before = nodes.get(name)?.milliseconds ?? Infinity;
    nodes.set(name, { operator: args.op_name, milliseconds: Math.min(before, dur / 1000) });
  }
  const operators = new Map();
  for (const { operator, milliseconds } of nodes.values()) {
    const { total = 0, count = 0 } = operators.get(operator) ?? {};
    operators.set(operator, { total: total + milliseconds, count: count + 1 });
  }
  const all = [...operators.values()].reduce((sum, { total }) => sum + total, 0);
  console.log(`one run on one thread: ${all.toFixed(1)} ms`);
  for (const [operator, { total, count }] of [...operators].toSorted((a, b) => b[1].total - a[1].total).slice(0, 15))
    console.log(
      `  ${operator.padEnd(20)} ${total.toFixed(1).padStart(7)} ms  ${((100 * total) / all).toFixed(1).padStart(5)} %  ${count} nodes`,
    );
}
