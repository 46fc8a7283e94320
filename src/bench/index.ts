/** Measuring what a model costs: latency, memory, and on which machine. */
export {
  affordableRuns,
  type LatencyOptions,
  type LatencyTimer,
  measureLatency,
  openTimer,
  type TimingLimits,
} from "./latency.js";
export { describeMachine, type Machine, peakMemoryBytes, platformKey } from "./machine.js";
