/** What lies under an image's name where there is no image: the usual accidents of downloads, copies and archives. */

interface Impostor {
  readonly text: string;
  readonly remedy: string;
  readonly matches: (head: string) => boolean;
}

const fetchAgain = "download it again, and look at what the address gives";

const impostors: readonly Impostor[] = [
  {
    text: "a Git LFS pointer, not the picture itself",
    remedy: "run `git lfs pull` in the repository that it comes from",
    matches: (head) => head.startsWith("version https://git-lfs"),
  },
  {
    text: "a web page, saved under an image's name",
    remedy: fetchAgain,
    matches: (head) => /^\s*<(!doctype html|html|head)/i.test(head),
  },
  { text: "a PDF", remedy: "export its pages as PNG", matches: (head) => head.startsWith("%PDF") },
  { text: "a ZIP archive", remedy: "unpack it", matches: (head) => head.startsWith("PK\u0003\u0004") },
  { text: "a video", remedy: "save the frames that matter as JPEG", matches: (head) => head.slice(4, 8) === "ftyp" },
  {
    text: "nothing but zero bytes, as a failed copy leaves",
    remedy: "copy it again from where it came from",
    matches: (head) => /^\0{16,}$/.test(head),
  },
  {
    text: "text",
    remedy: fetchAgain,
    matches: (head) => /^[\t\n\r -~]+$/.test(head),
  },
];

/** Says what a file's first bytes are, where that is a usual accident; else null. */
export function recognizeImpostor(bytes: Uint8Array): { readonly text: string; readonly remedy: string } | null {
  const head = String.fromCharCode(...bytes.subarray(0, 128));
  return impostors.find(({ matches }) => matches(head)) ?? null;
}
