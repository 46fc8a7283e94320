/** What each endpoint of the table does. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Bundle } from "../bundle/index.js";
import { Fault } from "../core/index.js";
import type { Admission } from "./admission.js";
import type { Find } from "./answering.js";
import type { EndpointName } from "./endpoints.js";
import type { ServiceMetrics } from "./metrics.js";
import { describeService } from "./openapi.js";
import type { Page } from "./page.js";
import { readUpload } from "./upload.js";

/** The bytes of a photograph → a PNG of it with a heat map over it, of the class that is asked for or of the answer. Throws faults, which are answered as they are. */
export type Explain = (photograph: Uint8Array, asked: string | undefined) => Promise<Uint8Array>;

export interface HandlerParts {
  readonly bundle: Bundle;
  readonly admission: Admission;
  readonly metrics: ServiceMetrics;
  readonly find: Find;
  readonly page: Page;
  readonly explain: Explain;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** A handler for each row: one that is missing does not compile. */
export function makeHandlers({
  bundle,
  admission,
  metrics,
  find,
  page,
  explain,
}: HandlerParts): Readonly<Record<EndpointName, Handler>> {
  const { labels, bundleHash } = bundle.manifest;
  const model = bundleHash.slice(0, 12);
  const description = describeService(labels);
  const withPhotograph = async <T>(
    request: FastifyRequest,
    reply: FastifyReply,
    use: (photograph: Uint8Array, gone: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const hold = admission.hold();
    try {
      return await use(await readUpload(request, hold), goneOf(reply));
    } finally {
      hold.release();
    }
  };
  return {
    predict: async (request, reply) => {
      const { answer, remembered } = await withPhotograph(request, reply, find);
      void reply.header("x-cache", remembered ? "hit" : "miss");
      return {
        class: answer.class,
        confidence: answer.confidence,
        top: answer.top,
        model,
        latencyMs: reply.elapsedTime,
      };
    },
    explain: async (request, reply) => {
      const asked = queryOf(request, "class");
      const picture = await withPhotograph(request, reply, (photograph, gone) =>
        admission.run(() => explain(photograph, asked), gone),
      );
      return reply.type("image/png").send(Buffer.from(picture.buffer, picture.byteOffset, picture.length));
    },
    health: async () => ({ status: "ok" }),
    readiness: async () => {
      if (bundle.ended !== null)
        throw new Fault("service-unready", { what: "no thread of the model lives", got: bundle.ended });
      return { status: "ready", model, classes: labels.length };
    },
    metrics: async (_request, reply) => reply.type(metrics.type).send(await metrics.text()),
    description: async () => description,
    page: async (_request, reply) =>
      reply.type("text/html; charset=utf-8").header("content-security-policy", page.policy).send(page.html),
  };
}

/** A parameter of the query; of several the first. */
function queryOf({ query }: FastifyRequest, name: string): string | undefined {
  const [first] = [(query as Readonly<Record<string, string | readonly string[]>>)[name]].flat();
  return first;
}

/** Raised when the connection ends before the answer is sent. */
function goneOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (raw.destroyed) controller.abort();
  else raw.once("close", () => raw.writableFinished || controller.abort());
  return controller.signal;
}
