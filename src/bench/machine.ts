/** What measurements depend on besides the code: the machine and the versions. */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, release, totalmem, type as systemType } from "node:os";
import { assayVersion } from "../core/index.js";
import { imageLibraryVersions } from "../image/index.js";
import { type Device, runtimeVersion } from "../onnx/index.js";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly libvips: string;
  readonly assay: string;
  /** Where the network ran; absent in files of before, when it was always the CPU. */
  readonly device?: Device;
}

/** This machine, and the device on it that did the work. */
export function describeMachine(device: Device = "cpu"): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${systemType()} ${release()} ${arch()}`,
    node: process.version,
    onnxruntime: runtimeVersion,
    libvips: imageLibraryVersions().libvips,
    assay: assayVersion,
    device,
  };
}

/** What must agree for golden outputs to agree bit for bit: processor, architecture, image library, ONNX Runtime. */
export function platformKey(machine: Machine): string {
  return [process.platform, arch(), machine.cpu, instructionSets(), machine.libvips, machine.onnxruntime].join("; ");
}

/** Which vector instructions the processor has, where the system tells: kernels, and the last bits of sums, follow from them. */
function instructionSets(): string {
  try {
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? [];
    return flags
      .filter((flag) => /^(?:avx|fma|amx|sve|asimd|i8mm|bf16)/.test(flag))
      .toSorted()
      .join(" ");
  } catch {
    return "";
  }
}

/** The largest resident set of this process so far, threads included, by the operating system. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
