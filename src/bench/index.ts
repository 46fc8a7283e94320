/** Measuring what a model costs: latency, memory, and on which machine. */
export { type LatencyOptions, measureLatency } from "./latency.js";
export { describeMachine, type Machine, peakMemoryBytes, platformKey } from "./machine.js";
