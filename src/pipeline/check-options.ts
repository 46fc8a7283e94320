/** What a program in JavaScript may pass by mistake: told in one line, before anything is done. */
import { Fault } from "../core/index.js";
import { deviceChoices } from "../onnx/index.js";

type Check = readonly [expected: string, holds: (value: unknown) => boolean];

const text: Check = ["a path", (value) => typeof value === "string" && value !== ""];
const names: Check = [
  "a list of names",
  (value) => Array.isArray(value) && value.every((name) => typeof name === "string"),
];
const whole: Check = ["a whole number from 0", (value) => Number.isInteger(value) && (value as number) >= 0];
const cores: Check = ["a whole number from 1", (value) => Number.isInteger(value) && (value as number) >= 1];
const flag: Check = ["true or false", (value) => typeof value === "boolean"];
const aFunction: Check = ["a function", (value) => typeof value === "function"];
const anObject: Check = ["an object", (value) => typeof value === "object" && value !== null];

function orNull([expected, holds]: Check): Check {
  return [`${expected}, or null`, (value) => value === null || holds(value)];
}

/** Every option of the library, and what it must be. */
const checks: Readonly<Record<string, Check>> = {
  images: text,
  out: text,
  spec: orNull(text),
  exclude: names,
  seed: whole,
  resume: flag,
  replay: orNull(text),
  backbones: orNull(["names or files, at least one", (value) => names[1](value) && (value as string[]).length > 0]),
  backboneOptions: anObject,
  budgetSeconds: orNull(["seconds from 0", (value) => typeof value === "number" && value >= 0]),
  solver: ["lbfgs or adamw", (value) => value === "lbfgs" || value === "adamw"],
  augment: orNull(["a whole number from 0 to 100", (value) => whole[1](value) && (value as number) <= 100]),
  fineTuning: flag,
  cacheFolder: text,
  stateFolder: text,
  threads: cores,
  device: [deviceChoices.join(", "), (value) => deviceChoices.some((name) => name === value)],
  now: aFunction,
  progress: aFunction,
  listen: aFunction,
  signal: ["an AbortSignal", (value) => value instanceof AbortSignal],
};

/** Throws `usage` for an option that is missing, unknown, or not what it must be. */
export function checkOptions(options: unknown, required: readonly string[]): void {
  if (!anObject[1](options))
    throw new Fault("usage", { what: "options are missing", expected: `an object with ${required.join(" and ")}` });
  const given = options as Readonly<Record<string, unknown>>;
  for (const name of new Set([...required, ...Object.keys(given)])) {
    const [expected, holds] = checks[name] ?? ["", () => true];
    if (!(name in checks))
      throw new Fault("usage", { what: `there is no option ${name}`, expected: Object.keys(checks).join(", ") });
    if (given[name] === undefined && !required.includes(name)) continue;
    if (!holds(given[name]))
      throw new Fault("usage", { what: `${name} is not usable`, expected, got: show(given[name]) });
  }
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value);
}
