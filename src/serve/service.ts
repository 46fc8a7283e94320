/** The HTTP service over an opened bundle (Fastify). */
import { availableParallelism } from "node:os";
import type { Socket } from "node:net";
import fastifyMultipart from "@fastify/multipart";
import { fastify, type FastifyInstance, type FastifyReply } from "fastify";
import type { Bundle } from "../bundle/index.js";
import { describeError, Fault } from "../core/index.js";
import { explainPhotograph } from "../explain/index.js";
import { errorCode } from "../store/index.js";
import { Admission, type AdmissionLimits } from "./admission.js";
import { openAnswering } from "./answering.js";
import { type AnswerCache, memoryCache } from "./cache.js";
import { endpointRows } from "./endpoints.js";
import { type Explain, makeHandlers } from "./handlers.js";
import { openMetrics, type ServiceMetrics } from "./metrics.js";
import { readPage } from "./page.js";
import { parseRedisUrl } from "./redis-url.js";
import { asFault, knownPath, refusalBody, refusalHeaders, unknownRoute } from "./refusal.js";
import { acceptPhotographs, uploadLimitBytes } from "./upload.js";

export interface ServiceOptions {
  /** Closed with the service. */
  readonly bundle: Bundle;
  /** Cores that the bundle was opened on; all by default. Decides how many photographs are worked on side by side. */
  readonly threads?: number;
  /** `redis://…`: answers are remembered there; by default in the process. */
  readonly cache?: string;
  /** Gives a PNG of the photograph with a heat map over it; by default as `assay explain` does. */
  readonly explain?: Explain;
  /** Gets a line about each thing that an operator should know. */
  readonly warn?: (line: string) => void;
  readonly limits?: Partial<AdmissionLimits>;
}

/** A service that listens nowhere yet. */
export interface Service {
  /** Sends a request without a port. */
  readonly inject: FastifyInstance["inject"];
  /** Returns the address. Throws `address-unusable`. */
  readonly listen: (port: number, host: string) => Promise<string>;
  /** Stops accepting, finishes what was accepted, and closes bundle and cache. */
  readonly close: () => Promise<void>;
}

/** Clients that take longer to send a request are cut off. */
const requestTimeoutMs = 30_000;
/** What was accepted gets this long to finish when the service closes. */
const closeTimeoutMs = 10_000;

/** Builds the service. Throws `usage` where the cache's address is none. */
export async function buildService(options: ServiceOptions): Promise<Service> {
  const { bundle, limits, warn = () => {} } = options;
  const explain =
    options.explain ??
    (async (photograph, asked) => (await explainPhotograph(bundle, photograph, { class: asked })).png);
  const cores = Math.min(options.threads ?? Number.POSITIVE_INFINITY, availableParallelism());
  // Two for each core: one is decoded while the network looks at the other.
  const admission = new Admission({ running: 2 * cores, waiting: 64, heldBytes: 256_000_000, ...limits });
  const metrics = openMetrics(bundle.manifest.bundleHash.slice(0, 12), admission);
  const cache = await openCache(options.cache, warn);
  const find = openAnswering({ bundle, cache, admission, metrics });
  const state = { closing: false };
  const app = await openApp(metrics, state, warn);
  const handlers = makeHandlers({ bundle, admission, metrics, find, page: await readPage(), explain });
  for (const [name, { method, path }] of endpointRows) app[method](path, handlers[name]);
  await app.ready();
  return {
    inject: app.inject.bind(app),
    listen: (port, host) => listen(app, port, host),
    close: async () => {
      state.closing = true;
      await closeServer(app);
      cache.close();
      await bundle.close();
    },
  };
}

/** Fastify without routes: what is read of a request, how it is counted, how it is refused. */
async function openApp(
  metrics: ServiceMetrics,
  state: { readonly closing: boolean },
  warn: (line: string) => void,
): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: uploadLimitBytes,
    requestTimeout: requestTimeoutMs,
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => void refuse(reply, asFault(error)),
    clientErrorHandler: (error, socket) => refuseSocket(error, socket),
  });
  acceptPhotographs(app);
  await app.register(fastifyMultipart, { throwFileSizeLimit: false });
  addHooks(app, metrics, state);
  addRefusals(app, warn);
  return app;
}

async function openCache(address: string | undefined, warn: (line: string) => void): Promise<AnswerCache> {
  if (address === undefined) return memoryCache();
  const url = parseRedisUrl(address);
  const { redisCache } = await import("./redis.js");
  return redisCache(url, warn);
}

/** Counts every answer; a connection that served while the service closes is not kept. */
function addHooks(app: FastifyInstance, metrics: ServiceMetrics, state: { readonly closing: boolean }): void {
  app.addHook("onSend", async (_request, reply) => {
    void reply.header("x-content-type-options", "nosniff");
    if (state.closing) void reply.header("connection", "close");
  });
  app.addHook("onResponse", async (request, reply) => {
    metrics.answered(
      request.routeOptions.url ?? knownPath(request.url) ?? "unknown",
      reply.statusCode,
      reply.elapsedTime / 1000,
    );
  });
}

function addRefusals(app: FastifyInstance, warn: (line: string) => void): void {
  app.setErrorHandler(async (error, request, reply) => {
    const fault = asFault(error, request.headers["content-type"]);
    if (fault.http === 500)
      warn(
        `${request.method} ${request.url}: ${describeError(fault.code === "internal" ? (fault.cause ?? fault) : fault)}`,
      );
    return refuse(reply, fault);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const { fault, allow } = unknownRoute(request.method, request.url);
    if (allow !== null) void reply.header("allow", allow);
    return refuse(reply, fault);
  });
}

function refuse(reply: FastifyReply, fault: Fault): FastifyReply {
  return reply.code(fault.http).headers(refusalHeaders(fault)).type("application/json").send(refusalBody(fault));
}

/** What Node could not read as HTTP, or waited for in vain, has no request to answer: the answer goes to the socket. */
function refuseSocket(error: Error, socket: Socket): void {
  if (errorCode(error) === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const fault = new Fault("request-invalid", { what: "the request is not valid HTTP", got: describeError(error) });
  const body = JSON.stringify(refusalBody(fault));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

async function listen(app: FastifyInstance, port: number, host: string): Promise<string> {
  try {
    return await app.listen({ port, host });
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: "another program listens there",
      EACCES: "this user may not use the port",
      EADDRNOTAVAIL: "the host is no address of this machine",
      ENOTFOUND: "the host is not known",
    };
    const reason = reasons[errorCode(error) ?? ""];
    if (reason === undefined) throw error;
    throw new Fault("address-unusable", { what: `cannot listen at ${host}:${port}: ${reason}`, cause: error });
  }
}

async function closeServer(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), closeTimeoutMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
