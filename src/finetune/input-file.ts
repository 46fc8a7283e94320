/** Inputs of the trained part on the disk, each at a place of its own: a later epoch reads what an earlier one made. */
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder, writing } from "../store/index.js";

export class InputFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #images: number;
  readonly #bytes: number;
  readonly #present = new Set<number>();

  private constructor(path: string, file: FileHandle, images: number, bytes: number) {
    this.#path = path;
    this.#file = file;
    this.#images = images;
    this.#bytes = bytes;
  }

  /** An empty file for so many images of so many bytes. Throws `output-unwritable`. */
  static async open(path: string, images: number, bytes: number): Promise<InputFile> {
    await makeFolder(dirname(path));
    return new InputFile(path, await writing(path, () => open(path, "w+")), images, bytes);
  }

  /** Reads an image's input of a draw; false where it was never written. */
  async read(image: number, draw: number | null, into: Uint8Array): Promise<boolean> {
    const place = this.#placeOf(image, draw);
    if (!this.#present.has(place)) return false;
    const { bytesRead } = await this.#file.read(into, 0, this.#bytes, place * this.#bytes);
    return bytesRead === this.#bytes;
  }

  /** Throws `output-unwritable` where the disk is full. */
  async write(image: number, draw: number | null, input: Uint8Array): Promise<void> {
    const place = this.#placeOf(image, draw);
    await writing(this.#path, () => this.#file.write(input, 0, this.#bytes, place * this.#bytes));
    this.#present.add(place);
  }

  /** The file is of use to this training only. */
  async remove(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  #placeOf(image: number, draw: number | null): number {
    return (draw === null ? 0 : draw + 1) * this.#images + image;
  }
}
