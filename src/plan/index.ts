/** The plan: spec, audit and measurements → decisions with reasons, alternatives and predicted cost. */
export { areEven } from "./decision.js";
export type { Decision, NetworkFacts, PlanFacts, Refused, Step } from "./decision.js";
export { renderPlan, withoutMarkdown } from "./page.js";
export { makePlan, type Plan } from "./plan.js";
export { unmeasuredActions } from "./trials.js";
