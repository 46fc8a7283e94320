/** Requirement → evidence → verdict. Reads the bundle and measures again; never imports training. */
export type {
  ClassRow,
  Evidence,
  ReliabilityBin,
  RequirementEvidence,
  SplitMetrics,
  Verdict,
} from "./evidence.js";
export type { Outcome } from "./measure.js";
export { type Offered, offeredPictures, type Proof, verify, type VerifyRequest } from "./verify.js";
