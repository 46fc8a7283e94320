/** Evidence → what people see of it: the HTML report, the verdict table of the terminal, the one-line summary, the exit code. Pure: no files, no clock. */
export { renderAudit } from "./audit.js";
export type {
  Candidate,
  DoubtfulLabels,
  Estimate,
  LearningCurve,
  MeasuredOn,
  Mistake,
  Mistakes,
  ReportExtras,
  TraceEntry,
  FineTuning,
} from "./data.js";
export { renderReport } from "./page.js";
export { priceLines } from "./price.js";
export type { Option, Price } from "./price-option.js";
export { type RunSummary, summarizeRun } from "./summary.js";
export { testWarnings } from "./quality.js";
export { exitCode, summarize } from "./tally.js";
export { renderTrace } from "./trace-page.js";
export { renderVerdictTable, type VerdictTableOptions } from "./terminal.js";
