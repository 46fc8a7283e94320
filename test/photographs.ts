/** Folders of small pictures for tests, made on the spot in the system's temporary folder. */
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { random } from "../src/core/index.js";
import { encodeJpeg, encodePng } from "../src/image/index.js";

/** RGB noise that is the same for the same name. */
export function noise(name: string | number, width = 16, height = 12): Uint8Array {
  const stream = random(1, "noise", name);
  return Uint8Array.from({ length: width * height * 3 }, () => stream.below(256));
}

/** A PNG of noise. */
export async function png(name: string | number, width = 16, height = 12): Promise<Uint8Array> {
  return await encodePng(noise(name, width, height), width, height);
}

/** A JPEG of noise. */
export async function jpeg(name: string | number, width = 16, height = 12): Promise<Uint8Array> {
  return await encodeJpeg(noise(name, width, height), width, height);
}

const made: string[] = [];

/** A new folder with these files, older than the moment so that a scan may remember them. Keys are paths with "/". */
export async function makeFolder(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "assay-photographs-"));
  made.push(root);
  await addFiles(root, files);
  return root;
}

export async function addFiles(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  const old = new Date(Date.now() - 3_600_000);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
    await utimes(join(root, path), old, old);
  }
}

/** For `afterAll`. */
export async function removeFolders(): Promise<void> {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
}
