/** Arranges one photograph: a product, placed and lit, with its shadow, its surroundings and what is in its way. */
export { type Backdrop, paintBackdrop } from "./backdrop.js";
export { type Exposure, expose } from "./camera.js";
export { arrangeScene, type Scene } from "./scene.js";
