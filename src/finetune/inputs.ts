/** From photographs to what enters the trained part: decoded, drawn, run through the frozen part, and kept for later epochs. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { names } from "../backbone/index.js";
import { checkInterrupted, Fault, mapBounded, sha256 } from "../core/index.js";
import { prepareAll, type RandomView, type View } from "../image/index.js";
import { splitModel, type Tensor } from "../onnx/index.js";
import type { Crew, CrewSession } from "./crew.js";
import type { InputFile } from "./input-file.js";
import type { TrainedPart } from "./trained-part.js";

export interface Photograph {
  /** Relative to the root, "/" between the parts. */
  readonly path: string;
  readonly fileHash: string;
}

export interface InputOptions {
  readonly root: string;
  /** Those of train and those of select, behind each other. */
  readonly photographs: readonly Photograph[];
  readonly part: TrainedPart;
  /** Of photographs that are judged; its size is that of the network's pictures. */
  readonly view: View;
  readonly seed: number;
  readonly area: RandomView["area"];
  readonly jitter: number;
  /** Images in a run of the frozen part. */
  readonly microBatch: number;
  readonly crew: Crew;
  /** Where inputs are kept: of photographs as they are judged, and of random views where later epochs see them again. */
  readonly file: InputFile;
  readonly keepsViews: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Photographs decoded at a time, of those that are wanted. */
const decodesAtATime = 4;

export class Inputs {
  readonly #options: InputOptions;
  readonly #prefix: CrewSession | null;
  /** Memory of tensors that were given back, by bytes: the collector would come for it only when there are hundreds of megabytes. */
  readonly #free = new Map<number, Uint8Array<SharedArrayBuffer>[]>();

  private constructor(options: InputOptions, prefix: CrewSession | null) {
    this.#options = options;
    this.#prefix = prefix;
  }

  /** Opens the frozen part in the crew's threads. Throws `engine-failed`. */
  static async open(options: InputOptions): Promise<Inputs> {
    const { part, crew } = options;
    return new Inputs(options, part.prefix === null ? null : await crew.open(splitModel(part.prefix)));
  }

  /**
   * What enters the trained part for the given photographs, a row each: of their random view of a draw, or as they are judged
   * (null). Throws `image-unreadable` for a photograph that changed, `interrupted`, `engine-failed`.
   */
  async load(images: readonly number[], draw: number | null): Promise<Tensor> {
    const { part, file, keepsViews, microBatch } = this.#options;
    const isKept = draw === null || keepsViews;
    const { type, dims, bytes } = part.input;
    const all = images.length * bytes;
    const rows = this.#free.get(all)?.pop() ?? new Uint8Array(new SharedArrayBuffer(all));
    const row = (i: number): Uint8Array => rows.subarray(i * bytes, (i + 1) * bytes);
    const missing: number[] = [];
    for (const [i, image] of images.entries()) if (!isKept || !(await file.read(image, draw, row(i)))) missing.push(i);
    const batches = Array.from({ length: Math.ceil(missing.length / microBatch) }, (_, batch) =>
      missing.slice(batch * microBatch, (batch + 1) * microBatch),
    );
    await mapBounded(batches, 2, async (batch) => {
      await this.#make(
        batch.map((i) => images[i]!),
        draw,
        batch.map(row),
      );
      if (isKept) for (const i of batch) await file.write(images[i]!, draw, row(i));
    });
    const shape = [images.length, ...dims];
    if (type === "uint8") return { type, dims: shape, data: rows };
    return { type, dims: shape, data: new Uint16Array(rows.buffer) };
  }

  /** Takes back what `load` gave, once nothing reads it any more; it becomes a later answer. */
  giveBack({ data: { buffer } }: Tensor): void {
    if (!(buffer instanceof SharedArrayBuffer)) return;
    const free = this.#free.get(buffer.byteLength) ?? [];
    this.#free.set(buffer.byteLength, [...free, new Uint8Array(buffer)]);
  }

  /** Decodes, and runs the frozen part on them together. */
  async #make(images: readonly number[], draw: number | null, into: readonly Uint8Array[]): Promise<void> {
    const { part, view, signal } = this.#options;
    checkInterrupted(signal);
    if (this.#prefix === null) {
      await mapBounded(images, decodesAtATime, (image, i) => this.#decode(image, draw, into[i]!));
      return;
    }
    const bytes = view.size * view.size * 3;
    const pixels = new Uint8Array(images.length * bytes);
    await mapBounded(images, decodesAtATime, (image, i) =>
      this.#decode(image, draw, pixels.subarray(i * bytes, (i + 1) * bytes)),
    );
    const dims = [images.length, view.size, view.size, 3];
    const feeds = { [names.image]: { type: "uint8", dims, data: pixels } as const };
    const { [part.input.name]: made } = await this.#prefix.run(feeds, [part.input.name], [pixels.buffer]);
    const { buffer, byteOffset } = made!.data;
    for (const [i, row] of into.entries())
      row.set(new Uint8Array(buffer, byteOffset + i * part.input.bytes, part.input.bytes));
  }

  async #decode(image: number, draw: number | null, into: Uint8Array): Promise<void> {
    const { root, photographs, view, area, jitter, seed } = this.#options;
    const { path, fileHash } = photographs[image]!;
    const source = await readFile(join(root, path)).catch((error: unknown) => {
      throw new Fault("image-unreadable", { what: `${path} cannot be read any more`, cause: error });
    });
    if (sha256(source) !== fileHash) throw new Fault("image-unreadable", { what: `${path} changed since the scan` });
    const { size, kernel } = view;
    const seen = draw === null ? view : ({ mode: "random", size, kernel, area, jitter, seed, draw } as const);
    await prepareAll(source, [seen], path, {}, [into]);
  }
}
