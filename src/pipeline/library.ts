/** assay as a library: a run and a bundle, with everything but the photographs left to sensible choices. */
import { availableParallelism } from "node:os";
import { type Bundle, openBundle } from "../bundle/index.js";
import { silent } from "../core/index.js";
import { cacheFolder, stateFolder } from "../store/index.js";
import { checkOptions } from "./check-options.js";
import { chooseDevice, type DeviceChoice, readDevice } from "../onnx/index.js";
import { placeNetworks, type RunRequest, type Surroundings } from "./context.js";
import type { Evidence } from "../verify/index.js";
import { proveBundle } from "./prove.js";
import { run, type RunResult } from "./run.js";

/** What must be said: the photographs, and where the run goes. */
type Required = Pick<RunRequest, "images" | "out">;

/** What stands outside, as far as it is said. */
interface Outside extends Partial<Omit<Surroundings, "device" | "deviceReason">> {
  /** Where networks run; the CPU unless said. */
  readonly device?: DeviceChoice;
}

export interface TrainOptions extends Required, Partial<Omit<RunRequest, keyof Required>>, Outside {}

export interface VerifyOptions extends Outside {
  /** A service of the bundle that runs already; without it one is started. */
  readonly url?: string | undefined;
}

/**
 * Does what `assay run` does: scans, audits, learns, writes the bundle to `<out>/bundle` and judges it. Throws a `Fault` with the
 * code that docs/errors.md lists; an unmet requirement is no fault but a verdict of `evidence`.
 *
 * @param options the folder of photographs and the folder of the run; anything else as on the command line.
 */
export async function train(options: TrainOptions): Promise<RunResult> {
  checkOptions(options, ["images", "out"]);
  const given = omitUndefined(options);
  const request: RunRequest = {
    spec: null,
    exclude: [],
    seed: 1,
    resume: false,
    backbones: null,
    backboneOptions: {},
    budgetSeconds: null,
    solver: "lbfgs",
    augment: null,
    fineTuning: true,
    replay: null,
    noImages: false,
    reveal: false,
    ...given,
  };
  return run(request, await surroundingsOf(given));
}

/** Judges a bundle on photographs, as `assay verify` does. Throws as that does. */
export async function verifyBundle(
  folder: string,
  specPath: string,
  images: string,
  options: VerifyOptions = {},
): Promise<Evidence> {
  const shown = { reveal: false, images: false, url: options.url };
  const around = await surroundingsOf(omitUndefined(options));
  return (await proveBundle(folder, specPath, images, around, shown)).evidence;
}

/** Where nothing else is said: the user's folders, all cores, silence. Field by field: they are handed on whole, and the request's must not come along. */
async function surroundingsOf(given: Outside): Promise<Surroundings> {
  const threads = given.threads ?? availableParallelism();
  return {
    ...(await placeNetworks(readDevice(given.device ?? "cpu"), threads)),
    cacheFolder: given.cacheFolder ?? cacheFolder(),
    stateFolder: given.stateFolder ?? stateFolder(),
    threads,
    now: given.now ?? (() => new Date()),
    progress: given.progress ?? silent,
    listen: given.listen ?? (() => {}),
    signal: given.signal ?? new AbortController().signal,
  };
}

/** What is said to be undefined is not said. */
function omitUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/**
 * Opens a bundle: checks the hash of every file and reproduces its golden examples. Close it when done.
 * Throws `bundle-missing`, `bundle-invalid`, `bundle-golden`, `engine-failed`.
 */
export async function loadBundle(
  folder: string,
  { threads = availableParallelism(), device: choice = "cpu" }: Pick<Outside, "threads" | "device"> = {},
): Promise<Bundle> {
  const { device } = await chooseDevice(readDevice(choice), threads);
  return openBundle(folder, threads, { device });
}
