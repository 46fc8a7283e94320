/** `assay predict` on folders: every photograph in order, whatever is broken, in memory that does not grow with the folder. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBundle } from "../src/bundle/index.js";
import { imagePaths } from "../src/cli/image-paths.js";
import { openTerminal } from "../src/cli/terminal.js";
import { type Device, devices, isKnownHere } from "../src/onnx/index.js";
import { assay, newHome, start } from "./cli.js";
import { jpeg, makeFolder, removeFolders } from "./photographs.js";
import { writeRandomBundle } from "./small-bundle.js";

let bundle: string;
let photograph: Uint8Array;
beforeAll(async () => {
  photograph = await jpeg("photograph", 80, 60);
  // A small square: the network is as fast as it can be, and everything around it is what is tested.
  bundle = await writeRandomBundle([photograph], { view: { mode: "squash", size: 32, kernel: "cubic" } });
});
afterAll(removeFolders);

async function collect(paths: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const path of paths) all.push(path);
  return all;
}

describe("the photographs of a folder", () => {
  test("come by name at every depth; hidden files and other files do not", async () => {
    const folder = await makeFolder({
      "b.jpg": "",
      "a.PNG": "",
      ".hidden.jpg": "",
      "notes.txt": "",
      "c/2.jpg": "",
      "c/10.jpg": "",
      "c/.git/1.jpg": "",
      "c/d/e/1.webp": "",
      "é, 🎉.jpg": "",
    });
    mkdirSync(join(folder, "folder.jpg"));
    expect(await collect(imagePaths([folder]))).toEqual(
      ["a.PNG", "b.jpg", "c/10.jpg", "c/2.jpg", "c/d/e/1.webp", "é, 🎉.jpg"].map((path) => join(folder, path)),
    );
  });

  test("come once and in order from a folder of 20,000, with 1,000 names held at a time", async () => {
    const folder = await makeFolder({});
    const names = Array.from({ length: 20_000 }, (_, i) => `${createHash("md5").update(String(i)).digest("hex")}.jpg`);
    for (const name of names) writeFileSync(join(folder, name), "");
    mkdirSync(join(folder, "80-folder"));
    writeFileSync(join(folder, "80-folder", "inside.jpg"), "");
    const got = (await collect(imagePaths([folder], 1000))).map((path) => basename(path));
    expect(got.filter((name) => name !== "inside.jpg")).toEqual(names.toSorted());
    expect(got.indexOf("inside.jpg")).toBe(names.filter((name) => name < "80-folder").length);
  });

  test.each([1, 2, 3, 7, 8, 9])("are the same with %d names held", async (held) => {
    const names = Array.from({ length: 8 }, (_, i) => `${i}.jpg`);
    const folder = await makeFolder(Object.fromEntries(names.map((name) => [name, ""])));
    expect(await collect(imagePaths([folder], held))).toEqual(names.map((name) => join(folder, name)));
  });

  test.runIf(process.platform !== "win32")(
    "links count by what they lead to, and no ring of them is followed",
    async () => {
      const folder = await makeFolder({ "real.jpg": "", "other/1.jpg": "" });
      symlinkSync("real.jpg", join(folder, "link.jpg"));
      symlinkSync("other", join(folder, "link-to-folder.jpg"));
      symlinkSync("..", join(folder, "other", "ring"));
      symlinkSync("gone", join(folder, "nowhere.jpg"));
      const got = (await collect(imagePaths([folder]))).map((path) => path.slice(folder.length + 1));
      expect(got).toEqual(["link.jpg", "nowhere.jpg", join("other", "1.jpg"), "real.jpg"]);
    },
  );
});

describe("rows", () => {
  test("of broken pictures say what is wrong, and the others come all the same", async () => {
    const folder = await makeFolder({
      "1.jpg": photograph,
      "2.jpg": "",
      "3.jpg": "no picture",
      "4.jpg": photograph.subarray(0, photograph.length / 2),
      "5.jpg": photograph,
      "6.jpg": photograph,
      "7.png": photograph,
      "8.jpg": photograph,
    });
    truncateSync(join(folder, "8.jpg"), 600_000_000); // a file with a hole takes no room
    if (process.platform !== "win32") {
      rmSync(join(folder, "6.jpg"));
      symlinkSync("gone", join(folder, "6.jpg"));
    }
    const { code, out, err } = await assay(newHome(), "predict", bundle, folder, "--format", "json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const rows = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { path: string; label?: string; error?: string });
    expect(rows.map(({ path }) => basename(path)[0])).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(rows.flatMap(({ error }, i) => (error === undefined ? [] : [i + 1]))).toEqual(
      process.platform === "win32" ? [2, 3, 4, 8] : [2, 3, 4, 6, 8],
    );
    expect(rows[1]!.error).toContain("the file is empty");
    expect(rows[3]!.error).toContain("cut off");
    expect(rows[7]!.error).toContain("expected at most 500 MB; got a file of 600 MB");
    expect(rows[4]!.label).toBe(rows[0]!.label);
    const csv = await assay(newHome(), "predict", bundle, folder);
    expect(csv.out.split("\n")[2]).toMatch(/2\.jpg,"?error: .*the file is empty.*"?,$/);
  });

  test.runIf(process.platform !== "win32" && process.getuid?.() !== 0)(
    "a folder that may not be read is one",
    async () => {
      const folder = await makeFolder({ "a/1.jpg": photograph, "b/2.jpg": photograph });
      chmodSync(join(folder, "a"), 0);
      const { code, out } = await assay(newHome(), "predict", bundle, folder);
      chmodSync(join(folder, "a"), 0o755);
      expect(code).toBe(0);
      expect(out).toMatch(/a,"?error: EACCES.*\n.*2\.jpg,/);
    },
  );

  test("are those of the same photograph alone, whatever it is predicted with", async () => {
    const others = Object.fromEntries(
      await Promise.all([1, 2, 3].map(async (i) => [`${i}.jpg`, await jpeg(i, 90, 70)] as const)),
    );
    const folder = await makeFolder({ ...others, "4.jpg": photograph });
    const together = await assay(newHome(), "predict", bundle, folder, "--format", "json", "--threads", "2");
    const alone = await assay(newHome(), "predict", bundle, join(folder, "4.jpg"), "--format", "json");
    expect(together.out.trim().split("\n").at(-1)).toBe(alone.out.trim());
  });
});

describe("memory", () => {
  test("few photographs are read before their rows are wanted", async () => {
    const folder = await makeFolder({ "1.jpg": photograph });
    let asked = 0;
    function* endless(): Generator<string> {
      for (;;) {
        asked++;
        yield join(folder, "1.jpg");
      }
    }
    const opened = await openBundle(bundle, 2);
    let rows = 0;
    let ahead = 0;
    for await (const prediction of opened.predict(endless())) {
      expect(prediction).toHaveProperty("label");
      ahead = Math.max(ahead, asked - rows);
      if (++rows === 200) break;
    }
    await opened.close();
    expect(ahead).toBeLessThanOrEqual(16);
  });

  test("waits for a slow reader, and no longer than it is there or the user wants", async () => {
    const taken: (() => void)[] = [];
    const out = new Writable({ highWaterMark: 8, write: (_chunk, _encoding, done) => void taken.push(done) });
    const err = new Writable({ write: (_chunk, _encoding, done) => done() });
    const streams = { out, err } as unknown as { out: NodeJS.WriteStream; err: NodeJS.WriteStream };
    const terminal = openTerminal(false, streams);
    const controller = new AbortController();
    const waiting = async (): Promise<boolean> => {
      const drained = terminal.drained(controller.signal).then(() => false);
      return Promise.race([drained, sleep(50).then(() => true)]);
    };
    expect(await waiting()).toBe(false);
    terminal.answer("a row longer than eight bytes");
    expect(await waiting()).toBe(true);
    taken.shift()!();
    expect(await waiting()).toBe(false);
    terminal.answer("another row that is not taken");
    expect(await waiting()).toBe(true);
    controller.abort();
    expect(await waiting()).toBe(false);
    const reader = new AbortController();
    const drained = terminal.drained(reader.signal);
    out.destroy(Object.assign(new Error("the reader has gone"), { code: "EPIPE" }));
    await drained;
    expect(terminal.abandoned()).toBe(true);
  });

  test.runIf(process.platform === "linux")("a reader that does not read stops the reading of photographs", async () => {
    const folder = await makeFolder({ "original.jpg": photograph });
    const long = "n".repeat(230);
    for (let i = 1000; i < 2500; i++) linkSync(join(folder, "original.jpg"), join(folder, `${i}-${long}.jpg`));
    writeFileSync(join(folder, "zz-last.jpg"), photograph);
    const { process: child, outcome } = start(newHome(), ["predict", bundle, folder, "--format", "json"]);
    child.stdout!.pause();
    await settled(child.pid!);
    writeFileSync(join(folder, "zz-last.jpg"), "broken while nobody read");
    child.stdout!.resume();
    const { code, out } = await outcome;
    expect(code).toBe(0);
    const rows = out.trim().split("\n");
    expect(rows).toHaveLength(1502);
    expect(JSON.parse(rows.at(-1)!)).toHaveProperty("error");
  });
});

/** Waits until a process has computed something and then nothing for a second. */
async function settled(pid: number): Promise<void> {
  const ticks = (): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  for (let before = -1, quiet = 0; quiet < 5; ) {
    const now = ticks();
    quiet = now === before && now > 10 ? quiet + 1 : 0;
    before = now;
    await sleep(200);
  }
}

describe("--device", () => {
  const absent = (Object.keys(devices) as Device[]).find((device) => !isKnownHere(device))!;

  test("falls back to the CPU with one line, and answers the same", async () => {
    const home = newHome();
    const file = join(home, "photograph.jpg");
    writeFileSync(file, photograph);
    const plain = await assay(home, "predict", bundle, file);
    const placed = await assay(home, "predict", bundle, file, "--device", absent);
    expect(plain).toMatchObject({ code: 0, err: "" });
    expect(placed).toMatchObject({ code: 0, out: plain.out });
    expect(placed.err).toMatch(new RegExp(`^assay: ${devices[absent].title} cannot be used here, the CPU is: .*\n$`));
  });

  test("that does not exist is a fault that lists those there are", async () => {
    const { code, out, err } = await assay(newHome(), "predict", bundle, "photograph.jpg", "--device", "gpu");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^assay: there is no device "gpu"; expected auto, cpu, .*\n$/);
  });

  test("bench says where the model ran", async () => {
    const { out } = await assay(newHome(), "bench", bundle, "--runs", "3", "--device", absent, "--json");
    expect(JSON.parse(out)).toMatchObject({ machine: { device: "cpu" } });
  });
});
