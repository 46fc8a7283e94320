/** The devices that sessions can ask for, one entry each; docs/devices.md is tested against the table. */
import { Fault, quoteName } from "../core/index.js";

export type Device = "cpu" | "cuda" | "webgpu" | "coreml" | "dml";

/** What may be asked for: one of the devices, or whichever is usable and fastest here. */
export type DeviceChoice = Device | "auto";

/** Operating system and processor, as Node names them. */
type Platform = `${"linux" | "darwin" | "win32"} ${"x64" | "arm64"}`;

export interface DeviceRow {
  readonly title: string;
  /** What onnxruntime-node 1.30 calls it. */
  readonly provider: string;
  /** Where onnxruntime-node 1.30 knows it. */
  readonly platforms: readonly Platform[];
  readonly files: "in the npm package" | "downloaded by the install step of onnxruntime-node";
  /** Whether the tests of this repository run on it. */
  readonly status: string;
}

const designed = "designed for, not run";

export const devices: Readonly<Record<Device, DeviceRow>> = {
  cpu: {
    title: "CPU",
    provider: "cpu",
    platforms: ["linux x64", "linux arm64", "darwin arm64", "win32 x64", "win32 arm64"],
    files: "in the npm package",
    status: "run here",
  },
  cuda: {
    title: "CUDA",
    provider: "cuda",
    platforms: ["linux x64"],
    files: "downloaded by the install step of onnxruntime-node",
    status: designed,
  },
  webgpu: {
    title: "WebGPU",
    provider: "webgpu",
    platforms: ["linux x64", "darwin arm64", "win32 x64", "win32 arm64"],
    files: "in the npm package",
    status: "run here on a software Vulkan device; on a GPU designed for, not run",
  },
  coreml: {
    title: "CoreML",
    provider: "coreml",
    platforms: ["darwin arm64"],
    files: "in the npm package",
    status: designed,
  },
  dml: {
    title: "DirectML",
    provider: "dml",
    platforms: ["win32 x64", "win32 arm64"],
    files: "in the npm package",
    status: designed,
  },
};

/** The names that `--device` takes. */
export const deviceChoices: readonly DeviceChoice[] = ["auto", ...(Object.keys(devices) as Device[])];

/** Reads the name of a device. Throws `usage` that lists those there are. */
export function readDevice(text: string): DeviceChoice {
  const choice = deviceChoices.find((name) => name === text);
  if (choice) return choice;
  throw new Fault("usage", {
    what: `there is no device ${quoteName(text)}`,
    expected: deviceChoices.join(", "),
    remedy: "see docs/devices.md",
  });
}

/** Whether onnxruntime-node has the device on this system at all; its files, a driver and the hardware are another matter. */
export function isKnownHere(device: Device): boolean {
  const platforms: readonly string[] = devices[device].platforms;
  return platforms.includes(`${process.platform} ${process.arch}`);
}
