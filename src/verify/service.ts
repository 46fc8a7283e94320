/** Asks a service about photographs over HTTP as any client would, and compares its answers with the model's own. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkInterrupted, describeError, quoteName, random } from "../core/index.js";
import type { ServiceAnswers, ServiceCheck } from "./finding.js";
import type { Outcome } from "./measure.js";

/** A service that was started for the proof. */
export interface StartedService {
  /** `http://host:port`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a service of a bundle as a user would, by one command. Rejects where it does not come up. */
export type StartService = (bundleFolder: string, signal: AbortSignal) => Promise<StartedService>;

/** A service's probabilities may differ by so much from the model's own: what JSON and another order of sums leave. */
export const probabilityTolerance = 1e-5;

/** A service that needs longer for one photograph has failed. */
const patienceMs = 60_000;

export interface ServiceQuestion {
  readonly labels: readonly string[];
  /** Photographs with the model's own answers; a fixed choice of them is posted. */
  readonly outcomes: readonly Outcome[];
  /** So many are posted, at most. */
  readonly most: number;
  /** Folder that the outcomes' paths are relative to. */
  readonly root: string;
  /** Files that are posted first and not counted, so that the service is warm. */
  readonly warmUp: readonly string[];
  /** The beginning of the bundle's hash, as a service says it. */
  readonly model: string;
  readonly signal: AbortSignal;
}

/** Starts the service, asks it and ends it. A service that does not come up or break off is a finding, no fault. Throws `interrupted`. */
export async function tryService(
  start: StartService,
  bundleFolder: string,
  question: ServiceQuestion,
): Promise<ServiceCheck> {
  let service: StartedService;
  try {
    service = await start(bundleFolder, question.signal);
  } catch (error) {
    checkInterrupted(question.signal);
    return { failed: `the service did not start: ${describeError(error)}` };
  }
  try {
    return await askService(service.url, question, true);
  } finally {
    await service.close();
  }
}

/** Posts photographs one after the other. Throws `interrupted`. */
export async function askService(url: string, question: ServiceQuestion, started: boolean): Promise<ServiceCheck> {
  const { outcomes, most, root, labels, model, warmUp, signal } = question;
  const endpoint = new URL("predict", url.endsWith("/") ? url : `${url}/`);
  const chosen = random(0, "posted").shuffle(outcomes).slice(0, most);
  const tally = new AnswerTally(labels, model);
  try {
    for (const path of warmUp) await post(endpoint, await readFile(path), signal);
    for (const outcome of chosen) {
      checkInterrupted(signal);
      tally.add(outcome, await post(endpoint, await readFile(join(root, outcome.path)), signal));
    }
  } catch (error) {
    checkInterrupted(signal);
    return { failed: `the service at ${url} gave no answer: ${describeCause(error)}` };
  }
  return tally.close(started);
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly latencyMs: number;
  /** Whether the service remembered the answer instead of computing it. */
  readonly remembered: boolean;
}

async function post(endpoint: URL, photograph: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Reply> {
  const body = new FormData();
  body.append("file", new Blob([photograph]), "photograph");
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const start = performance.now();
  const response = await fetch(endpoint, { method: "POST", body, signal: limit });
  const text = await response.text();
  const latencyMs = performance.now() - start;
  return { status: response.status, text, latencyMs, remembered: response.headers.get("x-cache") === "hit" };
}

/** Fetch tells only "fetch failed"; the cause says why. */
function describeCause(error: unknown): string {
  return describeError(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

/** Classes that an answer names at least, where there are so many. */
const fewestListed = 5;

/** Counts answers that differ from the model's own. */
class AnswerTally {
  readonly #labels: readonly string[];
  readonly #model: string;
  readonly #latencyMs: number[] = [];
  #n = 0;
  #differing = 0;
  #largest = 0;
  #first: string | null = null;

  constructor(labels: readonly string[], model: string) {
    this.#labels = labels;
    this.#model = model;
  }

  add(outcome: Outcome, reply: Reply): void {
    this.#n++;
    const got = readAnswer(reply);
    const problem = typeof got === "string" ? got : this.#compare(outcome, got);
    if (problem === null && !reply.remembered) this.#latencyMs.push(reply.latencyMs); // a refusal is quick
    if (problem === null) return;
    this.#differing++;
    this.#first ??= `${quoteName(outcome.path)}: ${problem}`;
  }

  /** What is wrong with an answer, or null. */
  #compare({ predicted, probabilities }: Outcome, answer: ServedAnswer): string | null {
    if (answer.model !== undefined && answer.model !== this.#model)
      return `the service has another model, ${answer.model} instead of ${this.#model}`;
    const expected = this.#labels[predicted]!;
    if (answer.class !== expected) return `${quoteName(answer.class)} instead of ${quoteName(expected)}`;
    const listed = Math.min(answer.top.length, this.#labels.length);
    if (listed < Math.min(fewestListed, this.#labels.length)) return `only ${listed} classes with their probabilities`;
    const said = [...answer.top, { class: answer.class, probability: answer.confidence }];
    let worst: string | null = null;
    for (const { class: label, probability } of said) {
      const own = probabilities[this.#labels.indexOf(label)];
      if (own === undefined) return `the model has no class ${quoteName(label)}`;
      const difference = Math.abs(own - probability);
      this.#largest = Math.max(this.#largest, difference);
      if (!(difference <= probabilityTolerance)) worst ??= `${quoteName(label)} has ${probability} instead of ${own}`;
    }
    return worst;
  }

  close(started: boolean): ServiceAnswers {
    return {
      started,
      n: this.#n,
      differing: this.#differing,
      largestDifference: this.#largest,
      firstDifference: this.#first,
      latencyMs: Float64Array.from(this.#latencyMs),
    };
  }
}

interface ServedAnswer {
  readonly model?: string | undefined;
  readonly class: string;
  readonly confidence: number;
  readonly top: readonly { readonly class: string; readonly probability: number }[];
}

/** The answer, or what is wrong with it. */
function readAnswer({ status, text }: Reply): ServedAnswer | string {
  if (status !== 200) return `status ${status}, ${text.slice(0, 200)}`;
  try {
    const value = JSON.parse(text) as Partial<ServedAnswer> | null;
    const { class: label, confidence, top, model } = value ?? {};
    if (typeof label === "string" && typeof confidence === "number" && Array.isArray(top))
      return { class: label, confidence, top, model };
  } catch {
    // told below, like JSON of another kind
  }
  return `no answer with class, confidence and top: ${text.slice(0, 200)}`;
}
