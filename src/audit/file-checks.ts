/** Checks of files: what could not be read, and what was passed over. */
import { countOf } from "../core/index.js";
import { claimedFormat, fileExtension } from "../image/index.js";
import { brokenWhere, type Check, type Hit, ignoredOf, picturesWhere, tally } from "./check.js";

const isHeic = (reason: string): boolean => reason.startsWith("HEIC");

/** "BMP, which …" → "BMP". */
const formatOnly = ({ name, note = "" }: Hit): Hit => ({ name, note: note.split(",")[0]! });

const leftOut = "They take part in nothing; the rest goes on without them.";

export const fileChecks = {
  unreadable: {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: brokenWhere(({ kind }) => kind !== "unsupported" && kind !== "too-large"),
    text: (hits) => `${countOf(hits.length, "image file")} cannot be read (${tally(hits)}).`,
    cost: leftOut,
    remedy: "copy them again from where they came from, or delete them",
  },
  heic: {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: brokenWhere(({ kind, reason }) => kind === "unsupported" && isHeic(reason)),
    text: (hits) => `${countOf(hits.length, "photograph")} in HEIC, which cannot be decoded here.`,
    cost: leftOut,
    remedy: (_, { dataset }) =>
      dataset.broken.find(({ kind, reason }) => kind === "unsupported" && isHeic(reason))!.remedy,
  },
  "unsupported-format": {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: brokenWhere(({ kind, reason }) => kind === "unsupported" && !isHeic(reason)),
    text: (hits) =>
      `${countOf(hits.length, "image file")} in a format that cannot be decoded (${tally(hits.map(formatOnly))}).`,
    cost: leftOut,
    remedy: (_, { dataset }) =>
      dataset.broken.find(({ kind, reason }) => kind === "unsupported" && !isHeic(reason))!.remedy,
  },
  "too-large": {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: brokenWhere(({ kind }) => kind === "too-large"),
    text: (hits) => `${countOf(hits.length, "picture")} beyond the limits of size, not decoded.`,
    cost: leftOut,
    remedy: "scale them down; a classifier sees a few hundred pixels a side",
  },
  damaged: {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: picturesWhere(({ facts }) => facts.warning !== null),
    text: (hits) => `${countOf(hits.length, "photograph")} with damaged data that the decoder could skip.`,
    cost: "They are used; a part of each may be gray or torn.",
    remedy: "look at them, and copy them again from where they came from",
  },
  "wrong-extension": {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: picturesWhere(
      ({ path, facts }) => claimedFormat(path) !== facts.format,
      ({ path, facts }) => `${fileExtension(path) || "no extension"}, is ${facts.format}`,
    ),
    text: (hits) => `${countOf(hits.length, "photograph")} whose name does not tell the format (${tally(hits)}).`,
    cost: "Nothing here: the content counts. Other programs may stumble.",
    remedy: "rename them",
  },
  hidden: {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: ignoredOf("hidden"),
    text: (hits) => `${countOf(hits.length, "hidden or system entry", "hidden or system entries")} passed over.`,
    cost: "Nothing, unless a photograph was hidden by mistake.",
    remedy: "none needed",
  },
  stray: {
    severity: "warning",
    certainty: "likely",
    about: "files",
    find: ({ dataset }) =>
      dataset.ignored
        .filter(({ kind, path }) => kind === "stray" && claimedFormat(path) !== null)
        .map(({ path }) => ({ name: path })),
    text: (hits) => `${countOf(hits.length, "image")} outside every class folder.`,
    cost: "They have no label and take part in nothing.",
    remedy: "move them into the folder of their class",
  },
  "not-image": {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: ({ dataset }) =>
      dataset.ignored
        .filter(({ kind, path }) => kind === "not-image" || (kind === "stray" && claimedFormat(path) === null))
        .map(({ path }) => ({ name: path, note: fileExtension(path) || "no extension" })),
    text: (hits) =>
      `${countOf(hits.length, "file")} that ${hits.length === 1 ? "is no image" : "are no images"} (${tally(hits)}).`,
    cost: "Nothing: they are passed over.",
    remedy: "none needed",
  },
  unlisted: {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: ignoredOf("unlisted"),
    text: (hits) => `${countOf(hits.length, "image")} beside the manifest that it does not list.`,
    cost: "They have no label and take part in nothing.",
    remedy: "add them to the manifest",
  },
  "followed-link": {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: ({ dataset }) => dataset.followedLinks.map((name) => ({ name })),
    text: (hits) => `${countOf(hits.length, "link")} followed.`,
    cost: "The photographs lie elsewhere; when they move, the next run lacks them.",
    remedy: "none needed",
  },
  "unfollowed-link": {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: ignoredOf("link"),
    text: (hits) =>
      `${countOf(hits.length, "link")} not followed, to folders that are scanned anyway or hold this one.`,
    cost: "Nothing, unless the link was to give one folder a second class.",
    remedy: "copy the photographs where they belong",
  },
  "broken-link": {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: ignoredOf("link-broken"),
    text: (hits) => `${countOf(hits.length, "link")} to nothing that can be read.`,
    cost: "What they once led to is missing.",
    remedy: "mend or delete the links",
  },
  "unreadable-folder": {
    severity: "error",
    certainty: "certain",
    about: "files",
    find: ignoredOf("no-permission"),
    text: (hits) => `${countOf(hits.length, "folder")} that may not be read.`,
    cost: "Nobody knows how many photographs are missing.",
    remedy: "grant read permission, then run again",
  },
  "unreadable-name": {
    severity: "warning",
    certainty: "certain",
    about: "files",
    find: ignoredOf("name"),
    text: (hits) => `${countOf(hits.length, "name")} with bytes that are no UTF-8.`,
    cost: "No report or table could name them; they take part in nothing.",
    remedy: "rename them (Linux: `convmv -f latin1 -t utf8 --notest -r FOLDER`)",
  },
  "special-file": {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: ignoredOf("special"),
    text: (hits) => `${countOf(hits.length, "pipe, socket or device", "pipes, sockets or devices")} passed over.`,
    cost: "Nothing.",
    remedy: "none needed",
  },
} as const satisfies Record<string, Check>;
