/** `assay serve`: the service in the foreground until it is told to stop. */
import { once } from "node:events";
import { type Bundle, openBundle } from "../bundle/index.js";
import { formatCount, formatSeconds } from "../core/index.js";
import { loadService, parseRedisUrl, startService } from "../serve/index.js";
import { openDevice } from "./device.js";
import { noteDifferences } from "./predict.js";
import type { ServeArguments } from "./service-options.js";
import { listenForInterrupts } from "./signals.js";
import { openTerminal, type Terminal } from "./terminal.js";

export async function serveCommand(folder: string, options: ServeArguments): Promise<number> {
  const signal = listenForInterrupts("stopping: requests under way are finished");
  const terminal = openTerminal(options.json);
  if (options.cache !== undefined) parseRedisUrl(options.cache);
  const threads = Math.max(1, options.threads);
  const device = await openDevice(options.device, threads);
  const [bundle] = await Promise.all([openBundle(folder, threads, { small: true, device }), loadService()]);
  noteDifferences(bundle);
  const service = await startService({
    bundle,
    threads,
    port: options.port,
    host: options.host,
    ...(options.cache === undefined ? {} : { cache: options.cache }),
    warn: (line) => process.stderr.write(`assay: ${line}\n`),
  });
  announce(service.address, bundle, terminal);
  if (!signal.aborted) await Promise.race([once(signal, "abort"), starterGone()]);
  await service.close();
  if (process.connected) process.disconnect(); // or it would keep this process alive
  return 0;
}

/** Says where, once it answers. */
function announce(address: string, { manifest }: Bundle, terminal: Terminal): void {
  const model = manifest.bundleHash.slice(0, 12);
  const readySeconds = process.uptime();
  if (terminal.json) terminal.answer(JSON.stringify({ address, model, readySeconds }));
  const classes = formatCount(manifest.labels.length);
  terminal.say(`serving model ${model}, ${classes} classes, at ${address}/ (ready in ${formatSeconds(readySeconds)})`);
  terminal.say(`try     curl -F file=@photo.jpg ${address}/predict`);
}

/** Settles when the process that started this one is gone, where it keeps a channel to know; else never. */
async function starterGone(): Promise<void> {
  await (process.connected ? once(process, "disconnect") : new Promise(() => {}));
}
