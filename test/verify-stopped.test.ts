/** What `assay verify` starts is ended with it: the bundle's own tests, and the container, by an engine that writes down what it is told. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { readManifest } from "../src/bundle/index.js";
import { writeDeployment } from "../src/serve/index.js";
import { runBundleTests } from "../src/verify/bundle-tests.js";
import { checkContainer } from "../src/verify/container.js";
import { newHome } from "./cli.js";
import { png } from "./photographs.js";
import { writeRandomBundle } from "./small-bundle.js";

/** On a machine that is busy with other tests. */
const patient = { timeout: 60_000 };

let bundle: string;

beforeAll(async () => {
  bundle = await writeRandomBundle([await png("golden", 64, 48)]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.skipIf(process.platform === "win32")(
  "the bundle's tests that are broken off are an interruption, and leave no folder",
  async () => {
    vi.stubEnv("TMPDIR", newHome()); // other tests have copies of bundles of their own
    const copies = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("assay-bundle-"));
    const manifest = await readManifest(bundle);
    const controller = new AbortController();
    const outcome = expect(runBundleTests(bundle, manifest, controller.signal)).rejects.toMatchObject({
      code: "interrupted",
      exit: 130,
    });
    await expect
      .poll(() => copies().some((name) => existsSync(join(tmpdir(), name, "node_modules", "sharp"))), patient)
      .toBe(true);
    controller.abort();
    await outcome;
    expect(copies()).toEqual([]);
    await expect(runBundleTests(bundle, manifest, controller.signal)).rejects.toMatchObject({ code: "interrupted" });
    vi.unstubAllEnvs();
  },
);

describe.skipIf(process.platform === "win32")("the container", () => {
  let log: string;

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** Puts a `docker` first on the path that writes down each command; `onRun` and `onPort` are lines of shell. */
  function install({ onRun = ":", onPort = ":" }: { readonly onRun?: string; readonly onPort?: string }): void {
    const folder = join(newHome(), "bin");
    mkdirSync(folder);
    log = join(folder, "log");
    const script = `#!/bin/sh
echo "$*" >> ${log}
case "$1" in run) ${onRun};; port) ${onPort};; esac
`;
    writeFileSync(join(folder, "docker"), script);
    chmodSync(join(folder, "docker"), 0o755);
    vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
  }

  const told = (): string[] => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);

  async function check(signal: AbortSignal) {
    const manifest = await readManifest(bundle);
    const write = (folder: string, out: string) => writeDeployment({ folder, manifest, out });
    const { labels } = manifest;
    return checkContainer(write, bundle, {
      labels,
      model: "",
      outcomes: [],
      most: 1,
      root: bundle,
      warmUp: [],
      signal,
    });
  }

  /** The name that was given to the container, which is removed, and then the image of that name. */
  function expectRemoved(): void {
    const name = told()
      .map((line) => /^run .*--name (\S+)/.exec(line)?.[1])
      .find((one) => one !== undefined);
    expect(name).toMatch(/^assay-verify-/);
    expect(told().slice(-2)).toEqual([`rm --force ${name}`, `rmi --force ${name}`]);
  }

  test("is removed where it publishes no port", async () => {
    install({});
    expect(await check(new AbortController().signal)).toEqual({
      failed: "the container that docker ran publishes no port",
    });
    expectRemoved();
  });

  test("is removed where the engine fails after it began", async () => {
    install({ onPort: "echo it is broken >&2; exit 1" });
    expect(await check(new AbortController().signal)).toMatchObject({
      failed: expect.stringMatching(/did not run: it is broken$/),
    });
    expectRemoved();
  });

  test("is removed where verify is interrupted while it begins", async () => {
    install({ onRun: "sleep 0.5; echo started >> $0.done" });
    const controller = new AbortController();
    const outcome = expect(check(controller.signal)).rejects.toMatchObject({ code: "interrupted" });
    await expect.poll(() => told().some((line) => line.startsWith("run ")), patient).toBe(true);
    controller.abort();
    await outcome;
    expect(existsSync(join(log, "..", "docker.done"))).toBe(true); // it was not left half begun
    expectRemoved();
  });

  test("is removed where verify is interrupted while its port is asked for", async () => {
    install({ onPort: "echo $$ > $0.pid; trap '' TERM; exec sleep 30" });
    const controller = new AbortController();
    const outcome = expect(check(controller.signal)).rejects.toMatchObject({ code: "interrupted" });
    const pid = (): number => Number(readFileSync(join(log, "..", "docker.pid"), "utf8"));
    await expect.poll(() => existsSync(join(log, "..", "docker.pid")) && pid() > 0, patient).toBe(true);
    controller.abort();
    await outcome;
    expectRemoved();
    // It heeds no polite signal.
    await expect.poll(() => isAlive(pid()), patient).toBe(false);
  });
});
