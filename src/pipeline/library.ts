/** assay as a library: a run and a bundle, with everything but the photographs left to sensible choices. */
import { availableParallelism } from "node:os";
import { type Bundle, openBundle } from "../bundle/index.js";
import { silent } from "../core/index.js";
import { cacheFolder as userCacheFolder, stateFolder as userStateFolder } from "../store/index.js";
import type { RunRequest, Surroundings } from "./context.js";
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
  // Apart, since the surroundings are handed on whole and must not carry the request's fields with them.
  const { cacheFolder, stateFolder, threads, now, progress, listen, signal, ...asked } = options;
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
    noImages: false,
    reveal: false,
    ...asked,
  };
  return run(request, {
    cacheFolder: cacheFolder ?? userCacheFolder(),
    stateFolder: stateFolder ?? userStateFolder(),
    threads: threads ?? availableParallelism(),
    now: now ?? (() => new Date()),
    progress: progress ?? silent,
    listen: listen ?? (() => {}),
    signal: signal ?? new AbortController().signal,
  });
}

/**
 * Opens a bundle: checks the hash of every file and reproduces its golden examples. Close it when done.
 * Throws `bundle-missing`, `bundle-invalid`, `bundle-golden`, `engine-failed`.
 */
export function loadBundle(folder: string, options: { readonly threads?: number } = {}): Promise<Bundle> {
  return openBundle(folder, options.threads ?? availableParallelism());
}
