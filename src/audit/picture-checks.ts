/** Checks of single pictures: properties that the decoder takes care of, or that cost the classifier something. */
import { countOf } from "../core/index.js";
import type { Picture } from "../dataset/index.js";
import { type Check, picturesWhere, tally } from "./check.js";

/** Below this a picture has less detail than any backbone looks at. */
export const tinySide = 32;
/** A picture this many times longer than wide loses most of itself to a crop, or is squeezed beyond recognition. */
export const extremeAspect = 4;

const sizeOf = ({ facts }: Picture): string => `${facts.width} × ${facts.height}`;
const shorter = ({ facts }: Picture): number => Math.min(facts.width, facts.height);
const longer = ({ facts }: Picture): number => Math.max(facts.width, facts.height);
const isGray = ({ facts }: Picture): boolean => facts.space === "b-w" || facts.space === "grey16";

export const pictureChecks = {
  orientation: {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: picturesWhere(
      ({ facts }) => facts.orientation > 1,
      ({ facts }) => `orientation ${facts.orientation}`,
    ),
    text: (hits) => `${countOf(hits.length, "photograph")} stored turned or mirrored, put upright by the EXIF tag.`,
    cost: "Nothing here; programs that ignore the tag see them lying on their side.",
    remedy: "none needed",
  },
  cmyk: {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: picturesWhere(({ facts }) => facts.space === "cmyk"),
    text: (hits) => `${countOf(hits.length, "photograph")} in CMYK, made for print, converted to sRGB.`,
    cost: "Colors may be slightly off.",
    remedy: "export them as sRGB, if the color matters",
  },
  "sixteen-bit": {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: picturesWhere(
      ({ facts }) => facts.bitDepth > 8,
      ({ facts }) => `${facts.bitDepth} bits`,
    ),
    text: (hits) =>
      `${countOf(hits.length, "picture")} with more than 8 bits a channel, reduced to 8 (${tally(hits)}).`,
    cost: "Fine steps of brightness are lost; where the whole range is not used, much of the contrast.",
    remedy: "stretch the contrast before, if these are measurements (X-ray, microscopy, depth)",
  },
  gray: {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: picturesWhere(isGray),
    text: (hits, { dataset }) =>
      hits.length === dataset.pictures.length
        ? "All pictures are gray; each channel gets the same values."
        : `${countOf(hits.length, "picture")} without color among colored ones; each channel gets the same values.`,
    cost: "Nothing, unless one class is gray more often than another: then the classifier may learn that.",
    remedy: "take care that every class has gray and colored pictures alike",
  },
  alpha: {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: picturesWhere(({ facts }) => facts.hasAlpha),
    text: (hits) => `${countOf(hits.length, "picture")} with transparency, laid on white.`,
    cost: "What is transparent becomes white, unlike any photograph.",
    remedy: "lay them on the background that the photographs to come will have",
  },
  animated: {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: picturesWhere(
      ({ facts }) => facts.pages > 1,
      ({ facts }) => `${facts.pages} frames or pages`,
    ),
    text: (hits) => `${countOf(hits.length, "file")} with several frames or pages, of which the first is taken.`,
    cost: "The other frames are not looked at.",
    remedy: "save the frame that matters as a file of its own",
  },
  tiny: {
    severity: "warning",
    certainty: "likely",
    about: "files",
    find: picturesWhere((picture) => shorter(picture) < tinySide, sizeOf),
    text: (hits) => `${countOf(hits.length, "picture")} with a side under ${tinySide} pixels.`,
    cost: "Enlarged to the network's size they are blurs; thumbnails among photographs lower the accuracy.",
    remedy: "replace them by the originals",
  },
  "extreme-aspect": {
    severity: "warning",
    certainty: "likely",
    about: "files",
    find: picturesWhere((picture) => longer(picture) >= extremeAspect * shorter(picture), sizeOf),
    text: (hits) => `${countOf(hits.length, "picture")} at least ${extremeAspect} times as long as wide.`,
    cost: "Squeezed or cropped to a square, little of the subject is left.",
    remedy: "crop them to the subject",
  },
  "color-profile": {
    severity: "info",
    certainty: "certain",
    about: "files",
    find: picturesWhere(
      ({ facts }) => facts.profile !== null && !/srgb/i.test(facts.profile) && facts.space !== "cmyk",
      ({ facts }) => facts.profile!,
    ),
    text: (hits) =>
      `${countOf(hits.length, "photograph")} in another color space than sRGB, converted (${tally(hits)}).`,
    cost: "Nothing here; programs that ignore the profile see paler colors.",
    remedy: "none needed",
  },
} as const satisfies Record<string, Check>;
