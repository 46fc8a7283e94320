/** Weights stored in half precision: a FLOAT16 initializer and a Cast stand for a float32 one, which every ONNX reader understands. */
import { decodeFloat16, decodeFloat16Array, encodeFloat16 } from "../core/index.js";
import { TensorProto_DataType } from "./onnx_pb.js";
import { makeNode, makeTensor, type ModelProto, type NodeProto, type TensorProto } from "./proto.js";

/** Smaller tensors are left as they are: a node costs more than they save. */
const smallestBytes = 1024;

/** As plain numbers, which is what messages hold. */
const floatCode: number = TensorProto_DataType.FLOAT;
const halfCode: number = TensorProto_DataType.FLOAT16;

/** What the stored half of a float32 initializer is called. */
const suffix = "/half";

/**
 * Replaces each FLOAT16 initializer that is only cast to float32 by the float32 initializer of the Cast's name, in place, so that
 * editing sees plain weights. The inverse of `packHalf`.
 */
export function expandHalf(model: ModelProto): void {
  const graph = model.graph!;
  const halves = storedHalves(model);
  const outputs = new Set(graph.output.map(({ name }) => name));
  const casts = graph.node.filter(
    (node) => castsToFloat(node) && halves.has(node.input[0]!) && !outputs.has(node.output[0]!),
  );
  const wholes = new Map<string, TensorProto[]>();
  for (const { input, output } of casts) {
    const half = halves.get(input[0]!)!;
    wholes.set(half.name, [...(wholes.get(half.name) ?? []), expand(half, output[0]!)]);
  }
  const removed = new Set(casts);
  graph.node = graph.node.filter((node) => !removed.has(node));
  const used = usedNames(model);
  graph.initializer = graph.initializer.flatMap((tensor) => {
    const expanded = wholes.get(tensor.name);
    if (!expanded) return [tensor];
    return used === null || used.has(tensor.name) ? [tensor, ...expanded] : expanded;
  });
}

function expand(half: TensorProto, name: string): TensorProto {
  return makeTensor(name, { type: "float32", dims: half.dims.map(Number), data: decodeFloat16Array(halfBits(half)) });
}

/** What nodes and outputs use; null where inner graphs may use more. */
function usedNames({ graph }: ModelProto): ReadonlySet<string> | null {
  const inner = graph!.node.some(({ attribute }) =>
    attribute.some(({ g, graphs }) => g !== undefined || graphs.length > 0),
  );
  if (inner) return null;
  return new Set([...graph!.node.flatMap(({ input }) => input), ...graph!.output.map(({ name }) => name)]);
}

/**
 * Stores each float32 initializer above a kilobyte whose every value is a binary16 number as FLOAT16 with a Cast of its name: half
 * the size, and the same numbers.
 */
export function packHalf(model: ModelProto): void {
  const graph = model.graph!;
  const taken = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
  const inputs = new Set(graph.input.map(({ name }) => name));
  const casts: NodeProto[] = [];
  graph.initializer = graph.initializer.map((tensor) => {
    const stored = `${tensor.name}${suffix}`;
    if (inputs.has(tensor.name) || taken.has(stored)) return tensor;
    const data = exactHalf(tensor);
    if (!data) return tensor;
    casts.push(makeNode("Cast", [stored], [tensor.name], { to: BigInt(floatCode) }));
    return makeTensor(stored, { type: "float16", dims: tensor.dims.map(Number), data });
  });
  graph.node = [...casts, ...graph.node];
}

/** FLOAT16 initializers by name; those that a caller may feed are none. */
function storedHalves(model: ModelProto): ReadonlyMap<string, TensorProto> {
  const inputs = new Set(model.graph!.input.map(({ name }) => name));
  const halves = model.graph!.initializer.filter(({ name, dataType }) => dataType === halfCode && !inputs.has(name));
  return new Map(halves.map((tensor) => [tensor.name, tensor]));
}

function castsToFloat({ opType, domain, attribute }: NodeProto): boolean {
  const to = attribute.find(({ name }) => name === "to");
  return opType === "Cast" && (domain === "" || domain === "ai.onnx") && to?.i === BigInt(floatCode);
}

/** ONNX keeps binary16 as raw bytes or one to an int32. */
function halfBits({ rawData, int32Data }: TensorProto): Uint16Array {
  return rawData.length > 0 ? new Uint16Array(new Uint8Array(rawData).buffer) : Uint16Array.from(int32Data);
}

/** The tensor's values as binary16 bits, or null where one of them would change or it is not worth it. */
function exactHalf({ dataType, rawData, floatData }: TensorProto): Uint16Array | null {
  if (dataType !== floatCode) return null;
  const values = rawData.length > 0 ? new Float32Array(new Uint8Array(rawData).buffer) : Float32Array.from(floatData);
  if (values.byteLength <= smallestBytes) return null;
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    bits[i] = encodeFloat16(values[i]!);
    // NaN is unequal to itself, so its payload is never at stake.
    if (decodeFloat16(bits[i]!) !== values[i]) return null;
  }
  return bits;
}
