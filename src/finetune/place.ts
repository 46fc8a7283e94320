/** Where gradients are computed and in which precision: on a device only what it was seen to compute right. */
import { refuseHalf, selectLowering } from "../autodiff/index.js";
import { type Device, devices, Engine } from "../onnx/index.js";

export type Precision = "float32" | "mixed";

export interface TrainingPlace {
  readonly device: Device;
  readonly precision: Precision;
  /** What people should know of it; null where it is as always. */
  readonly why: string | null;
}

/**
 * The device itself, in mixed precision where it can; the CPU where the device gets a part of a gradient wrong. `precision`: as asked for,
 * whatever is usual. Throws `engine-failed`.
 */
export async function placeTraining(device: Device, precision?: Precision): Promise<TrainingPlace> {
  if (device === "cpu") return { device, precision: precision ?? "float32", why: null };
  const engine = new Engine();
  try {
    const { title } = devices[device];
    const { wrong } = await selectLowering(device, engine);
    const [first] = wrong;
    if (first) {
      const why = `${title} is not trained on, the CPU is: of the gradient its ${first.part} fails, ${first.reason}`;
      return { device: "cpu", precision: precision ?? "float32", why };
    }
    const refusal = precision === "float32" ? "as asked for" : await refuseHalf(device, engine);
    if (refusal === null) return { device, precision: "mixed", why: `training on ${title} in mixed precision` };
    return { device, precision: "float32", why: `training on ${title} in float32: ${refusal}` };
  } finally {
    await engine.close();
  }
}
