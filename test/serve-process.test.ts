/** The service as its users meet it: a process, a port, real clients. */
import { readFile, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalJson, sha256 } from "../src/core/index.js";
import { assay, newHome } from "./cli.js";
import { addFiles, jpeg, makeFolder, png } from "./photographs.js";
import { type Serving, startServing } from "./serving.js";
import { writeRandomBundle } from "./small-bundle.js";

interface Prediction {
  readonly class: string;
  readonly confidence: number;
  readonly top: readonly { readonly class: string; readonly probability: number }[];
}

let bundle: string;
let photograph: Uint8Array;
let serving: Serving;

beforeAll(async () => {
  bundle = await writeRandomBundle([await png("golden", 64, 48)]);
  photograph = await jpeg("asked", 400, 300);
  serving = await startServing(bundle);
});

afterAll(async () => {
  await serving?.stop();
});

function predict(
  body: NonNullable<RequestInit["body"]>,
  headers: Record<string, string> = { "content-type": "image/jpeg" },
) {
  return fetch(`${serving.address}/predict`, { method: "POST", body, headers });
}

const bytesOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

describe("a running service", () => {
  test("answers as `assay predict` does, many at once", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `${String(i).padStart(2, "0")}.jpg`);
    const files = Object.fromEntries(
      await Promise.all(names.map(async (name, i) => [name, await jpeg(name, 60 + i * 20, 90)] as const)),
    );
    const folder = await makeFolder({});
    await addFiles(folder, files);
    const { out } = await assay(newHome(), "predict", bundle, folder, "--format", "json");
    const rows = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as OfflineRow);
    const answers = await Promise.all(
      names.map(async (name) => {
        const form = new FormData();
        form.append("file", new Blob([bytesOf(files[name]!)]), name);
        return (await (await predict(form, {})).json()) as Prediction;
      }),
    );
    for (const [i, { label, confidence, probabilities }] of rows.entries()) {
      expect(answers[i]!.class).toBe(label);
      expect(Math.abs(answers[i]!.confidence - confidence)).toBeLessThanOrEqual(1e-5);
      for (const one of answers[i]!.top)
        expect(Math.abs(one.probability - probabilities[one.class]!)).toBeLessThanOrEqual(1e-5);
    }
  });

  test("an upload of 100 MB is told that it is too large, also when its size is not announced", async () => {
    const large = new Uint8Array(100_000_000);
    const chunks = function* (): Generator<Uint8Array> {
      for (let at = 0; at < large.length; at += 1_000_000) yield large.subarray(at, at + 1_000_000);
    };
    const form = new FormData();
    form.append("file", new Blob([large]), "large.jpg");
    const url = `${serving.address}/predict`;
    const headers = { "content-type": "image/jpeg" };
    const unannounced = { method: "POST", body: ReadableStream.from(chunks()), headers, duplex: "half" } as RequestInit;
    for (const answer of [await predict(large), await predict(form, {}), await fetch(url, unannounced)]) {
      expect(answer.status).toBe(413);
      expect(await answer.json()).toMatchObject({ error: { code: "upload-too-large" } });
    }
    expect((await predict(bytesOf(photograph))).status).toBe(200);
  });

  test("a client that goes away in the middle of its upload leaves the service as it was", async () => {
    const { port } = new URL(serving.address);
    for (const type of ["image/jpeg", "multipart/form-data; boundary=x"]) {
      const socket = connect(Number(port), "127.0.0.1");
      await once(socket, "connect");
      socket.write(`POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: 50000\r\n\r\n`);
      socket.write('--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc');
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.destroy();
    }
    expect((await predict(bytesOf(photograph))).status).toBe(200);
  });

  test("what is not HTTP gets one clear line", async () => {
    const socket = connect(Number(new URL(serving.address).port), "127.0.0.1").setEncoding("utf8");
    socket.write("hello\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(JSON.parse(text.split("\r\n\r\n")[1]!)).toMatchObject({ error: { code: "request-invalid" } });
  });
});

describe("its end", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s: requests under way are finished, then exit 0", async (name) => {
    const own = await startServing(bundle, ["--threads", "1"]);
    const uploads = await Promise.all([1, 2, 3].map(() => beginUpload(own.address, photograph)));
    own.process.kill(name);
    await once(own.process.stderr!, "data"); // it has said that it stops
    await expect(fetch(own.address)).rejects.toThrow();
    for (const answer of await Promise.all(uploads.map(({ finish }) => finish()))) {
      expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
      expect(answer).toMatch(/\r\nconnection: close\r\n/i);
      expect(answer).toContain('{"class":');
    }
    const { code, err } = await own.outcome;
    expect([code, err]).toEqual([0, "\nstopping: requests under way are finished (once more to end at once)\n"]);
  });
});

/** Sends all but the body, and resolves when the service waits for it. */
async function beginUpload(address: string, body: Uint8Array): Promise<{ finish: () => Promise<string> }> {
  const socket = connect(Number(new URL(address).port), "127.0.0.1").setEncoding("utf8");
  const head = ["POST /predict HTTP/1.1", "host: x", "content-type: image/jpeg", "expect: 100-continue"];
  socket.write(`${[...head, `content-length: ${body.length}`].join("\r\n")}\r\n\r\n`);
  expect(String((await once(socket, "data"))[0])).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  return {
    finish: async () => {
      socket.write(body);
      let text = "";
      for await (const chunk of socket) text += String(chunk);
      return text;
    },
  };
}

describe("what keeps it from starting", () => {
  test("a port in use, a host that is not here", async () => {
    const { port } = new URL(serving.address);
    const taken = await assay(newHome(), "serve", bundle, "--port", port);
    expect(taken).toMatchObject({ code: 1, out: "" });
    expect(taken.err).toBe(
      `assay: cannot listen at 127.0.0.1:${port}: another program listens there. Remedy: give another one with --port or --host.\n`,
    );
    const withRedis = await assay(newHome(), "serve", bundle, "--port", port, "--cache", "redis://127.0.0.1:1");
    expect(withRedis.code).toBe(1);
    const elsewhere = await assay(newHome(), "serve", bundle, "--port", "0", "--host", "192.0.2.1");
    expect([elsewhere.code, elsewhere.err]).toEqual([1, expect.stringContaining("no address of this machine")]);
  });

  test("wrong usage, a bundle that is none", async () => {
    const home = newHome();
    for (const args of [
      ["--port", "70000"],
      ["--port", "x"],
      ["--cache", "localhost"],
    ])
      expect((await assay(home, "serve", bundle, ...args)).code).toBe(2);
    const missing = await assay(home, "serve", join(home, "nowhere"));
    expect([missing.code, missing.err]).toEqual([1, expect.stringMatching(/^assay: there is no folder .*\n$/)]);
  });

  test("a bundle that does not reproduce its golden examples refuses to serve and says by how much", async () => {
    const broken = await writeRandomBundle([await png("golden", 64, 48)]);
    await falsifyGolden(broken);
    const { code, out, err } = await assay(newHome(), "serve", broken, "--port", "0");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^assay: golden\/0.png is not reproduced; .*probabilities by 0\.\d+\. Remedy: .*\n$/);
  });
});

interface OfflineRow {
  readonly label: string;
  readonly confidence: number;
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Other probabilities in golden.json, with hashes that fit: what a bundle looks like where the machine computes differently. */
async function falsifyGolden(folder: string): Promise<void> {
  const path = join(folder, "golden", "golden.json");
  const examples = JSON.parse(await readFile(path, "utf8")) as { probabilities: number[] }[];
  const text = JSON.stringify(
    examples.map((one) => ({ ...one, probabilities: one.probabilities.map((value) => Math.abs(value - 0.5)) })),
  );
  await writeFile(path, text);
  const file = join(folder, "assay.json");
  const { manifestHash: _, ...manifest } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  const changed = { ...manifest, files: { ...(manifest.files as object), "golden/golden.json": sha256(text) } };
  await writeFile(file, JSON.stringify({ ...changed, manifestHash: sha256(canonicalJson(changed)) }));
}
