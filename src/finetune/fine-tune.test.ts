import { mkdirSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildNetwork, networkSide, networkWidth } from "../../test/networks.js";
import { makeFolder, removeFolders } from "../../test/photographs.js";
import { readWeights, replaceWeights } from "../autodiff/index.js";
import { type Backbone, loadBackbone } from "../backbone/index.js";
import { decodeFloat16, encodeFloat16, type Fault, random, sha256 } from "../core/index.js";
import { encodePng } from "../image/index.js";
import { isKnownHere } from "../onnx/index.js";
import {
  type Cut,
  findNetworkCuts,
  fineTune,
  type FineTuned,
  type FineTuneOptions,
  type Labelled,
  type Settings,
  type TrainingEvent,
  usualSettings,
} from "./index.js";

afterAll(removeFolders);

const classes = 3;
const [perClass, side] = [24, networkSide];

/** Stripes that run across, down or aslant, at any place and in any color, in noise: nothing that one pixel tells. */
function stripes(kind: number, name: string): Promise<Uint8Array> {
  const source = random(1, "stripes", name);
  const [shift, colors] = [source.below(8), Array.from({ length: 3 }, () => source.between(0.5, 1))];
  const pixels = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
    const along = [x, y, x + y][kind]! + shift;
    return Math.min(255, (along % 8 < 4 ? 40 : 180) * colors[i % 3]! + source.below(50));
  });
  return encodePng(pixels, side, side);
}

let root: string;
let backbone: Backbone;
let train: Labelled;
let select: Labelled;

beforeAll(async () => {
  const files: Record<string, Uint8Array> = {};
  for (let kind = 0; kind < classes; kind++)
    for (let i = 0; i < perClass; i++) files[`${kind}/${i}.png`] = await stripes(kind, `${kind}/${i}`);
  root = await makeFolder(files);
  const all = Object.entries(files).map(([path, bytes]) => ({ path, fileHash: sha256(bytes) }));
  const part = (wanted: (i: number) => boolean): Labelled => {
    const photographs = all.filter((_, i) => wanted(i));
    return { photographs, labels: Int32Array.from(photographs, ({ path }) => Number(path[0])) };
  };
  train = part((i) => i % 3 > 0);
  select = part((i) => i % 3 === 0);
  const folder = await makeFolder({ "network.onnx": buildNetwork().serialize() });
  backbone = await loadBackbone(join(folder, "network.onnx"), { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
});

const settings: Settings = {
  ...usualSettings,
  rates: { bottom: 0.01, top: 0.01, head: 0.02 },
  epochs: 6,
  batch: 12,
  draws: 6,
  area: [0.8, 1],
  labelSmoothing: 0,
  jitter: 0.1,
  patience: 6,
};

function options(given: Partial<Omit<FineTuneOptions, "settings">> & { settings?: Partial<Settings> } = {}) {
  const events: TrainingEvent[] = [];
  const head = { weight: new Float32Array(classes * networkWidth), bias: new Float32Array(classes) };
  const own: FineTuneOptions = {
    branch: { backbone, size: side },
    head,
    root,
    train,
    select,
    view: backbone.row.view,
    cut: null,
    threads: 2,
    seed: 1,
    folder: mkdtempSync(join(tmpdir(), "assay-finetune-")),
    listen: (event) => events.push(event),
    ...given,
    settings: { ...settings, ...given.settings },
  };
  return { ...own, events };
}

/** All numbers of a tuned network. */
function numbersOf({ backbone: { model }, head }: FineTuned): Map<string, Float32Array> {
  const names = model.graph!.initializer.filter(({ dataType }) => dataType === 1).map(({ name }) => name);
  return new Map([...readWeights(model, names), ["head", head.weight], ["bias", head.bias]]);
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  return work.then(
    () => expect.fail("no fault"),
    (error: unknown) => error as Fault,
  );
}

describe("fine-tuning", () => {
  let whole: FineTuned;
  let seen: readonly TrainingEvent[];
  beforeAll(async () => {
    const own = options();
    whole = await fineTune(own);
    seen = own.events;
  });

  test("learns what a head that knows nothing does not", () => {
    const [first, ...rest] = whole.history;
    expect(first!.select.loss).toBeCloseTo(Math.log(classes), 2);
    expect(rest.at(-1)!.select.loss).toBeLessThan(first!.select.loss / 2);
    expect(rest.at(-1)!.select.accuracy).toBeGreaterThan(0.8);
    expect(whole.history.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(seen.map(({ kind }) => kind)).toEqual(Array.from({ length: 7 }, () => "epoch"));
  });

  test("gives the best of all epochs and of the averaged weights, under a name and hash of its own", () => {
    const losses = whole.history.flatMap(({ select: own, averaged }) => [own.loss, averaged?.loss ?? Infinity]);
    expect(whole.best.loss).toBe(Math.min(...losses));
    expect(whole.backbone.row.name).toBe(`${backbone.row.name}-tuned`);
    expect(whole.backbone.row.sha256).not.toBe(backbone.row.sha256);
  });

  test("is the same to the bit with one thread, and from wherever it was interrupted", async () => {
    const one = await fineTune(options({ threads: 1 }));
    expect(numbersOf(one)).toEqual(numbersOf(whole));
    for (const at of [12, 60, 100]) {
      const own = options();
      const controller = new AbortController();
      const progress: FineTuneOptions["progress"] = ({ done }) => void (done >= at && controller.abort());
      const fault = await faultOf(fineTune({ ...own, progress, signal: controller.signal }));
      expect(fault.code).toBe("interrupted");
      const again = await fineTune(own);
      expect(own.events.filter(({ kind }) => kind === "resumed")).toHaveLength(1);
      expect(numbersOf(again)).toEqual(numbersOf(whole));
      const numbers = ({ epoch, select: chosen, train: learned }: FineTuned["history"][number]) => [
        epoch,
        chosen,
        learned,
      ];
      expect(again.history.map(numbers)).toEqual(whole.history.map(numbers));
    }
  });

  test("in mixed precision learns as well, and resumes to the bit", async () => {
    const mixed = options({ precision: "mixed" });
    const { history, ...tuned } = await fineTune(mixed);
    expect(history.at(-1)!.select.loss).toBeLessThan(history[0]!.select.loss / 2);
    const own = options({ precision: "mixed" });
    const controller = new AbortController();
    const progress: FineTuneOptions["progress"] = ({ done }) => void (done >= 60 && controller.abort());
    expect((await faultOf(fineTune({ ...own, progress, signal: controller.signal }))).code).toBe("interrupted");
    expect(numbersOf(await fineTune(own))).toEqual(numbersOf({ history, ...tuned }));
  });

  test("on a device that cannot be used the CPU trains, and says so", async () => {
    const absent = (["dml", "coreml"] as const).find((device) => !isKnownHere(device))!;
    const short = { epochs: 1, draws: 1 };
    const own = options({ device: absent, settings: short });
    const tuned = await fineTune(own);
    expect(own.events[0]).toEqual({ kind: "placed", text: expect.stringContaining("is not trained on, the CPU is") });
    expect(numbersOf(tuned)).toEqual(numbersOf(await fineTune(options({ settings: short }))));
  });

  test("a loss scale that is too large is halved, and those steps are left out", async () => {
    const own = options({ precision: "mixed", lossScale: 2 ** 40 });
    const { history } = await fineTune(own);
    const scales = own.events.flatMap((event) => (event.kind === "overflow" ? [event.lossScale] : []));
    expect(scales.length).toBeGreaterThan(2);
    expect(scales).toEqual(scales.map((_, i) => 2 ** (40 - i)));
    expect(own.events.some(({ kind }) => kind === "rolled-back")).toBe(false);
    expect(history.at(-1)!.select.loss).toBeLessThan(history[0]!.select.loss);
  });

  test("a finished one is not trained again", async () => {
    const own = options({ settings: { epochs: 1, draws: 1 } });
    const first = await fineTune(own);
    const second = await fineTune({ ...own, progress: () => expect.fail("a step was taken") });
    expect(numbersOf(second)).toEqual(numbersOf(first));
  });

  test("micro-batches of other sizes take the same steps but for rounding", async () => {
    const short = { epochs: 1, draws: 1, optimizer: "sgd" } as const;
    const [small, large] = [
      await fineTune(options({ settings: { ...short, microBatch: 2 } })),
      await fineTune(options({ settings: { ...short, microBatch: 6 } })),
    ];
    const others = numbersOf(large);
    for (const [name, values] of numbersOf(small)) {
      const other = others.get(name)!;
      const difference = Math.max(...values.map((value, i) => Math.abs(value - other[i]!)));
      expect(difference).toBeLessThan(1e-5);
    }
  });

  describe("behind a cut", () => {
    let cut: Cut;
    beforeAll(async () => {
      const { branch, head } = options();
      cut = (await findNetworkCuts(branch, head)).at(-1)!;
    });

    test("trains what is behind it and leaves the rest as it was", async () => {
      const tuned = await fineTune(options({ cut }));
      const [before, after] = [backbone, tuned.backbone].map(({ model }) =>
        readWeights(model, ["first/weight", "second/weight"]),
      );
      expect(after!.get("first/weight")).toEqual(before!.get("first/weight"));
      const { select: own } = tuned.history.at(-1)!;
      expect(own.loss).toBeLessThan(tuned.history[0]!.select.loss);
    });

    test("inputs that are kept on the disk are those that are made anew", async () => {
      const kept = await fineTune(options({ cut, settings: { epochs: 3, draws: 2 } }));
      const [first, second] = kept.history.slice(1);
      const fresh = await fineTune(options({ cut, settings: { epochs: 3, draws: 3 } }));
      expect(fresh.history[1]!.select).toEqual(first!.select);
      expect(fresh.history[2]!.select).toEqual(second!.select);
      expect(fresh.history[3]!.select).not.toEqual(kept.history[3]!.select); // its third view is another one
    });
  });

  test.each<[string, Partial<Settings>]>([
    ["SGD in thirds", { optimizer: "sgd", schedule: "step", rates: { bottom: 0.05, top: 0.05, head: 0.2 } }],
    ["mixup", { mixup: 0.4 }],
    ["class weights", { classWeights: [1, 2, 1] }],
    ["logit adjustment", { logitAdjustment: [0, -0.1, 0] }],
    ["gradual unfreezing", { unfreezeEvery: 1 }],
  ])("%s learns too", async (_, given) => {
    const { history } = await fineTune(options({ settings: given }));
    expect(history.at(-1)!.select.loss).toBeLessThan(0.9 * history[0]!.select.loss);
  });

  test("gradual unfreezing leaves the lower layers alone at first", async () => {
    const { backbone: tuned } = await fineTune(options({ settings: { unfreezeEvery: 1, epochs: 2, draws: 2 } }));
    expect(readWeights(tuned.model, ["first/weight"])).not.toEqual(readWeights(backbone.model, ["first/weight"]));
    const early = await fineTune(
      options({ settings: { unfreezeEvery: 2, epochs: 8, draws: 8, patience: 1 }, select: wrong() }),
    );
    expect(readWeights(early.backbone.model, ["first/weight"])).toEqual(readWeights(backbone.model, ["first/weight"]));
  });

  /** Labels that nothing can learn: each epoch is worse than the start. */
  function wrong(): Labelled {
    return { photographs: train.photographs, labels: train.labels.map((label) => (label + 1) % classes) };
  }

  test("stops when select gets no better, and keeps the start where nothing was", async () => {
    const own = options({ select: wrong(), settings: { patience: 2 } });
    const { best, history, head } = await fineTune(own);
    expect(own.events.at(-1)).toEqual({ kind: "patience", epoch: best.epoch + 2 });
    expect(history).toHaveLength(best.epoch + 3);
    expect(head.weight.length).toBe(classes * networkWidth);
  });

  test("ends where there is no time for one more epoch, and so again when it is resumed", async () => {
    const asked: number[] = [];
    const own = options({ goesOn: (epoch, seconds) => seconds > 0 && asked.push(epoch) < 2 });
    const { history, head } = await fineTune(own);
    expect(asked).toEqual([1, 2]);
    expect(history).toHaveLength(3);
    expect(own.events.at(-1)).toEqual({ kind: "time", epoch: 2 });
    const again = await fineTune({ ...own, goesOn: () => true });
    expect(again.history).toEqual(history);
    expect(again.head).toEqual(head);
  });

  test("numbers that overflow go back to the last checkpoint at half the rate, and end with a fault if they stay", async () => {
    const high = options({
      settings: { rates: { bottom: 1e20, top: 1e20, head: 1e20 }, optimizer: "sgd", clipNorm: 1e9 },
    });
    expect((await faultOf(fineTune(high))).code).toBe("training-diverged");
    const scales = high.events.flatMap((event) => (event.kind === "rolled-back" ? [event.rateScale] : []));
    expect(scales.slice(0, 3)).toEqual([0.5, 0.25, 0.125]);
  });

  test("weights of a network stored in half precision stay so", async () => {
    const { graph } = backbone.model;
    const half = structuredCloneWeights(backbone);
    expect(graph!.initializer.length).toBeGreaterThan(0);
    const { backbone: tuned } = await fineTune(
      options({ branch: { backbone: half, size: side }, settings: { epochs: 1, draws: 1 } }),
    );
    for (const values of readWeights(tuned.model, ["first/weight", "second/weight"]).values())
      expect(values.every((value) => decodeFloat16(encodeFloat16(value)) === value)).toBe(true);
  });

  function structuredCloneWeights({ row, model }: Backbone): Backbone {
    const names = ["first/weight", "second/weight"];
    const rounded = [...readWeights(model, names)].map(
      ([name, values]) => [name, values.map((value) => decodeFloat16(encodeFloat16(value)))] as const,
    );
    return { row, model: replaceWeights(model, new Map(rounded)) };
  }
});

describe("bad input", () => {
  const short = { epochs: 1, draws: 1 };

  test("a checkpoint of another training, one of which a bit changed, or one cut off is a fault that says what to do", async () => {
    const own = options({ settings: short });
    await fineTune(own);
    const path = join(own.folder, "checkpoint.safetensors");
    expect(await faultOf(fineTune({ ...own, seed: 2 }))).toMatchObject({
      code: "checkpoint-invalid",
      message: expect.stringMatching(/another training or version.*expected.*got.*Remedy/),
    });
    const whole = readFileSync(path);
    for (const place of [whole.length - 3, Math.floor(whole.length / 2)]) {
      const changed = Uint8Array.from(whole);
      changed[place]! ^= 1;
      writeFileSync(path, changed);
      expect(await faultOf(fineTune(own))).toMatchObject({
        code: "checkpoint-invalid",
        message: expect.stringContaining("does not hold what was written"),
      });
    }
    truncateSync(path, whole.length - 10);
    expect((await faultOf(fineTune(own))).message).toMatch(/cut off/);
  });

  test("a training does not go on in another precision, or on another device: it says on which it began", async () => {
    const own = options({ precision: "mixed" });
    const controller = new AbortController();
    const progress: FineTuneOptions["progress"] = ({ done }) => void (done >= 12 && controller.abort());
    expect((await faultOf(fineTune({ ...own, progress, signal: controller.signal }))).code).toBe("interrupted");
    const { code, message } = await faultOf(fineTune({ ...own, precision: "float32" }));
    expect(code).toBe("checkpoint-invalid");
    expect(message).toMatch(/another device or .*expected .* on cpu in float32.*got .* on cpu in mixed.*--device/);
    // The same checkpoint as a device would have left it.
    const path = join(own.folder, "checkpoint.safetensors");
    const bytes = readFileSync(path);
    const place = bytes.indexOf("on cpu in mixed");
    expect(place).toBeGreaterThan(0);
    bytes.write("on dml in mixed", place);
    writeFileSync(path, bytes);
    const elsewhere = await faultOf(fineTune(own));
    expect(elsewhere.message).toMatch(/another device or .*on cpu in mixed.*on dml in mixed/);
    expect(own.events.some(({ kind }) => kind === "resumed")).toBe(false);
  });

  test("a checkpoint that cannot be written is a fault that names it", async () => {
    const own = options({ settings: short });
    mkdirSync(join(own.folder, "checkpoint.safetensors"), { recursive: true });
    expect((await faultOf(fineTune(own))).code).toBe("checkpoint-invalid");
    const beside = options({ settings: short, folder: join(root, "0", "0.png") });
    expect((await faultOf(fineTune(beside))).code).toMatch(/output-unwritable|checkpoint-invalid/);
  });

  test("a photograph that changed since the scan is named", async () => {
    const [first, ...rest] = train.photographs;
    const changed = { ...train, photographs: [{ ...first!, fileHash: "0" }, ...rest] };
    expect((await faultOf(fineTune(options({ train: changed, settings: short })))).message).toContain(first!.path);
  });

  test.each<[string, Partial<Settings>]>([
    ["learning rates", { rates: { bottom: 0, top: 1, head: 1 } }],
    ["epochs", { epochs: 0 }],
    ["patience", { patience: 0 }],
    ["label smoothing", { labelSmoothing: 1 }],
    ["share of a photograph", { area: [0.5, 0.4] }],
  ])("%s that make no sense are named", async (name, given) => {
    const fault = await faultOf(fineTune(options({ settings: given })));
    expect(fault.code).toBe("usage");
    expect(fault.message).toContain(name);
  });

  test("weights that are not finite are named before anything is trained", async () => {
    const [name, values] = [...readWeights(backbone.model, ["second/weight"])][0]!;
    const broken = replaceWeights(backbone.model, new Map([[name, values.fill(Number.NaN)]]));
    const fault = await faultOf(
      fineTune(options({ branch: { backbone: { ...backbone, model: broken }, size: side } })),
    );
    expect(fault.code).toBe("model-invalid");
    expect(fault.message).toContain(name);
  });
});
