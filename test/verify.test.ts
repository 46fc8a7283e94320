/** `assay verify` on what is delivered: a real service, the bundle's own tests, its documents, and the same evidence every time. */
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readManifest, readProvenance } from "../src/bundle/index.js";
import { writeDeployment } from "../src/serve/index.js";
import { runBundleTests } from "../src/verify/bundle-tests.js";
import { checkDocuments } from "../src/verify/documents.js";
import { checkDeployment, type Evidence } from "../src/verify/index.js";
import { assay, newHome, type Outcome } from "./cli.js";
import { drawProducts } from "./products.js";
import { type Serving, startServing } from "./serving.js";

const spec = `As a tester
I want patterns told apart
So that the delivery is shown to work

## CONSTRAINTS
- At least 60% accuracy on test photographs
- Inference time < 2 s
- Runs on CPU

## REWARDS
- Fast training time (<4 hours)
- Easy deployment

## PENALTIES
- Overfitting on small dataset
- Memory overflow
- Slow inference

## GOAL STATE
- Docker container for deployment
- API endpoint for predictions
- Documentation and tests
`;

let home: string;
let images: string;
let bundle: string;
let first: Evidence;

const readEvidence = (path: string): Evidence => JSON.parse(readFileSync(path, "utf8")) as Evidence;
const verdicts = ({ requirements }: Evidence): Record<string, string> =>
  Object.fromEntries(requirements.map(({ text, verdict }) => [text, verdict]));

function verifyAgain(name: string, ...args: readonly string[]): Promise<Outcome> {
  return assay(
    home,
    "verify",
    bundle,
    "--spec",
    join(home, "spec.md"),
    "--data",
    images,
    "--out",
    join(home, name),
    ...args,
  );
}

beforeAll(async () => {
  home = newHome();
  images = await drawProducts(40);
  writeFileSync(join(home, "spec.md"), spec);
  const { err } = await assay(
    home,
    "run",
    images,
    "--spec",
    join(home, "spec.md"),
    "--out",
    join(home, "run"),
    "--budget",
    "0",
  );
  expect(err).toBe("");
  bundle = join(home, "run", "bundle");
  first = readEvidence(join(home, "run", "evidence.json"));
}, 300_000);

describe("a run", () => {
  test("proves what it delivers: the service it started, its documents, its tests", () => {
    expect(verdicts(first)).toMatchObject({
      "Runs on CPU": "met",
      "Fast training time (<4 hours)": "met",
      "Easy deployment": "met",
      "Memory overflow": "met",
      "Slow inference": "met",
      "API endpoint for predictions": "met",
      "Documentation and tests": "met",
      "Overfitting on small dataset": expect.stringMatching(/^(?:met|unproven)$/),
      "Docker container for deployment": expect.stringMatching(/^(?:met|unproven)$/),
    });
    const { service, test: tested } = first.metrics;
    expect(service).toMatchObject({ n: Math.min(100, tested.n), differing: 0 });
    expect(service!.largestDifference).toBeLessThanOrEqual(1e-5);
    expect(service!.latencyMs!.n).toBe(service!.n);
  });

  test("verified again gives the same evidence but for timings", async () => {
    await verifyAgain("again");
    const again = readEvidence(join(home, "again", "evidence.json"));
    expect(withoutTimings(again)).toEqual(withoutTimings(first));
    expect(again).not.toHaveProperty("findings");
    const titled = (folder: string) =>
      readFileSync(join(home, folder, "report.html"), "utf8").includes("Findings in the data");
    expect([titled("again"), titled("run")]).toEqual([false, true]);
  });
});

/** Evidence without what a clock said, and without the audit, which only a run makes. */
function withoutTimings({ requirements, metrics, run, findings: _audit, ...rest }: Evidence): unknown {
  const timed = new Set(["latency", "http-latency", "throughput"]);
  const { latencyMs: _, service, ...measured } = metrics;
  return {
    ...rest,
    run: { ...run, finishedAt: "" },
    metrics: { ...measured, service: { ...service, latencyMs: null } },
    requirements: requirements.map((line) => (timed.has(line.kind) ? line.id : line)),
  };
}

describe("a service that runs already", () => {
  let serving: Serving;
  let wrong: Server;
  beforeAll(async () => {
    serving = await startServing(bundle);
    const answer = JSON.stringify({ class: "rings", confidence: 0.5, top: [{ class: "rings", probability: 0.5 }] });
    wrong = createServer((request, response) => {
      request.resume().on("end", () => response.end(answer));
    });
    await new Promise<void>((settle) => {
      wrong.listen(0, "127.0.0.1", settle);
    });
  });
  afterAll(async () => {
    wrong?.close();
    await serving?.stop();
  });

  test("is judged by its answers; whether one command starts it is not known", async () => {
    await verifyAgain("running", "--url", serving.address);
    const found = verdicts(readEvidence(join(home, "running", "evidence.json")));
    expect(found).toMatchObject({ "API endpoint for predictions": "met", "Easy deployment": "unproven" });
  });

  test("with other answers than the model's is not met, and the line names one", async () => {
    await verifyAgain("wrong", "--url", `http://127.0.0.1:${(wrong.address() as AddressInfo).port}/`);
    const evidence = readEvidence(join(home, "wrong", "evidence.json"));
    const api = evidence.requirements.find(({ kind }) => kind === "api")!;
    expect(api.verdict).toBe("not met");
    expect(api.evidence).toMatch(/answers differ from the model's own: ".*jpg": "rings"/);
    expect(evidence.metrics.service!.differing).toBe(evidence.metrics.service!.n);
  });

  test("that is not there is a fault: nothing was opened, and the bundle is not to blame", async () => {
    const { code, err } = await verifyAgain("dead", "--url", "http://127.0.0.1:9");
    expect(code).toBe(1);
    expect(err).toMatch(/^assay: no service answers at http:\/\/127\.0\.0\.1:9; got .*Remedy: start it/);
    expect(existsSync(join(home, "dead"))).toBe(false);
  });

  test("needs an address", async () => {
    const { code, err } = await verifyAgain("none", "--url", "localhost");
    expect(code).toBe(2);
    expect(err).toContain("--url");
    expect(existsSync(join(home, "none"))).toBe(false);
  });
});

describe("documents", () => {
  async function problemsAfter(name: string, change: (text: string) => string): Promise<readonly string[]> {
    const folder = mkdtempSync(join(tmpdir(), "assay-documents-"));
    cpSync(bundle, folder, { recursive: true });
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), "utf8")));
    const facts = { manifest: await readManifest(folder), provenance: await readProvenance(folder) };
    return (await checkDocuments(folder, facts)).problems;
  }

  test("of a run are whole", async () => {
    expect(await problemsAfter("README.md", (text) => text)).toEqual([]);
  });

  test.each<[string, string, (text: string) => string, RegExp]>([
    ["an empty page", "MODEL_CARD.md", () => "\n", /^MODEL_CARD.md: it is empty$/],
    ["a section that is gone", "MODEL_CARD.md", (text) => text.replace("## Limits", "## Else"), /no section “Limits”/],
    [
      "another count of a class",
      "README.md",
      (text) => text.replace(/\| rings \| \d+ \|/, "| rings | 7 |"),
      /counts 7 of rings/,
    ],
    ["another accuracy", "README.md", (text) => text.replaceAll(/\d+\.\d %/g, "99.9 %"), /does not say “/],
    [
      "the hash of another bundle",
      "MODEL_CARD.md",
      (text) => text.replace(/`[0-9a-f]{12}`/, "`000000000000`"),
      /does not say “/,
    ],
    ["a photograph in two splits", "provenance.json", copyToTest, /in two splits/],
  ])("%s is found", async (_what, name, change, problem) => {
    expect((await problemsAfter(name, change)).join("\n")).toMatch(problem);
  });

  test("an API description that is none is found", async () => {
    const folder = mkdtempSync(join(tmpdir(), "assay-documents-"));
    cpSync(bundle, folder, { recursive: true });
    const facts = { manifest: await readManifest(folder), provenance: await readProvenance(folder) };
    writeFileSync(join(folder, "openapi.json"), JSON.stringify({ openapi: "3.1.0", info: { title: "x" }, paths: {} }));
    expect((await checkDocuments(folder, facts)).problems).toEqual(["openapi.json: it does not describe /predict"]);
  });
});

function copyToTest(text: string): string {
  const provenance = JSON.parse(text) as { images: { train: string[]; test: string[] } };
  provenance.images.test.push(provenance.images.train[0]!);
  return JSON.stringify(provenance);
}

describe("the bundle's own tests", () => {
  const signal = new AbortController().signal;
  const copy = (): string => {
    const folder = mkdtempSync(join(tmpdir(), "assay-delivered-"));
    cpSync(bundle, folder, { recursive: true });
    return folder;
  };

  test("run in a folder of their own and are counted", async () => {
    const manifest = await readManifest(bundle);
    const counts = await runBundleTests(bundle, manifest, signal);
    expect(counts).toMatchObject({ failed: 0 });
    expect((counts as { passed: number }).passed).toBeGreaterThan(Object.keys(manifest.files).length);
    expect(existsSync(join(bundle, "node_modules"))).toBe(false);
  });

  test("fail where a file was changed", async () => {
    const folder = copy();
    appendFileSync(join(folder, "README.md"), "more");
    expect(await runBundleTests(folder, await readManifest(folder), signal)).toMatchObject({ failed: 1 });
  });

  test("are not run where they are another program", async () => {
    const folder = copy();
    writeFileSync(
      join(folder, "bundle.test.mjs"),
      `import { writeFileSync } from "node:fs";\nwriteFileSync("ran", "");\n`,
    );
    const found = await runBundleTests(folder, await readManifest(folder), signal);
    expect(found).toMatchObject({ reason: expect.stringContaining("another version") as string });
  });
});

describe("what `assay deploy` writes", () => {
  async function deployed(): Promise<string> {
    const folder = join(mkdtempSync(join(tmpdir(), "assay-deployed-")), "out");
    await writeDeployment({ folder: bundle, manifest: await readManifest(bundle), out: folder });
    return folder;
  }

  test("has all that can be checked without building", async () => {
    expect(await checkDeployment(await deployed())).toEqual([]);
  });

  test.each<[string, RegExp, string, string]>([
    ["no other user", /^USER .*$/m, "", "run as root"],
    ["no port", /^EXPOSE .*$/m, "", "exposes no port"],
    ["no command", /^ENTRYPOINT .*$/m, "", "starts nothing"],
    ["a file that is not there", /^COPY bundle\/ .*$/m, "COPY weights/ /bundle/", "copies weights, which is not there"],
  ])("with %s is told", async (_what, from, to, problem) => {
    const folder = await deployed();
    const path = join(folder, "Dockerfile");
    writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
    expect((await checkDeployment(folder)).join("\n")).toContain(problem);
    rmSync(folder, { recursive: true });
  });
});
