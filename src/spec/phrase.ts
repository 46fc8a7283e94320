/** A list line as the table of kinds looks at it: without markup, with the parts read out that are no target. */
import { type Quantity, readQuantities } from "./quantity.js";
import type { Quantile } from "./requirement.js";

export interface Phrase {
  /** The words, without markup and levels of confidence. */
  readonly words: string;
  readonly quantities: readonly Quantity[];
  /** "p90" and the like, which assay does not measure, is `unsupported`. */
  readonly quantile: Quantile | "unsupported" | null;
  /** Where the quantile stands in the words: its number is no target of a latency. */
  readonly quantileSpan: readonly [start: number, end: number];
  /** Significance level that the line asks for, as a fraction. */
  readonly alpha: number | null;
  /** Nothing but the level is left of the line. */
  readonly onlyAlpha: boolean;
}

const entities: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  le: "≤",
  ge: "≥",
  amp: "&",
  nbsp: " ",
  percnt: "%",
};

/** The words of a line without Markdown's markup, HTML's entities and odd spaces. */
export function plainWords(text: string): string {
  return text
    .normalize("NFC")
    .replace(/&(lt|gt|le|ge|amp|nbsp|percnt);/g, (_whole, name: string) => entities[name]!)
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/<\/?[a-z][^<>]*>/gi, " ")
    .replace(/(?<!\p{L})_+|_+(?!\p{L})|\*+|~~+/gu, "")
    .replace(/`/g, "")
    .replace(/[\s\u00a0\u202f]+/gu, " ")
    .replace(/(\d\s?(?:h|min|m))(?=\d)/gi, "$1 ")
    .trim();
}

/** Reads quantile, level and numbers of a line. */
export function readPhrase(text: string): Phrase {
  const whole = plainWords(text);
  const level = readAlpha(whole);
  return {
    words: level.rest,
    quantities: readQuantities(level.rest),
    ...readQuantile(level.rest),
    alpha: level.alpha,
    onlyAlpha: level.alpha !== null && !/[\p{L}\d]{2}/u.test(level.rest.replace(filler, "")),
  };
}

const filler =
  /(?<!\p{L})(?:all|every|of|the|a|an|at|to|for|with|is|are|be|must|should|use|use[ds]?|verdicts?|tests?|statistical|our|level|results?|judged?|proven|prove)(?!\p{L})/giu;
const number = String.raw`(-?\d*[.,]?\d+)\s*(%|percent)?`;

/** Wordings of the level; `confidence` ones give 1 − α. */
const levels: readonly (readonly [pattern: RegExp, confidence: boolean])[] = [
  [
    new RegExp(
      String.raw`(?:with\s+(?:an?\s+)?)?(?:statistical\s+)?(?:significance(?:\s+level)?|alpha(?:\s+level)?|α)(?!\p{L})\s*(?:of|is|at|to|level|=|:|\s)*\s*${number}`,
      "iu",
    ),
    false,
  ],
  [
    new RegExp(
      String.raw`(?:at\s+(?:the|an?)\s+)?${number}\s*(?:level\s+of\s+significance|significance(?:\s+level)?)`,
      "iu",
    ),
    false,
  ],
  [
    new RegExp(
      String.raw`(?:with\s+|at\s+)?(?:an?\s+)?confidence\s+(?:level|bounds?|intervals?)\s*(?:of|is|at|=|:|\s)*\s*${number}`,
      "iu",
    ),
    true,
  ],
  [
    new RegExp(
      String.raw`(?:(?:with|at)\s+(?:(?:an?|the)\s+)?|\()${number}\s*(?:statistical\s+)?confidence(?:\s+(?:level|bounds?|intervals?))?(?!\s+(?:score|threshold))`,
      "iu",
    ),
    true,
  ],
  [new RegExp(String.raw`${number}\s*confidence\s+(?:level|bounds?|intervals?)`, "iu"), true],
];

/** The significance level in a text ("significance level 1 %", "α = 0.01", "with 99 % confidence") and the text without it. */
export function readAlpha(text: string): { readonly alpha: number | null; readonly rest: string } {
  for (const [pattern, confidence] of levels) {
    const match = pattern.exec(text);
    if (!match) continue;
    const written = Number(match[1]!.replace(",", "."));
    const share = match[2] !== undefined || written >= 2 ? written / 100 : written;
    return { alpha: Number((confidence ? 1 - share : share).toPrecision(12)), rest: text.replace(match[0], " ") };
  }
  return { alpha: null, rest: text };
}

const supported: Readonly<Record<string, Quantile>> = { "50": "p50", "95": "p95", "99": "p99" };

/** Wordings of a quantile; the group is its number. */
const quantiles: readonly RegExp[] = [
  /(?<![\p{L}\d])p\s?(\d{2}(?:[.,]\d+)?)(?![\p{L}\d])/iu,
  /(?<![\p{L}\d])(\d{1,2}(?:[.,]\d+)?)\s?(?:st|nd|rd|th)?[\s-]+percentile/iu,
  /(?<![\p{L}\d])(?:for\s+|in\s+)?(\d{2,3}(?:[.,]\d+)?)\s?(?:%|percent)\s+of\s+(?:all\s+|the\s+)?(?:predictions|requests|calls|inferences|responses|answers|time|cases)/iu,
];
const named: readonly (readonly [RegExp, Quantile])[] = [
  [/(?<!\p{L})median(?!\p{L})/iu, "p50"],
  [/(?<!\p{L})(?:mean|average|avg\.?|on average)(?!\p{L})/iu, "mean"],
];

/** What no number of runs can show. */
const everyRun = /worst[\s-]?case|(?<!\p{L})always(?!\p{L})|at\s+all\s+times|guaranteed/iu;

function readQuantile(text: string): Pick<Phrase, "quantile" | "quantileSpan"> {
  for (const pattern of quantiles) {
    const match = pattern.exec(text);
    if (!match) continue;
    const quantileSpan = [match.index, match.index + match[0].length] as const;
    return { quantile: supported[match[1]!] ?? "unsupported", quantileSpan };
  }
  if (everyRun.test(text)) return { quantile: "unsupported", quantileSpan: [0, 0] };
  return { quantile: named.find(([pattern]) => pattern.test(text))?.[1] ?? null, quantileSpan: [0, 0] };
}
