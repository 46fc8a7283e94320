/** Writes the nodes of a float32 graph in float16 where that serves, with casts where the precision changes. */
import { type ElementType, makeNode, type NodeProto, revise } from "../onnx/index.js";

type Precision = "half" | "full";

/**
 * In which precision an operator works; any other follows its operands. Products are fast in float16 and add up in float32 inside; sums
 * over many numbers, and functions of a wide range, are not safe in it (as PyTorch's autocast has it).
 */
const precisions: ReadonlyMap<string, Precision> = new Map([
  ...pairs("half", "Conv ConvTranspose Gemm MatMul"),
  ...pairs(
    "full",
    "BatchNormalization Erf Exp Gelu GlobalAveragePool LayerNormalization Log LogSoftmax Pow Reciprocal",
  ),
  ...pairs("full", "ReduceL2 ReduceLogSumExp ReduceMean ReduceProd ReduceSum ReduceSumSquare Softmax Softplus Sqrt"),
]);

function pairs(precision: Precision, operators: string): [string, Precision][] {
  return operators.split(" ").map((operator) => [operator, precision]);
}

/** Inputs that are float32 whatever the others are (onnx.ai). */
const fixedInputs: ReadonlyMap<string, readonly number[]> = new Map([
  ["Resize", [1, 2]],
  ["Dropout", [1]],
]);

/** TensorProto.FLOAT and FLOAT16. */
const codes = { full: 1n, half: 10n } as const;

export interface HalfSettings {
  /** Of every value. */
  readonly types: ReadonlyMap<string, ElementType>;
  readonly fresh: (stem: string) => string;
  /** Receives the nodes. */
  readonly nodes: NodeProto[];
  /** Constants. */
  readonly constants: Iterable<string>;
  /** What is given out divided by the loss scale, and one over that scale. */
  readonly gradients: ReadonlySet<string>;
  readonly inverse: string;
}

export class HalfWriter {
  readonly #settings: HalfSettings;
  /** Values by the precision that they have a form in. */
  readonly #forms = { half: new Map<string, string>(), full: new Map<string, string>() } as const;
  /** The precision in which each value was computed. */
  readonly #computed = new Map<string, Precision>();
  /** What constants and truth values alone decide: it takes the precision of its surroundings. */
  readonly #neutral: Set<string>;
  /** Neutral values that are computed where they are needed, in the precision in which they are. */
  readonly #makers = new Map<string, NodeProto>();

  constructor(settings: HalfSettings) {
    this.#settings = settings;
    this.#neutral = new Set(settings.constants);
  }

  /** Adds a node; what it needs must have been added before. */
  add(node: NodeProto): void {
    const operands = this.#operands(node);
    const [name] = node.output as [string];
    if (node.output.length === 1 && this.#isFloat(name) && this.#isNeutral(node, operands)) {
      this.#neutral.add(name);
      if (node.opType === "Cast" || operands.length > 0) this.#makers.set(name, node);
      if (this.#makers.has(name)) return;
    }
    const precision = this.#precisionOf(node, operands);
    const gradient = node.output.find((one) => this.#settings.gradients.has(one));
    const output = node.output.map((one) =>
      this.#isFloat(one) ? this.#newForm(one, precision, one === gradient) : one,
    );
    for (const one of node.output) if (this.#isFloat(one)) this.#computed.set(one, precision);
    this.#write(node, output, precision);
    if (gradient !== undefined) this.#unscale(gradient, precision);
  }

  /** The form of a value in a precision: its own name in float32. */
  form(name: string, precision: Precision): string {
    const known = this.#forms[precision].get(name);
    if (known !== undefined) return known;
    const maker = this.#makers.get(name);
    // Inputs and constants are there in float32, by their own names.
    if (!maker && precision === "full" && this.#computed.get(name) !== "half") return name;
    const form = this.#newForm(name, precision, false);
    if (maker) this.#write(maker, [form], precision);
    else this.#cast(this.form(name, precision === "half" ? "full" : "half"), form, precision);
    return form;
  }

  #newForm(name: string, precision: Precision, isScaled: boolean): string {
    const { fresh } = this.#settings;
    const form = isScaled ? fresh(`${name}/scaled`) : precision === "half" ? fresh(`${name}/half`) : name;
    this.#forms[precision].set(name, form);
    return form;
  }

  #isFloat(name: string): boolean {
    return this.#settings.types.get(name) === "float32";
  }

  /** The inputs that decide about a node's precision. */
  #operands({ opType, input }: NodeProto): readonly string[] {
    const fixed = fixedInputs.get(opType) ?? [];
    return input.filter((name, i) => this.#isFloat(name) && !fixed.includes(i));
  }

  #isNeutral(node: NodeProto, operands: readonly string[]): boolean {
    if (!isStandard(node) || precisions.has(node.opType)) return false;
    if (operands.length > 0) return operands.every((name) => this.#neutral.has(name));
    const isTruth = node.opType === "Cast" && this.#settings.types.get(node.input[0]!) === "bool";
    return isTruth || node.opType === "ConstantOfShape" || node.opType === "Constant";
  }

  #precisionOf(node: NodeProto, operands: readonly string[]): Precision {
    if (!isStandard(node)) return "full";
    const own = precisions.get(node.opType);
    if (own) return own;
    const deciding = operands.filter((name) => !this.#neutral.has(name));
    return deciding.length > 0 && deciding.every((name) => this.#computed.get(name) === "half") ? "half" : "full";
  }

  #write(node: NodeProto, output: readonly string[], precision: Precision): void {
    const fixed = fixedInputs.get(node.opType) ?? [];
    const input = node.input.map((name, i) =>
      this.#isFloat(name) ? this.form(name, fixed.includes(i) ? "full" : precision) : name,
    );
    const isRetyped = node.opType === "Cast" && this.#isFloat(node.output[0]!);
    if (isRetyped) this.#cast(input[0]!, output[0]!, precision);
    else this.#settings.nodes.push(revise(node, { name: output[0] ?? "", input, output: [...output] }));
  }

  #cast(from: string, to: string, precision: Precision): void {
    this.#settings.nodes.push(makeNode("Cast", [from], [to], { to: codes[precision] }));
  }

  /** In float32, where what overflowed stays infinite. */
  #unscale(name: string, precision: Precision): void {
    const { nodes, inverse, fresh } = this.#settings;
    const scaled = this.#forms[precision].get(name)!;
    const wide = precision === "full" ? scaled : fresh(`${name}/wide`);
    if (precision === "half") this.#cast(scaled, wide, "full");
    nodes.push(makeNode("Mul", [wide, inverse], [name]));
    this.#forms.full.set(name, name);
  }
}

/** Whether the meaning of the node is the standard's, and no graph is inside. */
function isStandard({ domain, attribute }: NodeProto): boolean {
  return (domain === "" || domain === "ai.onnx") && attribute.every(({ g, graphs }) => !g && graphs.length === 0);
}
