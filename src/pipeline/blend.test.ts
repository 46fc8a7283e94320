import { describe, expect, it } from "vitest";
import { random } from "../core/index.js";
import { blendHeads, chooseShare, cool } from "./blend.js";

const [images, classes] = [200, 3];
const source = random(1, "blend");
const labels = Int32Array.from({ length: images }, () => Math.floor(source.next() * classes));

/** Logits that are right by `signal`, sure by `scale`. */
function model(signal: number, scale: number): Float32Array {
  return Float32Array.from({ length: images * classes }, (_, at) => {
    const isRight = labels[Math.floor(at / classes)] === at % classes;
    return scale * (2 * source.next() - 1 + (isRight ? signal : 0));
  });
}

describe("the mean of a tuned network and the frozen ones", () => {
  it("gives the better of two the larger weight, however sure each is", () => {
    const [good, poor] = [cool(model(1.2, 0.1), labels, classes), cool(model(0.3, 50), labels, classes)];
    expect(chooseShare(poor, good, labels, classes)).toBe(0.8);
    expect(chooseShare(good, poor, labels, classes)).toBe(0.3);
  });

  it("is surer and better than either of two that err apart", () => {
    const [one, other] = [cool(model(0.8, 3), labels, classes), cool(model(0.8, 1), labels, classes)];
    const share = chooseShare(one, other, labels, classes);
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.8);
    const mean = one.logits.map((logit, i) => (1 - share) * logit + share * other.logits[i]!);
    expect(cool(mean, labels, classes).loss).toBeLessThan(Math.min(one.loss, other.loss));
  });

  it("is one head on the features of both", () => {
    const frozen = { head: { weight: Float32Array.of(1, 2, 3, 4), bias: Float32Array.of(1, -1) }, temperature: 2 };
    const tuned = { head: { weight: Float32Array.of(5, 6), bias: Float32Array.of(0, 4) }, temperature: 0.5 };
    const { weight, bias } = blendHeads(frozen, tuned, 0.25);
    expect([...weight]).toEqual([0.375, 0.75, 2.5, 1.125, 1.5, 3]);
    expect([...bias]).toEqual([0.375, 1.625]);
  });
});
