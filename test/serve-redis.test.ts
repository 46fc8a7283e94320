/** Answers remembered in a real Redis server that is gone before, during and after. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Redis } from "ioredis";
import { openBundle } from "../src/bundle/index.js";
import { buildService, parseRedisUrl, type Service } from "../src/serve/index.js";
import { jpeg, png } from "./photographs.js";
import { freePort, hasRedis, killRedis, startRedis } from "./redis-server.js";
import { writeRandomBundle } from "./small-bundle.js";

const title = hasRedis ? "with a Redis server" : "with a Redis server (skipped: no redis-server in the path)";

let folder: string;
const toClose: Service[] = [];

beforeAll(async () => {
  folder = await writeRandomBundle([await png("golden", 64, 48)]);
});

afterEach(async () => {
  for (const service of toClose.splice(0)) await service.close();
});

interface Watched {
  readonly service: Service;
  readonly warnings: string[];
}

async function serve(port: number): Promise<Watched> {
  const warnings: string[] = [];
  const cache = `redis://127.0.0.1:${port}`;
  const service = await buildService({
    bundle: await openBundle(folder, 1),
    threads: 1,
    cache,
    warn: (line) => warnings.push(line),
  });
  toClose.push(service);
  return { service, warnings };
}

/** The answer for a photograph by its name, and where it came from. */
async function ask({ service }: Watched, name: string): Promise<{ from: unknown; class: string }> {
  const { statusCode, headers, ...answer } = await service.inject({
    method: "POST",
    url: "/predict",
    headers: { "content-type": "image/jpeg" },
    payload: Buffer.from(await jpeg(name, 80, 60)),
  });
  expect(statusCode).toBe(200);
  return { from: headers["x-cache"], class: (JSON.parse(answer.payload) as { class: string }).class };
}

/** Asks until the answer comes from the cache. */
async function untilRemembered(watched: Watched, name: string): Promise<void> {
  await expect.poll(async () => (await ask(watched, name)).from, { timeout: 20_000 }).toBe("hit");
}

test("an address that is none is told before anything is opened", () => {
  for (const text of ["localhost:6379", "http://host", "redis://", "not an address"])
    expect(() => parseRedisUrl(text)).toThrow(/expected redis:\/\/host:port/);
  expect(() => parseRedisUrl("ftp://user:secret@host")).not.toThrow(/secret/);
  expect(parseRedisUrl("rediss://user:secret@host:1").host).toBe("host:1");
});

test("a server that accepts connections and never answers delays nothing, and ends with the service", async () => {
  const server = createServer((socket) => void socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const watched = await serve(port);
  for (const name of ["a", "a", "b"]) expect((await ask(watched, name)).from).toBe("miss");
  await expect.poll(() => watched.warnings.length).toBe(1);
  server.close();
});

describe.runIf(hasRedis)(title, () => {
  let port: number;
  let redis: ChildProcess | undefined;

  beforeAll(async () => {
    port = await freePort();
  });

  afterAll(async () => {
    if (redis) await killRedis(redis);
  });

  test("gone before: served without it, and with it once it is there", async () => {
    const watched = await serve(port);
    expect((await ask(watched, "before")).from).toBe("miss");
    expect((await ask(watched, "before")).from).toBe("miss");
    await expect
      .poll(() => watched.warnings)
      .toEqual([expect.stringMatching(/^Redis at 127.0.0.1:\d+ does not serve/)]);
    redis = await startRedis(port);
    await untilRemembered(watched, "before");
    expect(watched.warnings).toEqual([expect.anything(), `Redis at 127.0.0.1:${port} serves again`]);
  });

  test("shared by services of the same bundle, under a key with the bundle's hash; what is no answer is a miss", async () => {
    const [one, other] = [await serve(port), await serve(port)];
    await untilRemembered(one, "shared");
    await untilRemembered(other, "shared");
    expect((await ask(one, "shared")).class).toBe((await ask(other, "shared")).class);
    const client = new Redis(port);
    const keys = await client.keys("*");
    const { bundleHash } = (await openBundle(folder, 1).then(async (bundle) => (await bundle.close(), bundle)))
      .manifest;
    expect(keys.every((key) => key.startsWith(`assay:1:${bundleHash}:`))).toBe(true);
    expect(await client.ttl(keys[0]!)).toBeGreaterThan(1000);
    for (const key of keys) await client.set(key, '{"class":7}');
    expect((await ask(one, "shared")).from).toBe("miss");
    await client.lpush("a list", "x");
    for (const key of keys) await client.rename("a list", key).then(() => client.lpush("a list", "x"));
    expect((await ask(other, "shared")).from).toBe("miss");
    client.disconnect();
  });

  test("gone during: requests under way and after it are answered, with one line; back: remembered again, with one line", async () => {
    const watched = await serve(port);
    await untilRemembered(watched, "during");
    const warningsBefore = watched.warnings.length;
    const asked = Array.from({ length: 12 }, (_, i) => ask(watched, `during ${i}`));
    await killRedis(redis!);
    await Promise.all(asked);
    expect((await ask(watched, "during")).from).toBe("miss");
    await expect.poll(() => watched.warnings.length).toBe(warningsBefore + 1);
    redis = await startRedis(port);
    await untilRemembered(watched, "during");
    expect(watched.warnings.slice(warningsBefore).map((line) => line.replace(/\(.*\)/, "(why)"))).toEqual([
      `Redis at 127.0.0.1:${port} does not serve (why): answers are computed without it until it does`,
      `Redis at 127.0.0.1:${port} serves again`,
    ]);
  });

  test("hung: one request waits for its time-out, the next ask nothing of it; awake: used again", async () => {
    const watched = await serve(port);
    await untilRemembered(watched, "hung");
    redis!.kill("SIGSTOP");
    for (let i = 0; i < 5; i++) expect((await ask(watched, "hung")).from).toBe("miss");
    expect(watched.warnings).toHaveLength(1);
    redis!.kill("SIGCONT");
    await untilRemembered(watched, "hung");
    expect(watched.warnings).toHaveLength(2);
  });

  test("gone after: closing waits for nothing and says nothing", async () => {
    const watched = await serve(port);
    await untilRemembered(watched, "after");
    const before = watched.warnings.length; // on a busy machine a command may have timed out
    await watched.service.close();
    toClose.pop();
    await killRedis(redis!);
    expect(watched.warnings.slice(before)).toEqual([]);
  });
});
