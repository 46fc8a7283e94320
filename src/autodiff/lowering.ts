/** How the parts of rules that cost most are written on each device: plain operators everywhere, faster ones where there are some. */
import type { Device, NodeProto } from "../onnx/index.js";
import type { Emitter } from "./emit.js";
import {
  blockedDepthwiseWeight,
  fusedPointwiseWeight,
  hardSigmoidMask,
  indexedMaximum,
  unfoldedWeight,
} from "./lowering-cpu.js";
import { plainConvolutionWeight, plainMask, plainPointwiseWeight } from "./lowering-plain.js";
import { tappedMaximum } from "./lowering-pool.js";
import { multipliedInput, phasedInput, transposedInput } from "./lowering-input.js";
import type { Shape } from "./shape.js";
import type { Window } from "./window.js";

/** A convolution on the way back: x [n, c, …], g [n, m, …], weight [m, c / group, …]. */
export interface ConvolutionGradient {
  readonly x: string;
  readonly g: string;
  readonly xShape: Shape;
  readonly gShape: Shape;
  /** Name and shape of the weight. */
  readonly w: string;
  readonly weight: Shape;
  readonly window: Window;
  readonly group: number;
}

/** Writes the gradient of a convolution's input or weight. */
export type ConvolutionPart = (emit: Emitter, convolution: ConvolutionGradient) => string;

/** A MaxPool on the way back: x [n, c, …], y and g [n, c, …]. */
export interface MaximumGradient {
  readonly node: NodeProto;
  readonly x: string;
  readonly y: string;
  readonly g: string;
  readonly xShape: Shape;
  readonly yShape: Shape;
  /** Throws `gradient-unsupported` where sizes are not fixed. */
  readonly window: () => Window;
}

/** The parts that are written differently by device. */
export interface Lowering {
  /** 1 where low < value < high, else 0. */
  readonly mask: (emit: Emitter, value: string, low: number, high: number) => string;
  /** The gradient of the input where the stride is not 1. */
  readonly strided: ConvolutionPart;
  /** The gradient of the weight, by kind of convolution: one weight for each pair of channels, no stride, no padding. */
  readonly pointwise: ConvolutionPart;
  /** One filter a channel. */
  readonly depthwise: ConvolutionPart;
  /** One group. */
  readonly dense: ConvolutionPart;
  /** Every other convolution. */
  readonly grouped: ConvolutionPart;
  /** The gradient of a MaxPool's input. */
  readonly maximum: (emit: Emitter, pool: MaximumGradient) => string;
}

/** Standard operators only. */
export const plainLowering: Lowering = {
  mask: plainMask,
  strided: transposedInput,
  pointwise: plainPointwiseWeight,
  depthwise: plainConvolutionWeight,
  dense: plainConvolutionWeight,
  grouped: plainConvolutionWeight,
  maximum: tappedMaximum,
};

/** What a device has that is faster, or that it needs; `selectLowering` checks it before it is used. */
export const fastLowerings: Readonly<Record<Device, Partial<Lowering>>> = {
  cpu: {
    mask: hardSigmoidMask,
    strided: phasedInput,
    pointwise: fusedPointwiseWeight,
    depthwise: blockedDepthwiseWeight,
    dense: unfoldedWeight,
    maximum: indexedMaximum,
  },
  webgpu: { strided: multipliedInput },
  cuda: {},
  coreml: {},
  dml: {},
};
