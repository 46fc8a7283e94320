/** Which device is used: what was asked for where it can be, else the CPU, with one line that says so. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Device, type DeviceChoice, devices, isKnownHere } from "./device.js";

/** What a device did in the check; `problem`: why it is of no use. Seconds are of the same runs. */
export type DeviceCheck = { readonly seconds: number; readonly cpuSeconds: number } | { readonly problem: string };

export interface ChosenDevice {
  readonly device: Device;
  /** Why it is this one, for people; null where nobody could wonder. */
  readonly why: string | null;
}

/** As session.ts has it: under vitest this file is TypeScript, and the built one is started. */
const program = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/onnx/device-check.js" : "./device-check.js", import.meta.url),
);

/** A device that has not run the small network by then is no help. */
const patienceMs = 30_000;

/**
 * Runs a small network on a device and on so many threads of the CPU, in a process of its own; a `race` is large enough to tell which
 * is faster.
 */
export function checkDevice(device: Device, threads: number, goal: "try" | "race"): Promise<DeviceCheck> {
  if (!isKnownHere(device))
    return Promise.resolve({ problem: `ONNX Runtime has it on ${devices[device].platforms.join(", ")} only` });
  return new Promise((resolve) => {
    const limits = { timeout: patienceMs, killSignal: "SIGKILL" } as const; // a driver that hangs heeds no other
    execFile(process.execPath, [program, device, String(threads), goal], limits, (error, stdout) => {
      const check = readCheck(stdout);
      const late = error?.killed === true;
      resolve(
        check ?? { problem: late ? `no answer within ${patienceMs / 1000} s` : "it ends the process that tries it" },
      );
    });
  });
}

function readCheck(text: string): DeviceCheck | null {
  try {
    return JSON.parse(text) as DeviceCheck;
  } catch {
    return null; // the process ended before it answered
  }
}

/** How much faster than the CPU a device must be to be chosen where nobody asked for it. */
const worthwhile = 1.2;

/**
 * The device that was asked for, or the CPU where it is of no use; for `auto` the fastest that is usable, by a short check. Takes no
 * time where the CPU is asked for, nor for `auto` where the system shows no graphics hardware.
 */
export async function chooseDevice(choice: DeviceChoice, threads: number): Promise<ChosenDevice> {
  if (choice === "cpu") return { device: "cpu", why: null };
  if (choice === "auto") return chooseFastest(threads);
  const check = await checkDevice(choice, threads, "try");
  if (!("problem" in check)) return { device: choice, why: `${devices[choice].title} is used, as --device asks` };
  return { device: "cpu", why: `${devices[choice].title} cannot be used here, the CPU is: ${shorten(check.problem)}` };
}

async function chooseFastest(threads: number): Promise<ChosenDevice> {
  if (!showsGraphics()) return { device: "cpu", why: "the CPU is used: this system shows no graphics hardware" };
  const others = (Object.keys(devices) as Device[]).filter((device) => device !== "cpu" && isKnownHere(device));
  if (others.length === 0)
    return { device: "cpu", why: "the CPU is used: ONNX Runtime has nothing else on this system" };
  const tried: { device: Device; speed: number; text: string }[] = [];
  // One after the other: side by side they would slow each other down.
  for (const device of others) tried.push(describe(device, await checkDevice(device, threads, "race")));
  const best = tried.reduce((fastest, one) => (one.speed > fastest.speed ? one : fastest));
  const text = tried.map((one) => one.text).join("; ");
  if (best.speed < worthwhile) return { device: "cpu", why: `the CPU is used: ${text}` };
  return { device: best.device, why: `${devices[best.device].title} is used: ${text}` };
}

function describe(device: Device, check: DeviceCheck): { device: Device; speed: number; text: string } {
  const { title } = devices[device];
  if ("problem" in check) return { device, speed: 0, text: `${title}: ${shorten(check.problem)}` };
  const speed = check.cpuSeconds / check.seconds;
  return { device, speed, text: `${title} ran a small network at ${speed.toPrecision(2)} times the CPU's speed` };
}

/** ONNX Runtime begins with the place in its source that refused. */
function shorten(problem: string): string {
  return problem.replace(/^.*\bwas false\.\s*/, "").slice(0, 200);
}

/** Where Linux has graphics processors; other systems always have some. The variable names a software device. */
const linuxSigns = ["/dev/dri", "/dev/nvidia0", "/dev/dxg"];

function showsGraphics(): boolean {
  return (
    process.platform !== "linux" || Boolean(process.env.VK_ICD_FILENAMES) || linuxSigns.some((path) => existsSync(path))
  );
}
