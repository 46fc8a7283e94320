import { mkdir, readdir, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { jpeg, makeFolder, png, removeFolders } from "../../test/photographs.js";
import { Fault, type FaultCode } from "../core/index.js";
import { encodeRaster } from "../image/index.js";
import { scan } from "./index.js";

afterAll(removeFolders);

async function faultOf(work: Promise<unknown>): Promise<Fault & { code: FaultCode }> {
  const failure: unknown = await work.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Fault);
  return failure as Fault;
}

describe("a folder of class folders", () => {
  it("gives every picture its class, sorted by path", async () => {
    const root = await makeFolder({
      "b/2.png": await png(1),
      "b/deep/er/1.jpg": await jpeg(2),
      "a b/photo\n😀.png": await png(3),
      "Ä/x.png": await png(4),
    });
    const dataset = await scan(root);
    expect(dataset.layout).toBe("classes");
    expect(dataset.classes).toEqual(["a b", "b", "Ä"]);
    expect(dataset.pictures.map(({ path, label }) => [path, label])).toEqual([
      ["a b/photo\n😀.png", "a b"],
      ["b/2.png", "b"],
      ["b/deep/er/1.jpg", "b"],
      ["Ä/x.png", "Ä"],
    ]);
    expect(dataset.pictures[1]).toMatchObject({ given: null, group: null, sizeBytes: (await png(1)).length });
    expect(dataset.broken).toEqual([]);
    expect(dataset.ignored).toEqual([]);
  });

  it("knows equal pixels in different files", async () => {
    const raster = { data: new Uint8Array(12).fill(9), width: 2, height: 2, channels: 3 } as const;
    const root = await makeFolder({
      "a/1.png": await encodeRaster(raster, { format: "png" }),
      "a/2.png": Buffer.concat([await encodeRaster(raster, { format: "png" }), Buffer.from("trailing")]),
      "b/1.png": await png(1),
    });
    const [first, second, other] = (await scan(root)).pictures;
    expect(first!.pixelHash).toBe(second!.pixelHash);
    expect(first!.fileHash).not.toBe(second!.fileHash);
    expect(first!.pixelHash).not.toBe(other!.pixelHash);
  });

  it("keeps broken files as findings and goes on", async () => {
    const cut = await jpeg("cut", 90, 90);
    const root = await makeFolder({
      "a/1.png": await png(1),
      "a/cut.jpg": cut.subarray(0, cut.length / 2),
      "a/empty.jpg": "",
      "a/page.jpg": "<html></html>",
      "b/1.png": await png(2),
    });
    const { broken, pictures } = await scan(root);
    expect(pictures.length).toBe(2);
    expect(broken.map(({ path, kind, label }) => [path, kind, label])).toEqual([
      ["a/cut.jpg", "truncated", "a"],
      ["a/empty.jpg", "empty", "a"],
      ["a/page.jpg", "not-image", "a"],
    ]);
  });

  it("passes over what is no labelled image and says why", async () => {
    const root = await makeFolder({
      "a/1.png": await png(1),
      "b/1.png": await png(2),
      "b/.hidden.png": await png(3),
      ".git/a.png": await png(4),
      "__MACOSX/a.png": await png(5),
      "a/Thumbs.db": "x",
      "a/notes.txt": "x",
      "readme.md": "x",
      "top.png": await png(6),
    });
    const { ignored, pictures } = await scan(root);
    expect(pictures.length).toBe(2);
    expect(ignored.map(({ path, kind }) => [path, kind])).toEqual([
      [".git", "hidden"],
      ["__MACOSX", "hidden"],
      ["a/Thumbs.db", "hidden"],
      ["a/notes.txt", "not-image"],
      ["b/.hidden.png", "hidden"],
      ["readme.md", "stray"],
      ["top.png", "stray"],
    ]);
  });

  it("takes images without a known extension by their content", async () => {
    const root = await makeFolder({ "a/photo": await jpeg(1), "b/photo.dat": await png(2), "b/notes.dat": "text" });
    const { pictures, ignored } = await scan(root);
    expect(pictures.map(({ facts }) => facts.format)).toEqual(["jpeg", "png"]);
    expect(ignored).toEqual([{ path: "b/notes.dat", kind: "not-image", reason: "not an image file" }]);
  });

  it("joins names that are one in NFC and tells of it", async () => {
    const root = await makeFolder({
      ["cafe\u0301/1.png"]: await png(1),
      ["caf\u00e9/2.png"]: await png(2),
      "b/1.png": await png(3),
    });
    const { classes, aliases } = await scan(root);
    expect(classes).toEqual(["b", "caf\u00e9"]);
    expect(aliases[0]).toMatchObject({ label: "caf\u00e9" });
  });

  it("leaves excluded classes out unread and names empty ones", async () => {
    const root = await makeFolder({
      "a/1.png": await png(1),
      "b/1.png": await png(2),
      "Not sure/1.jpg": "never read",
      "Not sure/2.jpg": "never read",
      "c/broken.jpg": "x",
    });
    await mkdir(join(root, "d"));
    const dataset = await scan(root, { exclude: ["Not sure"] });
    expect(dataset.classes).toEqual(["a", "b"]);
    expect(dataset.excluded).toEqual([{ label: "Not sure", files: 2 }]);
    expect(dataset.emptyClasses).toEqual(["c", "d"]);
    expect(dataset.broken.map(({ path }) => path)).toEqual(["c/broken.jpg"]);
  });

  it("touches nothing", async () => {
    const root = await makeFolder({ "a/1.png": await png(1), "b/1.png": await png(2) });
    const before = await stat(join(root, "a/1.png"), { bigint: true });
    const cachePath = await makeFolder({});
    await scan(root, { cachePath });
    const after = await stat(join(root, "a/1.png"), { bigint: true });
    expect([after.mtimeNs, after.ctimeNs]).toEqual([before.mtimeNs, before.ctimeNs]);
    expect((await readdir(root, { recursive: true })).toSorted()).toEqual(
      ["a", "a/1.png", "b", "b/1.png"].map((path) => join(path)),
    );
  });
});

describe("given splits", () => {
  it("are recognized in any letter case and kept", async () => {
    const root = await makeFolder({
      "Train/a/1.png": await png(1),
      "Train/b/2.png": await png(2),
      "val/a/3.png": await png(3),
      "TEST/b/deep/4.png": await png(4),
      "TEST/stray.png": await png(5),
    });
    const { layout, classes, pictures, ignored } = await scan(root);
    expect(layout).toBe("splits");
    expect(classes).toEqual(["a", "b"]);
    expect(pictures.map(({ path, label, given }) => [path, label, given])).toEqual([
      ["TEST/b/deep/4.png", "b", "test"],
      ["Train/a/1.png", "a", "train"],
      ["Train/b/2.png", "b", "train"],
      ["val/a/3.png", "a", "validation"],
    ]);
    expect(ignored).toMatchObject([{ path: "TEST/stray.png", kind: "stray" }]);
  });

  it("are not read into classes that happen to be named so", async () => {
    const plain = await makeFolder({ "train/1.png": await png(1), "test/2.png": await png(2) });
    expect(await scan(plain)).toMatchObject({ layout: "classes", classes: ["test", "train"] });
    const mixed = await makeFolder({ "train/a/1.png": await png(1), "other/a/2.png": await png(2) });
    expect(await scan(mixed)).toMatchObject({ layout: "classes", classes: ["other", "train"] });
  });
});

describe("links", () => {
  it("are followed, loops and doubled folders are not", async () => {
    const outside = await makeFolder({ "1.png": await png(1), "2.png": await png(2) });
    const root = await makeFolder({ "a/1.png": await png(3) });
    await symlink(outside, join(root, "linked"));
    await symlink(join(outside, "1.png"), join(root, "a/one.png"));
    await symlink(join(outside, "none.png"), join(root, "a/none.png"));
    await symlink(root, join(root, "a/up"));
    await symlink(join(root, "a"), join(root, "b"));
    await symlink(join(root, "self"), join(root, "self"));
    const { pictures, ignored, followedLinks } = await scan(root);
    expect(pictures.map(({ path }) => path)).toEqual(["a/1.png", "a/one.png", "linked/1.png", "linked/2.png"]);
    expect(followedLinks).toEqual(["a/one.png", "linked"]);
    expect(ignored.map(({ path, kind }) => [path, kind])).toEqual([
      ["a/none.png", "link-broken"],
      ["a/up", "link"],
      ["b", "link"],
      ["self", "link-broken"],
    ]);
  });
});

describe("what cannot be learned from", () => {
  const cases: readonly (readonly [string, () => Promise<string>, FaultCode, RegExp])[] = [
    ["no such folder", async () => "/no/such/folder", "images-missing", /there is no folder/],
    [
      "a file where a folder is expected",
      async () => join(await makeFolder({ "x.txt": "x" }), "x.txt"),
      "images-missing",
      /is not a folder/,
    ],
    ["an empty folder", () => makeFolder({}), "images-insufficient", /no files in class folders/],
    ["text files only", () => makeFolder({ "a/1.txt": "x" }), "images-insufficient", /folders, but 1 other file(?!s)/],
    [
      "images outside class folders",
      async () => makeFolder({ "1.png": await png(1) }),
      "images-insufficient",
      /no images in class folders, but 1 file outside of them, such as "1.png"/,
    ],
    [
      "images outside class folders and text files in them",
      async () => makeFolder({ "1.png": await png(1), "a/1.txt": "x", "a/2.txt": "y" }),
      "images-insufficient",
      /but 2 other files, and 1 file outside of them, such as "1.png"/,
    ],
    [
      "broken images only",
      () => makeFolder({ "a/1.jpg": "x", "b/2.jpg": "y" }),
      "images-insufficient",
      /2 image files, none of them readable/,
    ],
    [
      "one class",
      async () => makeFolder({ "a/1.png": await png(1), "b/2.jpg": "x" }),
      "images-insufficient",
      /one class, "a", with 1 photograph; .*"b"/,
    ],
  ];
  it.each(cases)("%s", async (_name, make, code, message) => {
    const fault = await faultOf(scan(await make()));
    expect(fault.code).toBe(code);
    expect(fault.message).toMatch(message);
    expect(fault.message).not.toContain("\n");
  });

  it("an excluded class that is not there", async () => {
    const root = await makeFolder({ "a/1.png": await png(1), "b/2.png": await png(2) });
    const fault = await faultOf(scan(root, { exclude: ["a", "none"] }));
    expect([fault.code, fault.exit, fault.got]).toEqual(["usage", 2, '"none"']);
  });

  it("excluding all but one class", async () => {
    const root = await makeFolder({ "a/1.png": await png(1), "b/2.png": await png(2) });
    expect((await faultOf(scan(root, { exclude: ["a"] }))).code).toBe("images-insufficient");
  });
});
