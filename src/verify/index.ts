/** Requirement → evidence → verdict. Reads the bundle and measures again; never imports training. */
export { checkDeployment, type WriteDeployment } from "./container.js";
export type {
  ClassRow,
  Evidence,
  ReliabilityBin,
  RequirementEvidence,
  ServiceMetrics,
  SplitMetrics,
  Verdict,
} from "./evidence.js";
export { type ProofCost, proofCost } from "./cost.js";
export { type Offered, offeredPictures } from "./offered.js";
export { timedKinds } from "./judge.js";
export { probabilityTolerance, type StartedService, type StartService } from "./service.js";
export type { Outcome } from "./measure.js";
export { type Proof, verify, type VerifyRequest } from "./verify.js";
