/** What `assay verify` starts is ended with it: the bundle's own tests, and the container, by an engine that writes down what it is told. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { readManifest } from "../src/bundle/index.js";
import { writeDeployment } from "../src/serve/index.js";
import { runBundleTests } from "../src/verify/bundle-tests.js";
import { checkContainer } from "../src/verify/container.js";
import { newHome } from "./cli.js";
import { png } from "./photographs.js";
import { writeRandomBundle } from "./small-bundle.js";

let bundle: string;

beforeAll(async () => {
  bundle = await writeRandomBundle([await png("golden", 64, 48)]);
});

const copies = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("assay-bundle-"));

test("the bundle's tests that are broken off are an interruption, and leave no folder", async () => {
  const before = new Set(copies());
  const own = (): string[] => copies().filter((name) => !before.has(name));
  const controller = new AbortController();
  const tests = runBundleTests(bundle, await readManifest(bundle), controller.signal);
  const outcome = expect(tests).rejects.toMatchObject({ code: "interrupted", exit: 130 });
  await expect.poll(own).toHaveLength(1);
  await expect.poll(() => existsSync(join(tmpdir(), own()[0]!, "node_modules", "sharp"))).toBe(true);
  controller.abort();
  await outcome;
  expect(own()).toEqual([]);
  await expect(runBundleTests(bundle, await readManifest(bundle), controller.signal)).rejects.toMatchObject({
    code: "interrupted",
  });
});

describe.skipIf(process.platform === "win32")("the container", () => {
  const path = process.env.PATH;
  let log: string;

  afterEach(() => {
    process.env.PATH = path;
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
    process.env.PATH = `${folder}${delimiter}${path}`;
  }

  const told = (): string[] => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);

  async function check(signal: AbortSignal) {
    const manifest = await readManifest(bundle);
    const write = (folder: string, out: string) => writeDeployment({ folder, manifest, out });
    const { labels } = manifest;
    return checkContainer(write, bundle, { labels, outcomes: [], most: 1, root: bundle, warmUp: [], signal });
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
    await expect.poll(() => told().some((line) => line.startsWith("run "))).toBe(true);
    controller.abort();
    await outcome;
    expect(existsSync(join(log, "..", "docker.done"))).toBe(true); // it was not left half begun
    expectRemoved();
  });

  test("is removed where verify is interrupted while its port is asked for", async () => {
    install({ onPort: "exec sleep 30" });
    const controller = new AbortController();
    const outcome = expect(check(controller.signal)).rejects.toMatchObject({ code: "interrupted" });
    await expect.poll(() => told().some((line) => line.startsWith("port "))).toBe(true);
    controller.abort();
    await outcome;
    expectRemoved();
  });
});
