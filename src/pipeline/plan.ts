/** The facts of a plan, measured in the first seconds; and `assay plan`. */
import { auditDataset } from "../audit/index.js";
import { type Backbone, plainRecipe, recipeTaps } from "../backbone/index.js";
import { measureLatency } from "../bench/index.js";
import { Fault, random } from "../core/index.js";
import type { Picture } from "../dataset/index.js";
import { extractFeatures } from "../features/index.js";
import { planWithin } from "../finetune/index.js";
import { trialShare } from "../loop/index.js";
import { devices } from "../onnx/index.js";
import { makePlan, type NetworkFacts, type Plan, type PlanFacts, renderPlan } from "../plan/index.js";
import type { Spec } from "../spec/index.js";
import { quantile } from "../statistics/index.js";
import { writeFileAtomic, writeJson } from "../store/index.js";
import { proofCost } from "../verify/index.js";
import { openTrace } from "../trace/index.js";
import { openBackbones, recipeShare } from "./choose.js";
import { type LearnRequest, type RunContext, type Surroundings, timed } from "./context.js";
import { foreseeSplit, openingsOf, scanImages } from "./data.js";
import { budgetOf, deviceMemoryLimit, emptyModel } from "./limits.js";
import { findSpec } from "./find-spec.js";
import { smallest } from "./tune.js";
import { Workload } from "./workload.js";

/** Photographs by which a network's speed is measured. */
const probeImages = 128;

/** Speed, latency and size of each network, with a few photographs that may be learned from; their features stay in the cache. */
export async function measureNetworks(
  backbones: readonly Backbone[],
  train: readonly Picture[],
  { root, classes, seed }: { readonly root: string; readonly classes: number; readonly seed: number },
  around: Surroundings,
  workload: Workload,
): Promise<NetworkFacts[]> {
  const probe = random(seed, "probe").shuffle(train).slice(0, probeImages);
  const facts: NetworkFacts[] = [];
  for (const backbone of backbones) {
    const recipe = plainRecipe(backbone);
    const { name, view, width, multiplyAdds } = backbone.row;
    const options = { root, ...around, progress: undefined };
    const { computed, earlier } = await workload.record(extractFeatures(probe, recipeTaps(recipe), options));
    const seconds = computed.seconds + [...earlier.values()].reduce((sum, past) => sum + past.seconds, 0);
    const model = emptyModel(recipe, classes);
    const { threads, device } = around;
    const times = await measureLatency(model, { size: view.size, threads, device, runs: 30 });
    facts.push({
      name,
      size: view.size,
      width,
      multiplyAdds,
      imagesPerSecond: probe.length / seconds,
      latencySeconds: quantile(times.toSorted(), 0.95) / 1000,
      modelBytes: model.length,
    });
  }
  return facts;
}

/** What a device of the size that a line of the spec names would need, for the network that would be fine-tuned; nothing without such a line. */
export async function foreseeDevice(
  spec: Spec,
  backbones: readonly Backbone[],
  classes: number,
): Promise<Pick<PlanFacts, "deviceMemory">> {
  const limit = deviceMemoryLimit(spec);
  if (limit === null) return {};
  return planWithin(smallest(backbones), classes, limit).then(
    (deviceMemory) => ({ deviceMemory }),
    (error: unknown) => {
      if (error instanceof Fault && error.code !== "interrupted") return {}; // a network that cannot be trained has no plan
      throw error;
    },
  );
}

type PlanContext = Pick<RunContext, "spec" | "around" | "trace"> & { readonly request: LearnRequest };

/** What is known without measuring anything. */
export function factsOf({ request, spec, around, trace }: PlanContext) {
  const { solver, augment, fineTuning } = request;
  const budgetSeconds = budgetOf(spec, request.budgetSeconds);
  return {
    spec,
    threads: around.threads,
    device: devices[around.device].title,
    budgetSeconds,
    trialShare,
    recipeShare,
    solver,
    augment,
    fineTuning,
    events: trace.events,
  };
}

/** The plan as it stands by now, written into the run's folder. Throws `output-unwritable`. */
export async function writePlan({ folder }: RunContext, facts: PlanFacts): Promise<Plan> {
  const plan = makePlan(facts);
  await writeJson(folder.file("plan.json"), plan);
  await writeFileAtomic(folder.file("plan.md"), renderPlan(plan));
  return plan;
}

/** What follows from spec, photographs and machine; nothing is learned, and nothing written but caches. Throws as `run` does. */
export async function planImages(request: LearnRequest, around: Surroundings): Promise<Plan> {
  const { spec } = await findSpec(request, around);
  const backbones = await openBackbones(request);
  const { result: dataset, seconds } = await timed(() => scanImages(request.images, request.exclude, around));
  const { stateFolder } = around;
  const rows = await foreseeSplit(spec, dataset, { stateFolder, seed: request.seed });
  const train = dataset.pictures.filter((_, i) => rows[i]!.split === "train");
  const place = { root: dataset.root, classes: dataset.classes.length, seed: request.seed };
  const trace = openTrace(null, around.now);
  const networks = await measureNetworks(backbones, train, place, around, await Workload.open(null));
  return makePlan({
    ...factsOf({ request, spec, around, trace }),
    audit: auditDataset(dataset, rows),
    scanSeconds: seconds,
    opening:
      1 +
      (await openingsOf(
        dataset.pictures.filter((_, i) => rows[i]!.split === "test"),
        around,
      )),
    ...(await foreseeDevice(spec, backbones, dataset.classes.length)),
    networks,
    proof: proofCost(spec, networks[0]!.latencySeconds),
  });
}
