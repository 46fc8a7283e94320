/** The image input of a foreign graph, made float32 [n, 3, h, w] of RGB whatever it was, with a free batch. */
import { Fault } from "../core/index.js";
import {
  type Dimension,
  GraphBuilder,
  type ModelProto,
  type NodeProto,
  rewire,
  type Tensor,
  valueDims,
} from "../onnx/index.js";
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
 * Lets go of a batch of one that is written into what depends on the image: the leading 1 of a reshape becomes "as it comes", and a
 * constant that is joined to it, such as a transformer's class token, is repeated for each picture.
 * `shapes` are those of a run with one image.
 */
export function freeBatch(model: ModelProto, input: string, shapes: ReadonlyMap<string, readonly number[]>): void {
  const moving = reachedFrom(model, input);
  const builder = new GraphBuilder(model);
  model.graph!.node = model.graph!.node.flatMap((node) => {
    if (node.opType === "Reshape" && moving.has(node.input[0]!)) freeReshape(builder, node, shapes);
    if (node.opType !== "Concat") return [node];
    return [...repeatConstants(builder, node, moving, shapes), node];
  });
}

type Shapes = ReadonlyMap<string, readonly number[]>;

function freeReshape(builder: GraphBuilder, node: NodeProto, shapes: Shapes): void {
  const tensor = constantTensor(builder.model, node.input[1]);
  const wanted = tensor ? wholeNumbers(tensor) : [];
  if (wanted[0] !== 1) return;
  // 0 copies the dimension of the input; where that is none of the batch, -1 works it out.
  if (shapes.get(node.input[0]!)?.[0] === 1) wanted[0] = 0;
  else if (!wanted.includes(-1)) wanted[0] = -1;
  node.input[1] = builder.constant(int64(wanted));
}

/** Nodes that repeat each constant [1, …] of a Concat along the batch of what it is joined to. */
function repeatConstants(
  builder: GraphBuilder,
  node: NodeProto,
  moving: ReadonlySet<string>,
  shapes: Shapes,
): NodeProto[] {
  const partner = node.input.find((name) => moving.has(name) && shapes.get(name)?.[0] === 1);
  const axis = node.attribute.find(({ name }) => name === "axis")?.i;
  if (partner === undefined || axis === 0n) return [];
  const start = builder.model.graph!.node.length;
  node.input = node.input.map((name) => {
    const shape = shapes.get(name) ?? constantTensor(builder.model, name)?.dims.map(Number) ?? [];
    if (moving.has(name) || shape[0] !== 1 || shape.length < 2) return name;
    const batch = builder.node("Gather", [builder.node("Shape", [partner]), builder.constant(int64([0]))]);
    const target = builder.node("Concat", [batch, builder.constant(int64(shape.slice(1)))], { axis: 0n });
    return builder.node("Expand", [name, target]);
  });
  return builder.model.graph!.node.splice(start);
}

function int64(values: readonly number[]): Tensor {
  return { type: "int64", dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}
