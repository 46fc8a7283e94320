import { describe, expect, it } from "vitest";
import { createAllowance } from "./allowance.js";

/** Work that ends when it is told to. */
function pending(): { readonly done: () => void; readonly work: () => Promise<void> } {
  let done = (): void => {};
  const ended = new Promise<void>((resolve) => {
    done = resolve;
  });
  return { done: () => done(), work: () => ended };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("an allowance", () => {
  it("lets in what fits, in order, and one that is too large alone", async () => {
    const allowance = createAllowance(100);
    const log: string[] = [];
    const pieces = [60, 40, 10, 500, 10].map((bytes, i) => {
      const piece = pending();
      const running = allowance.use(bytes, async () => {
        log.push(`start ${i}`);
        await piece.work();
      });
      return { ...piece, running };
    });
    await settle();
    expect(log).toEqual(["start 0", "start 1"]);
    pieces[0]!.done();
    await settle();
    expect(log).toEqual(["start 0", "start 1", "start 2"]);
    pieces[1]!.done();
    pieces[2]!.done();
    await settle();
    expect(log.at(-1)).toBe("start 3");
    pieces[3]!.done();
    await settle();
    expect(log.at(-1)).toBe("start 4");
    pieces[4]!.done();
    await Promise.all(pieces.map(({ running }) => running));
  });

  it("is given back when the work fails", async () => {
    const allowance = createAllowance(1);
    await expect(allowance.use(1, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(allowance.use(1, () => Promise.resolve(7))).resolves.toBe(7);
  });
});
