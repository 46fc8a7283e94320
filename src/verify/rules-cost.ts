/** Rules of the kinds that say what the model may cost: time, memory, device. */
import { countOf, formatBytes, formatCount } from "../core/index.js";
import { type Adapter, type Device, devices } from "../onnx/index.js";
import { asksForGpu, type Quantile, type Requirement } from "../spec/index.js";
import {
  type QuantileBounds,
  samplesForUpper,
  type SeriesBounds,
  seriesMean,
  seriesQuantile,
} from "../statistics/index.js";
import type { Provenance } from "../bundle/index.js";
import { exact, type Finding, type Levels, type Measurements, shown, unmeasured } from "./finding.js";

const quantiles: Readonly<Record<Exclude<Quantile, "mean">, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 };

/** What a requirement kind's estimator would say where the line names no quantile. */
const usualQuantile: Quantile = "p95";

export function latency(m: Measurements, line: Requirement, { spec }: Levels): Finding {
  const what = `single-image runs of the model on ${placeOf(m)}, without decoding`;
  return timings(m.latencyMs, line.quantile ?? usualQuantile, spec, what);
}

export function httpLatency({ service }: Measurements, line: Requirement, { spec }: Levels): Finding {
  if ("reason" in service) return unmeasured(service.reason);
  if ("failed" in service) return unmeasured(`the service gave no answers to time: ${service.failed}`);
  if (service.latencyMs.length === 0) return unmeasured("every answer of the service came from its cache");
  const what = "requests to the service, one photograph at a time: sent, decoded, judged and answered";
  return timings(service.latencyMs, line.quantile ?? usualQuantile, spec, what);
}

function timings(latencyMs: Float64Array, which: Quantile, alpha: number, what: string): Finding {
  const n = latencyMs.length;
  const bounds =
    which === "mean"
      ? ({ ...seriesMean(latencyMs, alpha), by: "mean" } as const)
      : seriesQuantile(latencyMs, quantiles[which], alpha);
  return {
    measured: bounds.estimate / 1000,
    lower: inSeconds(bounds.lower),
    upper: inSeconds(bounds.upper),
    n,
    basis: `the ${which} of ${n} ${what}; ${explainBounds(bounds, n)}`,
    ...(bounds.upper === null ? { decides: tooFew(bounds, n, which, alpha) } : {}),
  };
}

function explainBounds(
  { by, effective }: SeriesBounds & { readonly by: QuantileBounds["by"] | "mean" },
  n: number,
): string {
  if (by === "mean") return "bounds by Student's t on means of blocks, approximate";
  if (by !== "mean square") return "bounds by order statistics on blocks, approximate";
  return `they resemble their neighbors so much that they count for ${Math.floor(effective)} of ${n}: the upper bound is Chebyshev's, by the mean square, wide and approximate`;
}

const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

function tooFew({ effective }: SeriesBounds, n: number, which: Quantile, alpha: number): string {
  const few = `${n} timings, which resemble their neighbors so much that they count for ${Math.floor(effective)}, are too few for an upper bound`;
  if (which === "mean") return few;
  const needed = samplesForUpper(quantiles[which], alpha);
  return `${few}, which takes ${formatCount(needed)} that count: on a machine with nothing else to do these may`;
}

export function throughput(m: Measurements, _line: Requirement, { spec }: Levels): Finding {
  const { throughput: rates } = m;
  if (rates.length === 0) return unmeasured("not measured: too few photographs for batches");
  const { estimate, lower, upper } = seriesMean(rates, spec);
  return {
    measured: estimate,
    lower,
    upper,
    n: rates.length,
    basis: `the mean rate of ${rates.length} rounds through decoding and model on ${placeOf(m)}; bounds by Student's t, approximate`,
  };
}

function placeOf({ threads, device: used }: Measurements): string {
  return used === "cpu" ? `${countOf(threads, "thread")} of this machine` : nameOf(used);
}

/** Something that only the run could see. */
export function recorded(value: number | null, basis: string): Finding {
  return value === null ? unmeasured(`${basis}: not recorded`) : exact(value, `${basis}, as recorded by the run`);
}

export function trainingTime({ trainingSeconds }: Measurements): Finding {
  return recorded(trainingSeconds, "seconds from the first feature to the calibrated head");
}

/** A line that only fears for memory holds when the run stayed within the memory of its machine. */
export function peakMemory({ peakMemoryBytes, trainedOn }: Measurements, { target }: Requirement): Finding {
  const finding = recorded(peakMemoryBytes, "peak resident memory of the training process by the operating system");
  if (target !== null || peakMemoryBytes === null || trainedOn === null) return finding;
  const memory = trainedOn.memoryBytes;
  return {
    ...finding,
    holds: peakMemoryBytes < memory,
    basis: `${finding.basis}: the run ended within the ${formatBytes(memory)} of its machine, which is how the line is read where it names no limit`,
  };
}

/** A line is about the device that the photographs were judged on; a program that stands for a GPU is none. */
export function device({ test, device: used, adapter }: Measurements, { text }: Requirement): Finding {
  const n = test.length;
  const where = `all ${formatCount(n)} photographs were judged on ${nameOf(used)}`;
  if (!asksForGpu(text))
    return used === "cpu"
      ? shown(true, `${where}, without a GPU`, n)
      : unmeasured(where, "the same without --device would decide it");
  const elsewhere = "a run on a machine with one, by --device, would decide it";
  if (adapter === null) return unmeasured(`${where}: nothing ran on a GPU`, elsewhere);
  const told: Readonly<Record<Adapter["kind"], Finding>> = {
    hardware: shown(true, `${where}: a GPU, since ${adapter.why}`, n),
    software: unmeasured(`${where}: software that stands for a GPU, since ${adapter.why}`, elsewhere),
    unknown: unmeasured(`${where}; whether that is a GPU is not known: ${adapter.why}`),
  };
  return told[adapter.kind];
}

function nameOf(used: Device): string {
  return used === "cpu" ? "the CPU of this machine" : `a device of this machine by ${devices[used].title}`;
}

/** ONNX Runtime does not tell what a device's memory holds: it is planned, and the process that did all the work is the nearest measured figure. */
export function deviceMemory({ deviceMemory: plan, device: used, peakMemoryBytes }: Measurements): Finding {
  const where = used === "cpu" ? "nothing was judged on a GPU" : `it was judged on ${nameOf(used)}`;
  const planned = plan ? `; ${describePlan(plan)}` : "";
  const nearest =
    peakMemoryBytes === null || used !== "cpu"
      ? ""
      : `; the process that trained had at most ${formatBytes(peakMemoryBytes)} resident, weights, activations and everything else together`;
  return unmeasured(
    `${where}, and the memory of a device was not measured${planned}${nearest}`,
    "the driver's own figure during a run on such a device would decide it",
  );
}

function describePlan(plan: NonNullable<Provenance["deviceMemory"]>): string {
  const { network, microBatch, trainingBytes, judgingBytes } = plan;
  const training =
    microBatch === 0
      ? `a single photograph through ${network} and back would take ${formatBytes(trainingBytes)}`
      : `training all of ${network} would take ${formatBytes(trainingBytes)} in micro-batches of ${microBatch}`;
  return `planned from the sizes of tensors that are alive at once: ${training}, judging a photograph ${formatBytes(judgingBytes)}`;
}
