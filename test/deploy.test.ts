/** `assay deploy`: what it writes, held to what can be checked without a container engine. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { assay, newHome } from "./cli.js";
import { png } from "./photographs.js";
import { startServing } from "./serving.js";
import { writeRandomBundle } from "./small-bundle.js";

const root = resolve(import.meta.dirname, "..");

let home: string;
let bundle: string;
let folder: string;

beforeAll(async () => {
  home = newHome();
  bundle = await writeRandomBundle([await png("golden", 64, 48)]);
  folder = join(home, "deployment");
  const { code, err } = await assay(home, "deploy", bundle, "--out", folder);
  expect([code, err]).toEqual([0, ""]);
});

const read = (...path: string[]): string => readFileSync(join(folder, ...path), "utf8");

/** The instructions of a Dockerfile, continued lines joined: name → arguments. */
function instructions(): [string, string][] {
  const text = read("Dockerfile").replaceAll(/\\\n/g, " ");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line)!;
    return [name!, rest!.replaceAll(/\s+/g, " ")];
  });
}

function argument(name: string): string {
  return instructions().find(([one]) => one === name)![1];
}

describe("the folder", () => {
  test("has its files, and no placeholder is left in them", () => {
    const names = [".dockerignore", "Dockerfile", "README.md", "assay", "bundle", "compose.yaml", "prometheus.yml"];
    expect(readdirSync(folder).toSorted()).toEqual(names);
    for (const name of names.filter((one) => !["assay", "bundle"].includes(one)))
      expect(read(name)).not.toMatch(/\{\{|\}\}/);
    const { bundleHash } = JSON.parse(read("bundle", "assay.json")) as { bundleHash: string };
    expect(read("README.md")).toContain(bundleHash.slice(0, 12));
  });

  test("is refused where something is, and left out where the bundle is none", async () => {
    const again = await assay(home, "deploy", bundle, "--out", folder);
    expect([again.code, again.err]).toEqual([1, expect.stringMatching(/is not empty/)]);
    const nothing = await assay(home, "deploy", join(home, "none"), "--out", join(home, "other"));
    expect(nothing.code).toBe(1);
    expect(readdirSync(home)).not.toContain("other");
    mkdirSync(join(home, "empty"));
    const { code, out } = await assay(home, "deploy", bundle, "--out", join(home, "empty"), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      folder: join(home, "empty"),
      files: expect.arrayContaining(["Dockerfile"]),
    });
  });

  test("nothing that lies beside it is touched, whatever its name", async () => {
    const kept = join(home, "third.partial", "photograph.jpg");
    mkdirSync(join(home, "third.partial"));
    writeFileSync(kept, "mine");
    const { code, err } = await assay(home, "deploy", bundle, "--out", `${join(home, "third")}/`);
    expect([code, err]).toEqual([0, ""]);
    expect(readFileSync(kept, "utf8")).toBe("mine");
    expect(readdirSync(home).filter((name) => name.startsWith("third"))).toEqual(["third", "third.partial"]);
    expect(readdirSync(join(home, "third"))).toContain("Dockerfile");
    // Who may read other new folders may read this one.
    expect(statSync(join(home, "third")).mode).toBe(statSync(join(home, "third.partial")).mode);
  });

  test("the package in it serves the bundle in it, with nothing else of assay at hand", async () => {
    symlinkSync(join(root, "node_modules"), join(folder, "assay", "node_modules"), "junction");
    const [entry, main, ...rest] = JSON.parse(argument("ENTRYPOINT")) as string[];
    expect([entry, main, rest]).toEqual([
      "node",
      "/app/dist/cli/main.js",
      ["serve", "/bundle", "--host", "0.0.0.0", "--port", "8000"],
    ]);
    const own = join(folder, main!.replace("/app", "assay"));
    const serving = await startServing(join(folder, "bundle"), [], own);
    expect((await fetch(`${serving.address}/`)).status).toBe(200);
    // The health check's own program, at this port.
    const [node, flag, script] = JSON.parse(argument("HEALTHCHECK").replace(/^.* CMD /, "")) as string[];
    expect([node, flag]).toEqual(["node", "-e"]);
    const check = (port: string) =>
      execFileSync(process.execPath, ["-e", script!.replace("127.0.0.1:8000", `127.0.0.1:${port}`)]);
    expect(() => check(new URL(serving.address).port)).not.toThrow();
    expect((await serving.stop()).code).toBe(0);
    expect(() => check(new URL(serving.address).port)).toThrow();
  });
});

describe("the Dockerfile", () => {
  test("copies what is there, and only from there", () => {
    const copied = instructions()
      .filter(([name]) => name === "COPY")
      .map(([, rest]) => rest.split(" ")[0]!);
    expect(copied).toEqual(["assay/", "bundle/"]);
    expect(read(".dockerignore").trim().split("\n")).toEqual(["*", "!assay", "!bundle"]);
    expect(instructions().map(([name]) => name)).not.toContain("ADD");
  });

  test("ends as a user without rights, checks its health, and listens where it says", () => {
    const names = instructions().map(([name]) => name);
    expect(names[0]).toBe("FROM");
    expect(argument("FROM")).toMatch(/^node:\d+-slim$/);
    expect(argument("USER")).toBe("node");
    expect(names.indexOf("USER")).toBeGreaterThan(names.lastIndexOf("RUN"));
    expect(argument("HEALTHCHECK")).toContain("/readyz");
    expect(argument("EXPOSE")).toBe("8000");
  });

  test("installs without install scripts, in versions that are there here", () => {
    expect(argument("RUN")).toMatch(/ONNXRUNTIME_NODE_INSTALL=skip npm install --omit=dev --ignore-scripts/);
    const { dependencies } = JSON.parse(read("assay", "package.json")) as { dependencies: Record<string, string> };
    const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      dependencies: object;
      engines: { node: string };
    };
    expect(Object.keys(dependencies)).toEqual(Object.keys(own.dependencies));
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe("compose and Prometheus", () => {
  interface Compose {
    readonly services: Record<
      string,
      { build?: string; image: string; command?: string[]; ports?: string[]; volumes?: string[]; depends_on?: string[] }
    >;
    readonly volumes: object;
  }

  test("the service, Redis and Prometheus, which find each other by name", () => {
    const { services, volumes } = parse(read("compose.yaml")) as Compose;
    expect(Object.keys(services)).toEqual(["assay", "redis", "prometheus"]);
    expect(services.assay).toMatchObject({ build: ".", command: ["--cache", "redis://redis:6379"], read_only: true });
    for (const { depends_on = [], volumes: mounted = [] } of Object.values(services)) {
      for (const name of depends_on) expect(services).toHaveProperty(name);
      for (const one of mounted) {
        const [source] = one.split(":") as [string];
        if (source.startsWith("./")) expect(readdirSync(folder)).toContain(source.slice(2));
        else expect(volumes).toHaveProperty(source);
      }
    }
    const scraped = parse(read("prometheus.yml")) as { scrape_configs: { static_configs: { targets: string[] }[] }[] };
    expect(scraped.scrape_configs[0]!.static_configs[0]!.targets).toEqual(["assay:8000"]);
  });

  test("no port is open to the network unless asked for", () => {
    const { services } = parse(read("compose.yaml")) as Compose;
    for (const { ports = [] } of Object.values(services))
      for (const port of ports) expect(port).toMatch(/^\$\{ASSAY_LISTEN:-127\.0\.0\.1\}:/);
    expect(services.redis!.ports).toBeUndefined();
  });
});
