/** Every way a request ends without its answer, as a fault of the table and the body `{error: {code, message}}`. */
import { Fault, quoteName } from "../core/index.js";
import { errorCode } from "../store/index.js";
import { endpointRows } from "./endpoints.js";

export interface Refusal {
  readonly error: { readonly code: string; readonly message: string };
}

export function refusalBody({ code, message }: Fault): Refusal {
  return { error: { code, message } };
}

/** Headers that belong to a fault. */
export function refusalHeaders({ code }: Fault): Readonly<Record<string, string>> {
  return code === "service-busy" ? { "retry-after": "1" } : {};
}

/** Fastify's own codes, where another fault than `request-invalid` says it better. */
const fastifyFaults: Readonly<Record<string, "media-unsupported" | "upload-too-large">> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "media-unsupported",
  FST_ERR_CTP_BODY_TOO_LARGE: "upload-too-large",
  FST_REQ_FILE_TOO_LARGE: "upload-too-large",
};

/** A client that went away in the middle of its upload. */
const cutOff = new Set(["ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE", "ABORT_ERR"]);

/** Turns whatever a handler or Fastify threw into a fault. What was not foreseen keeps its message from the client. */
export function asFault(error: unknown, contentType?: string): Fault {
  if (error instanceof Fault) return error;
  const code = errorCode(error) ?? "";
  const message = error instanceof Error ? error.message : String(error);
  const known = fastifyFaults[code];
  const got = known === "media-unsupported" && contentType !== undefined ? quoteName(contentType) : message;
  if (known) return new Fault(known, { what: "the request cannot be taken", got, cause: error });
  if (cutOff.has(code) || isClientError(error))
    return new Fault("request-invalid", { what: "the request cannot be read", got: message, cause: error });
  return new Fault("internal", { what: "the request failed", cause: error });
}

function isClientError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("statusCode" in error && typeof error.statusCode === "number")
    return error.statusCode >= 400 && error.statusCode < 500;
  // busboy's errors carry no code: the parts end early or are malformed.
  return /multipart|form|boundary|part header/i.test(error.message);
}

const pathOf = (url: string): string => url.split("?", 1)[0]!;

/** The path of a request where the table has it, under whatever method. */
export function knownPath(url: string): string | undefined {
  return endpointRows.find(([, { path }]) => path === pathOf(url))?.[1].path;
}

/** For a path or method without a handler: what there is, and under which methods. */
export function unknownRoute(method: string, url: string): { fault: Fault; allow: string | null } {
  const path = pathOf(url);
  const methods = endpointRows.filter(([, row]) => row.path === path).map(([, row]) => row.method.toUpperCase());
  if (methods.length === 0)
    return { fault: new Fault("route-unknown", { what: `there is nothing at ${path.slice(0, 200)}` }), allow: null };
  const allow = methods.flatMap((one) => (one === "GET" ? ["GET", "HEAD"] : [one])).join(", ");
  return {
    fault: new Fault("method-unsupported", { what: `${path} does not take ${method}`, expected: allow, got: method }),
    allow,
  };
}
