/**
 * Explanations: which places of a photograph the evidence for a class comes from (class activation maps, 1512.04150, exact for a
 * linear head on pooled features), drawn over it, and whether such maps tell the truth (deletion, RISE, 1806.07421).
 */
export { classActivationMap, type ClassActivationInputs, type ClassActivationMap } from "./class-activation-map.js";
export { type DeletionOptions, type DeletionScore, deletionScores, type NamedPhotograph } from "./deletion.js";
export { explainPhotograph, type Explanation, type ExplainOptions } from "./explain-photograph.js";
export type { Grid } from "./grid.js";
export type { Explainable, ExplainedHead, HeadPart } from "./model.js";
export { renderOverlay } from "./overlay.js";
export { type Region, seenRegion } from "./place.js";
