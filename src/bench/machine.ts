/** What measurements depend on besides the code: the machine and the versions. */
import { arch, availableParallelism, cpus, release, totalmem, type as systemType } from "node:os";
import { assayVersion } from "../core/index.js";
import { imageLibraryVersions } from "../image/index.js";
import { runtimeVersion } from "../onnx/index.js";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  readonly onnxruntime: string;
  readonly libvips: string;
  readonly assay: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${systemType()} ${release()} ${arch()}`,
    node: process.version,
    onnxruntime: runtimeVersion,
    libvips: imageLibraryVersions().libvips,
    assay: assayVersion,
  };
}

/** What must agree for golden outputs to agree bit for bit: processor, architecture, image library, ONNX Runtime. */
export function platformKey(machine: Machine): string {
  return [process.platform, arch(), machine.cpu, machine.libvips, machine.onnxruntime].join("; ");
}

/** The largest resident set of this process so far, threads included, by the operating system. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
