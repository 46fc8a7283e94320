/** Evidence → what people see of it: the HTML report, the verdict table of the terminal, the one-line summary, the exit code. Pure: no files, no clock. */
export { renderAudit } from "./audit.js";
export type { TraceEntry } from "./context.js";
export { type ReportExtras, renderReport } from "./page.js";
export { type RunSummary, summarizeRun } from "./summary.js";
export { exitCode, summarize } from "./tally.js";
export { renderTrace } from "./trace-page.js";
export { renderVerdictTable, type VerdictTableOptions } from "./terminal.js";
