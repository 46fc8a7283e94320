/** What computes behind a device's provider: a graphics processor, or a program that stands for one. ONNX Runtime does not say. */
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { type Device, devices } from "./device.js";

export interface Adapter {
  readonly kind: "hardware" | "software" | "unknown";
  /** What it was told by, as a part of a sentence. */
  readonly why: string;
}

/** Files of graphics processors that their drivers hold open: of the kernel's own drivers, NVIDIA's, Windows' under Linux, phones'. */
const processors = /^\/dev\/(?:dri\/renderD\d+|nvidia\d+|dxg|kfd|kgsl-3d\d+|mali\d+)$/;

/** Vulkan drivers that compute on the CPU: SwiftShader, and Mesa's llvmpipe. */
const softwareDrivers = /^lib(?:vk_swiftshader|vulkan_lvp)\.so/;

/**
 * By what a process under Linux has open while a session lives: a driver holds the file of its processor, a software one has none. Where
 * both are there it is the processor, since ONNX Runtime asks for the adapter of most power.
 */
export function adapterOf(files: readonly string[], libraries: readonly string[]): Adapter {
  const held = files.find((file) => processors.test(file));
  if (held !== undefined) return { kind: "hardware", why: `its driver holds ${held}` };
  const driver = libraries.map((path) => path.split("/").at(-1)!).find((name) => softwareDrivers.test(name));
  const by = driver === undefined ? "" : `, and ${driver} computes on the CPU`;
  return { kind: "software", why: `no driver holds a graphics processor${by}` };
}

/** Of a device that a session of this process runs on, while it does. */
export async function findAdapter(device: Exclude<Device, "cpu">): Promise<Adapter> {
  const untold = `ONNX Runtime does not say on what ${devices[device].title} computes`;
  if (device === "cuda") return { kind: "hardware", why: "CUDA computes on NVIDIA's processors alone" };
  if (device !== "webgpu") return { kind: "unknown", why: untold };
  if (process.platform === "darwin") return { kind: "hardware", why: "Metal has no device in software" };
  if (process.platform !== "linux") return { kind: "unknown", why: untold };
  return readOpen().then(
    ({ files, libraries }) => adapterOf(files, libraries),
    () => ({ kind: "unknown", why: untold }), // a system without /proc
  );
}

/** Files that this process has open, and libraries that it has loaded. */
async function readOpen(): Promise<{ readonly files: readonly string[]; readonly libraries: readonly string[] }> {
  const folder = "/proc/self/fd";
  const names = await readdir(folder);
  // One of them is that of the folder itself, closed by now.
  const files = await Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => "")));
  const maps = await readFile("/proc/self/maps", "utf8");
  const libraries = maps.split("\n").flatMap((line) => /\s(\/\S+\.so\S*)$/.exec(line)?.[1] ?? []);
  return { files, libraries: [...new Set(libraries)] };
}
