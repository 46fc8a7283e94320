/** How the parts of rules that cost most are written on each device: plain operators everywhere, faster ones where there are some. */
import type { Emitter } from "./emit.js";
import { blockedDepthwiseWeight, fusedPointwiseWeight, hardSigmoidMask, unfoldedWeight } from "./lowering-cpu.js";
import { plainConvolutionWeight, plainMask, plainPointwiseWeight } from "./lowering-plain.js";
import type { Shape } from "./shape.js";
import type { Window } from "./window.js";

/** A convolution whose weight gradient is wanted: x [n, c, …], g [n, m, …], weight [m, c / group, …]. */
export interface ConvolutionGradient {
  readonly x: string;
  readonly g: string;
  readonly xShape: Shape;
  readonly gShape: Shape;
  readonly weight: Shape;
  readonly window: Window;
  readonly group: number;
}

export type WeightGradient = (emit: Emitter, convolution: ConvolutionGradient) => string;

/** The parts that are written differently by device. */
export interface Lowering {
  /** 1 where low < value < high, else 0. */
  readonly mask: (emit: Emitter, value: string, low: number, high: number) => string;
  /** One weight for each pair of channels, no stride, no padding. */
  readonly pointwise: WeightGradient;
  /** One filter a channel. */
  readonly depthwise: WeightGradient;
  /** One group. */
  readonly dense: WeightGradient;
  /** Every other convolution. */
  readonly grouped: WeightGradient;
}

export type Device = "cpu" | "webgpu" | "cuda" | "coreml" | "dml";

/** Standard operators only. */
export const plainLowering: Lowering = {
  mask: plainMask,
  pointwise: plainPointwiseWeight,
  depthwise: plainConvolutionWeight,
  dense: plainConvolutionWeight,
  grouped: plainConvolutionWeight,
};

/** What a device has that is faster; `selectLowering` checks it before it is used. */
export const fastLowerings: Readonly<Record<Device, Partial<Lowering>>> = {
  cpu: {
    mask: hardSigmoidMask,
    pointwise: fusedPointwiseWeight,
    depthwise: blockedDepthwiseWeight,
    dense: unfoldedWeight,
  },
  webgpu: { dense: unfoldedWeight },
  cuda: {},
  coreml: {},
  dml: {},
};
