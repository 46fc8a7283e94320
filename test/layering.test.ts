/** The folders are the architecture: imports point to a lower level only (ARCHITECTURE.md), and heavy libraries have one importer each. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { expect, test } from "vitest";

const source = resolve(import.meta.dirname, "..", "src");

const levels: Readonly<Record<string, number>> = {
  core: 0,
  statistics: 0.5,
  spec: 1,
  trace: 1,
  store: 1,
  image: 1,
  onnx: 1,
  dataset: 2,
  metrics: 2,
  autodiff: 2,
  backbone: 2,
  demo: 2,
  features: 3,
  audit: 4,
  train: 4,
  calibrate: 4,
  explain: 4,
  bench: 4,
  finetune: 4.5,
  bundle: 5,
  plan: 5,
  loop: 6,
  serve: 6,
  verify: 7,
  report: 7.5,
  pipeline: 8,
  cli: 9,
  index: 10,
};

const onlyImporter: Readonly<Record<string, string>> = {
  sharp: "image",
  "onnxruntime-node": "onnx",
  "@bufbuild/protobuf": "onnx",
  "@bufbuild/protobuf/codegenv2": "onnx",
  commander: "cli",
  fastify: "serve",
  "@fastify/multipart": "serve",
  ioredis: "serve",
  "lru-cache": "serve",
  "prom-client": "serve",
  "mdast-util-from-markdown": "spec",
  yaml: "spec",
};

interface Import {
  readonly file: string;
  readonly module: string;
  readonly target: string;
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.includes("test-data"))
  .map((name) => join(source, name));

const imports: readonly Import[] = files.flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, target]) => ({
    file: relative(source, file),
    module: moduleOf(file),
    target: target!.startsWith(".") ? resolve(file, "..", target!) : target!,
  })),
);

/** "src/image/view.ts" → "image"; "src/pipeline.ts" → "pipeline". */
function moduleOf(path: string): string {
  return relative(source, path)
    .split(sep)[0]!
    .replace(/\.[jt]s$/, "");
}

test("every module has a level", () => {
  expect(files.map(moduleOf).filter((name) => !(name in levels))).toEqual([]);
});

test("imports point to a lower level", () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith(source))
    .filter(({ module, target }) => moduleOf(target) !== module && levels[moduleOf(target)]! >= levels[module]!);
  expect(wrong).toEqual([]);
});

test("other modules are imported by their index only", () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith(source))
    .filter(({ module, target }) => moduleOf(target) !== module && relative(source, target).split(sep).length > 1)
    .filter(({ target }) => !target.endsWith("index.js"));
  expect(wrong).toEqual([]);
});

test("each heavy library has one importing module", () => {
  const wrong = imports.filter(({ module, target }) => target in onlyImporter && onlyImporter[target] !== module);
  expect(wrong).toEqual([]);
});

test("verify never sees training", () => {
  const reached = new Set<string>();
  const visit = (module: string): void => {
    if (reached.has(module)) return;
    reached.add(module);
    for (const { module: from, target } of imports)
      if (from === module && target.startsWith(source)) visit(moduleOf(target));
  };
  visit("verify");
  expect([...reached]).not.toContain("train");
  expect([...reached]).not.toContain("loop");
});
