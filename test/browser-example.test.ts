/** examples/browser/serve.mjs with arguments that cannot be: one line, no stack. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const program = resolve(import.meta.dirname, "..", "examples", "browser", "serve.mjs");

function refuse(...args: readonly string[]): Promise<{ code: unknown; text: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [program, ...args], (error, out, err) => done({ code: error?.code, text: out + err }));
  });
}

const folder = mkdtempSync(join(tmpdir(), "assay-page-"));
writeFileSync(join(folder, "assay.json"), "{}");
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[readonly string[], RegExp]>([
  [[], /^usage: node serve.mjs <bundle> \[port\]\n$/],
  [[folder, "1", "2"], /^usage: .*\n$/],
  [[join(folder, "none")], /^.*is no bundle: it has no assay.json; give the bundle folder of a run\n$/],
  [[folder, "http"], /^"http" is no port; .*\n$/],
  [[folder, "70000"], /^"70000" is no port; .*\n$/],
])("%j", async (args, text) => {
  expect(await refuse(...args)).toEqual({ code: 1, text: expect.stringMatching(text) as string });
});

test("a port that is taken", async () => {
  const other = createServer();
  const port = await new Promise<number>((done) => {
    other.listen(0, "127.0.0.1", () => done((other.address() as { port: number }).port));
  });
  expect(await refuse(folder, String(port))).toEqual({ code: 1, text: `port ${port} is taken; give another one\n` });
  other.close();
});
