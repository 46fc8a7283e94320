import { readdir, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { addFiles, makeFolder, png, removeFolders } from "../../test/photographs.js";
import { scan, type ScanOptions } from "./index.js";

afterAll(removeFolders);

const observed = async (root: string, options: ScanOptions): Promise<string[]> => {
  const read: string[] = [];
  await scan(root, { ...options, observe: (path, how) => how === "read" && read.push(path) });
  return read.toSorted();
};

/** What tells a change is also the time of the last change of the inode, so files must have rested. */
const rest = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2100));

describe("the cache", () => {
  it("reads only what changed", async () => {
    const root = await makeFolder({
      "a/1.png": await png(1),
      "a/2.jpg": "broken",
      "b/3.png": await png(3),
      "b/x.dat": "text",
    });
    const cachePath = await makeFolder({});
    await rest();
    expect(await observed(root, { cachePath })).toEqual(["a/1.png", "a/2.jpg", "b/3.png", "b/x.dat"]);
    expect(await observed(root, { cachePath })).toEqual([]);
    const known = await scan(root, { cachePath });
    expect(known).toEqual(await scan(root));

    const before = await stat(join(root, "a/1.png"));
    await writeFile(join(root, "a/1.png"), await png(9));
    await utimes(join(root, "a/1.png"), before.atime, before.mtime); // the same size and time: only the inode's change tells
    await addFiles(root, { "b/4.png": await png(4) });
    await rename(join(root, "b/3.png"), join(root, "b/5.png"));
    expect(await observed(root, { cachePath })).toEqual(["a/1.png", "b/4.png", "b/5.png"]);
  });

  it("does not remember files that changed a moment ago", async () => {
    const root = await makeFolder({ "a/1.png": await png(1), "b/3.png": await png(3) });
    const cachePath = await makeFolder({});
    expect((await observed(root, { cachePath })).length).toBe(2);
    expect((await observed(root, { cachePath })).length).toBe(2);
  });

  it("survives damage of any kind", async () => {
    const root = await makeFolder({ "a/1.png": await png(1), "b/3.png": await png(3), "b/4.png": await png(4) });
    const cachePath = await makeFolder({});
    await rest();
    await scan(root, { cachePath });
    const [name] = await readdir(cachePath);
    const file = join(cachePath, name!);
    const whole = await readFile(file, "utf8");
    const truth = await scan(root);
    const damaged = [
      whole.slice(0, -40), // a line cut off by a kill
      whole.slice(0, 10),
      "",
      `${whole.slice(0, -40)}\n${whole.slice(whole.indexOf("\n") + 1)}`,
      whole.replace(/"pixelHash"/, '"pixel'),
      `${whole}\0\0\0\0`,
      whole.replace('"schema":1', '"schema":0'),
      `${whole}null\n7\n"x"\n{"path":1}\n`,
    ];
    for (const content of damaged) {
      await writeFile(file, content);
      expect(await scan(root, { cachePath })).toEqual(truth);
      expect(await observed(root, { cachePath })).toEqual([]);
    }
  });

  it("keeps what was read before an interruption", async () => {
    const files = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => [`${i % 2}/${i}.png`, await png(i)] as const),
    );
    const root = await makeFolder(Object.fromEntries(files));
    const cachePath = await makeFolder({});
    await rest();
    const controller = new AbortController();
    const progress = ({ done }: { done: number }): void => {
      if (done >= 8) controller.abort();
    };
    const interrupted = scan(root, { cachePath, threads: 1, signal: controller.signal, progress });
    await expect(interrupted).rejects.toMatchObject({ code: "interrupted" });
    const again = await observed(root, { cachePath });
    expect(again.length).toBeGreaterThan(0);
    expect(again.length).toBeLessThan(60);
  });

  it("drops what has become stale when that is most of it", async () => {
    const root = await makeFolder({ "a/1.png": await png(1), "b/3.png": await png(3) });
    const cachePath = await makeFolder({});
    await rest();
    await scan(root, { cachePath });
    const [name] = await readdir(cachePath);
    const file = join(cachePath, name!);
    const whole = await readFile(file, "utf8");
    const stale = Array.from({ length: 400 }, (_, i) =>
      whole
        .trim()
        .split("\n")
        .at(-1)!
        .replace(/[ab]\/\d/, `gone/${i}`),
    );
    await writeFile(file, `${whole}${stale.join("\n")}\n`);
    expect(await observed(root, { cachePath })).toEqual([]);
    expect((await readFile(file, "utf8")).trim().split("\n").length).toBe(3);
    expect(await readdir(cachePath)).toEqual([name]);
    expect(await observed(root, { cachePath })).toEqual([]);
  });

  it("is kept for each root, and a folder that cannot be written is a fault", async () => {
    const roots = await Promise.all(
      [1, 2].map(async (n) => makeFolder({ "a/1.png": await png(n), "b/3.png": await png(3) })),
    );
    const cachePath = await makeFolder({ file: "x" });
    for (const root of roots) await scan(root, { cachePath });
    expect((await readdir(cachePath)).length).toBe(3);
    await expect(scan(roots[0]!, { cachePath: join(cachePath, "file") })).rejects.toMatchObject({
      code: "output-unwritable",
    });
  });
});
