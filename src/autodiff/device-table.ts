/** The table of devices for people: stands in docs/devices.md. */
import { type Device, devices } from "../onnx/index.js";
import { fastLowerings } from "./lowering.js";

/** A Markdown table of the devices, with what their gradients are written in. */
export function deviceTable(): string {
  const rows = (Object.keys(devices) as Device[]).map((device) => {
    const { provider, platforms, files, status } = devices[device];
    const parts = Object.keys(fastLowerings[device]);
    const gradients = parts.length === 0 ? "standard operators" : `operators of its own for ${parts.join(", ")}`;
    return `| \`${device}\` | \`${provider}\` | ${platforms.join(", ")} | ${files} | ${gradients} | ${status} |`;
  });
  const head =
    "| device | provider | systems | its files are | gradients in | status |\n| --- | --- | --- | --- | --- | --- |";
  return [head, ...rows].join("\n");
}
