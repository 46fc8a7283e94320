/** The image input of a foreign graph, made float32 [n, 3, h, w] of RGB whatever it was, with a free batch. */
import { Fault } from "../core/index.js";
import { GraphBuilder, type ModelProto, rewire, valueDims, type Dimension } from "../onnx/index.js";
import { constantTensor, reachedFrom, wholeNumbers } from "./wiring.js";

/** Order of the dimensions: channels first or last. */
export type Layout = "nchw" | "nhwc";

export interface ImageInput {
  /** Name in the file. */
  readonly name: string;
  readonly type: string;
  readonly layout: Layout;
  /** The side that the file fixes, or null where it is free. */
  readonly side: number | null;
  /** Whether the file fixes the batch. */
  readonly fixedBatch: boolean;
}

/** Element types an image may have in ONNX, by their number; the float32 of assay is cast to them. */
const imageTypes: Readonly<Record<number, string>> = { 1: "float32", 2: "uint8", 10: "float16", 11: "float64" };

/** The name that assay gives an input it puts in front. */
const ownInput = "assay_input";

/**
 * Finds the image input of a graph. Throws `model-invalid` without one, with other inputs beside it, with other than three channels,
 * and where it is not square.
 */
export function findImage(model: ModelProto, given: Layout | undefined): ImageInput {
  const { name, type, dims } = findInput(model);
  const layout = findLayout(name, dims, given);
  const [height, width] = layout === "nchw" ? dims.slice(2) : dims.slice(1, 3);
  return { name, type, layout, side: squareSide(name, height!, width!), fixedBatch: typeof dims[0] === "number" };
}

/** Edits the graph so that its input is float32 [n, 3, h, w] of RGB, and returns that input's name. */
export function conformInput(model: ModelProto, image: ImageInput, bgr: boolean): string {
  const plain = image.layout === "nchw" && image.type === "float32" && !bgr;
  const name = plain ? image.name : ownInput;
  if (!plain) {
    rewire(model, image.name, `${ownInput}_as_trained`);
    new GraphBuilder(model).prepend((front) => convertInput(front, image, bgr));
  }
  declareInput(model, name, null);
  return name;
}

/** Gives the image input the shape [n, 3, side, side], or [n, 3, h, w] without a side, and forgets every other declared shape. */
export function declareInput(model: ModelProto, name: string, side: number | null): void {
  const graph = model.graph!;
  graph.input = graph.input.filter((value) => value.name !== name);
  new GraphBuilder(model).input({ name, type: "float32", dims: ["n", 3, side ?? "h", side ?? "w"] });
  // Declared shapes of inner values may hold the old batch or side.
  graph.valueInfo = [];
}

interface Found {
  readonly name: string;
  readonly type: string;
  readonly dims: readonly Dimension[];
}

function findInput(model: ModelProto): Found {
  const graph = model.graph!;
  const constants = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input
    .filter(({ name }) => !constants.has(name))
    .map((value) => ({
      name: value.name,
      type: imageTypes[value.type?.value.case === "tensorType" ? value.type.value.value.elemType : 0],
      dims: valueDims(value),
    }));
  const images = inputs.flatMap(({ name, type, dims }) =>
    type !== undefined && dims.length === 4 ? [{ name, type, dims }] : [],
  );
  const [image] = images;
  if (!image || inputs.length > 1)
    throw new Fault("model-invalid", {
      what: image ? "the backbone has inputs beside the image" : "the backbone has no image input",
      expected: "one input of four dimensions, [n, 3, h, w] or [n, h, w, 3], float32, float16 or uint8",
      got: inputs.map(({ name, dims }) => `${name} [${dims.join(", ")}]`).join(" and ") || "no input",
    });
  return image;
}

function findLayout(name: string, dims: readonly Dimension[], given: Layout | undefined): Layout {
  const first = dims[1] === 3 || typeof dims[1] === "string";
  const last = dims[3] === 3 || typeof dims[3] === "string";
  const layout = given ?? (dims[1] === 3 || (first && dims[3] !== 3) ? "nchw" : "nhwc");
  if (layout === "nchw" ? first : last) return layout;
  throw new Fault("model-invalid", {
    what: `the input ${name} of the backbone has not three channels`,
    expected: given === "nhwc" ? "[n, h, w, 3]" : given === "nchw" ? "[n, 3, h, w]" : "[n, 3, h, w] or [n, h, w, 3]",
    got: `[${dims.join(", ")}]`,
    remedy: "use a network for color photographs",
  });
}

function squareSide(name: string, height: Dimension, width: Dimension): number | null {
  const sides = [height, width].filter((side) => typeof side === "number");
  if (sides.length === 2 && sides[0] !== sides[1])
    throw new Fault("model-invalid", {
      what: `the input ${name} of the backbone is not square`,
      expected: "equal height and width, or free ones",
      got: `${height} × ${width}`,
      remedy: "export the network for square pictures",
    });
  return sides[0] ?? null;
}

/** RGB [n, 3, h, w] float32 → what the network was made for. */
function convertInput(front: GraphBuilder, { type, layout }: ImageInput, bgr: boolean): void {
  const codes = Object.entries(imageTypes).find(([, name]) => name === type)!;
  const steps: [string, Parameters<GraphBuilder["node"]>[2], string[]][] = [];
  if (bgr)
    steps.push([
      "Gather",
      { axis: 1n },
      [front.constant({ type: "int64", dims: [3], data: BigInt64Array.from([2n, 1n, 0n]) })],
    ]);
  if (layout === "nhwc") steps.push(["Transpose", { perm: [0n, 2n, 3n, 1n] }, []]);
  if (type !== "float32") steps.push(["Cast", { to: BigInt(codes[0]) }, []]);
  let value = ownInput;
  for (const [i, [opType, attributes, more]] of steps.entries())
    value = front.node(
      opType,
      [value, ...more],
      attributes,
      i === steps.length - 1 ? `${ownInput}_as_trained` : `${ownInput}_${i}`,
    );
}

/**
 * Lets go of a batch of one that is written into reshapes of what depends on the image: their leading 1 becomes "as it comes".
 * `shapes` are those of a run with one image.
 */
export function freeBatch(model: ModelProto, input: string, shapes: ReadonlyMap<string, readonly number[]>): void {
  const moving = reachedFrom(model, input);
  const builder = new GraphBuilder(model);
  for (const node of model.graph!.node) {
    if (node.opType !== "Reshape" || !moving.has(node.input[0]!)) continue;
    const tensor = constantTensor(model, node.input[1]);
    const wanted = tensor ? wholeNumbers(tensor) : [];
    if (wanted[0] !== 1) continue;
    // 0 copies the dimension of the input; where that is none of the batch, -1 works it out.
    if (shapes.get(node.input[0]!)?.[0] === 1) wanted[0] = 0;
    else if (!wanted.includes(-1)) wanted[0] = -1;
    node.input[1] = builder.constant({
      type: "int64",
      dims: [wanted.length],
      data: BigInt64Array.from(wanted, BigInt),
    });
  }
}
