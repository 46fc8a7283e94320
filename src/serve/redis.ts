/** Answers remembered in Redis, shared by services. Redis may be gone at any moment: then answers are computed, and nothing waits. */
import { Redis } from "ioredis";
import { describeError } from "../core/index.js";
import type { AnswerCache, CachedAnswer } from "./cache.js";

/** Computing an answer takes a few tens of milliseconds; a cache that is slower than a few of those is none. */
const commandTimeoutMs = 100;
const connectTimeoutMs = 1000;
const longestPauseMs = 2000;
const keepSeconds = 7 * 24 * 3600;

/** Returns at once; connecting goes on by itself. `warn` gets one line at each loss and each return. */
export function redisCache(url: URL, warn: (line: string) => void): AnswerCache {
  const client = new Redis(url.href, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (attempt) => Math.min(attempt * 100, longestPauseMs),
  });
  const link = watch(client, url, warn);
  client.connect().catch(link.lost);
  return {
    get: async (key) => {
      if (client.status !== "ready") return undefined;
      try {
        return parseAnswer(await client.get(key));
      } catch (error) {
        link.failed(error);
        return undefined;
      }
    },
    set: (key, answer) => {
      if (client.status !== "ready") return;
      client.set(key, JSON.stringify(answer), "EX", keepSeconds).then(link.found, link.failed);
    },
    close: () => {
      link.end();
      client.disconnect();
    },
  };
}

interface Link {
  readonly lost: (error: unknown) => void;
  readonly found: () => void;
  /** A command failed. */
  readonly failed: (error: unknown) => void;
  readonly end: () => void;
}

/** Says once that Redis does not serve, and once that it does again. */
function watch(client: Redis, url: URL, warn: (line: string) => void): Link {
  const name = `Redis at ${url.host}`; // without the password
  let state: "new" | "found" | "lost" | "ended" = "new";
  const lost = (error: unknown): void => {
    if (state === "lost" || state === "ended") return;
    state = "lost";
    warn(`${name} does not serve (${describeError(error)}): answers are computed without it until it does`);
  };
  const found = (): void => {
    if (state === "lost") warn(`${name} serves again`);
    if (state !== "ended") state = "found";
  };
  client.on("ready", found);
  client.on("error", lost);
  client.on("close", () => lost("the connection was closed"));
  return {
    lost,
    found,
    failed: (error) => {
      lost(error);
      // A server that accepts and does not answer would delay every request: nothing is asked of it until it is ready again.
      if (error instanceof Error && error.message === "Command timed out") client.disconnect(true);
    },
    end: () => {
      state = "ended";
    },
  };
}

/** What somebody else wrote under our key is no answer. */
function parseAnswer(text: string | null): CachedAnswer | undefined {
  if (text === null) return undefined;
  try {
    const value = JSON.parse(text) as Partial<CachedAnswer> | null;
    const whole = typeof value?.class === "string" && typeof value.confidence === "number" && Array.isArray(value.top);
    return whole ? (value as CachedAnswer) : undefined;
  } catch {
    return undefined; // computed anew, and overwritten
  }
}
