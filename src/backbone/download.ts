/** A file fetched over https, and only so, with a limit and with its SHA-256. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { checkInterrupted, describeError, Fault, type Progress } from "../core/index.js";
import { writing } from "../store/index.js";

export interface DownloadOptions {
  /** More bytes than this are refused. */
  readonly limitBytes?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
  /** Used in place of the global one by tests. */
  readonly fetch?: typeof fetch;
}

/** Two gigabytes, the most that a protobuf can hold. */
const defaultLimitBytes = 2 ** 31;

const mostRedirects = 5;

/**
 * Fetches `address` into a new file at `path` and returns the SHA-256 of what came. Throws `usage` for an address that is not https,
 * `download-failed` where it cannot be fetched whole, `interrupted`.
 */
export async function download(address: string, path: string, options: DownloadOptions = {}): Promise<string> {
  const limit = options.limitBytes ?? defaultLimitBytes;
  const response = await request(address, options);
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (announced > limit) throw tooLarge(address, announced, limit);
  if (!response.body) throw failed(address, "an empty answer");
  const hash = createHash("sha256");
  const file = await writing(path, () => open(path, "wx"));
  let bytes = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      checkInterrupted(options.signal);
      bytes += chunk.length;
      if (bytes > limit) throw tooLarge(address, bytes, limit);
      hash.update(chunk);
      await writing(path, () => file.write(chunk));
      options.progress?.({ stage: "download", done: bytes, total: Math.max(announced, bytes), unit: "bytes" });
    }
  } catch (error) {
    throw error instanceof Fault ? error : cutOff(address, error, options.signal);
  } finally {
    await file.close();
  }
  if (announced > 0 && bytes < announced && !response.headers.get("content-encoding"))
    throw failed(address, `${bytes} of ${announced} bytes`);
  return hash.digest("hex");
}

/** Follows redirects by hand, so that none leads away from https. */
async function request(address: string, options: DownloadOptions): Promise<Response> {
  const get = options.fetch ?? fetch;
  let url = checkHttps(address);
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const response = await get(url, { redirect: "manual", signal: options.signal ?? null }).catch((error: unknown) => {
      throw cutOff(address, error, options.signal);
    });
    const next = response.headers.get("location");
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status < 300 || response.status >= 400 || next === null)
      throw failed(address, `HTTP status ${response.status}`);
    url = checkHttps(new URL(next, url).href);
  }
  throw failed(address, `more than ${mostRedirects} redirects`);
}

function checkHttps(address: string): string {
  if (URL.canParse(address) && new URL(address).protocol === "https:") return address;
  throw new Fault("usage", {
    what: `${JSON.stringify(address)} is no https address`,
    expected: "https://…",
    remedy: "download the file in another way and give its path",
  });
}

function cutOff(address: string, error: unknown, signal: AbortSignal | undefined): Fault {
  if (signal?.aborted) return new Fault("interrupted", { what: "interrupted" });
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return failed(address, describeError(cause), error);
}

function tooLarge(address: string, got: number, limit: number): Fault {
  return new Fault("download-failed", {
    what: `the file at ${address} is too large`,
    expected: `at most ${limit} bytes`,
    got: `${got}`,
    remedy: "use a smaller network",
  });
}

function failed(address: string, got: string, cause?: unknown): Fault {
  return new Fault("download-failed", { what: `cannot fetch ${address}`, got, cause });
}
