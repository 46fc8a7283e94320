/** assay as a library: a run and a bundle, with everything but the photographs left to sensible choices. */
import { availableParallelism } from "node:os";
import { type Bundle, openBundle } from "../bundle/index.js";
import { silent } from "../core/index.js";
import { cacheFolder, stateFolder } from "../store/index.js";
import type { RunRequest, Surroundings } from "./context.js";
import type { Evidence } from "../verify/index.js";
import { verifyBundle as verifyOn } from "./prove.js";
import { run, type RunResult } from "./run.js";

/** What must be said: the photographs, and where the run goes. */
type Required = Pick<RunRequest, "images" | "out">;

export interface TrainOptions extends Required, Partial<Omit<RunRequest, keyof Required>>, Partial<Surroundings> {}

/**
 * Does what `assay run` does: scans, audits, learns, writes the bundle to `<out>/bundle` and judges it. Throws a `Fault` with the
 * code that docs/errors.md lists; an unmet requirement is no fault but a verdict of `evidence`.
 *
 * @param options the folder of photographs and the folder of the run; anything else as on the command line.
 */
export function train(options: TrainOptions): Promise<RunResult> {
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
    augment: 0,
    replay: null,
    ...given,
  };
  return run(request, surroundingsOf(given));
}

/** Judges a bundle on photographs, as `assay verify` does. Throws as that does. */
export function verifyBundle(
  folder: string,
  specPath: string,
  images: string,
  options: Partial<Surroundings> = {},
): Promise<Evidence> {
  return verifyOn(folder, specPath, images, surroundingsOf(omitUndefined(options)));
}

/** Where nothing else is said: the user's folders, all cores, silence. Field by field: they are handed on whole, and the request's must not come along. */
function surroundingsOf(given: Partial<Surroundings>): Surroundings {
  return {
    cacheFolder: given.cacheFolder ?? cacheFolder(),
    stateFolder: given.stateFolder ?? stateFolder(),
    threads: given.threads ?? availableParallelism(),
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
export function loadBundle(folder: string, options: { readonly threads?: number } = {}): Promise<Bundle> {
  return openBundle(folder, options.threads ?? availableParallelism());
}
