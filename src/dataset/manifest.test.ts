import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeFolder, png, removeFolders } from "../../test/photographs.js";
import { Fault } from "../core/index.js";
import { type Dataset, scan } from "./index.js";

afterAll(removeFolders);

async function folderWith(name: string, manifest: string | Uint8Array): Promise<string> {
  const root = await makeFolder({
    "photos/1.png": await png(1),
    'photos/a, "b"\n.png': await png(2),
    "photos/3.png": await png(3),
    "photos/more/4.png": await png(4),
    [name]: manifest,
  });
  return join(root, name);
}

const rowsOf = ({ pictures }: Dataset): unknown[] =>
  pictures.map(({ path, label, given, group }) => [path, label, given, group]);

describe("a manifest", () => {
  it("gives labels, splits and groups as CSV", async () => {
    const text =
      '\ufeffpath,label,split,group,note\r\nphotos/3.png, café ,val,g 1,x\r\n./photos/1.png,b,,,\r\n"photos/a, ""b""\n.png",b,Train,g 1,\r\n\r\nphotos/1.png,b,,,again\r\n';
    const dataset = await scan(await folderWith("list.csv", text));
    expect(dataset.layout).toBe("manifest");
    expect(rowsOf(dataset)).toEqual([
      ["photos/1.png", "b", null, null],
      ["photos/3.png", "café", "validation", "g 1"],
      ['photos/a, "b"\n.png', "b", "train", "g 1"],
    ]);
    expect(dataset.ignored).toEqual([]);
  });

  it("may use semicolons, tabs, or JSONL", async () => {
    const plain = [
      ["photos/1.png", "a", null, null],
      ["photos/3.png", "7", null, null],
    ];
    expect(rowsOf(await scan(await folderWith("a.csv", "label;path\na;photos/1.png\n7;photos/3.png")))).toEqual(plain);
    expect(rowsOf(await scan(await folderWith("a.tsv", "Path\tLabel\nphotos/1.png\ta\nphotos/3.png\t7")))).toEqual(
      plain,
    );
    const lines = '{"path":"photos/1.png","label":"a","split":null}\n\n{"label":7,"path":"photos/3.png","extra":[1]}\n';
    expect(rowsOf(await scan(await folderWith("a.jsonl", lines)))).toEqual(plain);
  });

  it("names images beside the listed ones that it does not list", async () => {
    const { ignored } = await scan(await folderWith("a.csv", "path,label\nphotos/1.png,a\nphotos/3.png,b\n"));
    expect(ignored).toEqual([
      { path: 'photos/a, "b"\n.png', kind: "unlisted", reason: "an image that the manifest does not list" },
    ]);
  });

  it("may be a link; its paths start where the link lies", async () => {
    const elsewhere = await makeFolder({ "list.csv": "path,label\nphotos/1.png,a\nphotos/3.png,b\n" });
    const path = await folderWith("real.csv", "");
    await symlink(join(elsewhere, "list.csv"), `${path}.csv`);
    expect((await scan(`${path}.csv`)).pictures.length).toBe(2);
  });

  it("keeps broken files as findings and excludes classes", async () => {
    const root = await makeFolder({
      "1.png": await png(1),
      "2.png": await png(2),
      "3.png": "broken",
      "a.csv": "path,label\n1.png,a\n2.png,b\n3.png,b\n",
    });
    expect((await scan(join(root, "a.csv"))).broken).toMatchObject([{ path: "3.png", label: "b" }]);
    await expect(scan(join(root, "a.csv"), { exclude: ["b"] })).rejects.toMatchObject({ code: "images-insufficient" });
  });

  const good = "path,label\nphotos/1.png,a\n";
  const refused: readonly (readonly [string, string, string | Uint8Array, RegExp])[] = [
    [
      "a missing column",
      "a.csv",
      "path,class\nphotos/1.png,a\n",
      /a\.csv:1; expected a header with the columns path and label.*got "path", "class"/,
    ],
    ["no header", "a.csv", "photos/1.png,a\n", /expected a header/],
    ["no rows", "a.csv", "path,label\n", /no rows/],
    ["nothing at all", "a.csv", "", /no rows/],
    ["an empty JSONL", "a.jsonl", "\n", /no rows/],
    [
      "unknown files",
      "a.csv",
      `${good}photos/none.png,b\nphotos\\3.png,b\n`,
      /2 of 3 files that are not there.*"photos\/none.png"/,
    ],
    ["a folder as file", "a.csv", `${good}photos/more,b\n`, /1 of 2 files that are not there/],
    [
      "two labels for one file",
      "a.csv",
      `${good}./photos//1.png,b\n`,
      /a\.csv:3: "photos\/1.png" is listed twice.*got "a", "b"/,
    ],
    [
      "two splits for one file",
      "a.csv",
      "path,label,split\nphotos/1.png,a,train\nphotos/1.png,a,test\n",
      /two splits or groups/,
    ],
    [
      "a path that leaves the folder",
      "a.csv",
      `${good}../../etc/passwd,b\n`,
      /a\.csv:3; expected a path inside the manifest's folder; got "..\/..\/etc\/passwd"/,
    ],
    ["an absolute path elsewhere", "a.csv", `${good}/etc/passwd,b\n`, /inside the manifest's folder/],
    ["the folder itself", "a.csv", `${good}.,b\n`, /inside the manifest's folder/],
    [
      "an unknown split",
      "a.csv",
      "path,label,split\nphotos/1.png,a,dev\n",
      /a\.csv:2; expected a split of train.*got "dev"/,
    ],
    ["an empty label", "a.csv", `${good}photos/3.png,\n`, /a\.csv:3; expected a label/],
    ["a label of spaces", "a.csv", `${good}photos/3.png,"  "\n`, /a\.csv:3; expected a label/],
    ["a row of another length", "a.csv", `${good}photos/3.png\n`, /no CSV table/],
    ["an open quote", "a.csv", `${good}"photos/3.png,b\n`, /no CSV table/],
    ["no JSON", "a.jsonl", '{"path":"photos/1.png","label":"a"}\n{"path":', /a\.jsonl:2; expected an object/],
    ["JSON that is no object", "a.jsonl", "[1]\n", /a\.jsonl:1; expected an object/],
    [
      "a label that is no text",
      "a.jsonl",
      '{"path":"photos/1.png","label":["a"]}\n',
      /a\.jsonl:1; expected text for label/,
    ],
    ["bytes that are no UTF-8", "a.csv", Buffer.from([...Buffer.from(good), 0xff, 0xfe, 0x41]), /text in UTF-8/],
  ];
  it.each(refused)("with %s is refused in one line", async (_name, file, text, message) => {
    const failure: unknown = await scan(await folderWith(file, text)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Fault);
    expect((failure as Fault).code).toBe("manifest-invalid");
    expect((failure as Fault).message).toMatch(message);
    expect((failure as Fault).message).not.toContain("\n");
  });
});
