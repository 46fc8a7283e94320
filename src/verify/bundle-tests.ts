/** Runs the test file that a bundle carries, as its README says: in a folder with nothing but the bundle and two packages. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BundleManifest, fileNames, isOwnTest } from "../bundle/index.js";
import { checkInterrupted } from "../core/index.js";
import type { NotMade } from "./finding.js";

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

/** What the bundle's README tells people to install. */
const packages = ["onnxruntime-node", "sharp"] as const;

/** The tests are done in seconds; a machine that needs longer than this is stuck. */
const patienceMs = 300_000;

/** Asked to end, the runner ends its tests; one that takes longer is ended. */
const farewellMs = 10_000;

/**
 * Copies the bundle and runs `node --test` there. A bundle may come from anywhere: its test is run only where it is the very file
 * that this version of assay puts into bundles. Throws `interrupted`.
 */
export async function runBundleTests(
  folder: string,
  { files }: BundleManifest,
  signal: AbortSignal,
): Promise<TestCounts | NotMade> {
  if (!(fileNames.test in files)) return { reason: "the bundle carries no tests" };
  if (!(await isOwnTest(folder)))
    return {
      reason: `${fileNames.test} is of another version of assay and was not run; \`node --test\` in the bundle runs it`,
    };
  checkInterrupted(signal);
  const copy = await mkdtemp(join(tmpdir(), "assay-bundle-"));
  try {
    const own = Object.keys(files).filter((name) => !redirecting.has(name.split(/[/\\]/)[0]!.toLowerCase()));
    for (const name of [fileNames.manifest, ...own]) await cp(join(folder, name), join(copy, name));
    await writeFile(join(copy, "package.json"), '{"private":true}\n');
    await mkdir(join(copy, "node_modules"));
    // Junctions need no privilege on Windows; the packages find their own dependencies beside their real folders.
    for (const name of packages) await symlink(installedFolder(name), join(copy, "node_modules", name), "junction");
    return readCounts(await runTests(copy, signal));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** By these a bundle could have its own code imported in place of a package. */
const redirecting: ReadonlySet<string> = new Set(["package.json", "node_modules"]);

/** The folder of a package that assay itself uses. */
function installedFolder(name: string): string {
  const entry = fileURLToPath(import.meta.resolve(name));
  for (let at = dirname(entry); dirname(at) !== at; at = dirname(at))
    if (at.endsWith(join("node_modules", name))) return at;
  return dirname(entry);
}

/** What `node --test` writes, in the Test Anything Protocol; as far as it came where it ran out of patience. Throws `interrupted`. */
async function runTests(folder: string, signal: AbortSignal): Promise<string> {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env; // of a test that runs assay
  const limit = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const args = ["--test", "--test-reporter=tap", fileNames.test];
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  let late: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill();
    late = setTimeout(() => child.kill("SIGKILL"), farewellMs);
  };
  if (limit.aborted) stop();
  limit.addEventListener("abort", stop, { once: true });
  try {
    await once(child, "close"); // also where it is stopped: nothing may be left in the folder that is removed
  } finally {
    limit.removeEventListener("abort", stop);
    clearTimeout(late);
  }
  checkInterrupted(signal);
  return text;
}

function readCounts(text: string): TestCounts | NotMade {
  const count = (name: string): number => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  const [passed, failed, cancelled] = [count("pass"), count("fail"), count("cancelled")];
  if (Number.isNaN(passed) || Number.isNaN(failed)) return { reason: "the bundle's own tests did not come to an end" };
  return { passed, failed: failed + (cancelled || 0) + (passed + failed === 0 ? 1 : 0) };
}
