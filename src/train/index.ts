/** Learning: the linear head on frozen features (multinomial logistic regression, its strength by cross-validation). */
export { defaultStrengths } from "./cross-validate.js";
export { fitHead, type HeadFit, type HeadOptions, refitHead, type RefitOptions } from "./head.js";
export { applyHead, type Head, type HeadRecipe, type Solver } from "./linear-head.js";
export type { Candidate } from "./rating.js";
export type { TrainingSet } from "./training-set.js";
