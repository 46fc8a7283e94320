/** The container of a bundle: written and checked everywhere, built and asked where an engine is. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { checkInterrupted, describeError } from "../core/index.js";
import type { ContainerCheck } from "./finding.js";
import { askService, type ServiceQuestion } from "./service.js";

/** Writes the folder that `assay deploy` writes. */
export type WriteDeployment = (bundleFolder: string, out: string) => Promise<unknown>;

const run = promisify(execFile);

/** In the order in which they are tried. */
const engines = ["docker", "podman"] as const;

/** An engine that does not say within this time that it works does not count as one. */
const engineMs = 5000;
const buildMs = 900_000;
const startMs = 60_000;

/** Writes the deployment of a bundle and judges it as far as this machine can. Throws `interrupted`. */
export async function checkContainer(
  write: WriteDeployment,
  bundleFolder: string,
  question: ServiceQuestion,
): Promise<ContainerCheck> {
  const parent = await mkdtemp(join(tmpdir(), "assay-container-"));
  const folder = join(parent, "deployment");
  try {
    await write(bundleFolder, folder);
    const problems = await checkDeployment(folder);
    if (problems.length > 0) return { failed: `what \`assay deploy\` writes cannot work: ${problems.join("; ")}` };
    const engine = await findEngine(question.signal);
    if (engine === null)
      return {
        reason:
          "no container engine answers on this machine; Dockerfile and compose file were written and checked (a base image, another user than root, a port, a health check, every file that is copied), but not built",
      };
    return await buildAndAsk(engine, folder, question);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

/** What a Dockerfile and its surroundings lack, as far as that can be told without building. */
export async function checkDeployment(folder: string): Promise<string[]> {
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8").catch(() => "");
  const lines = (await read("Dockerfile")).replaceAll(/\\\r?\n/g, " ").split(/\r?\n/);
  const given = (word: string): string[] =>
    lines.filter((line) => line.toUpperCase().startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim());
  const user = given("USER").at(-1) ?? "root";
  const compose = await read("compose.yaml");
  const problems = [
    given("FROM").length > 0 ? null : "the Dockerfile has no base image",
    /^(?:root|0)(?::|$)/.test(user) ? "the container would run as root" : null,
    given("EXPOSE").length > 0 ? null : "the Dockerfile exposes no port",
    given("HEALTHCHECK").length > 0 ? null : "the Dockerfile has no health check",
    given("CMD").length + given("ENTRYPOINT").length > 0 ? null : "the Dockerfile starts nothing",
    /^services:/m.test(compose) && /^\s+build:/m.test(compose) ? null : "compose.yaml builds no service",
  ].filter((problem) => problem !== null);
  const there = new Set(await readdir(folder));
  return [...problems, ...missingSources(given("COPY"), there)];
}

/** Files that a COPY names and that are not in the folder. */
function missingSources(copies: readonly string[], there: ReadonlySet<string>): string[] {
  return copies
    .filter((copy) => !copy.includes("--from"))
    .flatMap((copy) =>
      copy
        .split(/\s+/)
        .filter((word) => !word.startsWith("--"))
        .slice(0, -1),
    )
    .map((source) => source.replace(/^\.\//, "").split("/")[0]!)
    .filter((first) => first !== "." && first !== "" && !/[*?[]/.test(first) && !there.has(first))
    .map((first) => `the Dockerfile copies ${first}, which is not there`);
}

async function findEngine(signal: AbortSignal): Promise<string | null> {
  for (const engine of engines) {
    const works = await run(engine, ["info"], { timeout: engineMs, killSignal: "SIGKILL", signal }).then(
      () => true,
      () => false,
    );
    checkInterrupted(signal);
    if (works) return engine;
  }
  return null;
}

async function buildAndAsk(engine: string, folder: string, question: ServiceQuestion): Promise<ContainerCheck> {
  const { signal } = question;
  // Of the image and of the container: the container is found by it where nobody was told its id.
  const name = `assay-verify-${process.pid}-${Date.now()}`;
  const port = /^EXPOSE (\d+)/m.exec(await readFile(join(folder, "Dockerfile"), "utf8"))?.[1] ?? "8000";
  const call = (args: readonly string[], timeout: number, until?: AbortSignal) =>
    run(engine, args, { timeout, killSignal: "SIGKILL", maxBuffer: 1 << 26, ...(until && { signal: until }) });
  const failed = (what: string, error: unknown): string => {
    checkInterrupted(signal);
    return `${what}: ${lastLine(error)}`;
  };
  try {
    try {
      await call(["build", "--tag", name, folder], buildMs, signal);
    } catch (error) {
      return { reason: failed(`${engine} did not build the image here`, error) };
    }
    try {
      // Not broken off: the engine would go on, and start what nobody stops.
      await call(["run", "--detach", "--name", name, "--publish", `127.0.0.1::${port}`, name], startMs);
      checkInterrupted(signal);
      return await askContainer(engine, (await call(["port", name], engineMs, signal)).stdout, question);
    } catch (error) {
      return { failed: failed(`the container that ${engine} built did not run`, error) };
    }
  } finally {
    // Best effort, as there may be neither; the container first, since it keeps its image.
    for (const args of [
      ["rm", "--force", name],
      ["rmi", "--force", name],
    ])
      await call(args, startMs).catch(() => {});
  }
}

/** `ports`: lines such as "8000/tcp -> 127.0.0.1:32768". */
async function askContainer(engine: string, ports: string, question: ServiceQuestion): Promise<ContainerCheck> {
  const port = /:(\d+)\s*$/m.exec(ports)?.[1];
  if (port === undefined) return { failed: `the container that ${engine} ran publishes no port` };
  const url = `http://127.0.0.1:${port}`;
  const until = performance.now() + startMs;
  while (!(await isReady(url)) && performance.now() < until) {
    checkInterrupted(question.signal);
    await wait(200);
  }
  const answers = await askService(url, question, true);
  return "n" in answers ? { engine, answers } : answers;
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(engineMs) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

function lastLine(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  return stderr?.trim().split("\n").at(-1) ?? describeError(error);
}
