// Gradients of small networks on WebGPU against the CPU, both by standard operators. A process of its own: the driver is named by its
// environment, and may end it. Prints one line of JSON: for each network where it ran and the largest differences, relative to the
// largest number of each gradient. Usage: node test/webgpu-gradients.mjs
import { Engine, float32, GraphBuilder, gradient, plainLowering, splitModel } from "../dist/autodiff/index.js";
import { SessionPool } from "../dist/onnx/index.js";

const [images, side, classes] = [2, 12, 5];

/** Numbers without a pattern that an error could hide in. */
function wave(count, seed) {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed) * Math.cos(i * 0.7));
}

class Network extends GraphBuilder {
  weight(dims) {
    const count = dims.reduce((product, size) => product * size, 1);
    const fan = count / dims[0];
    return this.floats(
      wave(count, count % 7).map((value) => (2 * value) / Math.sqrt(fan)),
      dims,
      this.freshName("weight"),
    );
  }

  convolve(value, from, to, kernel, stride = 1, group = 1, dilation = 1) {
    const weights = [this.weight([to, from / group, kernel, kernel]), this.weight([to])];
    const pad = BigInt((dilation * (kernel - 1)) / 2);
    // At stride 2 SAME is lopsided.
    const padding = stride === 1 ? { pads: [pad, pad, pad, pad] } : { auto_pad: "SAME_UPPER" };
    return this.node("Conv", [value, ...weights], {
      group: BigInt(group),
      strides: [BigInt(stride), BigInt(stride)],
      dilations: [BigInt(dilation), BigInt(dilation)],
      ...padding,
    });
  }

  relu6(value) {
    return this.node("Clip", [value, this.floats([0], []), this.floats([6], [])]);
  }

  /** Channels weighted by what all pixels say (Hu 2018, 1709.01507). */
  excite(value, channels) {
    const mean = this.node("ReduceMean", [value], { axes: [2n, 3n], keepdims: 1n });
    const squeezed = this.silu(this.convolve(mean, channels, 4, 1));
    return this.node("Mul", [value, this.node("Sigmoid", [this.convolve(squeezed, 4, channels, 1)])]);
  }

  silu(value) {
    return this.node("Mul", [value, this.node("Sigmoid", [value])]);
  }

  /** Ends the network in logits of the mean over pixels. */
  classify(value, channels) {
    const flat = this.node("Flatten", [this.node("GlobalAveragePool", [value])]);
    this.node("Gemm", [flat, this.weight([classes, channels]), this.weight([classes])], { transB: 1n }, "logits");
    this.result("logits");
  }
}

const networks = {
  "dense, depthwise and pointwise convolutions, ReLU6, Gemm": (net, image) => {
    const stem = net.relu6(net.convolve(image, 3, 8, 3, 2));
    const wide = net.relu6(net.convolve(stem, 8, 16, 1));
    const filtered = net.relu6(net.convolve(wide, 16, 16, 3, 1, 16));
    const strided = net.relu6(net.convolve(filtered, 16, 16, 3, 2, 16));
    net.classify(net.node("Add", [strided, net.convolve(strided, 16, 16, 1)]), 16);
  },
  "max-pool, groups and dilation, a residual, ReLU": (net, image) => {
    const stem = net.node("Relu", [net.convolve(image, 3, 8, 3)]);
    const pooled = net.node("MaxPool", [stem], { kernel_shape: [3n, 3n], strides: [2n, 2n], pads: [1n, 1n, 1n, 1n] });
    const inner = net.node("Relu", [net.convolve(pooled, 8, 8, 3, 1, 2)]);
    net.classify(net.node("Add", [pooled, net.convolve(inner, 8, 8, 3, 1, 1, 2)]), 8);
  },
  "squeeze-and-excitation, SiLU": (net, image) => {
    const stem = net.silu(net.convolve(image, 3, 8, 3, 2));
    net.classify(net.excite(net.silu(net.convolve(stem, 8, 8, 5, 1, 8)), 8), 8);
  },
};

const engine = new Engine();

async function run(model, feeds, device) {
  const session = await engine.open(splitModel(model), { threads: 1, device });
  const outputs = await session.run(feeds);
  await session.release();
  return { outputs, placed: session.placed };
}

async function compare(build) {
  const net = new Network();
  build(net, net.input({ name: "image", type: "float32", dims: ["n", 3, side, side] }));
  const loss = { kind: "cross-entropy", logits: "logits", classes, targets: "labels", reduction: "sum" };
  const trainable = (_name, dims) => dims.length > 0;
  const result = await gradient(net.model, { loss, trainable, lowering: plainLowering, engine });
  const dims = [images, 3, side, side];
  const feeds = {
    image: float32(dims, wave(images * 3 * side * side, 0)),
    [result.lossInputs.targets]: { type: "int64", dims: [images], data: BigInt64Array.of(1n, 3n) },
  };
  const cpu = await run(result.model, feeds, "cpu");
  const gpu = await run(result.model, feeds, "webgpu");
  const differences = [result.loss, ...result.gradients.values()].map((name) => {
    const [expected, actual] = [cpu, gpu].map(({ outputs }) => outputs[name].data);
    const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    return {
      name,
      scale,
      worst: expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0) / scale,
    };
  });
  return { placed: gpu.placed, differences };
}

const results = {};
for (const [name, build] of Object.entries(networks)) results[name] = await compare(build);
await engine.close();

const doubling = new GraphBuilder();
doubling.input({ name: "x", type: "float32", dims: ["n"] });
doubling.node("Add", ["x", "x"], {}, "y");
doubling.result("y");
const pool = await SessionPool.open(doubling.serialize(), 2, { device: "webgpu" });
const { y } = await pool.run({ x: float32([2], Float32Array.of(1, 2)) });
const pooled = { placed: pool.placed, size: pool.size, y: [...y.data] };
await pool.close();

process.stdout.write(`${JSON.stringify({ results, pooled })}\n`);
