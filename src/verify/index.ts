/** Requirement → evidence → verdict. Reads the bundle and measures again; never imports training. */
export type {
  ClassRow,
  Evidence,
  RequirementEvidence,
  SplitMetrics,
  Verdict,
} from "./evidence.js";
export { type Offered, offeredPictures, verify, type VerifyRequest } from "./verify.js";
