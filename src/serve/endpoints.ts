/** What the service answers to, as one table: its routes, its OpenAPI description and its metrics' labels are made of it. */
import type { FaultCode } from "../core/index.js";

/** A JSON schema, 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Endpoint {
  readonly method: "get" | "post";
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** Parameters of the query, all of them optional, with what they do. */
  readonly query?: Readonly<Record<string, string>>;
  /** Whether the request carries a photograph. */
  readonly photograph?: true;
  /** What a 200 holds: its media type, and the name of its schema where it is JSON. */
  readonly answer: { readonly description: string; readonly type: string; readonly schema?: string };
  /** Ways it can refuse; `internal` is common to all. */
  readonly faults: readonly FaultCode[];
}

const uploadFaults = [
  "request-invalid",
  "media-unsupported",
  "upload-too-large",
  "image-unreadable",
  "service-busy",
  "engine-failed",
] as const satisfies readonly FaultCode[];

export const endpoints = {
  predict: {
    method: "post",
    path: "/predict",
    summary: "Names the class of a photograph",
    description:
      "The answer is that of `assay predict` on the same file. `class` is the bundle's decision, `confidence` its calibrated probability; `top` has the most probable classes in falling order, and its first may be another class where the bundle has a decision bias for rare classes. The header `x-cache` says whether the answer was remembered (`hit`) or computed (`miss`).",
    photograph: true,
    answer: { description: "The class", type: "application/json", schema: "Prediction" },
    faults: uploadFaults,
  },
  explain: {
    method: "post",
    path: "/explain",
    summary: "Shows where in a photograph the class was seen",
    query: { class: "The class to explain, in place of the one that the model answers with" },
    photograph: true,
    answer: { description: "The photograph with a heat map over it", type: "image/png" },
    faults: [...uploadFaults, "usage", "not-explainable"],
  },
  health: {
    method: "get",
    path: "/healthz",
    summary: "Says that the process is alive",
    answer: { description: "It is", type: "application/json", schema: "Health" },
    faults: [],
  },
  readiness: {
    method: "get",
    path: "/readyz",
    summary: "Says whether photographs are answered: the bundle reproduced its golden examples, and its threads live",
    answer: { description: "They are", type: "application/json", schema: "Readiness" },
    faults: ["service-unready"],
  },
  metrics: {
    method: "get",
    path: "/metrics",
    summary: "Counts and times for Prometheus",
    answer: { description: "The text format, version 0.0.4", type: "text/plain" },
    faults: [],
  },
  description: {
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    answer: { description: "OpenAPI 3.1", type: "application/json", schema: "Description" },
    faults: [],
  },
  page: {
    method: "get",
    path: "/",
    summary: "A page on which one chooses a photograph and sees its classes",
    answer: { description: "One file that loads nothing from elsewhere", type: "text/html" },
    faults: [],
  },
} as const satisfies Readonly<Record<string, Endpoint>>;

export type EndpointName = keyof typeof endpoints;

/** The table's rows by their name, each as an `Endpoint`. */
export const endpointRows = Object.entries(endpoints) as readonly (readonly [EndpointName, Endpoint])[];

/** Most classes in an answer. */
export const topClasses = 5;

/** The names of all JSON answers with their schemas. Names of classes are those of the bundle. */
export function answerSchemas(labels: readonly string[]): Readonly<Record<string, Schema>> {
  const label = { type: "string", enum: [...labels] };
  const probability = { type: "number", minimum: 0, maximum: 1 };
  const model = { type: "string", pattern: "^[0-9a-f]{12}$", description: "The beginning of the bundle's hash" };
  return {
    Prediction: object({
      class: label,
      confidence: { ...probability, description: "Calibrated probability of `class`" },
      top: {
        type: "array",
        minItems: 1,
        maxItems: topClasses,
        description: "The most probable classes, falling",
        items: object({ class: label, probability }),
      },
      model,
      latencyMs: {
        type: "number",
        minimum: 0,
        description: "Milliseconds from the request's arrival to this answer, inside the service",
      },
    }),
    Health: object({ status: { const: "ok" } }),
    Readiness: object({ status: { const: "ready" }, model, classes: { type: "integer", minimum: 1 } }),
    Description: { type: "object", description: "An OpenAPI 3.1 document" },
    Fault: object({ error: object({ code: { type: "string" }, message: { type: "string" } }) }),
  };
}

function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", required: Object.keys(properties), properties, additionalProperties: false };
}
