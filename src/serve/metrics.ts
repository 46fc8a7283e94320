/** What the service tells Prometheus (prometheus.io, text format 0.0.4). */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { assayVersion } from "../core/index.js";
import type { Admission } from "./admission.js";

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export interface ServiceMetrics {
  /** Counts a request that was answered; `route` is a path of the table, or "unknown". */
  readonly answered: (route: string, status: number, seconds: number) => void;
  readonly inferred: (seconds: number) => void;
  readonly lookedUp: (found: boolean) => void;
  readonly text: () => Promise<string>;
  readonly type: string;
}

/** Metrics of one service, in a registry of its own. */
export function openMetrics(model: string, admission: Admission): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "assay_http_requests_total",
    help: "Requests answered, by route and status.",
    labelNames: ["route", "status"] as const,
    registers,
  });
  const latency = new Histogram({
    name: "assay_http_request_seconds",
    help: "Seconds from the arrival of a request to the end of its answer.",
    labelNames: ["route"] as const,
    buckets: secondsBuckets,
    registers,
  });
  const inference = new Histogram({
    name: "assay_inference_seconds",
    help: "Seconds to decode and classify a photograph.",
    buckets: secondsBuckets,
    registers,
  });
  const lookups = new Counter({
    name: "assay_cache_lookups_total",
    help: "Photographs looked up in the cache of answers, by result.",
    labelNames: ["result"] as const,
    registers,
  });
  for (const result of ["hit", "miss"]) lookups.inc({ result }, 0);
  addGauges(model, admission, registry);
  return {
    answered: (route, status, seconds) => {
      requests.inc({ route, status });
      latency.observe({ route }, seconds);
    },
    inferred: (seconds) => inference.observe(seconds),
    lookedUp: (found) => lookups.inc({ result: found ? "hit" : "miss" }),
    text: () => registry.metrics(),
    type: registry.contentType,
  };
}

/** What is read when Prometheus asks. */
function addGauges(model: string, admission: Admission, registry: Registry): void {
  const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ["process_resident_memory_bytes", "Resident memory of the process.", () => process.memoryUsage.rss()],
    ["assay_photographs_running", "Photographs being decoded or classified.", () => admission.running],
    ["assay_photographs_waiting", "Photographs waiting for their turn.", () => admission.waiting],
  ];
  for (const [name, help, read] of gauges) {
    const gauge: Gauge = new Gauge({ name, help, registers: [], collect: () => gauge.set(read()) });
    registry.registerMetric(gauge);
  }
  new Gauge({
    name: "assay_info",
    help: "1, with the version of assay and the bundle it serves.",
    labelNames: ["version", "model"] as const,
    registers: [registry],
  }).set({ version: assayVersion, model }, 1);
}
