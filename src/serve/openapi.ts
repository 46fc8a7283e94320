/** The description of the service (OpenAPI 3.1.0, spec.openapis.org), made of the table of endpoints and of that of faults. */
import { assayVersion, type FaultCode, faultTable } from "../core/index.js";
import { answerSchemas, type Endpoint, endpointRows } from "./endpoints.js";
import { uploadLimitBytes } from "./upload.js";

/** The OpenAPI document of a service for a bundle with these classes: what `/openapi.json` answers. */
export function describeService(labels: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    openapi: "3.1.0",
    info: {
      title: "assay: a classifier of photographs",
      version: assayVersion,
      description: `Names one of ${labels.length} classes for a photograph.`,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths: Object.fromEntries(
      endpointRows.map(([name, row]) => [row.path, { [row.method]: operation(name, row) }] as const),
    ),
    components: { schemas: answerSchemas(labels) },
  };
}

function operation(name: string, row: Endpoint): Readonly<Record<string, unknown>> {
  const { summary, description, query, photograph, answer, faults } = row;
  return {
    operationId: name,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(query === undefined ? {} : { parameters: Object.entries(query).map(parameter) }),
    ...(photograph ? { requestBody } : {}),
    responses: {
      200: { description: answer.description, content: { [answer.type]: content(answer.schema) } },
      ...faultResponses([...faults, "internal"]),
    },
  };
}

function parameter([name, description]: readonly [string, string]): Readonly<Record<string, unknown>> {
  return { name, in: "query", required: false, description, schema: { type: "string" } };
}

const requestBody = {
  required: true,
  description: `One photograph of at most ${uploadLimitBytes / 1e6} MB.`,
  content: {
    "multipart/form-data": {
      schema: {
        type: "object",
        required: ["file"],
        properties: { file: { type: "string", contentMediaType: "image/*" } },
      },
    },
    "image/*": {},
    "application/octet-stream": {},
  },
};

function content(schema: string | undefined): Readonly<Record<string, unknown>> {
  return schema === undefined ? {} : { schema: { $ref: `#/components/schemas/${schema}` } };
}

/** One response for each HTTP status, with the codes that share it. */
function faultResponses(codes: readonly FaultCode[]): Readonly<Record<string, unknown>> {
  const statuses = [...new Set(codes.map((code) => faultTable[code].http))].toSorted((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const shared = codes.filter((code) => faultTable[code].http === status);
      const description = shared.map((code) => `\`${code}\`: ${faultTable[code].meaning}`).join(" ");
      return [status, { description, content: { "application/json": content("Fault") } }];
    }),
  );
}
