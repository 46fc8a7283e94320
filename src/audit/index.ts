/** What is wrong or noteworthy in the data: a table of checks, each finding with its files, how sure it is, what it costs and the remedy. */
export { auditDataset, type FindingId, findingIds } from "./audit.js";
export { type TestedClass, warnOfTest } from "./test-coverage.js";
export type { Audit, Certainty, ClassSummary, Finding, Severity, SplitCounts } from "./finding.js";
