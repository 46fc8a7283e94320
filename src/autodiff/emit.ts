/** Writes the nodes of a gradient: standard operators, with constants made once and forms that fit the model's operator set. */
import type { Attributes, GraphBuilder } from "../onnx/index.js";
import { type Extent, fixed, isFixed, isOne, product, sameExtent, type Shape } from "./shape.js";

/** Further than any axis is long: "to the end" in Slice. */
export const farEnd = 2 ** 31 - 1;

export class Emitter {
  readonly #graph: GraphBuilder;
  readonly #opset: number;
  readonly #constants = new Map<string, string>();

  constructor(graph: GraphBuilder, opset: number) {
    this.#graph = graph;
    this.#opset = opset;
  }

  op(opType: string, inputs: readonly string[], attributes: Attributes = {}, domain = ""): string {
    if (domain !== "") this.#graph.importDomain(domain);
    return this.#graph.node(opType, inputs, attributes, undefined, domain);
  }

  /** A name for a further output of a node that is already there. */
  fresh(stem: string): string {
    return this.#graph.freshName(stem);
  }

  scalar(value: number): string {
    return this.#shared(`float ${value}`, () => this.#graph.floats([value], []));
  }

  ints(values: readonly number[]): string {
    return this.#shared(`ints ${values.join()}`, () =>
      this.#graph.constant({ type: "int64", dims: [values.length], data: BigInt64Array.from(values, BigInt) }),
    );
  }

  floats(values: ArrayLike<number>, dims: readonly number[]): string {
    return this.#graph.floats(values, dims);
  }

  #shared(key: string, make: () => string): string {
    const name = this.#constants.get(key) ?? make();
    this.#constants.set(key, name);
    return name;
  }

  add(a: string, b: string): string {
    return this.op("Add", [a, b]);
  }

  sub(a: string, b: string): string {
    return this.op("Sub", [a, b]);
  }

  mul(a: string, b: string): string {
    return this.op("Mul", [a, b]);
  }

  div(a: string, b: string): string {
    return this.op("Div", [a, b]);
  }

  scale(value: string, factor: number): string {
    return factor === 1 ? value : this.mul(value, this.scalar(factor));
  }

  /** 1 − value, of values between 0 and 1: unlike Sub, HardSigmoid leaves the CPU's blocked layout as it is. */
  complement(value: string): string {
    return this.op("HardSigmoid", [value], { alpha: -1, beta: 1 });
  }

  /** 1 where the condition holds, 0 elsewhere, as floats. */
  indicator(comparison: "Greater" | "Less" | "Equal", a: string, b: string): string {
    return this.op("Cast", [this.op(comparison, [a, b])], { to: 1n });
  }

  sum(value: string, axes: readonly number[], keep = true): string {
    if (axes.length === 0) return value;
    return this.op("ReduceSum", [value, this.ints(axes)], { keepdims: keep ? 1n : 0n });
  }

  /**
   * [n, c, …] → [c], over images and pixels. Pictures are averaged first, which leaves the CPU's blocked layout as it is, where a sum does not.
   */
  sumPixels(value: string, shape: Shape): string {
    const axes = shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const pixels = shape.slice(2);
    if (pixels.length !== 2 || !pixels.every(isFixed)) return this.sum(value, axes, false);
    const sums = this.sum(this.op("GlobalAveragePool", [value]), axes, false);
    return this.scale(
      sums,
      pixels.reduce((count, extent) => count * extent.fixed, 1),
    );
  }

  /** The axes of ReduceMean became an input in operator set 18. */
  mean(value: string, axes: readonly number[]): string {
    if (this.#opset >= 18) return this.op("ReduceMean", [value, this.ints(axes)], { keepdims: 1n });
    return this.op("ReduceMean", [value], { axes: axes.map(BigInt), keepdims: 1n });
  }

  transpose(value: string, perm: readonly number[]): string {
    if (perm.every((from, axis) => from === axis)) return value;
    return this.op("Transpose", [value], { perm: perm.map(BigInt) });
  }

  /** Swaps the last two axes. */
  transposeMatrix(value: string, rank: number): string {
    const perm = Array.from({ length: rank }, (_, axis) => axis);
    return this.transpose(value, [...perm.slice(0, -2), rank - 1, rank - 2]);
  }

  /** A free dimension is worked out by the runtime; where there are several, as in `like`, which has the shape. */
  reshape(value: string, shape: Shape, like?: string): string {
    const free = shape.filter((extent) => !isFixed(extent)).length;
    const sizes = shape.map((extent) => (isFixed(extent) ? extent.fixed : -1));
    if (free > 1 && like === undefined)
      throw new RangeError("a reshape to several free dimensions needs a value like it");
    return this.op("Reshape", [value, free > 1 ? this.op("Shape", [like!]) : this.ints(sizes)]);
  }

  expand(value: string, like: string): string {
    return this.op("Expand", [value, this.op("Shape", [like])]);
  }

  zerosLike(value: string): string {
    return this.op("ConstantOfShape", [this.op("Shape", [value])]);
  }

  /** Zeros of a shape whose batch is that of `like`. */
  zeros(shape: Shape, like: string): string {
    const dims = shape.every(isFixed)
      ? this.ints(shape.map((extent) => extent.fixed))
      : this.op(
          "Concat",
          [
            this.slice(this.op("Shape", [like]), [0], [0], [1]),
            this.ints(shape.slice(1).map((extent) => extent.fixed)),
          ],
          { axis: 0n },
        );
    return this.op("ConstantOfShape", [dims]);
  }

  /** Zeros around a value; negative numbers cut off. */
  pad(value: string, begin: readonly number[], end: readonly number[]): string {
    if ([...begin, ...end].every((count) => count === 0)) return value;
    return this.op("Pad", [value, this.ints([...begin, ...end]), this.scalar(0)]);
  }

  slice(
    value: string,
    axes: readonly number[],
    starts: readonly number[],
    ends: readonly number[],
    steps?: readonly number[],
  ): string {
    const bounds = [starts, ends, axes, ...(steps ? [steps] : [])];
    return axes.length === 0 ? value : this.op("Slice", [value, ...bounds.map((numbers) => this.ints(numbers))]);
  }

  /** Reverses axes. */
  flip(value: string, axes: readonly number[]): string {
    const all = (size: number): number[] => axes.map(() => size);
    return this.slice(value, axes, all(-1), all(-farEnd), all(-1));
  }

  /** The gradient of broadcasting: sums what was repeated, so that `value` of shape `from` gets the shape `to` of `like`. */
  unbroadcast(value: string, from: Shape, to: Shape, like?: string): string {
    const lead = from.length - to.length;
    const repeated = from.flatMap((extent, axis) => {
      const own = to[axis - lead];
      return !own || (isOne(own) && !isOne(extent)) ? [axis] : [];
    });
    const summed = this.sum(value, repeated);
    return lead === 0 ? summed : this.reshape(summed, to, like);
  }

  /** How many elements of `whole` there are for each of `part`, as a number or a value. */
  count(
    whole: Shape,
    part: Shape,
    names: readonly [string, string],
  ): { readonly value: string; readonly size: number | null } {
    const [all, some] = [product(whole), product(part)];
    if (all && some && sameRatio(all, some)) {
      const size = isFixed(all) ? all.fixed / some.fixed : all.perImage / some.perImage;
      return { value: this.scalar(size), size };
    }
    const [total, each] = names.map((name) => this.op("Cast", [this.op("Size", [name])], { to: 1n }));
    return { value: this.div(total!, each!), size: null };
  }

  /**
   * Multiplies one axis by a constant matrix [rows, length of the axis]: y[…, r, …] = Σ_l matrix[r, l] · x[…, l, …]. Null where
   * dimensions on both sides of the axis are free.
   */
  mapAxis(value: string, shape: Shape, axis: number, matrix: string, rows: number): string | null {
    const [before, after] = [product(shape.slice(0, axis)), product(shape.slice(axis + 1))];
    if (!before || !after || (!isFixed(before) && !isFixed(after))) return null;
    const flat = this.reshape(value, [before, shape[axis]!, after]);
    const mapped = this.op("MatMul", [matrix, flat]);
    return this.reshape(mapped, replaceAxis(shape, axis, fixed(rows)));
  }
}

export function replaceAxis(shape: Shape, axis: number, extent: Extent): Shape {
  return shape.map((own, at) => (at === axis ? extent : own));
}

function sameRatio(all: Extent, some: Extent): boolean {
  if (isFixed(all) && isFixed(some)) return true;
  return (all.fixed === 0 && some.fixed === 0 && !isFixed(some)) || sameExtent(all, some);
}
