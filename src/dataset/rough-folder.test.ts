/** Scans of folders that resist: names that are no text, missing permissions, files that change, processes that are killed. */
import { fork, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { addFiles, jpeg, makeFolder, png, removeFolders } from "../../test/photographs.js";
import { scan } from "./index.js";
import { createInlineReader, createReader } from "./reader.js";

afterAll(removeFolders);

const posix = process.platform !== "win32";
const root = process.getuid?.() === 0;

/** Runs as a user without rights, where the tests run as one with all of them. */
async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (!root) return await work();
  process.seteuid!(65_534);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
  }
}

describe.runIf(process.platform === "linux")("names that are no UTF-8", () => {
  it("are passed over and shown with their bytes", async () => {
    const folder = await makeFolder({ "a/1.png": await png(1), "b/1.png": await png(2) });
    const latin = Buffer.from("caf\xe9.png", "latin1");
    await writeFile(Buffer.concat([Buffer.from(`${folder}/a/`), latin]), await png(3));
    await mkdir(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0x0a])]));
    const { pictures, ignored } = await scan(folder);
    expect(pictures.length).toBe(2);
    expect(ignored.map(({ path, kind }) => [path, kind])).toEqual([
      ["\\xff\\x0a", "name"],
      ["a/caf\\xe9.png", "name"],
    ]);
  });
});

describe.runIf(posix)("permissions", () => {
  it("a folder and a file that may not be read are findings", async () => {
    const folder = await makeFolder({
      "a/1.png": await png(1),
      "a/closed.png": await png(5),
      "b/1.png": await png(2),
      "closed/1.png": await png(3),
    });
    await chmod(folder, 0o755);
    await chmod(join(folder, "closed"), 0);
    await chmod(join(folder, "a/closed.png"), 0);
    const { pictures, ignored, broken } = await unprivileged(() => scan(folder));
    await chmod(join(folder, "closed"), 0o755);
    expect(pictures.length).toBe(2);
    expect(ignored).toEqual([{ path: "closed", kind: "no-permission", reason: "a folder that may not be read" }]);
    expect(broken).toMatchObject([{ path: "a/closed.png", kind: "no-permission", reason: "the file may not be read" }]);
  });

  it("a class whose photographs may not be read is missed with the reason", async () => {
    const folder = await makeFolder({ "a/1.png": await png(1), "b/closed.png": await png(2) });
    await chmod(folder, 0o755);
    await chmod(join(folder, "b/closed.png"), 0);
    await expect(unprivileged(() => scan(folder))).rejects.toThrow(
      /without a readable photograph: "b", such as "b\/closed\.png": the file may not be read\. Remedy: grant read permission/,
    );
  });

  it("a scanned folder that may not be read is a fault", async () => {
    const folder = await makeFolder({ "a/1.png": await png(1) });
    await chmod(folder, 0);
    await expect(unprivileged(() => scan(folder))).rejects.toMatchObject({ code: "images-unreadable" });
    await chmod(folder, 0o755);
  });
});

describe("a folder in motion", () => {
  it("files that vanish during the scan are findings", async () => {
    const folder = await makeFolder({ "a/1.png": await png(1), "b/1.png": await png(2), "b/2.png": await png(3) });
    for (let i = 0; i < 61; i++) await addFiles(folder, { [`c/${i}.png`]: await png(`c${i}`, 99, 99) });
    const gone = join(folder, "c");
    const { pictures, broken } = await scan(folder, {
      threads: 1,
      observe: () => rmSync(gone, { recursive: true, force: true }),
    });
    expect(pictures.length + broken.length).toBe(64);
    expect(broken.length).toBeGreaterThan(0);
    expect(new Set(broken.map(({ kind }) => kind))).toEqual(new Set(["vanished"]));
  });

  it("a file that grows or shrinks is read as it is, or named as changing, never cached as another", async () => {
    const folder = await makeFolder({
      "a/1.png": await png(1),
      "b/1.png": await png(2),
      "b/2.jpg": await jpeg(3, 300, 300),
    });
    const path = join(folder, "b/2.jpg");
    const writing = (async () => {
      for (let i = 0; i < 40; i++) {
        await truncate(path, 1000);
        await writeFile(path, await jpeg(3, 300, 300));
      }
    })();
    for (let i = 0; i < 20; i++) {
      const { pictures, broken } = await scan(folder);
      expect(pictures.length + broken.length).toBe(3);
      for (const { kind } of broken) expect(["changing", "truncated", "empty", "not-image"]).toContain(kind);
    }
    await writing;
    expect((await scan(folder)).broken).toEqual([]);
  });
});

describe.runIf(posix)("entries that are no files", () => {
  it("pipes are passed over without waiting for them", async () => {
    const folder = await makeFolder({ "a/1.png": await png(1), "b/1.png": await png(2) });
    const made = spawnSync("mkfifo", [join(folder, "a/pipe.png")]);
    if (made.status !== 0) return;
    expect((await scan(folder)).ignored).toMatchObject([{ path: "a/pipe.png", kind: "special" }]);
  });

  it("folders within folders of any depth are walked", async () => {
    const deep = Array.from({ length: 300 }, () => "d").join("/");
    const folder = await makeFolder({ [`a/${deep}/1.png`]: await png(1), "b/1.png": await png(2) });
    expect((await scan(folder)).pictures.map(({ label }) => label)).toEqual(["a", "b"]);
  });
});

describe("large pictures", () => {
  it("of 100 megapixels are read one at a time, larger ones are not", async () => {
    const flat = (width: number, height: number): Promise<Buffer> =>
      sharp({ create: { width, height, channels: 3, background: "#356" } })
        .jpeg({ quality: 50 })
        .toBuffer();
    const folder = await makeFolder({
      "a/exactly.jpg": await flat(10_000, 10_000),
      "b/small.jpg": await flat(64, 64),
      "b/beyond.jpg": await flat(10_001, 10_000),
    });
    const { pictures, broken } = await scan(folder);
    expect(pictures.map(({ path, facts }) => [path, facts.width])).toEqual([
      ["a/exactly.jpg", 10_000],
      ["b/small.jpg", 64],
    ]);
    expect(broken).toMatchObject([{ path: "b/beyond.jpg", kind: "too-large" }]);
  });

  it("a file beyond any photograph's size is not read", async () => {
    const folder = await makeFolder({ "a/1.png": await png(1), "b/1.png": await png(2), "b/huge.tif": "" });
    await truncate(join(folder, "b/huge.tif"), 600_000_000); // sparse: no disk is used
    expect((await scan(folder)).broken).toMatchObject([{ path: "b/huge.tif", kind: "too-large" }]);
  });
});

/** The compiled scan is what a process of its own can run; without a build there is none to kill. */
const built = join(import.meta.dirname, "../../dist/dataset/index.js");
const hasBuild = await stat(built).then(
  () => true,
  () => false,
);

describe.runIf(hasBuild)("the thread that reads", () => {
  it("gives the readings that the calling thread gives, in order", async () => {
    const files: Record<string, Uint8Array> = {
      "0/broken.jpg": Buffer.from("x"),
      "1/cut.jpg": (await jpeg(1)).subarray(0, 300),
    };
    for (let i = 0; i < 150; i++) files[`${i % 3}/${i}.png`] = await png(`thread ${i}`, 24, 24);
    const folder = await makeFolder(files);
    const paths = Object.keys(files).map((path) => join(folder, path));
    const inline = createInlineReader(2);
    const adaptive = createReader(2);
    const expected = await inline.read(paths);
    const found = [
      await adaptive.read(paths.slice(0, 40)),
      await adaptive.read(paths.slice(40, 100)),
      await adaptive.read(paths.slice(100)),
    ];
    expect(found.flat()).toEqual(expected);
    await adaptive.close();
    await expect(scan(folder)).resolves.toMatchObject({ classes: ["0", "1", "2"] });
  });

  it("that ends is a fault for every batch under way, not a hang", async () => {
    const folder = await makeFolder({ "a.png": await png(1, 900, 900) });
    const reader = createReader(1);
    const many = Array.from({ length: 200 }, () => join(folder, "a.png"));
    const reading = reader.read(many);
    await reader.close();
    await expect(reading).rejects.toMatchObject({ code: "internal" });
  });
});

describe.runIf(hasBuild && posix)("kill -9 during the scan", () => {
  it("leaves a cache from which the next scan goes on", async () => {
    const files: Record<string, Uint8Array> = {};
    for (let i = 0; i < 600; i++) files[`${i % 3}/${i}.png`] = await png(`kill ${i}`, 24, 24);
    const folder = await makeFolder(files);
    const cachePath = await makeFolder({});
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const script = join(await makeFolder({ "scan.mjs": killable }), "scan.mjs");
    await new Promise<void>((resolve, reject) => {
      const child = fork(script, [built, folder, cachePath], { stdio: "ignore" });
      child.once("error", reject).once("exit", () => resolve());
      child.on("message", () => child.kill("SIGKILL"));
    });
    const known: string[] = [];
    const dataset = await scan(folder, { cachePath, observe: (path, how) => how === "cached" && known.push(path) });
    expect(known.length).toBeGreaterThanOrEqual(256);
    expect(known.length).toBeLessThan(600);
    expect(dataset).toEqual(await scan(folder));
    expect((await readdir(cachePath)).length).toBe(1);
    const [name] = await readdir(cachePath);
    expect((await readFile(join(cachePath, name!), "utf8")).split("\n").length).toBeGreaterThan(600);
  });
});

const killable = `
const [, , module, folder, cachePath] = process.argv;
const { scan } = await import(module);
await scan(folder, { cachePath, threads: 1, progress: ({ done }) => done >= 300 && process.send(done) });
`;
