/** The last part of a run, and all of `assay verify`: the bundle is opened again and judged against the spec. */
import { join } from "node:path";
import type { Finding } from "../audit/index.js";
import { openBundle, readProvenance } from "../bundle/index.js";
import { formatPercent } from "../core/index.js";
import type { Dataset } from "../dataset/index.js";
import { readSpec, type Spec } from "../spec/index.js";
import { writeDeployment } from "../serve/index.js";
import { openLedger } from "../store/index.js";
import { openTrace, type Trace } from "../trace/index.js";
import type { ReportExtras } from "../report/index.js";
import { type Evidence, offeredPictures, verify } from "../verify/index.js";
import { type Surroundings, traceDevice } from "./context.js";
import { scanImages } from "./data.js";
import { collectReport } from "./report-data.js";
import { serviceStarter } from "./service-process.js";

/** What the design promises and this version does not do yet; said in every report. */
export const notBuiltYet: readonly string[] = ["int8 quantization"];

export interface ProofRequest {
  readonly bundleFolder: string;
  readonly spec: Spec;
  readonly dataset: Dataset;
  readonly findings: readonly Finding[] | null;
  readonly around: Surroundings;
  readonly trace: Trace;
  /** A service of the bundle that runs already; without it one is started where a line asks for it. */
  readonly url?: string | undefined;
  /** Whether the mistakes on test will be shown: the ledger marks its photographs as spent. */
  readonly reveal: boolean;
  /** Whether photographs may be shown. */
  readonly images: boolean;
  /** Of the run that the bundle is of; null where only the bundle is at hand. */
  readonly runFolder: string | null;
}

export interface Proven {
  readonly evidence: Evidence;
  /** What the report shows besides. */
  readonly extras: ReportExtras;
}

/** Opens the bundle and the test split and gives every line its verdict. Throws as `openBundle` and `verify` do. */
export async function prove(request: ProofRequest): Promise<Proven> {
  const { bundleFolder, spec, dataset, findings, around, trace, reveal, images, runFolder } = request;
  trace.add("action", "verify", "open the sealed test split");
  const bundle = await openBundle(bundleFolder, around.threads, { device: around.device });
  try {
    const provenance = await readProvenance(bundleFolder);
    const offered = offeredPictures(dataset, provenance);
    const ledger = openLedger(join(around.stateFolder, "ledger"), around.now);
    const { evidence, outcomes } = await verify({
      bundle,
      provenance,
      spec,
      dataset,
      offered,
      findings,
      ledger,
      notBuiltYet,
      startService: serviceStarter(around),
      writeDeployment: (folder, out) => writeDeployment({ folder, manifest: bundle.manifest, out }),
      url: request.url,
      ...around,
    });
    const { test } = evidence.metrics;
    trace.add("observation", "verify", `accuracy ${formatPercent(test.accuracy)} on ${test.n} photographs of test`, {
      verdicts: Object.fromEntries(evidence.requirements.map(({ id, verdict }) => [id, verdict])),
      opening: evidence.run.testOpening,
      accuracy: test.accuracy,
      interval: test.accuracyInterval,
    });
    if (reveal) {
      await ledger.reveal(bundle.manifest.bundleHash, offered.test);
      trace.add(
        "decision",
        "verify",
        "the mistakes on test are shown: for any other bundle these photographs are spent",
      );
    }
    const extras = await collectReport({
      folder: runFolder,
      trace: trace.events,
      root: dataset.root,
      bundle,
      outcomes,
      images,
      reveal,
      signal: around.signal,
    });
    return { evidence, extras };
  } finally {
    await bundle.close();
  }
}

/** Judges a bundle again, on the run's own photographs or on fresh ones. Throws as `prove` does. */
export async function proveBundle(
  bundleFolder: string,
  specPath: string,
  images: string,
  around: Surroundings,
  shown: Pick<ProofRequest, "reveal" | "images" | "url">,
): Promise<Proven> {
  const spec = await readSpec(specPath);
  const dataset = await scanImages(images, [], around);
  const trace = openTrace(null, around.now, around.listen);
  traceDevice(trace, around);
  return prove({ bundleFolder, spec, dataset, findings: null, around, trace, runFolder: null, ...shown });
}
