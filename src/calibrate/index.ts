/** Probabilities that mean what they say: temperature scaling (Guo et al. 2017, arXiv 1706.04599). */
export { fitTemperature, type TemperatureFit, temperatureRange } from "./temperature.js";
