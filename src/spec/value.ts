/** Values of a requirement as people read them, never rounded into a tie with the target they miss or clear. */
import { formatBytes, formatCount, formatPercent, formatSeconds } from "../core/index.js";
import type { Requirement, Target, Unit } from "./requirement.js";

const comparisonSigns: Readonly<Record<Target["comparison"], string>> = { ">=": "≥", ">": ">", "<=": "≤", "<": "<" };

const formats: Readonly<Record<Unit, (value: number) => string>> = {
  fraction: (value) => formatPercent(value),
  seconds: (value) => formatSeconds(value).replace(/ 0 (?:s|min)$/, ""),
  bytes: formatBytes,
  images: (value) => countOf(value, "image", "images"),
  classes: (value) => countOf(value, "class", "classes"),
  "images/s": (value) => `${formatPlain(value, 3)} images/s`,
  none: (value) => formatPlain(value, 3),
};

/** The same with `digits` digits after the point, in the unit that suits `like`. */
const fineFormats: Readonly<Record<Unit, (value: number, digits: number, like: number) => string>> = {
  fraction: (value, digits) => `${trimZeros((value * 100).toFixed(digits))} %`,
  seconds: (value, digits, like) => scaled(value, digits, like, durations),
  bytes: (value, digits, like) => scaled(value, digits, like, sizes),
  images: formats.images,
  classes: formats.classes,
  "images/s": (value, digits) => `${formatPlain(value, digits + 3)} images/s`,
  none: (value, digits) => formatPlain(value, digits + 3),
};

type Scales = readonly (readonly [number, string])[];
const durations: Scales = [
  [3600, "h"],
  [60, "min"],
  [1, "s"],
  [1e-3, "ms"],
];
const sizes: Scales = [
  [1e12, "TB"],
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
  [1, "B"],
];

/** A value in its unit: 0.93 → "93.0 %", 0.0123 s → "12.3 ms", 13_400_000 bytes → "13.4 MB"; "?" where it is no number. */
export function formatValue(value: number, unit: Unit): string {
  return Number.isFinite(value) ? formats[unit](value) : "?";
}

/** A target with its sign: "≥ 95 %", "< 100 ms", "≤ 4 h". */
export function formatTarget(target: Target, unit: Unit): string {
  return `${comparisonSigns[target.comparison]} ${formatRound(target.value, unit)}`;
}

/** Like formatValue, with as many more digits as it takes to be told from `other`: 94.96 % is not 95 %. */
export function formatApart(value: number, other: number | null, unit: Unit): string {
  const usual = formatValue(value, unit);
  if (other === null || value === other || !Number.isFinite(value)) return usual;
  const reference = formatRound(other, unit);
  if (withoutZeros(usual) !== withoutZeros(formatValue(other, unit)) && withoutZeros(usual) !== reference) return usual;
  for (let digits = 1; digits <= 9; digits++) {
    const finer = fineFormats[unit](value, digits, other);
    if (finer !== fineFormats[unit](other, digits, other)) return finer;
  }
  return usual;
}

/** The confidence of a bound at level `alpha`: 0.04 → "96 %". */
export function formatConfidence(alpha: number): string {
  return fineFormats.fraction(1 - alpha, 3, 1);
}

/** "14 March 2026, 09:41 UTC"; text that is no date stays as it is. */
export function formatMoment(iso: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(time);
  return `${day}, ${new Date(time).toISOString().slice(11, 16)} UTC`;
}

/** A number that somebody chose, without idle zeros: "95 %", "25 MB", "1 h 30 min". */
function formatRound(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return "?";
  if (unit === "seconds" && value >= 60 && Number.isInteger(value)) return formats.seconds(value);
  return fineFormats[unit](value, 3, value);
}

function scaled(value: number, digits: number, like: number, scales: Scales): string {
  const [size, name] = scales.find(([candidate]) => Math.abs(like) >= candidate * (1 - 1e-9)) ?? scales.at(-1)!;
  return `${trimZeros((value / size).toFixed(digits))} ${name}`;
}

function countOf(value: number, one: string, many: string): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

function formatPlain(value: number, significant: number): string {
  const rounded = Math.abs(value) >= 1000 ? value : Number(value.toPrecision(significant));
  return rounded.toLocaleString("en-US", { maximumFractionDigits: significant + 3 });
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function withoutZeros(text: string): string {
  return text.replace(/\.0+(?=\D|$)/g, "");
}

/** The possible values of a target in words: "above 0 % and at most 100 %". */
export function formatRange(
  range: { readonly above?: number; readonly from?: number; readonly to?: number },
  unit: Unit,
): string {
  const ends = [
    range.above !== undefined && `above ${formatRound(range.above, unit)}`,
    range.from !== undefined && `at least ${formatRound(range.from, unit)}`,
    range.to !== undefined && `at most ${formatRound(range.to, unit)}`,
  ];
  return `a number ${ends.filter((end) => end !== false).join(" and ")}`;
}

/** The target of a requirement, "≥ 95 %", or "no target". */
export function describeTarget({ target, unit }: Pick<Requirement, "target" | "unit">): string {
  return target === null ? "no target" : formatTarget(target, unit);
}
