import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { buildNetwork } from "../../test/networks.js";
import { sha256 } from "../core/index.js";
import {
  addBackbone,
  addedFile,
  backboneFolder,
  checkFreeName,
  download,
  importBackbone,
  type ImportedBackbone,
  listAdded,
  loadBackbone,
  removeBackbone,
} from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "assay-added-"));
const network = buildNetwork({ head: "softmax" }).serialize();

describe("added backbones", () => {
  let backbone: ImportedBackbone;
  beforeAll(async () => {
    const path = join(folder, "tiny.onnx");
    writeFileSync(path, network);
    backbone = await importBackbone(path);
  });
  beforeEach(() => vi.stubEnv("ASSAY_STATE", mkdtempSync(join(folder, "state-"))));
  afterEach(() => vi.unstubAllEnvs());

  const add = (): ReturnType<typeof addBackbone> =>
    addBackbone(backbone, { from: "tiny.onnx", sha256: sha256(network) }, [1, 2]);

  test("are there when they were added and gone when they were removed", async () => {
    expect(await listAdded()).toEqual([]);
    const added = await add();
    expect(await listAdded()).toEqual([added]);
    expect((await loadBackbone("tiny")).row).toEqual(backbone.row);
    await removeBackbone("tiny");
    expect(await listAdded()).toEqual([]);
    expect(existsSync(addedFile(backbone.row))).toBe(false);
    await expect(loadBackbone("tiny")).rejects.toMatchObject({ code: "usage" });
  });

  test("a changed byte is a fault", async () => {
    await add();
    const path = addedFile(backbone.row);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    await expect(loadBackbone("tiny")).rejects.toMatchObject({
      code: "model-invalid",
      expected: `SHA-256 ${backbone.row.sha256}`,
      got: sha256(bytes),
    });
  });

  test.each(["{", "{}", '{"schema": 2}', "null"])("a row that is %s is a fault that names the file", async (text) => {
    await add();
    const path = join(backboneFolder(), "tiny.json");
    writeFileSync(path, text);
    await expect(listAdded()).rejects.toMatchObject({
      code: "model-invalid",
      what: expect.stringContaining(path) as string,
    });
  });

  test("names that are taken or no names are refused; embedded ones stay", async () => {
    await add();
    for (const name of ["tiny", "TINY", "efficientnet-lite0", "../x", "", "a b", "x.onnx"])
      await expect(checkFreeName(name)).rejects.toMatchObject({ code: "usage" });
    await expect(checkFreeName("tiny2")).resolves.toBeUndefined();
    for (const name of ["efficientnet-lite0", "none", "../tiny"])
      await expect(removeBackbone(name)).rejects.toMatchObject({ code: "usage" });
    expect(await listAdded()).toHaveLength(1);
  });

  test("a path is read as it lies, without being added", async () => {
    const { row } = await loadBackbone(join(folder, "tiny.onnx"), { name: "other", mean: [0.5], std: [0.5] });
    expect(row).toMatchObject({ name: "other", mean: [127.5, 127.5, 127.5] });
    expect(await listAdded()).toEqual([]);
  });
});

describe("downloads", () => {
  const answers: Readonly<Record<string, (response: ServerResponse, request: IncomingMessage) => void>> = {
    "/net.onnx": (response) => response.end(network),
    "/moved": (response) => response.writeHead(302, { location: "/net.onnx" }).end(),
    "/astray": (response) => response.writeHead(302, { location: "http://example.org/net.onnx" }).end(),
    "/circle": (response) => response.writeHead(302, { location: "/circle" }).end(),
    "/short": (response, request) => {
      response.writeHead(200, { "content-length": String(network.length) });
      response.write(network.subarray(0, 100), () => request.socket.destroy());
    },
    // No length is announced, so that only counting can tell.
    "/long": (response) => {
      response.write(network);
      response.end(network);
    },
  };
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const answer = answers[request.url ?? ""];
      if (answer) answer(response, request);
      else response.writeHead(404).end("nothing here");
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  let count = 0;
  /** https://host/… from the local server: what is tested is all but the encryption. */
  const get = (path: string, limitBytes?: number, signal?: AbortSignal): Promise<string> =>
    download(`https://host${path}`, join(folder, `download${count++}`), {
      ...(limitBytes === undefined ? {} : { limitBytes }),
      signal,
      fetch: (url, init) =>
        fetch(`http://127.0.0.1:${port}${new URL(url instanceof Request ? url.url : url).pathname}`, init),
    });

  test("give the file and its SHA-256, over redirects too", async () => {
    for (const path of ["/net.onnx", "/moved"]) {
      expect(await get(path)).toBe(sha256(network));
      expect(Buffer.compare(readFileSync(join(folder, `download${count - 1}`)), network)).toBe(0);
    }
  });

  test.each([
    ["/none", "download-failed", /HTTP status 404/],
    ["/circle", "download-failed", /more than 5 redirects/],
    ["/short", "download-failed", /cannot fetch https:\/\/host\/short/],
    ["/astray", "usage", /no https address/],
  ])("%s is a fault", async (path, code, message) => {
    const fault = await get(path).catch((error: unknown) => error as Error);
    expect(fault).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test.each(["/net.onnx", "/long"])("more than the limit is refused: %s", async (path) => {
    await expect(get(path, network.length - 1)).rejects.toMatchObject({ code: "download-failed" });
  });

  test("an interrupt ends it", async () => {
    await expect(get("/net.onnx", undefined, AbortSignal.abort())).rejects.toMatchObject({ code: "interrupted" });
  });

  test("nothing but https is asked", async () => {
    for (const address of ["http://host/x.onnx", "file:///etc/passwd", "https//x", ""])
      await expect(download(address, join(folder, "never"))).rejects.toMatchObject({ code: "usage" });
    expect(existsSync(join(folder, "never"))).toBe(false);
  });
});
