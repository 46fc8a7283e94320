/** The service without a port: answers, refusals, cache, metrics, description. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, openBundle } from "../src/bundle/index.js";
import { assayVersion, Fault } from "../src/core/index.js";
import { explainPhotograph } from "../src/explain/index.js";
import {
  buildService,
  describeService,
  type Service,
  type ServiceOptions,
  startService,
  uploadLimitBytes,
} from "../src/serve/index.js";
import { jpeg, png } from "./photographs.js";
import { multipart } from "./requests.js";
import { writeRandomBundle } from "./small-bundle.js";

const bomb = readFileSync(join(import.meta.dirname, "..", "src", "audit", "test-data", "bomb.png"));

let folder: string;
let photograph: Uint8Array;
const open: Service[] = [];

beforeAll(async () => {
  photograph = await jpeg("asked", 320, 240);
  folder = await writeRandomBundle([await png("golden", 64, 48)], { decisionBias: [30, 0, 0] });
});

afterAll(async () => {
  for (const service of open) await service.close();
});

async function serve(options: Partial<ServiceOptions> = {}): Promise<{ service: Service; bundle: Bundle }> {
  const bundle = options.bundle ?? (await openBundle(folder, 2));
  const service = await buildService({ threads: 2, ...options, bundle });
  open.push(service);
  return { service, bundle };
}

/** Posts a body as it is. */
function post(service: Service, url: string, body: Uint8Array, type = "image/jpeg") {
  return service.inject({ method: "POST", url, headers: { "content-type": type }, payload: Buffer.from(body) });
}

describe("answers", () => {
  let service: Service;
  let bundle: Bundle;

  beforeAll(async () => {
    ({ service, bundle } = await serve());
  });

  test("a body and a multipart field get the answer of the bundle, the second time from the cache", async () => {
    const expected = await bundle.classify(photograph);
    const first = await post(service, "/predict", photograph);
    const { payload, headers } = multipart([{ name: "file", filename: "a.jpg", data: photograph }]);
    const second = await service.inject({ method: "POST", url: "/predict", headers, payload });
    expect([first.statusCode, first.headers["x-cache"], second.headers["x-cache"]]).toEqual([200, "miss", "hit"]);
    const { latencyMs, ...answer } = first.json<Record<string, unknown>>();
    expect(latencyMs).toBeGreaterThan(0);
    expect(second.json()).toMatchObject(answer);
    expect(answer).toMatchObject({
      class: expected.label,
      confidence: expected.confidence,
      model: bundle.manifest.bundleHash.slice(0, 12),
    });
    const ranked = [...expected.probabilities].toSorted((a, b) => b - a);
    const top = answer.top as { class: string; probability: number }[];
    expect(top.map(({ probability }) => probability)).toEqual(ranked);
    for (const one of top)
      expect(one.probability).toBe(expected.probabilities[bundle.manifest.labels.indexOf(one.class)]);
  });

  test("the class is the bundle's decision, not merely the most probable one", async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (i) => (await post(service, "/predict", await jpeg(i, 64, 64))).json()),
    );
    expect(answers.some((answer) => answer.class !== answer.top[0].class)).toBe(true);
  });

  test("any image type and octet-stream are taken", async () => {
    for (const type of ["image/png", "image/x-whatever", "application/octet-stream", "image/jpeg; q=1"])
      expect((await post(service, "/predict", photograph, type)).statusCode).toBe(200);
  });

  test("health, readiness, page", async () => {
    expect((await service.inject("/healthz")).json()).toEqual({ status: "ok" });
    const model = bundle.manifest.bundleHash.slice(0, 12);
    expect((await service.inject("/readyz")).json()).toEqual({ status: "ready", model, classes: 3 });
    const page = await service.inject("/");
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect((await service.inject({ method: "HEAD", url: "/" })).statusCode).toBe(200);
  });

  test("metrics count requests by route and status, cache lookups and inferences", async () => {
    await service.inject("/nothing/here");
    await service.inject({ method: "DELETE", url: "/predict?x=1" });
    const text = (await service.inject("/metrics")).body;
    expect(text).toMatch(/assay_http_requests_total\{route="\/predict",status="200"\} \d+/);
    expect(text).toContain('assay_http_requests_total{route="unknown",status="404"} 1\n');
    expect(text).toMatch(/assay_http_requests_total\{route="\/predict",status="405"\} \d+/);
    expect(text).not.toContain('route="unknown",status="405"');
    expect(text).toMatch(/assay_cache_lookups_total\{result="hit"\} [1-9]/);
    const misses = /assay_cache_lookups_total\{result="miss"\} (\d+)/.exec(text)?.[1];
    expect(text).toContain(`assay_inference_seconds_count ${misses}\n`);
    expect(text).toMatch(/assay_http_request_seconds_bucket\{le="0.001",route="\/healthz"\} \d/);
    expect(Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(10_000_000);
    expect(text).toContain(
      `assay_info{version="${assayVersion}",model="${bundle.manifest.bundleHash.slice(0, 12)}"} 1`,
    );
  });
});

describe("refusals", () => {
  let service: Service;

  beforeAll(async () => {
    ({ service } = await serve());
  });

  const cases: readonly [
    name: string,
    status: number,
    code: string,
    said: RegExp,
    ask: () => ReturnType<typeof post>,
  ][] = [
    ["text in place of an image", 415, "image-unreadable", /got text/, () => send("no picture")],
    ["an image that is cut off", 415, "image-unreadable", /cut off/, () => sendBytes(photograph.subarray(0, 2000))],
    ["a decompression bomb", 415, "image-unreadable", /at most 100,000,000 pixels/, () => sendBytes(bomb, "image/png")],
    ["an empty body", 400, "request-invalid", /an empty one/, () => send("")],
    ["no body", 400, "request-invalid", /no body/, async () => service.inject({ method: "POST", url: "/predict" })],
    [
      "JSON",
      415,
      "media-unsupported",
      /got "application\/json"/,
      () => sendBytes(Buffer.from("{}"), "application/json"),
    ],
    ["a form", 415, "media-unsupported", /multipart field/, () => send("a=b", "application/x-www-form-urlencoded")],
    ["an upload beyond the limit", 413, "upload-too-large", /20.0 MB/, () => sendBytes(Buffer.alloc(20_000_001))],
    ["a file in another field", 400, "request-invalid", /"photo"/, () => sendForm([["photo", photograph]])],
    [
      "two files",
      400,
      "request-invalid",
      /several/,
      () =>
        sendForm([
          ["file", photograph],
          ["file", photograph],
        ]),
    ],
    ["a form without a file", 400, "request-invalid", /no file/, () => sendForm([])],
    [
      "a file beyond the limit",
      413,
      "upload-too-large",
      /20.0 MB/,
      () => sendForm([["file", Buffer.alloc(20_000_001)]]),
    ],
    ["an unknown path", 404, "route-unknown", /\/nothing/, async () => service.inject("/nothing?x=1")],
    ["a wrong method", 405, "method-unsupported", /expected POST; got GET/, async () => service.inject("/predict")],
    ["a path that is none", 400, "request-invalid", /url/, async () => service.inject("/%")],
  ];

  const sendBytes = (bytes: Uint8Array, type?: string) => post(service, "/predict", bytes, type);
  const send = (text: string, type?: string) => sendBytes(Buffer.from(text), type);
  const sendForm = async (files: readonly [string, Uint8Array][]) => {
    const parts = files.map(([name, data]) => ({ name, filename: "a.jpg", data }));
    return service.inject({ method: "POST", url: "/predict", ...multipart([{ name: "note", data: "x" }, ...parts]) });
  };

  test.each(cases)("%s: %i %s", async (_name, status, code, said, ask) => {
    const { statusCode, headers, ...response } = await ask();
    const { error } = JSON.parse(response.payload) as { error: { code: string; message: string } };
    expect([statusCode, error.code]).toEqual([status, code]);
    expect(error.message).toMatch(said);
    expect(error.message).toMatch(/Remedy: .*\.$/);
    expect(error.message).not.toContain("\n");
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  test("a wrong method is told the right one", async () => {
    expect((await service.inject("/predict")).headers.allow).toBe("POST");
    expect((await service.inject({ method: "DELETE", url: "/readyz" })).headers.allow).toBe("GET, HEAD");
  });

  test("exactly the limit is still read", async () => {
    const padded = Buffer.concat([photograph, Buffer.alloc(uploadLimitBytes - photograph.length)]);
    expect((await sendBytes(padded)).statusCode).toBe(200);
  });

  test("more than the queue holds is refused with the time to come back, and the rest is answered", async () => {
    const { service: narrow } = await serve({ limits: { running: 1, waiting: 2 } });
    const photographs = await Promise.all(Array.from({ length: 8 }, (_, i) => jpeg(`queue ${i}`, 200, 200)));
    const answers = await Promise.all(photographs.map((bytes) => post(narrow, "/predict", bytes)));
    const refused = answers.filter(({ statusCode }) => statusCode === 503);
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(3);
    expect(refused).toHaveLength(5);
    for (const answer of refused) {
      expect(answer.headers["retry-after"]).toBe("1");
      expect(answer.json()).toMatchObject({ error: { code: "service-busy" } });
    }
    expect((await post(narrow, "/predict", photographs.at(-1)!)).statusCode).toBe(200);
  });

  test("bytes of uploads are bounded, and freed after an answer and after a refusal", async () => {
    const { service: narrow } = await serve({ limits: { heldBytes: photograph.length } });
    for (const _ of [1, 2]) {
      const larger = Buffer.concat([photograph, Buffer.alloc(1)]);
      expect((await post(narrow, "/predict", larger)).statusCode).toBe(503);
      expect((await post(narrow, "/predict", photograph)).statusCode).toBe(200);
    }
  });

  test("a model whose threads are gone is not ready, and says so", async () => {
    const warnings: string[] = [];
    const { service: dead, bundle } = await serve({ warn: (line) => warnings.push(line) });
    await bundle.close();
    const [ready, answer] = [await dead.inject("/readyz"), await post(dead, "/predict", photograph)];
    expect([ready.statusCode, answer.statusCode, (await dead.inject("/healthz")).statusCode]).toEqual([503, 500, 200]);
    expect(ready.json()).toMatchObject({ error: { code: "service-unready" } });
    expect(answer.json()).toMatchObject({ error: { code: "engine-failed" } });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^POST \/predict: /);
  });
});

test("a service that cannot be built closes the bundle that it was given", async () => {
  const bundle = await openBundle(folder, 1);
  const options = { bundle, port: 0, host: "127.0.0.1", cache: "localhost" };
  await expect(startService(options)).rejects.toMatchObject({ code: "usage" });
  expect(bundle.ended).not.toBeNull();
});

describe("explain", () => {
  test("is the overlay of `assay explain`; what is no photograph, or a network without a map, is one line", async () => {
    const { service, bundle } = await serve();
    const answer = await post(service, "/explain", photograph);
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "image/png"]);
    const { png: picture } = await explainPhotograph(bundle, photograph);
    expect(new Uint8Array(answer.rawPayload)).toEqual(new Uint8Array(picture));
    expect((await post(service, "/explain", Buffer.from("x"))).statusCode).toBe(415);
    const other = bundle.manifest.labels.at(-1)!;
    const asked = await post(service, `/explain?class=${encodeURIComponent(other)}`, photograph);
    const { png: expected } = await explainPhotograph(bundle, photograph, { class: other });
    expect(new Uint8Array(asked.rawPayload)).toEqual(new Uint8Array(expected));
    const unknown = await post(service, "/explain?class=nobody&class=else", photograph);
    expect([unknown.statusCode, unknown.payload]).toEqual([400, expect.stringContaining('no class \\"nobody\\"')]);
    const without = await serve({
      explain: () => Promise.reject(new Fault("not-explainable", { what: "no feature map is averaged" })),
    });
    expect((await post(without.service, "/explain", photograph)).statusCode).toBe(422);
  });

  test("a photograph in the queue whose client has gone is not computed", async () => {
    const patient = { timeout: 30_000 };
    const asked: number[] = [];
    let release = (): void => {};
    const opened = new Promise<void>((resolve) => {
      release = resolve;
    });
    const explain = async (bytes: Uint8Array): Promise<Uint8Array> => {
      asked.push(bytes.length);
      await opened;
      return bytes;
    };
    const { service } = await serve({ explain, limits: { running: 1, waiting: 2 } });
    const address = await service.listen(0, "127.0.0.1");
    const waiting = async (): Promise<string> =>
      /^assay_photographs_waiting\S* \d+$/m.exec((await service.inject("/metrics")).body)![0];
    const gone = new AbortController();
    const ask = (bytes: number, signal?: AbortSignal) =>
      fetch(`${address}/explain`, {
        method: "POST",
        headers: { "content-type": "image/jpeg" },
        body: new Uint8Array(bytes),
        ...(signal && { signal }),
      });
    const first = ask(1);
    await expect.poll(() => asked, patient).toEqual([1]);
    const second = ask(2, gone.signal);
    await expect.poll(waiting, patient).toMatch(/ 1$/);
    gone.abort();
    await expect(second).rejects.toThrow();
    await expect.poll(waiting, patient).toMatch(/ 0$/);
    const third = ask(3);
    release();
    expect([(await first).status, (await third).status]).toEqual([200, 200]);
    expect(asked).toEqual([1, 3]);
  });

  test("an error that nobody foresaw is told to the operator, and not to the client", async () => {
    const warnings: string[] = [];
    const { service } = await serve({
      explain: () => Promise.reject(new Error("secret of /etc")),
      warn: (line) => warnings.push(line),
    });
    const answer = await post(service, "/explain", photograph);
    expect([answer.statusCode, answer.json().error.code]).toEqual([500, "internal"]);
    expect(answer.body).not.toContain("secret");
    expect(warnings).toEqual(["POST /explain: secret of /etc"]);
  });
});

describe("description", () => {
  test("is valid OpenAPI, with the bundle's classes", async () => {
    const { service } = await serve();
    const document = (await service.inject("/openapi.json")).json<Record<string, unknown>>();
    expect(document).toEqual(describeService(["checks", "rings", "stripes"]));
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
    expect(JSON.stringify(document)).toContain('"enum":["checks","rings","stripes"]');
  });

  test("every path in it answers, and every answer is among its statuses", async () => {
    const { service } = await serve();
    const document = describeService(["checks"]) as { paths: Record<string, Record<string, { responses: object }>> };
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { responses }] of Object.entries(methods)) {
        const answer =
          method === "post"
            ? await post(service, path, photograph)
            : await service.inject({ method: "GET", url: path });
        expect(Object.keys(responses)).toContain(String(answer.statusCode));
        expect(answer.statusCode).toBe(200);
      }
  });
});
