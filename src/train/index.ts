/** Learning: the linear head on frozen features (multinomial logistic regression by L-BFGS, strength by cross-validation). */
export { defaultStrengths } from "./cross-validate.js";
export { applyHead, fitHead, type Head, type HeadFit, type HeadOptions } from "./head.js";
export type { Candidate } from "./rating.js";
export type { Features } from "./standardize.js";
