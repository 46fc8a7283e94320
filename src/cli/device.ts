/** The option `--device`, and what is said of it. */
import type { Command } from "commander";
import { chooseDevice, type Device, type DeviceChoice, readDevice } from "../onnx/index.js";

/** Adds the option to a command that runs networks. */
export function withDevice(command: Command): Command {
  return command.option(
    "--device <name>",
    "where networks run: auto, cpu, cuda, webgpu, coreml or dml (docs/devices.md)",
    readDevice,
    "cpu" satisfies DeviceChoice,
  );
}

/** The device that is used; why, where it is another one than was asked for or was not named, in one line on standard error. */
export async function openDevice(choice: DeviceChoice, threads: number): Promise<Device> {
  const { device, why } = await chooseDevice(choice, threads);
  if (why !== null && device !== choice) process.stderr.write(`assay: ${why}\n`);
  return device;
}
