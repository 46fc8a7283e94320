/** Markdown or YAML → story and typed requirements, one for each line of the four lists; the INVEST check of the story. */
export { isFloor, satisfies } from "./comparison.js";
export { asksForGpu } from "./kind-row.js";
export { type JudgedCounts, provability, type Provability } from "./provability.js";
export { checkStory, type InvestLetter, type StoryCheck, type StoryFacts } from "./invest.js";
export { defaultAlpha, parseSpec, type SpecFormat } from "./parse.js";
export { readSpec } from "./read.js";
export type * from "./requirement.js";
export { describeTarget, formatApart, formatConfidence, formatMoment, formatTarget, formatValue } from "./value.js";
export {
  defaultAnswers,
  type FolderFacts,
  inferSpec,
  type SpecAnswers,
  sensibleAccuracy,
  writeSpecText,
} from "./write.js";
